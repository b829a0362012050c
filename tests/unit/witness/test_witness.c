/* Every answer of the protocol, every refusal, and what a witness never does (T28). */
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../test.h"
#include "base/encode.h"
#include "ledger/add_checkpoint.h"
#include "ledger/checkpoint.h"
#include "make_log.h"
#include "os/file.h"
#include "witness/config.h"
#include "witness/witness.h"

enum { NOW_S = 1700000000 };

static struct gb_arena *arena;
static char dir[64];
static struct witness_config config;
static struct note_key self; /* the witness' key, as clients know it */
static struct made_log a, b;
static const char *vkeys[2];

static void make_key(const char *path)
{
    struct ed25519 *key = NULL;
    struct gb_buf pem;
    uint8_t public[ED25519_PUBLIC];
    gb_buf_init(&pem, 4096);
    assert_int_equal(ed25519_new(&key, NULL), 0);
    assert_int_equal(ed25519_to_pem(key, gb_bytes(NULL, 0), &pem, NULL), 0);
    assert_int_equal(file_write(path, gb_buf_bytes(&pem), NULL), 0);
    assert_int_equal(ed25519_public(key, public, NULL), 0);
    assert_int_equal(
        note_key_make(a.digester, "w.example/1", NOTE_COSIGNATURE, public, &self, NULL), 0);
    gb_buf_done(&pem);
    ed25519_free(key);
}

