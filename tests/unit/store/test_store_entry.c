/* The ledger's entries in the store: written with what they tell of, or neither is. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "made.h"
#include "store/db.h"
#include "store/state.h"

static uint64_t next(struct made *m)
{
    uint64_t first, next;
    store_entry_range(m->store, &first, &next);
    return next;
}

/* The texts from number `from` on, in one line. */
static const char *texts(struct made *m, uint64_t from)
{
    static char line[512];
    struct store_row *rows;
    size_t count, len = 0;
    assert_int_equal(store_entry_list(m->store, m->arena, from, 100, &rows, &count, NULL), GB_OK);
    line[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(rows[i].seq, from + i);
        len += (size_t)snprintf(line + len, sizeof line - len, "%.*s ", (int)rows[i].text.len,
                                (const char *)rows[i].text.data);
    }
    return line;
}

static void T28_entries_are_numbered_in_the_order_of_their_changes(void **state)
{
    struct made *m = *state;
    struct store_node node = made_node(1, "w1", 10, 20);
    uint8_t id[8];
    memset(id, 5, sizeof id);
    assert_int_equal(next(m), 0);
    assert_int_equal(made_event(m->store, "server.start"), GB_OK);
    assert_int_equal(made_token(m->store, 5, 1, 9999, NULL), GB_OK);
    assert_int_equal(made_enrol(m->store, &node, id, NULL), GB_OK);
    assert_int_equal(made_verdict(m->store, 1, 11, "{}"), GB_OK);
    assert_int_equal(made_document(m->store, "web", 1, "one"), GB_OK);
    assert_string_equal(texts(m, 0), "server.start token.create node.enrol verdict policy.apply ");
    assert_string_equal(texts(m, 3), "verdict policy.apply ");
    assert_int_equal(next(m), 5);
    made_close(m);
    made_open(m);
    assert_int_equal(next(m), 5);
    assert_int_equal(made_event(m->store, "later"), GB_OK);
    assert_string_equal(texts(m, 4), "policy.apply later ");
}

static void T28_what_is_refused_or_changes_nothing_leaves_no_entry_and_no_gap(void **state)
{
    struct made *m = *state;
    struct store_node node = made_node(1, "w1", 10, 20), thief = made_node(2, "w2", 10, 21);
    assert_int_equal(made_enrol(m->store, &node, NULL, NULL), GB_OK);
    assert_int_equal(made_enrol(m->store, &thief, NULL, NULL), GB_ERR_DENIED);
    assert_int_equal(made_document(m->store, "web", 2, "two"), GB_OK);
    assert_int_equal(made_document(m->store, "web", 2, "two"), GB_OK);
    assert_int_equal(made_document(m->store, "web", 1, "one"), GB_ERR_DENIED);
    assert_int_equal(made_verdict(m->store, 9, 11, "{}"), GB_ERR_NOTFOUND);
    assert_string_equal(texts(m, 0), "node.enrol policy.apply ");
}

static void T28_nothing_is_changed_without_an_entry(void **state)
{
    struct made *m = *state;
    struct answer answer;
    struct store_token token = {.expires_s = 9, .uses_left = 1}, got;
    static char huge[GB_LIMIT_ENTRY + 1];
    memset(huge, 'x', sizeof huge);
    struct store_entry entry = {.text = gb_bytes(huge, sizeof huge)};
    answer_init(&answer);
    store_token_add(m->store, &token, NULL, answer_done, &answer);
    answer_wait(&answer, 1);
    assert_int_equal(answer.result, GB_ERR_NOMEM);
    store_token_add(m->store, &token, &entry, answer_done, &answer);
    answer_wait(&answer, 2);
    assert_int_equal(answer.result, GB_ERR_LIMIT);
    assert_int_equal(store_token_get(m->store, m->arena, token.id, &got, NULL), GB_ERR_NOTFOUND);
    assert_int_equal(next(m), 0);
    entry.text.len--;
    store_token_add(m->store, &token, &entry, answer_done, &answer);
    answer_wait(&answer, 3);
    assert_int_equal(answer.result, GB_OK);
    assert_int_equal(next(m), 1);
}

/* Each statement of a verdict fails once, as on a full disk: the verdict and its entry are both
 * there or neither is, and no number is lost. */
static void T28_T20_a_full_disk_takes_neither_the_verdict_nor_its_entry(void **state)
{
    struct made *m = *state;
    struct store_node node = made_node(1, "w1", 10, 20);
    assert_int_equal(made_enrol(m->store, &node, NULL, NULL), GB_OK);
    unsigned long nth = 1;
    for (int r = -1; r < 0; nth++) {
        struct store_verdict got;
        store_fail_nth(m->store, nth);
        r = made_verdict(m->store, 1, (int64_t)nth, "{}");
        store_fail_nth(m->store, 0);
        int there = store_verdict_get(m->store, m->arena, node.id, &got, NULL);
        assert_int_equal(there, r < 0 ? GB_ERR_NOTFOUND : GB_OK);
        assert_int_equal(next(m), r < 0 ? 1 : 2);
        assert_string_equal(texts(m, 1), r < 0 ? "" : "verdict ");
    }
    assert_true(nth > 6);
}

