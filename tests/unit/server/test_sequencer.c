/* Rows, files and signer: what becomes of them in order, and what is said when they do not agree.
 */
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "../store/made.h"
#include "ledger/folder.h"
#include "server/ledger/scribe.h"
#include "server/ledger/sequencer.h"
#include "signer.h"

struct fixture {
    struct made *made;
    struct signer signer;
    struct sequencer *sequencer;
    char folder[96];
    struct gb_err err;
};

static int open_it(struct fixture *f)
{
    struct sequencer_signer signer = signer_of(&f->signer);
    f->sequencer = NULL;
    return sequencer_open(f->folder, f->made->store, &signer, &f->sequencer, &f->err);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    made_setup((void **)&f->made);
    snprintf(f->folder, sizeof f->folder, "%s/ledger", f->made->folder);
    signer_open(&f->signer, f->made->folder);
    assert_int_equal(open_it(f), GB_OK);
    *state = f;
    return 0;
}

/* In the words of a shell: $d is the folder of all, $c the copy of it. */
static void shell(const struct fixture *f, const char *words)
{
    char command[1024];
    snprintf(command, sizeof command, "set -e; d='%s'; c='%s.copy'; %s", f->made->folder,
             f->made->folder, words);
    assert_int_equal(system(command), 0);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    sequencer_free(f->sequencer);
    signer_close(&f->signer);
    shell(f, "rm -rf $d/ledger $d/rounds $c");
    made_teardown((void **)&f->made);
    free(f);
    return 0;
}

static void add(struct fixture *f, size_t count)
{
    struct answer answer;
    uint64_t first, next;
    char text[64];
    answer_init(&answer);
    store_entry_range(f->made->store, &first, &next);
    for (size_t i = 0; i < count; i++) {
        snprintf(text, sizeof text, "{\"n\":%zu}", (size_t)next + i);
        store_entry_add(f->made->store, made_entry(text), answer_done, &answer);
        if (i % 4096 == 4095)
            answer_wait(&answer, i + 1);
    }
    answer_wait(&answer, count);
    assert_int_equal(answer.refused, 0);
}

static int step(struct fixture *f)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    const char *note;
    return sequencer_step(f->sequencer, arena, &note, &f->err);
}

static void steps(struct fixture *f)
{
    if (step(f) < 0)
        fail_msg("%s", f->err.text);
}

/* Every entry in the files, in order and as it was written. */
static void all_there(struct fixture *f, uint64_t size)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_cleanup(folder_freep) struct folder *folder = NULL;
    assert_int_equal(signer_checked(&f->signer, f->folder), size);
    assert_int_equal(folder_open(f->folder, &folder, NULL), GB_OK);
    for (uint64_t i = 0; i < size; i++) {
        struct gb_bytes entry;
        char text[64];
        snprintf(text, sizeof text, "{\"n\":%zu}", (size_t)i);
        gb_arena_reset(arena);
        assert_int_equal(folder_entry(folder, arena, i, size, &entry, &f->err), GB_OK);
        assert_true(gb_bytes_is(entry, text));
    }
}

static void T28_committed_rows_become_signed_in_order(void **state)
{
    struct fixture *f = *state;
    steps(f);
    assert_int_equal(f->signer.signs, 0); /* nothing was to do */
    uint64_t size = 0;
    for (size_t n = 1; n < 700; n += 97) {
        add(f, n);
        size += n;
        steps(f);
        assert_int_equal(signer_checked(&f->signer, f->folder), size);
    }
    all_there(f, size);
    steps(f);
    assert_int_equal(f->signer.signs, 8);
}

static void rows_in_full_signed_bundles_are_pruned_and_not_before(void **state)
{
    struct fixture *f = *state;
    uint64_t first = 0, next;
    add(f, 1000);
    store_entry_range(f->made->store, &first, &next);
    assert_int_equal(first, 0);
    steps(f);
    while (first == 0)
        store_entry_range(f->made->store, &first, &next);
    assert_int_equal(first, 768);
    assert_int_equal(next, 1000);
    all_there(f, 1000);
}

static void again(struct fixture *f)
{
    sequencer_free(f->sequencer);
    made_close(f->made);
    made_open(f->made);
    if (open_it(f) < 0)
        fail_msg("%s", f->err.text);
}

static void T28_an_answer_that_is_lost_forks_nothing(void **state)
{
    struct fixture *f = *state;
    add(f, 300);
    steps(f);
    add(f, 10);
    f->signer.deaf = true;
    assert_int_equal(step(f), GB_ERR_IO);
    assert_int_equal(f->signer.size, 310);
    assert_int_equal(signer_checked(&f->signer, f->folder), 300);
    add(f, 5);
    steps(f); /* goes on from what the signer remembers */
    all_there(f, 315);
    add(f, 3);
    f->signer.deaf = true;
    assert_int_equal(step(f), GB_ERR_IO);
    again(f); /* the same, over a restart */
    steps(f);
    all_there(f, 318);
}

