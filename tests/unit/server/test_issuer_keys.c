#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "../net/kit.h"
#include "../test.h"
#include "../wire/make_jwt.h"
#include "base/clock.h"
#include "base/log.h"
#include "os/pool.h"
#include "server/issuer_keys.h"

/* An issuer on loopback: what it answers is the test's. */
static struct {
    struct kit_server server;
    _Atomic int status;
    _Atomic(const char *) body;
    atomic_uint asked;
} issuer;

static struct gb_arena *arena;
static struct pool *pool;
static struct issuer_keys *keys;
static const char *first_set, *second_set;
static char url[64];

static void answer(void *ctx, struct http_request *request)
{
    (void)ctx;
    atomic_fetch_add(&issuer.asked, 1);
    bool path = gb_bytes_is(http_request_path(request), "/realm/certs") &&
                gb_bytes_is(http_request_queries(request), "a=b");
    http_answer(request, path ? atomic_load(&issuer.status) : 404, "application/json",
                gb_bytes_str(atomic_load(&issuer.body)));
}

static const char *key_set(const char *more)
{
    EVP_PKEY *key = make_jwt_key(JWT_ES256, 0);
    const char *set = gb_arena_printf(arena, "{\"keys\":[%s]}", make_jwk(arena, key, more));
    EVP_PKEY_free(key);
    return set;
}

static int setup(void **state)
{
    (void)state;
    gb_log_setup("test", GB_LOG_FORM_TEXT, GB_LOG_ERROR);
    arena = gb_arena_new();
    first_set = key_set(",\"kid\":\"one\"");
    second_set = key_set(",\"kid\":\"two\"");
    issuer.server = kit_conf(answer, NULL);
    issuer.server.auth = TLS_AUTH_NONE;
    kit_start(&issuer.server);
    atomic_store(&issuer.status, 200);
    atomic_store(&issuer.body, first_set);
    atomic_store(&issuer.asked, 0);
    snprintf(url, sizeof url, "https://127.0.0.1:%u/realm/certs?a=b", (unsigned)issuer.server.port);
    assert_int_equal(pool_new(2, 16, &pool, NULL), GB_OK);
    return issuer_keys_new(kit_cert_pem(&kit_people()->ca, NULL), pool, &keys, NULL);
}

static int teardown(void **state)
{
    (void)state;
    pool_free(pool);
    issuer_keys_free(keys);
    if (issuer.server.http)
        kit_stop(&issuer.server);
    gb_arena_free(arena);
    return 0;
}

static enum issuer_keys_answer get(int64_t later_ms, uint64_t known, uint64_t *ret_revision,
                                   struct gb_bytes *ret_json)
{
    return issuer_keys_get(keys, arena, url, gb_clock_ms() + later_ms, known, ret_revision,
                           ret_json);
}

static void wait_asked(unsigned times)
{
    for (int i = 0; i < 2000 && atomic_load(&issuer.asked) < times; i++)
        usleep(5000);
    assert_int_equal(atomic_load(&issuer.asked), times);
}

/* Until a set with this revision or a newer one is here. */
static uint64_t wait_here(uint64_t newer_than, struct gb_bytes *ret_json)
{
    uint64_t revision = 0;
    for (int i = 0; i < 2000; i++) {
        if (get(0, 0, &revision, ret_json) == ISSUER_KEYS_HERE && revision > newer_than)
            return revision;
        usleep(5000);
    }
    fail_msg("no keys");
    return 0;
}

static void keys_come_and_are_kept(void **state)
{
    (void)state;
    struct gb_bytes json;
    uint64_t revision = 0, again = 0;
    assert_int_equal(get(0, 0, &revision, &json), ISSUER_KEYS_COMING);
    revision = wait_here(0, &json);
    assert_true(gb_bytes_is(json, first_set));
    assert_int_equal(get(0, revision, &again, &json), ISSUER_KEYS_HERE);
    assert_int_equal(again, revision);
    assert_int_equal(json.len, 0); /* nothing new */
    for (int i = 0; i < 100; i++)
        assert_int_equal(get(1000, revision, &again, &json), ISSUER_KEYS_HERE);
    wait_asked(1);
}

static void old_keys_serve_while_newer_ones_come(void **state)
{
    (void)state;
    struct gb_bytes json;
    uint64_t first = wait_here(0, &json), revision = 0;
    atomic_store(&issuer.body, second_set);
    assert_int_equal(get(ISSUER_KEYS_FRESH_MS + 1000, first, &revision, &json), ISSUER_KEYS_HERE);
    assert_int_equal(revision, first);
    (void)wait_here(first, &json);
    assert_true(gb_bytes_is(json, second_set));
    wait_asked(2);
}

