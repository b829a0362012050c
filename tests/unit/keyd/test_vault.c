/* Keys that are changed while keyd serves: all or nothing, and none is forgotten too early. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../test.h"
#include "base/encode.h"
#include "base/text.h"
#include "keyd/vault.h"
#include "make_state.h"
#include "os/file.h"
#include "wire/json.h"

enum { NOW = 1000 };

static struct keyd_state state;
static struct gb_arena *arena;
static struct keyd_config config;
static struct vault *vault;
static struct gb_err err;

#define must(call)                                                                                 \
    do {                                                                                           \
        if ((call) != GB_OK)                                                                       \
            fail_msg("%s: %s", #call, err.text);                                                   \
    } while (0)

static int make(const char *passphrase)
{
    arena = gb_arena_new();
    keyd_state_make(&state, passphrase, "");
    must(keyd_config_read(arena, state.config, &config, &err));
    must(vault_open(&config, NOW, &vault, &err));
    return 0;
}

static int setup(void **unused)
{
    (void)unused;
    return make("");
}

static int setup_sealed(void **unused)
{
    (void)unused;
    return make("open sesame");
}

static int teardown(void **unused)
{
    (void)unused;
    vault_free(vault);
    keyd_state_done(&state);
    gb_arena_free(arena);
    return 0;
}

static const char *path_of(const char *name)
{
    return gb_arena_printf(arena, "%s/%s", state.folder, name);
}

static void write_file(const char *name, const char *text)
{
    must(file_write(path_of(name), gb_bytes_str(text), &err));
}

/* The nth key's id, or NULL. */
static const char *kid(size_t nth)
{
    gb_cleanup(json_freep) struct json *set = NULL;
    struct gb_bytes id;
    must(json_read(gb_bytes_str(vault_jwks(vault, arena)), &set, &err));
    const struct json *key = json_at(json_get(set, "keys"), nth);
    return key && json_get_text(key, "kid", &id) ? (const char *)gb_arena_copy(arena, id).data
                                                 : NULL;
}

/* Which key signs now. */
static const char *signing_kid(void)
{
    gb_cleanup(json_freep) struct json *head = NULL;
    const char *jwt = NULL;
    struct gb_bytes decoded;
    struct gb_bytes id;
    must(vault_token(vault, arena, gb_bytes_str("{}"), &jwt, &err));
    struct gb_bytes rest = gb_bytes_str(jwt);
    assert_true(gb_base64url_decode(arena, gb_text_until(&rest, '.'), &decoded));
    must(json_read(decoded, &head, &err));
    assert_true(json_get_text(head, "kid", &id));
    return (const char *)gb_arena_copy(arena, id).data;
}

/* The JWK of the first key as `server rotate` leaves it. */
static const char *jwk_of_first(void)
{
    const char *set = vault_jwks(vault, arena);
    const char *begin = strchr(set, '[') + 1;
    return gb_arena_printf(arena, "%.*s\n", (int)(strchr(begin, '}') + 1 - begin), begin);
}

static void turn_token(void)
{
    write_file("token-old.jwk", jwk_of_first());
    assert_int_equal(rename(path_of("token-next.key"), path_of("token.key")), 0);
}

static void a_token_key_is_published_before_and_after_it_signs(void **unused)
{
    (void)unused;
    const char *first = kid(0);
    assert_null(kid(1));
    keyd_state_token_key(&state, "token-next.key", "");
    assert_null(kid(1)); /* not before a reload */
    must(vault_reload(vault, NOW, &err));
    const char *second = kid(1);
    assert_non_null(second);
    assert_string_not_equal(first, second);
    assert_string_equal(kid(0), first);
    assert_string_equal(signing_kid(), first);
    turn_token();
    must(vault_reload(vault, NOW, &err));
    assert_string_equal(signing_kid(), second);
    assert_string_equal(kid(0), second);
    assert_string_equal(kid(1), first);
    assert_null(kid(2));
    vault_tick(vault, NOW + VAULT_BEFORE_MS - 1);
    assert_string_equal(kid(1), first);
    vault_tick(vault, NOW + VAULT_BEFORE_MS);
    assert_string_equal(kid(0), second);
    assert_null(kid(1));
    assert_int_not_equal(access(path_of("token-old.jwk"), F_OK), 0);
    vault_tick(vault, NOW + 2 * VAULT_BEFORE_MS);
}

/* As keyd does: it starts again at this moment. */
static void restart(int64_t now_ms)
{
    vault_free(vault);
    vault = NULL;
    must(vault_open(&config, now_ms, &vault, &err));
}

/* Whoever can send signals, or restart keyd, keeps no old key alive. */
static void no_reload_and_no_start_gives_the_key_before_more_time(void **unused)
{
    (void)unused;
    const char *first = kid(0);
    keyd_state_token_key(&state, "token-next.key", "");
    turn_token();
    restart(NOW); /* a look at the configuration: nothing begins */
    assert_int_not_equal(access(path_of("token-old.until"), F_OK), 0);
    int64_t begin = NOW + 5000;
    must(vault_reload(vault, begin, &err));
    vault_tick(vault, begin + 1);
    const int64_t moments[] = {begin + 1000, begin + VAULT_BEFORE_MS / 2,
                               begin + VAULT_BEFORE_MS - 1};
    for (size_t i = 0; i < 3; i++) {
        must(vault_reload(vault, moments[i], &err));
        vault_tick(vault, moments[i]);
        assert_string_equal(kid(1), first);
        restart(moments[i]);
        vault_tick(vault, moments[i]);
        assert_string_equal(kid(1), first);
    }
    restart(begin + VAULT_BEFORE_MS);
    assert_null(kid(1)); /* at once */
    vault_tick(vault, begin + VAULT_BEFORE_MS);
    assert_int_not_equal(access(path_of("token-old.jwk"), F_OK), 0);
    assert_int_not_equal(access(path_of("token-old.until"), F_OK), 0);
}