static void a_signer_that_is_away_holds_nothing_up_but_signatures(void **state)
{
    struct fixture *f = *state;
    f->signer.away = true;
    again(f);
    add(f, 20);
    assert_int_equal(step(f), GB_ERR_IO);
    f->signer.away = false;
    steps(f);
    all_there(f, 20);
}

static void T28_a_refusing_signer_is_told_as_that(void **state)
{
    struct fixture *f = *state;
    add(f, 20);
    f->signer.refuses = true;
    assert_int_equal(step(f), GB_ERR_DENIED);
    assert_non_null(strstr(f->err.text, "not consistent growth"));
    assert_int_equal(signer_checked(&f->signer, f->folder), 0);
}

static void close_all(struct fixture *f)
{
    sequencer_free(f->sequencer);
    f->sequencer = NULL;
    made_close(f->made);
}

static void copy(struct fixture *f)
{
    close_all(f);
    shell(f, "cp -r $d $c");
    again(f);
}

static void refused(struct fixture *f, const char *words)
{
    made_open(f->made);
    assert_int_equal(open_it(f), GB_ERR_CONFIG);
    if (!strstr(f->err.text, words) || !strstr(f->err.text, "restore"))
        fail_msg("\"%s\" does not say \"%s\"", f->err.text, words);
    made_close(f->made);
}

/* 600 entries signed, of which 512 are pruned; a copy was made at 300. */
static void make_copy_and_go_on(struct fixture *f)
{
    uint64_t first = 0, next;
    add(f, 300);
    steps(f);
    while (first == 0)
        store_entry_range(f->made->store, &first, &next);
    copy(f);
    add(f, 300);
    steps(f);
    while (first < 512)
        store_entry_range(f->made->store, &first, &next);
    close_all(f);
}

static void T28_a_database_from_an_older_copy_is_refused(void **state)
{
    struct fixture *f = *state;
    make_copy_and_go_on(f);
    shell(f, "cp $c/garboard.db $d");
    refused(f, "the database is older than the ledger");
    made_open(f->made);
}

static void T28_a_folder_that_is_missing_or_older_is_refused(void **state)
{
    struct fixture *f = *state;
    make_copy_and_go_on(f);
    shell(f, "rm -r $d/ledger");
    refused(f, "the ledger's folder is cut or missing");
    shell(f, "rm -r $d/ledger; cp -r $c/ledger $d");
    refused(f, "the ledger's folder is cut or missing");
    made_open(f->made);
}

static void T28_an_older_copy_of_both_is_refused_by_what_the_signer_remembers(void **state)
{
    struct fixture *f = *state;
    make_copy_and_go_on(f);
    shell(f, "rm -r $d/ledger; cp -r $c/ledger $c/garboard.db $d");
    refused(f, "come from an older copy");
    made_open(f->made);
}

static void T28_a_signer_from_an_older_copy_is_refused(void **state)
{
    struct fixture *f = *state;
    make_copy_and_go_on(f);
    f->signer.size = 300;
    refused(f, "garboard-keyd's state is older than the ledger");
    made_open(f->made);
}

