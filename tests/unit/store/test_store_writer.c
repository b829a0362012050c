/* The writer thread: groups, refusals among neighbours, a full queue, a full disk. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "made.h"

enum { LATER = 100000 };

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double rows_per_s(struct made *m, size_t rows, bool one_by_one)
{
    struct answer answer;
    answer_init(&answer);
    double start = now_s();
    for (size_t i = 1; i <= rows; i++) {
        store_entry_add(m->store, made_entry("x"), answer_done, &answer);
        if (one_by_one || i % 4096 == 0)
            answer_wait(&answer, i);
    }
    answer_wait(&answer, rows);
    assert_int_equal(answer.refused, 0);
    return (double)rows / (now_s() - start);
}

static void writes_that_gather_share_a_commit(void **state)
{
    struct made *m = *state;
    double alone = rows_per_s(m, 300, true);
    double grouped = rows_per_s(m, 40960, false);
    print_message("%.0f rows/s one by one, %.0f in groups: x%.0f\n", alone, grouped,
                  grouped / alone);
    assert_true(grouped > 5 * alone);
}

/* Holds the writer in a callback until the test lets go, so that what follows gathers. */
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void wait_at_gate(void *ctx, int result, const struct gb_err *err)
{
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
    answer_done(ctx, result, err);
}

static void hold(struct made *m, struct answer *answer)
{
    answer_init(answer);
    pthread_mutex_lock(&gate);
    store_entry_add(m->store, made_entry("x"), wait_at_gate, answer);
    struct store_counts counts;
    do
        store_health(m->store, &counts);
    while (counts.rows == 0 || counts.queued > 0);
}

static void let_go(struct answer *answer)
{
    pthread_mutex_unlock(&gate);
    answer_wait(answer, 1);
}

static void a_refused_write_does_not_undo_its_neighbours(void **state)
{
    struct made *m = *state;
    struct answer first, good, bad;
    struct store_row *rows;
    struct store_counts before, after;
    size_t count;
    uint8_t nothing[STORE_HASH] = {0};
    answer_init(&good);
    answer_init(&bad);
    hold(m, &first);
    store_health(m->store, &before);
    for (int i = 0; i < 100; i++) {
        store_entry_add(m->store, made_entry("x"), answer_done, &good);
        store_token_revoke(m->store, nothing, made_entry("token.revoke"), answer_done, &bad);
    }
    let_go(&first);
    answer_wait(&good, 100);
    answer_wait(&bad, 100);
    store_health(m->store, &after);
    assert_int_equal(after.commits - before.commits, 1);
    assert_int_equal(good.refused, 0);
    assert_int_equal(bad.refused, 100);
    assert_int_equal(bad.result, GB_ERR_NOTFOUND);
    assert_true(after.healthy);
    assert_int_equal(after.failures, 0);
    assert_int_equal(store_entry_list(m->store, m->arena, 0, 999, &rows, &count, NULL), GB_OK);
    assert_int_equal(count, 101);
}

static void a_full_queue_answers_at_once(void **state)
{
    struct made *m = *state;
    struct answer first, queued, over;
    answer_init(&queued);
    answer_init(&over);
    hold(m, &first);
    for (int i = 0; i < GB_LIMIT_STORE_QUEUE; i++)
        store_entry_add(m->store, made_entry("x"), answer_done, &queued);
    assert_int_equal(queued.count, 0);
    store_entry_add(m->store, made_entry("x"), answer_done, &over);
    assert_int_equal(over.count, 1);
    assert_int_equal(over.result, GB_ERR_AGAIN);
    let_go(&first);
    answer_wait(&queued, GB_LIMIT_STORE_QUEUE);
    assert_int_equal(queued.refused, 0);
}