/* Whoever makes up key ids makes us ask once a minute. */
static void T29_unknown_keys_are_asked_for_once_a_minute(void **state)
{
    (void)state;
    struct gb_bytes json;
    uint64_t first = wait_here(0, &json);
    int64_t now_ms = gb_clock_ms();
    atomic_store(&issuer.body, second_set);
    for (int i = 0; i < 100; i++)
        assert_false(issuer_keys_renew(keys, url, now_ms + i));
    assert_true(issuer_keys_renew(keys, url, now_ms + ISSUER_KEYS_ASK_MS + 1000));
    (void)wait_here(first, &json);
    assert_true(gb_bytes_is(json, second_set));
    assert_false(issuer_keys_renew(keys, url, gb_clock_ms()));
    assert_false(issuer_keys_renew(keys, "https://other.example/", now_ms));
    wait_asked(2);
}

static void an_issuer_that_is_down_keeps_its_keys_for_an_hour(void **state)
{
    (void)state;
    struct gb_bytes json;
    uint64_t first = wait_here(0, &json), revision = 0;
    kit_stop(&issuer.server);
    issuer.server.http = NULL;
    int64_t later_ms = ISSUER_KEYS_STALE_MS - 60 * 1000;
    assert_int_equal(get(later_ms, first, &revision, &json), ISSUER_KEYS_HERE);
    usleep(300000); /* the fetch has failed */
    assert_int_equal(get(later_ms, first, &revision, &json), ISSUER_KEYS_HERE);
    assert_int_not_equal(get(ISSUER_KEYS_STALE_MS + 1000, first, &revision, &json),
                         ISSUER_KEYS_HERE);
}

static void what_is_no_key_set_takes_no_place(void **state)
{
    (void)state;
    static char huge[300 << 10];
    struct gb_bytes json;
    uint64_t first = wait_here(0, &json), revision = 0;
    memset(huge, ' ', sizeof huge - 1);
    const struct {
        int status;
        const char *body;
    } bad[] = {{200, "{}"},       {200, "no json"}, {200, "{\"keys\":[]}"},
               {404, second_set}, {500, ""},        {302, second_set},
               {200, huge}};
    for (unsigned i = 0; i < GB_ARRAY_LEN(bad); i++) {
        atomic_store(&issuer.status, bad[i].status);
        atomic_store(&issuer.body, bad[i].body);
        int64_t later_ms = ISSUER_KEYS_FRESH_MS + 20000;
        assert_int_equal(get(later_ms, first, &revision, &json), ISSUER_KEYS_HERE);
        wait_asked(2 + i);
        usleep(100000);
        assert_int_equal(get(0, 0, &revision, &json), ISSUER_KEYS_HERE);
        assert_int_equal(revision, first);
        assert_true(gb_bytes_is(json, first_set));
    }
}

/* A server that another CA vouches for is not the issuer's. */
static void T19_keys_are_believed_by_the_servers_certificate(void **state)
{
    (void)state;
    struct issuer_keys *others = NULL;
    struct gb_bytes json;
    uint64_t revision = 0;
    gb_log_setup("test", GB_LOG_FORM_TEXT, GB_LOG_ERROR);
    assert_int_equal(
        issuer_keys_new(kit_cert_pem(&kit_people()->stranger_ca, NULL), pool, &others, NULL),
        GB_OK);
    enum issuer_keys_answer answered = ISSUER_KEYS_COMING;
    for (int i = 0; i < 1000 && answered == ISSUER_KEYS_COMING; i++) {
        answered = issuer_keys_get(others, arena, url, gb_clock_ms(), 0, &revision, &json);
        usleep(5000);
    }
    assert_int_equal(answered, ISSUER_KEYS_NONE);
    assert_int_equal(atomic_load(&issuer.asked), 0);
    pool_free(gb_take(pool)); /* before what its jobs borrow */
    issuer_keys_free(others);
}

static void many_addresses_have_a_ceiling(void **state)
{
    (void)state;
    struct gb_bytes json;
    uint64_t revision = 0;
    char other[64];
    (void)wait_here(0, &json);
    for (int i = 0; i < 4 * ISSUER_KEYS_MAX; i++) {
        snprintf(other, sizeof other, "https://127.0.0.1:1/%d", i);
        assert_int_not_equal(
            issuer_keys_get(keys, arena, other, gb_clock_ms() + i, 0, &revision, &json),
            ISSUER_KEYS_HERE);
    }
    (void)wait_here(0, &json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keys_come_and_are_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(old_keys_serve_while_newer_ones_come, setup, teardown),
        cmocka_unit_test_setup_teardown(T29_unknown_keys_are_asked_for_once_a_minute, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_issuer_that_is_down_keeps_its_keys_for_an_hour, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_is_no_key_set_takes_no_place, setup, teardown),
        cmocka_unit_test_setup_teardown(T19_keys_are_believed_by_the_servers_certificate, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(many_addresses_have_a_ceiling, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