static void the_time_of_another_key_or_of_a_clock_put_back_counts_not(void **unused)
{
    (void)unused;
    const char *first = kid(0);
    keyd_state_token_key(&state, "token-next.key", "");
    turn_token();
    const char *texts[] = {"", "another 1001\n", gb_arena_printf(arena, "%s x\n", first),
                           gb_arena_printf(arena, "%s 99999999999999\n", first)};
    for (size_t i = 0; i < 4; i++) {
        write_file("token-old.until", texts[i]);
        restart(NOW);
        vault_tick(vault, NOW + VAULT_BEFORE_MS - 1);
        assert_string_equal(kid(1), first);
    }
    vault_tick(vault, NOW + VAULT_BEFORE_MS);
    assert_null(kid(1));
}

/* Cut after the first of its two steps: the key "before" is the one that signs. */
static void a_rotation_that_was_cut_changes_nothing(void **unused)
{
    (void)unused;
    const char *first = kid(0);
    keyd_state_token_key(&state, "token-next.key", "");
    write_file("token-old.jwk", jwk_of_first());
    must(vault_reload(vault, NOW, &err));
    assert_string_equal(signing_kid(), first);
    assert_non_null(kid(1));
    assert_null(kid(2));
    vault_tick(vault, NOW + VAULT_BEFORE_MS);
    assert_int_equal(access(path_of("token-old.jwk"), F_OK), 0); /* the rotation may go on */
}

/* The next rotation put its own file there meanwhile. */
static void only_the_key_that_was_read_is_removed(void **unused)
{
    (void)unused;
    keyd_state_token_key(&state, "token-next.key", "");
    turn_token();
    must(vault_reload(vault, NOW, &err));
    write_file("token-old.jwk", jwk_of_first());
    vault_tick(vault, NOW + VAULT_BEFORE_MS);
    assert_null(kid(1));
    assert_int_equal(access(path_of("token-old.jwk"), F_OK), 0);
}

static void refused(const char *name, const char *text)
{
    const char *jwks = vault_jwks(vault, arena);
    const char *vkeys = vault_vkeys(vault, arena);
    const char *signs = signing_kid();
    write_file(name, text);
    err = (struct gb_err){0};
    assert_int_equal(vault_reload(vault, NOW, &err), GB_ERR_CONFIG);
    if (strncmp(err.text, name, strlen(name)) != 0)
        fail_msg("%s is not named: %s", name, err.text);
    assert_string_equal(vault_jwks(vault, arena), jwks);
    assert_string_equal(vault_vkeys(vault, arena), vkeys);
    assert_string_equal(signing_kid(), signs);
    assert_int_equal(unlink(path_of(name)), 0);
}

/* A next key that is half written, or sealed by another passphrase, must not cost the present one:
 * what was loaded serves on, whole. */
static void a_reload_takes_all_or_nothing(void **unused)
{
    (void)unused;
    keyd_state_token_key(&state, "token-next.key", "open sesame");
    keyd_state_ledger_key(&state, "ledger-next.key", "open sesame");
    must(vault_reload(vault, NOW, &err));
    refused("token-next.key", "half a key");
    refused("ledger-next.key", "half a key");
    refused("token-old.jwk", "{\"kid\":");
    keyd_state_ledger_key(&state, "ledger-next.key", "another passphrase");
    assert_int_equal(vault_reload(vault, NOW, &err), GB_ERR_CONFIG);
    assert_int_equal(unlink(path_of("ledger-next.key")), 0);
    keyd_state_token_key(&state, "ledger.key", "open sesame"); /* P-256: no key of a ledger */
    assert_int_equal(vault_reload(vault, NOW, &err), GB_ERR_CONFIG);
    assert_int_equal(unlink(path_of("ledger.key")), 0);
    assert_int_equal(vault_reload(vault, NOW, &err), GB_ERR_NOTFOUND);
    keyd_state_ledger_key(&state, "ledger.key", "open sesame");
    must(vault_reload(vault, NOW, &err));
    assert_null(kid(1));
}

static void another_ca_needs_a_start(void **unused)
{
    (void)unused;
    struct keyd_state other;
    gb_cleanup(gb_arena_freep) struct gb_arena *kept = gb_arena_new();
    struct gb_bytes bytes;
    keyd_state_make(&other, "", "");
    static const char *const names[] = {"ca.key", "ca.pem"};
    for (size_t i = 0; i < 2; i++) {
        must(file_read(kept, gb_arena_printf(kept, "%s/%s", other.folder, names[i]), GB_LIMIT_CERT,
                       &bytes, &err));
        must(file_write(path_of(names[i]), bytes, &err));
    }
    assert_int_equal(vault_reload(vault, NOW, &err), GB_ERR_CONFIG);
    assert_non_null(strstr(err.text, "ca.pem"));
    keyd_state_done(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_token_key_is_published_before_and_after_it_signs, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(no_reload_and_no_start_gives_the_key_before_more_time,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(the_time_of_another_key_or_of_a_clock_put_back_counts_not,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_rotation_that_was_cut_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(only_the_key_that_was_read_is_removed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_reload_takes_all_or_nothing, setup_sealed, teardown),
        cmocka_unit_test_setup_teardown(another_ca_needs_a_start, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
