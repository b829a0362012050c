/* The program itself: over TLS, killed at any moment, its commands (T28). */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../test.h"
#include "make_log.h"
#include "os/file.h"
#include "program.h"

enum { LOGS = 24 };

static struct gb_arena *arena;
static struct program program;

static int setup(void **state)
{
    (void)state;
    arena = gb_arena_new();
    if (!arena)
        return -1;
    program_init(&program, arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    program_done(&program);
    gb_arena_free(arena);
    return 0;
}

static int post(struct http_client *client, struct gb_bytes body, struct gb_bytes *ret_body)
{
    struct http_reply reply = {0};
    int r = http_client_send(client, "POST", "/add-checkpoint", "text/plain", body, &reply, NULL);
    if (ret_body)
        *ret_body = gb_arena_copy(arena, gb_buf_bytes(&reply.body));
    int status = r < 0 ? 0 : reply.status;
    http_reply_done(&reply);
    return status;
}

/* Whoever connects, without a certificate; what is too large is not read. */
static void serves_over_tls(void **state)
{
    (void)state;
    struct made_log log;
    struct gb_bytes body;
    made_log_new(&log, arena, "a.example/ledger");
    made_log_grow(&log, "a", 9);
    program_add_log(&program, log.vkey);
    program_start(&program);
    struct http_client *client = program_client(&program);
    assert_int_equal(post(client, made_log_ask(&log, 0, 5), &body), 200);
    assert_true(body.len > 0 && body.data[0] == 0xe2);
    assert_int_equal(post(client, made_log_ask(&log, 0, 6), &body), 409);
    assert_true(gb_bytes_is(body, "5\n"));
    assert_int_equal(post(client, gb_bytes_str("old 0\n\nx\n"), NULL), 400);
    struct gb_bytes large = gb_bytes(gb_arena_alloc(arena, 1, 1 << 20), 1 << 20);
    assert_int_equal(post(client, large, NULL), 413);
    http_client_free(client);
    program_kill(&program, SIGTERM);
    made_log_done(&log);
}

struct push {
    struct http_client *client;
    struct gb_bytes body;
    int status;
};

static void *push(void *ctx)
{
    struct push *push = ctx;
    push->status = post(push->client, push->body, NULL);
    return NULL;
}

/* Two trees of one size, of one log, sent at once, and the program is killed at some moment of
 * that; then both again. Only ever one of them is co-signed. */
static void T28_killed_it_never_cosigns_two_trees(void **state)
{
    (void)state;
    struct made_log logs[LOGS];
    size_t signed_in_all = 0;
    for (size_t i = 0; i < LOGS; i++) {
        made_log_new(&logs[i], arena, gb_arena_printf(arena, "log-%zu.example/ledger", i));
        program_add_log(&program, logs[i].vkey);
    }
    program_start(&program);
    for (size_t i = 0; i < LOGS; i++) {
        struct made_log other = made_log_copy(&logs[i]);
        struct push pushes[2];
        pthread_t threads[2];
        size_t count[2] = {0};
        made_log_grow(&logs[i], "one", 3);
        made_log_grow(&other, "other", 3);
        pushes[0] = (struct push){program_client(&program), made_log_ask(&logs[i], 0, 3), 0};
        pushes[1] = (struct push){program_client(&program), made_log_ask(&other, 0, 3), 0};
        for (size_t j = 0; j < 2; j++)
            assert_int_equal(pthread_create(&threads[j], NULL, push, &pushes[j]), 0);
        usleep((useconds_t)(i * 1000));
        program_kill(&program, SIGKILL);
        for (size_t j = 0; j < 2; j++) {
            pthread_join(threads[j], NULL);
            count[j] += pushes[j].status == 200;
        }
        program_start(&program);
        for (size_t j = 0; j < 2; j++) {
            count[j] += post(pushes[j].client, pushes[j].body, NULL) == 200;
            count[j] +=
                post(pushes[j].client, made_log_ask(j ? &other : &logs[i], 3, 3), NULL) == 200;
            http_client_free(pushes[j].client);
        }
        assert_true(count[0] == 0 || count[1] == 0);
        assert_true(count[0] + count[1] > 0);
        signed_in_all += count[0] + count[1];
    }
    assert_true(signed_in_all >= LOGS);
    for (size_t i = 0; i < LOGS; i++)
        made_log_done(&logs[i]);
}

/* ---- commands ---- */

static const char *conf(void)
{
    return gb_arena_printf(arena, "%s/etc/witness.conf", program.dir);
}

static const char *put(const char *name, struct gb_bytes bytes)
{
    const char *path = gb_arena_printf(arena, "%s/%s", program.dir, name);
    assert_int_equal(file_write(path, bytes, NULL), 0);
    return path;
}

static void init_makes_what_starts(void **state)
{
    (void)state;
    struct stat st;
    const char *key = gb_arena_printf(arena, "%s/etc/witness.key", program.dir);
    const char *etc = gb_arena_printf(arena, "%s/etc", program.dir);
    const char *const check[] = {"--config", conf(), "--check-config", NULL};
    const char *const again[] = {"init", "--name",  "x", "--dns",    "x",         "--dir",
                                 etc,    "--state", etc, "--listen", "127.0.0.1", NULL};
    const char *const blank[] = {"init",  "--name",   "x y",     "--dns", "x",
                                 "--dir", "/nowhere", "--state", etc,     NULL};
    assert_int_equal(program_run(&program, check, NULL), 0);
    assert_int_equal(stat(key, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(program_run(&program, again, NULL), 2); /* never over a key that is there */
    assert_int_equal(program_run(&program, blank, NULL), 2);
}

static void add_log_takes_keys_of_logs(void **state)
{
    (void)state;
    struct made_log log;
    const char *out;
    made_log_new(&log, arena, "a.example/ledger");
    const char *const good[] = {"add-log", "--config", conf(), log.vkey, NULL};
    const char *const own[] = {"add-log", "--config", conf(), program.vkey, NULL};
    const char *const wrong[] = {"add-log", "--config", conf(), "a.example/ledger+0+x", NULL};
    assert_int_equal(program_run(&program, good, NULL), 0);
    assert_int_equal(program_run(&program, good, &out), 0); /* it is there already */
    assert_non_null(strstr(out, "there already"));
    /* several, in lines or in words, of which one is known */
    struct made_log next, third;
    made_log_new(&next, arena, "a.example/ledger");
    made_log_new(&third, arena, "b.example/ledger");
    const char *lines = gb_arena_printf(arena, "%s\n%s\n", log.vkey, next.vkey);
    const char *const several[] = {"add-log", "--config", conf(), lines, third.vkey, NULL};
    assert_int_equal(program_run(&program, several, &out), 0);
    assert_non_null(strstr(out, "there already"));
    assert_non_null(strstr(out, "b.example/ledger is witnessed"));
    made_log_done(&next);
    made_log_done(&third);
    assert_int_equal(program_run(&program, own, NULL), 2);
    assert_int_equal(program_run(&program, wrong, NULL), 2);
    made_log_done(&log);
}

static void each_command_has_help(void **state)
{
    (void)state;
    static const char *const commands[] = {"init", "add-log", "forks", "compare"};
    static const char *const helps[] = {"--help", "-h"};
    for (size_t i = 0; i < 8; i++) {
        const char *out;
        const char *const words[] = {commands[i / 2], helps[i % 2], NULL};
        assert_int_equal(program_run(&program, words, &out), 0);
        assert_non_null(
            strstr(out, gb_arena_printf(arena, "usage: garboard-witness %s", words[0])));
    }
}

static int compare(const char *vkey, const char *a, const char *b, const char **ret_out)
{
    const char *const words[] = {"compare", "--log", vkey, a, b, NULL};
    return program_run(&program, words, ret_out);
}

static void T28_compare_tells_a_fork(void **state)
{
    (void)state;
    const char *out;
    struct made_log log, stranger;
    made_log_new(&log, arena, "a.example/ledger");
    made_log_new(&stranger, arena, "a.example/ledger");
    made_log_grow(&log, "both", 5);
    made_log_grow(&stranger, "both", 5);
    struct made_log other = made_log_copy(&log);
    made_log_grow(&log, "one", 10);
    made_log_grow(&other, "other", 10);
    const char *five = put("5", made_log_note(&log, 5, NULL));
    const char *seven = put("7", made_log_note(&log, 7, NULL));
    const char *seven_other = put("7o", made_log_note(&other, 7, NULL));
    const char *grown = put("5-9", made_log_ask(&log, 5, 9));
    const char *grown_other = put("7-9o", made_log_ask(&other, 7, 9));
    assert_int_equal(compare(log.vkey, five, five, &out), 0);
    assert_int_equal(compare(log.vkey, five, grown, &out), 0);
    assert_int_equal(compare(log.vkey, grown, five, &out), 0);
    assert_int_equal(compare(log.vkey, five, seven, &out), 5);
    assert_int_equal(compare(log.vkey, seven, seven_other, &out), 1);
    assert_non_null(strstr(out, "FORK"));
    assert_int_equal(compare(log.vkey, seven, grown_other, &out), 1);
    assert_int_equal(compare(log.vkey, seven_other, grown, &out), 5); /* its proof is from 5 */
    assert_int_equal(compare(stranger.vkey, five, seven, &out), 3);   /* not signed by that key */
    assert_int_equal(compare(log.vkey, five, conf(), &out), 3);
    /* the hashes alone */
    struct gb_bytes ask = made_log_ask(&log, 5, 7);
    const uint8_t *first = (const uint8_t *)memchr(ask.data, '\n', ask.len) + 1;
    const uint8_t *end = memmem(ask.data, ask.len, "\n\n", 2);
    const char *proof = put("proof", gb_bytes(first, (size_t)(end + 1 - first)));
    const char *const words[] = {"compare", "--log", log.vkey, "--proof", proof, five, seven, NULL};
    assert_int_equal(program_run(&program, words, &out), 0);
    made_log_done(&log);
    made_log_done(&stranger);
}

/* What the running program found, the command shows, and `compare` confirms from the files. */
static void T28_forks_shows_the_evidence(void **state)
{
    (void)state;
    const char *out, *const words[] = {"forks", "--config", conf(), NULL};
    struct made_log log;
    struct gb_bytes health;
    made_log_new(&log, arena, "a.example/ledger");
    made_log_grow(&log, "both", 5);
    struct made_log other = made_log_copy(&log);
    made_log_grow(&log, "one", 10);
    made_log_grow(&other, "other", 10);
    program_add_log(&program, log.vkey);
    assert_int_equal(program_run(&program, words, &out), 0);
    program_start(&program);
    struct http_client *client = program_client(&program);
    assert_int_equal(post(client, made_log_ask(&log, 0, 7), NULL), 200);
    assert_int_equal(post(client, made_log_ask(&other, 7, 9), NULL), 422);
    struct http_reply reply = {0};
    assert_int_equal(
        http_client_send(client, "GET", "/healthz", NULL, gb_bytes(NULL, 0), &reply, NULL), 0);
    health = gb_arena_copy(arena, gb_buf_bytes(&reply.body));
    assert_int_equal(reply.status, 503);
    assert_non_null(strstr((const char *)health.data, "\"status\":\"fork\""));
    http_reply_done(&reply);
    http_client_free(client);
    assert_int_equal(program_run(&program, words, &out), 1);
    assert_non_null(strstr(out, "log=a.example/ledger"));
    const char *at = strstr(out, "/tmp/");
    assert_non_null(at);
    const char *base = gb_arena_printf(arena, "%.*s", (int)strcspn(at, "."), at);
    assert_int_equal(compare(log.vkey, gb_arena_printf(arena, "%s.signed", base),
                             gb_arena_printf(arena, "%s.refused", base), &out),
                     1);
    made_log_done(&log);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(serves_over_tls),
        TEST(T28_killed_it_never_cosigns_two_trees),
        TEST(init_makes_what_starts),
        TEST(add_log_takes_keys_of_logs),
        TEST(each_command_has_help),
        TEST(T28_compare_tells_a_fork),
        TEST(T28_forks_shows_the_evidence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