static void T28_another_history_of_the_same_size_is_refused(void **state)
{
    struct fixture *f = *state;
    make_copy_and_go_on(f);
    f->signer.root[0] ^= 1;
    refused(f, "signed another history");
    f->signer.root[0] ^= 1;
    sqlite3 *db;
    assert_int_equal(sqlite3_open(f->made->path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "UPDATE ledger_entry SET entry=x'00' WHERE seq=555", NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
    refused(f, "differ in entry 555");
    made_open(f->made);
}

static void T28_a_folder_that_was_changed_is_refused(void **state)
{
    struct fixture *f = *state;
    make_copy_and_go_on(f);
    shell(f, "printf xxxx | dd of=$(ls $d/ledger/tile/0/002.p/*) bs=1 seek=40 conv=notrunc "
             "2>/dev/null");
    refused(f, "cut or changed since its checkpoint was signed");
    made_open(f->made);
}

static void a_folder_that_is_gone_is_written_anew_while_all_rows_are_kept(void **state)
{
    struct fixture *f = *state;
    add(f, 200);
    steps(f);
    close_all(f);
    shell(f, "rm -r $d/ledger");
    made_open(f->made);
    assert_int_equal(open_it(f), GB_OK);
    add(f, 1);
    steps(f);
    all_there(f, 201);
}

static void what_a_crash_left_beyond_the_checkpoint_is_written_anew(void **state)
{
    struct fixture *f = *state;
    add(f, 300);
    steps(f);
    close_all(f);
    /* torn tiles of a flush that was never signed */
    shell(f, "for t in 0 entries; do mkdir -p $d/ledger/tile/$t/001.p; "
             "head -c 77 /dev/urandom >$d/ledger/tile/$t/001.p/99; done");
    made_open(f->made);
    assert_int_equal(open_it(f), GB_OK);
    add(f, 55);
    steps(f);
    all_there(f, 355);
}

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Files may not grow, as on a full disk: no checkpoint, no row is dropped, and nothing is lost. */
static void T20_T28_a_full_disk_signs_nothing_and_keeps_every_row(void **state)
{
    struct fixture *f = *state;
    uint64_t first, next;
    add(f, 300);
    steps(f);
    add(f, 300);
    for (rlim_t bytes = 0; bytes < 9000; bytes += 1000) {
        limit_files(bytes);
        int r = step(f);
        limit_files(RLIM_INFINITY);
        assert_true(r == GB_ERR_IO || r == GB_OK);
        assert_int_equal(signer_checked(&f->signer, f->folder), r == GB_OK ? 600 : 300);
        store_entry_range(f->made->store, &first, &next);
        assert_true(first <= 512 && next == 600);
        if (bytes == 0)
            assert_int_equal(r, GB_ERR_IO);
    }
    steps(f);
    all_there(f, 600);
}

/* ---- the thread around it ---- */

static void wait_until(struct scribe *scribe, bool stopped)
{
    for (int i = 0; i < 500 && scribe_stopped(scribe) != stopped; i++)
        usleep(10000);
    assert_int_equal(scribe_stopped(scribe), stopped);
}

static struct scribe *start_scribe(struct fixture *f, int64_t lag_ms)
{
    struct scribe *scribe = NULL;
    struct scribe_conf conf = {.state = f->made->folder,
                               .interval_ms = 10,
                               .lag_ms = lag_ms,
                               .rounds_keep_s = 86400,
                               .quotes_keep_s = 86400,
                               .signer = signer_of(&f->signer)};
    sequencer_free(f->sequencer); /* it holds the folder */
    f->sequencer = NULL;
    assert_int_equal(scribe_open(&conf, f->made->store, &scribe, &f->err), GB_OK);
    assert_int_equal(scribe_start(scribe, &f->err), GB_OK);
    return scribe;
}

static void T20_what_stays_unsigned_stops_the_service_until_it_is_signed(void **state)
{
    struct fixture *f = *state;
    struct scribe *scribe = start_scribe(f, 100);
    struct scribe_health health;
    usleep(200000);
    assert_false(scribe_stopped(scribe)); /* nothing is unsigned */
    f->signer.away = true;
    usleep(50000);
    assert_false(scribe_stopped(scribe));
    add(f, 3);
    usleep(20000);
    assert_false(scribe_stopped(scribe)); /* within its time */
    wait_until(scribe, true);
    scribe_health(scribe, &health);
    assert_true(health.stopped);
    assert_int_equal(health.entries, 3);
    assert_int_equal(health.signed_size, 0);
    assert_string_equal(health.why, "nobody answers");
    f->signer.away = false;
    wait_until(scribe, false);
    scribe_stop(scribe);
    scribe_health(scribe, &health);
    assert_int_equal(health.signed_size, 3);
    assert_string_equal(health.why, "");
    scribe_free(scribe);
    assert_int_equal(signer_checked(&f->signer, f->folder), 3);
}

static void T28_a_signer_of_another_history_stops_it_at_once(void **state)
{
    struct fixture *f = *state;
    struct scribe *scribe = start_scribe(f, 3600 * 1000);
    add(f, 3);
    f->signer.refuses = true;
    wait_until(scribe, true);
    scribe_free(scribe);
}

static void what_was_committed_is_signed_before_it_stops(void **state)
{
    struct fixture *f = *state;
    struct scribe *scribe = start_scribe(f, 3600 * 1000);
    add(f, 400);
    scribe_free(scribe);
    all_there(f, 400);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(T28_committed_rows_become_signed_in_order),
        TEST(rows_in_full_signed_bundles_are_pruned_and_not_before),
        TEST(T28_an_answer_that_is_lost_forks_nothing),
        TEST(a_signer_that_is_away_holds_nothing_up_but_signatures),
        TEST(T28_a_refusing_signer_is_told_as_that),
        TEST(T28_a_database_from_an_older_copy_is_refused),
        TEST(T28_a_folder_that_is_missing_or_older_is_refused),
        TEST(T28_an_older_copy_of_both_is_refused_by_what_the_signer_remembers),
        TEST(T28_a_signer_from_an_older_copy_is_refused),
        TEST(T28_another_history_of_the_same_size_is_refused),
        TEST(T28_a_folder_that_was_changed_is_refused),
        TEST(a_folder_that_is_gone_is_written_anew_while_all_rows_are_kept),
        TEST(what_a_crash_left_beyond_the_checkpoint_is_written_anew),
        TEST(T20_T28_a_full_disk_signs_nothing_and_keeps_every_row),
        TEST(T20_what_stays_unsigned_stops_the_service_until_it_is_signed),
        TEST(T28_a_signer_of_another_history_stops_it_at_once),
        TEST(what_was_committed_is_signed_before_it_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