static int setup(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/gb-witness-XXXXXX");
    arena = gb_arena_new();
    if (!arena || !mkdtemp(dir))
        return -1;
    made_log_new(&a, arena, "a.example/ledger");
    made_log_new(&b, arena, "b.example/ledger");
    made_log_grow(&a, "a", 40);
    made_log_grow(&b, "b", 40);
    vkeys[0] = a.vkey;
    vkeys[1] = b.vkey;
    config = (struct witness_config){.name = "w.example/1",
                                     .key = gb_arena_printf(arena, "%s/key", dir),
                                     .state = dir,
                                     .logs = {.items = vkeys, .count = 2}};
    make_key(config.key);
    assert_int_equal(witness_make_folders(&config, NULL), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    char command[128];
    made_log_done(&a);
    made_log_done(&b);
    gb_arena_free(arena);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

static struct witness *open_witness(void)
{
    struct witness *witness = NULL;
    struct gb_err err = {0};
    if (witness_new(&config, &witness, &err) < 0)
        fail_msg("%s", err.text);
    return witness;
}

static struct witness_answer add(struct witness *witness, struct gb_bytes body)
{
    struct witness_answer answer = {0};
    witness_add(witness, arena, body, NOW_S, &answer);
    return answer;
}

static void refused(struct witness_answer answer, int status, const char *code)
{
    assert_int_equal(answer.status, status);
    if (code)
        assert_string_equal(answer.code ? answer.code : "none", code);
    /* whatever was refused, no signature went out */
    assert_true(answer.body.len == 0 || !memchr(answer.body.data, 0xe2, answer.body.len));
}

static void conflict(struct witness_answer answer, const char *size)
{
    refused(answer, 409, NULL);
    assert_null(answer.code);
    assert_string_equal(answer.type, "text/x.tlog.size");
    assert_true(gb_bytes_is(answer.body, size));
}

/* 200, and the line makes the checkpoint one that the witness signed now. */
static void cosigned(struct witness_answer answer, struct gb_bytes note)
{
    assert_int_equal(answer.status, 200);
    struct note read;
    enum note_standing standing = NOTE_UNSIGNED;
    uint64_t time_s = 0;
    const char *both = gb_arena_printf(arena, "%.*s%.*s", (int)note.len, (const char *)note.data,
                                       (int)answer.body.len, (const char *)answer.body.data);
    assert_int_equal(note_read(arena, gb_bytes_str(both), &read, NULL), 0);
    assert_int_equal(note_verify(&read, &self, &standing, &time_s, NULL), 0);
    assert_int_equal(standing, NOTE_SIGNED);
    assert_int_equal(time_s, NOW_S);
}

static void grow(struct witness *witness, const struct made_log *log, size_t old_size, size_t size)
{
    cosigned(add(witness, made_log_ask(log, old_size, size)), made_log_note(log, size, NULL));
}

static struct witness_counts counts(struct witness *witness)
{
    struct witness_counts out;
    witness_counts(witness, &out);
    return out;
}

/* ---- the protocol ---- */

static void cosigns_growth(void **state)
{
    (void)state;
    struct witness *witness = open_witness();
    grow(witness, &a, 0, 5);
    grow(witness, &a, 5, 5); /* the same again */
    grow(witness, &a, 5, 6);
    grow(witness, &b, 0, 1); /* another log has a state of its own */
    grow(witness, &a, 6, 40);
    grow(witness, &b, 1, 33);
    assert_int_equal(counts(witness).logs, 2);
    assert_int_equal(counts(witness).forks + counts(witness).suspects, 0);
    witness_free(witness);
}

static void an_empty_tree_is_cosigned(void **state)
{
    (void)state;
    struct witness *witness = open_witness();
    grow(witness, &a, 0, 0);
    refused(add(witness, made_log_ask_with(&a, 0, 0, 0, made_log_note(&a, 0, a.leaves[0]))), 422,
            NULL);
    grow(witness, &a, 0, 7);
    witness_free(witness);
}

static void says_its_size(void **state)
{
    (void)state;
    struct witness *witness = open_witness();
    conflict(add(witness, made_log_ask(&a, 3, 9)), "0\n");
    grow(witness, &a, 0, 9);
    conflict(add(witness, made_log_ask(&a, 0, 9)), "9\n");
    conflict(add(witness, made_log_ask(&a, 0, 12)), "9\n");
    conflict(add(witness, made_log_ask(&a, 5, 12)), "9\n");
    conflict(add(witness, made_log_ask(&a, 10, 12)), "9\n");
    conflict(add(witness, made_log_ask(&a, 4, 6)), "9\n"); /* smaller than what was co-signed */
    grow(witness, &a, 9, 12);
    witness_free(witness);
}

static void refuses_what_is_malformed(void **state)
{
    (void)state;
    struct witness *witness = open_witness();
    struct gb_bytes good = made_log_ask(&a, 0, 9);
    refused(add(witness, gb_bytes_str("")), 400, "malformed");
    refused(add(witness, gb_bytes_str("old 0\n\nhello\n")), 400, "malformed");
    refused(add(witness, gb_bytes(good.data, good.len - 1)), 400, "malformed");
    for (size_t len = 0; len < good.len; len++)
        refused(add(witness, gb_bytes(good.data, len)), 400, "malformed");
    grow(witness, &a, 0, 3);
    /* an old size above the new one */
    refused(add(witness, made_log_ask_with(&a, 5, 3, 4, made_log_note(&a, 4, NULL))), 400,
            "malformed");
    witness_free(witness);
}

static void T28_knows_its_logs_only(void **state)
{
    (void)state;
    struct made_log stranger, impostor;
    struct witness *witness = open_witness();
    made_log_new(&stranger, arena, "c.example/ledger");
    made_log_new(&impostor, arena, "a.example/ledger"); /* the name of a, not its key */
    made_log_grow(&stranger, "c", 5);
    made_log_grow(&impostor, "a", 5);
    refused(add(witness, made_log_ask(&stranger, 0, 5)), 404, "log-unknown");
    refused(add(witness, made_log_ask(&impostor, 0, 5)), 403, "not-signed");
    /* a note of a's, with its root exchanged afterwards */
    struct gb_bytes ask = gb_arena_copy(arena, made_log_ask(&a, 0, 5));
    uint8_t *at = memmem((void *)(uintptr_t)ask.data, ask.len, "\n5\n", 3);
    assert_non_null(at);
    at[1] = '6';
    refused(add(witness, ask), 403, "not-signed");
    grow(witness, &a, 0, 5); /* nothing of that became state */
    witness_free(witness);
    made_log_done(&stranger);
    made_log_done(&impostor);
}

static void T28_refuses_a_wrong_proof(void **state)
{
    (void)state;
    struct witness *witness = open_witness();
    grow(witness, &a, 0, 9);
    refused(add(witness, made_log_ask_with(&a, 9, 8, 12, made_log_note(&a, 12, NULL))), 422,
            "proof-invalid");
    refused(add(witness, made_log_ask_with(&a, 9, 12, 12, made_log_note(&a, 12, NULL))), 422,
            "proof-invalid");
    refused(add(witness, made_log_ask_with(&a, 9, 5, 12, made_log_note(&a, 9, NULL))), 422,
            "proof-invalid");                   /* nothing is to be proven */
    assert_int_equal(counts(witness).forks, 0); /* anyone can send that */
    assert_int_equal(counts(witness).suspects, 2);
    grow(witness, &a, 9, 12);
    assert_int_equal(counts(witness).suspects, 1); /* it was co-signed since */
    witness_free(witness);
    witness = open_witness();
    refused(add(witness, made_log_ask_with(&b, 0, 3, 5, made_log_note(&b, 5, NULL))), 422,
            "proof-invalid");
    witness_free(witness);
}

/* ---- forks ---- */

static size_t files_of_forks(const char *suffix)
{
    const char *const *names;
    size_t count = 0;
    const char *folder = gb_arena_printf(arena, "%s/forks", dir);
    assert_int_equal(file_list(arena, folder, "", suffix, &names, NULL), 0);
    while (names[count])
        count++;
    return count;
}

static void T28_same_size_other_root_is_a_fork(void **state)
{
    (void)state;
    struct witness *witness = open_witness();
    struct made_log other = made_log_copy(&a);
    other.count = 5;
    made_log_grow(&other, "otherwise", 20);
    grow(witness, &a, 0, 9);
    refused(add(witness, made_log_ask(&other, 9, 9)), 422, "fork");
    assert_int_equal(counts(witness).forks, 1);
    conflict(add(witness, made_log_ask(&other, 5, 9)), "9\n"); /* kept, whatever it says before */
    assert_int_equal(counts(witness).forks, 1);
    assert_int_equal(files_of_forks(".signed"), 1);
    assert_int_equal(files_of_forks(".refused"), 1);
    grow(witness, &a, 9, 12); /* it moved nothing */
    witness_free(witness);
    witness = open_witness(); /* and is not forgotten */
    assert_int_equal(counts(witness).forks, 1);
    witness_free(witness);
}

static void T28_growth_from_another_tree_is_a_fork(void **state)
{
    (void)state;
    struct witness *witness = open_witness();
    struct made_log other = made_log_copy(&a);
    other.count = 5;
    made_log_grow(&other, "otherwise", 20);
    grow(witness, &a, 0, 9);
    refused(add(witness, made_log_ask(&other, 9, 14)), 422, "fork");
    refused(add(witness, made_log_ask(&other, 9, 14)), 422, "fork"); /* one case, kept once */
    assert_int_equal(counts(witness).forks, 1);
    refused(add(witness, made_log_ask(&other, 9, 15)), 422, "fork");
    assert_int_equal(counts(witness).forks, 2);
    grow(witness, &a, 9, 16);
    /* from a power of two no proof can show it: a suspect */
    refused(add(witness, made_log_ask(&other, 16, 20)), 422, "proof-invalid");
    assert_int_equal(counts(witness).forks, 2);
    assert_int_equal(counts(witness).suspects, 1);
    witness_free(witness);
}

static void suspects_have_a_ceiling(void **state)
{
    (void)state;
    struct witness *witness = open_witness();
    grow(witness, &a, 0, 5);
    for (size_t size = 6; size <= 40; size++)
        refused(add(witness, made_log_ask_with(&a, 5, size, size, made_log_note(&a, size, NULL))),
                422, "proof-invalid");
    assert_int_equal(counts(witness).suspects, GB_LIMIT_SUSPECTS);
    /* and leave room for what is proven */
    struct made_log other = made_log_copy(&a);
    other.count = 4;
    made_log_grow(&other, "otherwise", 1);
    refused(add(witness, made_log_ask(&other, 5, 5)), 422, "fork");
    assert_int_equal(counts(witness).forks, 1);
    witness_free(witness);
}

/* ---- state ---- */

static void T28_remembers_across_starts(void **state)
{
    (void)state;
    struct witness *witness = open_witness();
    grow(witness, &a, 0, 9);
    witness_free(witness);
    witness = open_witness();
    conflict(add(witness, made_log_ask(&a, 0, 5)), "9\n");
    grow(witness, &a, 9, 10);
    witness_free(witness);
}

static const char *record_of(const char *origin)
{
    uint8_t hash[32];
    assert_int_equal(digest_of(a.digester, DIGEST_SHA256, gb_bytes_str(origin), hash), 0);
    return gb_arena_printf(arena, "%s/logs/%s", dir, gb_hex(arena, gb_bytes(hash, 32)));
}

/* What its own key did not sign is no state of its. */
static void T28_a_forged_state_is_refused(void **state)
{
    (void)state;
    struct witness *witness = open_witness();
    grow(witness, &a, 0, 9);
    grow(witness, &b, 0, 9);
    witness_free(witness);
    struct gb_bytes record;
    const char *path = record_of("a.example/ledger");
    assert_int_equal(file_read(arena, path, 4096, &record, NULL), 0);
    struct gb_bytes wrong[3] = {made_log_note(&a, 5, NULL), gb_bytes_str("torn"), {0}};
    assert_int_equal(file_read(arena, record_of("b.example/ledger"), 4096, &wrong[2], NULL), 0);
    for (size_t i = 0; i < GB_ARRAY_LEN(wrong); i++) {
        assert_int_equal(file_write(path, wrong[i], NULL), 0);
        assert_int_equal(witness_new(&config, &witness, NULL), GB_ERR_CONFIG);
    }
    assert_int_equal(file_write(path, record, NULL), 0);
    witness_free(open_witness());
}

/* Not durable, not co-signed. */
static void T28_a_state_that_cannot_be_written_is_no_cosignature(void **state)
{
    (void)state;
    struct witness *witness = open_witness();
    grow(witness, &a, 0, 9);
    const char *logs = gb_arena_printf(arena, "%s/logs", dir);
    const char *away = gb_arena_printf(arena, "%s/away", dir);
    assert_int_equal(rename(logs, away), 0);
    refused(add(witness, made_log_ask(&a, 9, 12)), 500, "internal");
    assert_int_equal(rename(away, logs), 0);
    grow(witness, &a, 9, 11); /* what it said before still stands */
    witness_free(witness);
}

static void logs_come_and_go(void **state)
{
    (void)state;
    struct witness *witness = open_witness();
    struct made_log c;
    made_log_new(&c, arena, "a.example/ledger"); /* a's next key */
    grow(witness, &a, 0, 9);
    struct made_log next = made_log_copy(&a);
    next.key = c.key;
    next.name = c.name;
    const char *items[] = {a.vkey, c.vkey};
    const struct conf_list both = {.items = items, .count = 2}, none = {0};
    assert_int_equal(witness_set_logs(witness, &both, NULL), 0);
    grow(witness, &next, 9, 12);
    grow(witness, &a, 12, 13);
    refused(add(witness, made_log_ask(&b, 0, 2)), 404, "log-unknown");
    assert_int_equal(witness_set_logs(witness, &none, NULL), 0);
    refused(add(witness, made_log_ask(&a, 13, 14)), 404, "log-unknown");
    /* all or none: the second is a witness' key */
    char cosigner[NOTE_VKEY];
    note_key_write(&self, cosigner);
    items[1] = cosigner;
    assert_int_equal(witness_set_logs(witness, &both, NULL), GB_ERR_CONFIG);
    refused(add(witness, made_log_ask(&a, 13, 14)), 404, "log-unknown");
    assert_int_equal(witness_set_logs(witness, &config.logs, NULL), 0);
    grow(witness, &a, 13, 14);
    witness_free(witness);
    made_log_done(&c);
}

static void serves_what_it_cosigned(void **state)
{
    (void)state;
    struct witness *witness = open_witness();
    struct witness_answer answer;
    const char *hash = strrchr(record_of("a.example/ledger"), '/') + 1;
    witness_latest(witness, arena, gb_bytes_str(hash), &answer);
    refused(answer, 404, "log-unknown");
    grow(witness, &a, 0, 9);
    witness_latest(witness, arena, gb_bytes_str(hash), &answer);
    assert_int_equal(answer.status, 200);
    const struct checkpoint_trust trust = {
        .keys = &a.name, .key_count = 1, .witnesses = &self, .witness_count = 1, .quorum = 1};
    struct checkpoint_opened opened;
    assert_int_equal(checkpoint_open(arena, &trust, answer.body, &opened, NULL), 0);
    assert_null(opened.fault);
    assert_int_equal(opened.head.size, 9);
    witness_latest(witness, arena, gb_bytes_str("../key"), &answer);
    refused(answer, 404, "log-unknown");
    witness_free(witness);
}

/* ---- races ---- */

enum { RACERS = 8, RACES = 20 };

struct racer {
    struct witness *witness;
    struct gb_arena *arena;
    struct gb_bytes body;
    struct witness_answer answer;
    pthread_barrier_t *go;
};

static void *race(void *ctx)
{
    struct racer *racer = ctx;
    pthread_barrier_wait(racer->go);
    witness_add(racer->witness, racer->arena, racer->body, NOW_S, &racer->answer);
    return NULL;
}

/* Two trees of one size, from eight threads at once: only one of them is ever co-signed. */
static void T28_races_never_cosign_two_trees(void **state)
{
    (void)state;
    struct witness *witness = open_witness();
    for (size_t round = 1; round <= RACES; round++) {
        struct racer racers[RACERS];
        pthread_t threads[RACERS];
        pthread_barrier_t go;
        struct made_log other = made_log_copy(&a);
        other.count = round - 1;
        made_log_grow(&other, "otherwise", 1);
        pthread_barrier_init(&go, NULL, RACERS);
        for (size_t i = 0; i < RACERS; i++)
            racers[i] = (struct racer){.witness = witness,
                                       .arena = gb_arena_new(),
                                       .body = made_log_ask(i % 2 ? &other : &a, round - 1, round),
                                       .go = &go};
        for (size_t i = 0; i < RACERS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
        size_t signed_of[2] = {0};
        for (size_t i = 0; i < RACERS; i++) {
            pthread_join(threads[i], NULL);
            signed_of[i % 2] += racers[i].answer.status == 200;
            gb_arena_free(racers[i].arena);
        }
        assert_int_equal(signed_of[0] + signed_of[1], 1);
        pthread_barrier_destroy(&go);
        if (signed_of[1]) /* the other tree won: it is the log from now on */
            a = other;
    }
    witness_free(witness);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cosigns_growth),
        TEST(an_empty_tree_is_cosigned),
        TEST(says_its_size),
        TEST(refuses_what_is_malformed),
        TEST(T28_knows_its_logs_only),
        TEST(T28_refuses_a_wrong_proof),
        TEST(T28_same_size_other_root_is_a_fork),
        TEST(T28_growth_from_another_tree_is_a_fork),
        TEST(suspects_have_a_ceiling),
        TEST(T28_remembers_across_starts),
        TEST(T28_a_forged_state_is_refused),
        TEST(T28_a_state_that_cannot_be_written_is_no_cosignature),
        TEST(logs_come_and_go),
        TEST(serves_what_it_cosigned),
        TEST(T28_races_never_cosign_two_trees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