/* Each statement of an enrolment fails once: it is in wholly, or not at all. */
static void a_failing_statement_leaves_all_or_nothing(void **state)
{
    struct made *m = *state;
    struct store_counts counts;
    unsigned long nth = 1;
    for (bool ok = false; !ok; nth++) {
        struct store_node got, node = made_node((uint8_t)nth, "w", (uint8_t)nth, (uint8_t)nth);
        struct store_token token;
        char name[16];
        uint8_t id[8];
        snprintf(name, sizeof name, "w%lu", nth);
        node.name = name;
        memset(id, (int)nth, sizeof id);
        assert_int_equal(made_token(m->store, (uint8_t)nth, 1, LATER, NULL), GB_OK);
        store_fail_nth(m->store, nth);
        int r = made_enrol(m->store, &node, id, NULL);
        store_fail_nth(m->store, 0);
        ok = r == GB_OK;
        if (!ok) {
            assert_int_equal(r, GB_ERR_IO);
            assert_non_null(strstr(made_said.text, "disk is full"));
        }
        int there = store_node_by_id(m->store, m->arena, node.id, &got, NULL);
        int unused = store_token_get(m->store, m->arena, id, &token, NULL);
        assert_int_equal(there, ok ? GB_OK : GB_ERR_NOTFOUND);
        assert_int_equal(unused, ok ? GB_ERR_NOTFOUND : GB_OK);
        store_health(m->store, &counts);
        assert_true(ok || counts.failures > 0);
        assert_int_equal(made_enrol(m->store, &node, id, NULL), GB_OK);
        store_health(m->store, &counts);
        assert_true(counts.healthy);
    }
    assert_true(nth > 8);
}

static bool count_live(void *ctx, const struct store_live *live)
{
    int64_t *verified_s = ctx;
    *verified_s = live->verified_s;
    return true;
}

static void liveness_waits_out_a_full_disk(void **state)
{
    struct made *m = *state;
    struct store_node node = made_node(1, "w1", 1, 1);
    struct store_live live = {.verified_s = 77, .progress = gb_bytes_str("p")};
    struct store_counts counts;
    int64_t verified_s = 0;
    memset(live.node, 1, STORE_ID);
    assert_int_equal(made_enrol(m->store, &node, NULL, NULL), GB_OK);
    store_fail_nth(m->store, 1);
    assert_true(store_live_set(m->store, &live));
    do
        store_health(m->store, &counts);
    while (counts.failures == 0);
    do /* the probe finds the disk well again, without a write of ours */
        store_health(m->store, &counts);
    while (!counts.healthy || counts.live_rows == 0);
    assert_int_equal(store_live_each(m->store, count_live, &verified_s, NULL), GB_OK);
    assert_int_equal(verified_s, 77);
}

static off_t size_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_size : 0;
}

/* In a process of its own: no file may grow beyond the limit, as on a disk without room. */
static int fill_the_disk(struct made *m)
{
    char wal[128], name[16];
    char *text = calloc(1, 60001);
    uint64_t version = 1;
    memset(text, 'x', 60000);
    made_open(m);
    snprintf(wal, sizeof wal, "%s-wal", m->path);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = {(rlim_t)size_of(m->path) + 1000000, RLIM_INFINITY};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 10;
    int r = GB_OK;
    for (; r == GB_OK && version < 1000; version++) {
        snprintf(name, sizeof name, "d%u", (unsigned)version);
        r = made_document(m->store, name, version, text);
    }
    struct store_counts counts;
    store_health(m->store, &counts);
    if (r != GB_ERR_IO || counts.healthy || !strstr(counts.last_error, "disk"))
        return 11;
    limit.rlim_cur = RLIM_INFINITY;
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 12;
    if (made_document(m->store, "after", version, text) != GB_OK)
        return 13;
    store_health(m->store, &counts);
    if (!counts.healthy)
        return 14;
    struct store_document *d;
    size_t count;
    made_close(m);
    made_open(m);
    if (store_document_list(m->store, m->arena, &d, &count, NULL) != GB_OK)
        return 15;
    free(text);
    made_close(m);
    /* all that were told (the refused one left a gap), and the one after */
    return count == version - 2 + 1 ? 0 : 16;
}

static void a_full_disk_is_told_and_survived(void **state)
{
    struct made *m = *state;
    made_close(m);
    pid_t child = fork();
    if (child == 0)
        _exit(fill_the_disk(m));
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    made_open(m);
    assert_int_equal(made_event(m->store, "goes on"), GB_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, made_setup, made_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_full_disk_is_told_and_survived),
        TEST(writes_that_gather_share_a_commit),
        TEST(a_refused_write_does_not_undo_its_neighbours),
        TEST(a_full_queue_answers_at_once),
        TEST(a_failing_statement_leaves_all_or_nothing),
        TEST(liveness_waits_out_a_full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