static void rows_that_stand_in_the_log_are_pruned(void **state)
{
    struct made *m = *state;
    uint64_t first;
    struct answer answer;
    answer_init(&answer);
    for (int i = 0; i < 5; i++)
        assert_int_equal(made_event(m->store, i % 2 ? "odd" : "even"), GB_OK);
    store_entry_prune(m->store, 3, answer_done, &answer);
    answer_wait(&answer, 1);
    assert_int_equal(answer.result, GB_OK);
    assert_string_equal(texts(m, 3), "odd even ");
    store_entry_prune(m->store, 6, answer_done, &answer);
    answer_wait(&answer, 2);
    assert_int_equal(answer.result, GB_ERR_DENIED);
    store_entry_prune(m->store, 5, answer_done, &answer);
    store_entry_prune(m->store, 2, answer_done, &answer); /* long gone */
    answer_wait(&answer, 4);
    assert_int_equal(answer.result, GB_OK);
    made_close(m);
    made_open(m);
    store_entry_range(m->store, &first, &(uint64_t){0});
    assert_int_equal(first, 5);
    assert_int_equal(next(m), 5);
    assert_int_equal(made_event(m->store, "on"), GB_OK);
    assert_string_equal(texts(m, 5), "on ");
}

static void a_gap_is_refused_at_start(void **state)
{
    struct made *m = *state;
    sqlite3 *db;
    for (int i = 0; i < 3; i++)
        assert_int_equal(made_event(m->store, "x"), GB_OK);
    made_close(m);
    assert_int_equal(sqlite3_open(m->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "DELETE FROM ledger_entry WHERE seq=1", NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
    made_refused(m, "missing in the middle");
    assert_int_equal(unlink(m->path), 0);
    made_open(m);
}

static bool count_openings(void *ctx, const struct store_opening *opening)
{
    assert_non_null(opening->value);
    ++*(int *)ctx;
    return true;
}

static void add_opening(struct made *m, uint8_t n, const char *value)
{
    struct answer answer;
    struct store_opening opening = {.value = value};
    struct store_entry entry = {
        .text = gb_bytes_str("call"), .openings = &opening, .opening_count = 1};
    memset(opening.commitment, n, sizeof opening.commitment);
    memset(opening.salt, n, sizeof opening.salt);
    answer_init(&answer);
    store_entry_add(m->store, &entry, answer_done, &answer);
    answer_wait(&answer, 1);
    assert_int_equal(answer.result, GB_OK);
}

static int forget(struct made *m, const char *value)
{
    struct answer answer;
    answer_init(&answer);
    store_opening_forget(m->store, value, made_entry("forget"), answer_done, &answer);
    answer_wait(&answer, 1);
    return answer.result;
}

/* Whether these bytes stand anywhere in the database's file, or in its journal. */
static bool in_file(struct made *m, const char *words)
{
    static const char *const suffixes[] = {"", "-wal"};
    static char bytes[8 << 20];
    bool found = false;
    for (size_t i = 0; i < 2; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s%s", m->path, suffixes[i]);
        FILE *file = fopen(path, "rb");
        if (!file)
            continue;
        size_t n = fread(bytes, 1, sizeof bytes, file);
        assert_int_equal(fclose(file), 0);
        found = found || memmem(bytes, n, words, strlen(words)) != NULL;
    }
    return found;
}

static void a_forgotten_name_is_not_in_the_journal_either(void **state)
{
    struct made *m = *state;
    struct answer answer;
    struct store_document document = {.kind = "NodePolicy",
                                      .name = "nodes",
                                      .version = 1,
                                      .text = gb_bytes_str("text"),
                                      .applied_by = "operator/alice-in-the-ledger"};
    struct store_token token = {
        .created_by = "operator/alice-in-the-ledger", .expires_s = INT64_MAX, .uses_left = 1};
    struct store_grant grant = {
        .node_name = "n", .created_by = "operator/alice-in-the-ledger", .expires_s = INT64_MAX};
    add_opening(m, 1, "alice-in-the-ledger");
    add_opening(m, 2, "bob-in-the-ledger");
    answer_init(&answer);
    store_token_add(m->store, &token, made_entry("token"), answer_done, &answer);
    answer_wait(&answer, 1);
    store_grant_add(m->store, &grant, made_entry("grant"), answer_done, &answer);
    answer_wait(&answer, 2);
    store_document_apply(m->store, &document, 1, made_entry("document"), answer_done, &answer);
    answer_wait(&answer, 3);
    assert_int_equal(answer.result, GB_OK);
    assert_true(in_file(m, "alice-in-the-ledger"));
    assert_int_equal(forget(m, "alice-in-the-ledger"), GB_OK);
    assert_false(in_file(m, "alice-in-the-ledger")); /* the store is open */
    assert_false(
        in_file(m, "\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01alice"));
    assert_true(in_file(m, "operator/(forgotten)"));
    assert_true(in_file(m, "bob-in-the-ledger"));
}

static bool forget_inside(void *ctx, const struct store_opening *opening)
{
    struct made *m = ctx;
    (void)opening;
    assert_int_equal(forget(m, "alice-in-the-ledger"), GB_ERR_AGAIN);
    return false;
}

/* Who reads holds the journal: that is said, and asking again cuts it. */
static void a_reader_holds_a_forgotten_name_up_and_it_is_said(void **state)
{
    struct made *m = *state;
    add_opening(m, 1, "alice-in-the-ledger");
    add_opening(m, 2, "bob-in-the-ledger");
    assert_int_equal(store_opening_each(m->store, forget_inside, m, NULL), GB_OK);
    assert_true(in_file(m, "alice-in-the-ledger"));
    assert_int_equal(forget(m, "alice-in-the-ledger"), GB_ERR_NOTFOUND);
    assert_false(in_file(m, "alice-in-the-ledger"));
}

/* FULL: what is told is on the disk. */
static void the_writer_waits_for_the_disk(void **state)
{
    struct made *m = *state;
    gb_cleanup(query_close) struct query q;
    query_open(&q, &m->store->writer, "PRAGMA synchronous");
    assert_int_equal(query_step(&q, NULL), 1);
    assert_int_equal(query_get_int(&q), 2);
}

static void an_opening_is_found_and_forgotten_and_leaves_no_trace(void **state)
{
    struct made *m = *state;
    struct store_opening got;
    uint8_t commitment[STORE_HASH];
    int count = 0;
    memset(commitment, 1, sizeof commitment);
    add_opening(m, 1, "alice-in-the-ledger");
    add_opening(m, 2, "bob-in-the-ledger");
    add_opening(m, 3, "alice-in-the-ledger");
    assert_int_equal(store_opening_get(m->store, m->arena, commitment, &got, NULL), GB_OK);
    assert_string_equal(got.value, "alice-in-the-ledger");
    assert_int_equal(got.salt[0], 1);
    assert_int_equal(forget(m, "nobody"), GB_ERR_NOTFOUND);
    assert_int_equal(forget(m, "alice-in-the-ledger"), GB_OK);
    assert_int_equal(store_opening_get(m->store, m->arena, commitment, &got, NULL),
                     GB_ERR_NOTFOUND);
    assert_int_equal(store_opening_each(m->store, count_openings, &count, NULL), GB_OK);
    assert_int_equal(count, 1);
    assert_string_equal(texts(m, 0), "call call call forget "); /* the record stays */
    made_close(m);                                              /* the journal is played back */
    assert_false(in_file(m, "alice-in-the-ledger"));
    assert_true(in_file(m, "bob-in-the-ledger"));
    made_open(m);
}

static int seal(struct made *m, int64_t minute)
{
    struct answer answer;
    answer_init(&answer);
    store_rounds_seal(m->store, minute, made_entry("rounds"), answer_done, &answer);
    answer_wait(&answer, 1);
    return answer.result;
}

static void T28_a_minute_is_sealed_exactly_once(void **state)
{
    struct made *m = *state;
    int64_t minute;
    assert_int_equal(store_rounds_sealed(m->store, &minute, NULL), GB_OK);
    assert_int_equal(minute, -1);
    assert_int_equal(seal(m, 7), GB_OK);
    assert_int_equal(seal(m, 7), GB_ERR_DENIED);
    assert_int_equal(seal(m, 6), GB_ERR_DENIED);
    assert_int_equal(seal(m, 9), GB_OK);
    made_close(m);
    made_open(m);
    assert_int_equal(seal(m, 8), GB_ERR_DENIED);
    assert_int_equal(store_rounds_sealed(m->store, &minute, NULL), GB_OK);
    assert_int_equal(minute, 9);
    assert_string_equal(texts(m, 0), "rounds rounds ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, made_setup, made_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(T28_entries_are_numbered_in_the_order_of_their_changes),
        TEST(T28_what_is_refused_or_changes_nothing_leaves_no_entry_and_no_gap),
        TEST(T28_nothing_is_changed_without_an_entry),
        TEST(T28_T20_a_full_disk_takes_neither_the_verdict_nor_its_entry),
        TEST(rows_that_stand_in_the_log_are_pruned),
        TEST(a_gap_is_refused_at_start),
        TEST(an_opening_is_found_and_forgotten_and_leaves_no_trace),
        TEST(a_forgotten_name_is_not_in_the_journal_either),
        TEST(a_reader_holds_a_forgotten_name_up_and_it_is_said),
        TEST(the_writer_waits_for_the_disk),
        TEST(T28_a_minute_is_sealed_exactly_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
