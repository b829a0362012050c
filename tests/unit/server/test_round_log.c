/* Minutes of rounds: what is appended stays, what is torn is cut, each minute is sealed once. */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../store/made.h"
#include "base/clock.h"
#include "base/limits.h"
#include "ledger/entry.h"
#include "os/file.h"
#include "server/ledger/round_files.h"
#include "server/ledger/round_log.h"
#include "server/ledger/round_seal.h"

enum { M = 29412962 }; /* 2025-12-03T16:02Z, long ago: every such minute is over */

struct fixture {
    struct made *made;
    struct round_log *log;
    struct digester *digester;
    char folder[96];
    struct gb_err err;
};

static void open_log(struct fixture *f)
{
    int64_t sealed;
    assert_int_equal(store_rounds_sealed(f->made->store, &sealed, NULL), GB_OK);
    if (round_log_open(f->folder, sealed, &f->log, &f->err) < 0)
        fail_msg("%s", f->err.text);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    made_setup((void **)&f->made);
    snprintf(f->folder, sizeof f->folder, "%s/rounds", f->made->folder);
    assert_int_equal(digester_new(&f->digester, NULL), GB_OK);
    open_log(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char command[128];
    round_log_free(f->log);
    digester_free(f->digester);
    snprintf(command, sizeof command, "rm -rf '%s'", f->folder);
    assert_int_equal(system(command), 0);
    made_teardown((void **)&f->made);
    free(f);
    return 0;
}

/* A round of node `n`, whose quote is as its leaf says. */
static int append(struct fixture *f, uint8_t n, int64_t now_s, int64_t now_ms)
{
    uint8_t attest[100];
    struct rounds_quote quote = {.attest = gb_bytes(attest, sizeof attest),
                                 .signature = gb_bytes_str("signature"),
                                 .nonce = gb_bytes_str("nonce"),
                                 .issued_s = (uint64_t)now_s};
    struct round_proof proof = {.leaf = {.verified_at_s = (uint64_t)now_s,
                                         .trust_id = 7,
                                         .policy_version = 3,
                                         .tier = 2,
                                         .trusted = true},
                                .quote = &quote,
                                .policy = "nodes version 3"};
    memset(attest, n, sizeof attest);
    memset(proof.leaf.node, n, sizeof proof.leaf.node);
    memset(quote.node, n, sizeof quote.node);
    assert_int_equal(digest_of(f->digester, DIGEST_SHA256, quote.attest, proof.leaf.quote), GB_OK);
    return round_log_append(f->log, &proof, now_s, now_ms, &f->err);
}

static void path_of(struct fixture *f, int64_t minute, enum round_file file, bool open,
                    char path[PATH_MAX])
{
    assert_int_equal(round_files_path(f->folder, minute, file, open, path, NULL), GB_OK);
}

/* Bytes of a file; -1: there is none. */
static long size_of(struct fixture *f, int64_t minute, enum round_file file, bool open)
{
    char path[PATH_MAX];
    struct stat st;
    path_of(f, minute, file, open, path);
    return stat(path, &st) == 0 ? (long)st.st_size : -1;
}

static void seal(struct fixture *f, int64_t now_s, int64_t now_ms)
{
    if (round_seal(f->log, f->made->store, f->digester, now_s, now_ms, &f->err) < 0)
        fail_msg("%s", f->err.text);
}

static size_t entries(struct fixture *f, struct store_row **rows)
{
    size_t count;
    assert_int_equal(store_entry_list(f->made->store, f->made->arena, 0, 100, rows, &count, NULL),
                     GB_OK);
    return count;
}

/* The entry number `at`: of this minute, with so many leaves, whose root the file gives. */
static void sealed_as(struct fixture *f, size_t at, int64_t minute, uint64_t count)
{
    gb_cleanup(json_freep) struct json *tree = NULL;
    struct gb_arena *arena = f->made->arena;
    struct store_row *rows;
    struct entry entry;
    struct gb_bytes word, leaves, name;
    struct rounds_sealed sealed;
    uint8_t root[32];
    char path[PATH_MAX];
    assert_true(entries(f, &rows) > at);
    assert_int_equal(entry_read(rows[at].text, &entry, &word, &tree, &f->err), GB_OK);
    assert_int_equal(entry.what, ENTRY_ROUNDS);
    assert_int_equal(rounds_sealed_read(entry.data, &sealed, &f->err), GB_OK);
    assert_int_equal(sealed.minute_s, minute * 60);
    assert_int_equal(sealed.count, count);
    path_of(f, minute, ROUND_LEAVES, false, path);
    assert_int_equal(file_read(arena, path, 1 << 20, &leaves, &f->err), GB_OK);
    assert_int_equal(leaves.len, count * ROUNDS_LEAF);
    assert_int_equal(rounds_root(f->digester, leaves, root, &f->err), GB_OK);
    assert_memory_equal(root, sealed.root, sizeof root);
    assert_true(json_get_text(json_get(entry.data, "policies"), "0000000000000007", &name));
    assert_true(gb_bytes_is(name, "nodes version 3"));
}

static void T28_a_minute_is_sealed_once_it_is_over_with_all_its_rounds(void **state)
{
    struct fixture *f = *state;
    struct store_row *rows;
    for (uint8_t n = 0; n < 5; n++)
        assert_int_equal(append(f, n, M * 60 + n, 1000), GB_OK);
    seal(f, M * 60 + 59, 2000);
    assert_int_equal(entries(f, &rows), 0); /* it is not over */
    assert_int_equal(append(f, 5, (M + 1) * 60, 60000), GB_OK);
    assert_int_equal(append(f, 6, (M + 1) * 60, 60000), GB_OK);
    seal(f, (M + 1) * 60 + 1, 61000);
    assert_int_equal(entries(f, &rows), 1);
    sealed_as(f, 0, M, 5);
    assert_int_equal(size_of(f, M, ROUND_LEAVES, true), -1);
    assert_int_equal(size_of(f, M, ROUND_POLICIES, true), -1);
    assert_true(size_of(f, M, ROUND_QUOTES, false) > 5 * 100);
    seal(f, (M + 5) * 60, 400000);
    seal(f, (M + 6) * 60, 500000);
    assert_int_equal(entries(f, &rows), 2);
    sealed_as(f, 1, M + 1, 2);
}

/* The clock was set back, by an hour: no minute at or below a sealed one takes leaves, and every
 * leaf is sealed all the same. */
static void T28_a_clock_that_goes_backwards_reopens_no_minute(void **state)
{
    struct fixture *f = *state;
    struct store_row *rows;
    assert_int_equal(append(f, 1, M * 60, 0), GB_OK);
    seal(f, (M + 1) * 60, 60000);
    sealed_as(f, 0, M, 1);
    assert_int_equal(append(f, 2, (M - 60) * 60, 61000), GB_OK);
    assert_true(size_of(f, M + 1, ROUND_LEAVES, true) > 0);
    seal(f, (M - 60) * 60 + 30, 91000);
    assert_int_equal(entries(f, &rows), 1);
    seal(f, (M - 59) * 60, 121000); /* a minute has passed, whatever it is called */
    sealed_as(f, 1, M + 1, 1);
    assert_int_equal(append(f, 3, (M - 59) * 60, 122000), GB_OK);
    seal(f, (M + 9) * 60, 999000);
    sealed_as(f, 2, M + 2, 1);
}

static void again(struct fixture *f)
{
    round_log_free(f->log);
    open_log(f);
}

static void put(struct fixture *f, int64_t minute, enum round_file file, const char *text)
{
    char path[PATH_MAX];
    path_of(f, minute, file, true, path);
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void T28_what_is_torn_at_the_end_is_cut_and_the_rest_sealed(void **state)
{
    struct fixture *f = *state;
    for (uint8_t n = 0; n < 3; n++)
        assert_int_equal(append(f, n, M * 60, 0), GB_OK);
    long quotes = size_of(f, M, ROUND_QUOTES, true);
    put(f, M, ROUND_LEAVES, "half a leaf");
    put(f, M, ROUND_QUOTES, "\x01\x80half of a quote");
    put(f, M, ROUND_POLICIES, "00000000000000");
    again(f);
    assert_int_equal(size_of(f, M, ROUND_LEAVES, true), 3 * ROUNDS_LEAF);
    assert_int_equal(size_of(f, M, ROUND_QUOTES, true), quotes);
    seal(f, (M + 1) * 60, 60000);
    sealed_as(f, 0, M, 3);
}

/* The quotes came later to the disk than the leaves, or the other way round: whatever has lost its
 * other half goes before the minute is sealed. */
static void T28_a_leaf_whose_quote_is_torn_is_dropped(void **state)
{
    struct fixture *f = *state;
    char path[PATH_MAX];
    for (uint8_t n = 0; n < 3; n++)
        assert_int_equal(append(f, n, M * 60, 0), GB_OK);
    path_of(f, M, ROUND_QUOTES, true, path);
    long third = size_of(f, M, ROUND_QUOTES, true) / 3;
    assert_int_equal(truncate(path, 2 * third - 1), 0);
    again(f);
    assert_int_equal(size_of(f, M, ROUND_LEAVES, true), ROUNDS_LEAF);
    assert_int_equal(size_of(f, M, ROUND_QUOTES, true), third);
    seal(f, (M + 1) * 60, 60000);
    sealed_as(f, 0, M, 1);
    again(f); /* a sealed minute is left alone */
    sealed_as(f, 0, M, 1);
}

static void T28_a_quote_whose_leaf_is_torn_is_dropped(void **state)
{
    struct fixture *f = *state;
    char path[PATH_MAX];
    for (uint8_t n = 0; n < 3; n++)
        assert_int_equal(append(f, n, M * 60, 0), GB_OK);
    path_of(f, M, ROUND_LEAVES, true, path);
    long third = size_of(f, M, ROUND_QUOTES, true) / 3;
    assert_int_equal(truncate(path, 2 * ROUNDS_LEAF - 1), 0);
    again(f);
    assert_int_equal(size_of(f, M, ROUND_LEAVES, true), ROUNDS_LEAF);
    assert_int_equal(size_of(f, M, ROUND_QUOTES, true), third);
    seal(f, (M + 1) * 60, 60000);
    sealed_as(f, 0, M, 1);
}

/* Killed between the entry's commit and the files' last names: the names follow, and there is no
 * second entry. */
static void T28_a_crash_after_the_seal_seals_nothing_twice(void **state)
{
    struct fixture *f = *state;
    char from[PATH_MAX], to[PATH_MAX];
    struct store_row *rows;
    assert_int_equal(append(f, 1, M * 60, 0), GB_OK);
    seal(f, (M + 1) * 60, 60000);
    path_of(f, M, ROUND_LEAVES, false, from);
    path_of(f, M, ROUND_LEAVES, true, to);
    assert_int_equal(rename(from, to), 0);
    again(f);
    assert_int_equal(append(f, 2, M * 60, 0), GB_OK); /* not into the sealed one */
    assert_int_equal(size_of(f, M + 1, ROUND_LEAVES, true), ROUNDS_LEAF);
    seal(f, (M + 3) * 60, 200000);
    assert_int_equal(entries(f, &rows), 2);
    sealed_as(f, 0, M, 1);
    sealed_as(f, 1, M + 1, 1);
}

static void the_minute_goes_on_after_a_restart(void **state)
{
    struct fixture *f = *state;
    int64_t now_s = gb_clock_s(), minute = now_s / 60 + 1; /* will not end meanwhile */
    assert_int_equal(append(f, 1, minute * 60, gb_clock_ms()), GB_OK);
    again(f);
    assert_int_equal(append(f, 2, minute * 60, gb_clock_ms()), GB_OK);
    assert_int_equal(size_of(f, minute, ROUND_LEAVES, true), 2 * ROUNDS_LEAF);
    seal(f, (minute + 1) * 60, gb_clock_ms() + 60000);
    sealed_as(f, 0, minute, 2);
}

/* A store that cannot take the entry: the minute waits, and is sealed when it can. */
static void T20_a_minute_that_cannot_be_recorded_waits(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(append(f, 1, M * 60, 0), GB_OK);
    store_fail_nth(f->made->store, 3);
    assert_true(round_seal(f->log, f->made->store, f->digester, (M + 1) * 60, 60000, &f->err) < 0);
    store_fail_nth(f->made->store, 0);
    assert_int_equal(size_of(f, M, ROUND_LEAVES, true), ROUNDS_LEAF);
    seal(f, (M + 1) * 60, 61000);
    sealed_as(f, 0, M, 1);
}

/* In a process of its own, whose files may not grow: as on a full disk. */
static void append_until_full(struct fixture *f)
{
    struct rlimit limit = {.rlim_cur = 700, .rlim_max = 700};
    (void)signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        _exit(2);
    int whole = 0;
    while (append(f, 1, M * 60, 0) == GB_OK)
        whole++;
    bool leaves = size_of(f, M, ROUND_LEAVES, true) == whole * ROUNDS_LEAF;
    bool quotes = size_of(f, M, ROUND_QUOTES, true) % (whole ? whole : 1) == 0;
    bool said = f->err.code == GB_ERR_IO;
    _exit(whole > 0 && leaves && quotes && said ? 0 : 3);
}

static void T20_T28_a_full_disk_refuses_the_round_and_leaves_nothing_half(void **state)
{
    struct fixture *f = *state;
    int status;
    pid_t child = fork();
    if (child == 0)
        append_until_full(f);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    again(f); /* and all that was told is there */
    seal(f, (M + 1) * 60, 60000);
    struct store_row *rows;
    assert_int_equal(entries(f, &rows), 1);
}

static int prune(struct fixture *f, int64_t now_s, int64_t quotes_s, int64_t leaves_s)
{
    return round_prune(f->folder, now_s, quotes_s, leaves_s, &f->err);
}

static void old_days_go_quotes_first(void **state)
{
    struct fixture *f = *state;
    int64_t now_s = gb_clock_s(), later_s = now_s + 60;
    assert_int_equal(append(f, 1, M * 60, 0), GB_OK);
    seal(f, (M + 1) * 60, 60000);
    assert_int_equal(prune(f, later_s, later_s, now_s - 60), GB_OK);
    assert_int_equal(size_of(f, M, ROUND_QUOTES, false), -1);
    sealed_as(f, 0, M, 1);
    assert_int_equal(prune(f, later_s, later_s, later_s), GB_OK);
    assert_int_equal(size_of(f, M, ROUND_LEAVES, false), -1);
    assert_int_equal(append(f, 1, M * 60, 0), GB_OK); /* its day is made anew */
}

/* Minutes that are called after 1970 or 2099 are as old as their files are. */
static void T28_a_wrong_clock_makes_no_minute_old_or_young(void **state)
{
    struct fixture *f = *state;
    enum { FUTURE = 68000000 }; /* 2099 */
    int64_t now_s = gb_clock_s(), later_s = now_s + 60;
    assert_int_equal(append(f, 1, 5 * 60, 0), GB_OK);
    assert_int_equal(append(f, 2, FUTURE * 60LL, 0), GB_OK);
    seal(f, now_s, 60000);
    sealed_as(f, 0, 5, 1);
    sealed_as(f, 1, FUTURE, 1);
    assert_int_equal(prune(f, now_s, now_s - 60, now_s - 60), GB_OK);
    assert_true(size_of(f, 5, ROUND_QUOTES, false) > 0);
    assert_true(size_of(f, FUTURE, ROUND_QUOTES, false) > 0);
    assert_int_equal(prune(f, later_s, later_s, later_s), GB_OK);
    assert_int_equal(size_of(f, 5, ROUND_LEAVES, false), -1);
    assert_int_equal(size_of(f, FUTURE, ROUND_LEAVES, false), -1);
}

/* Decades lie between names: what is due is found by what is there, not by counting. */
static void T20_no_years_are_counted_before_a_minute_is_sealed(void **state)
{
    struct fixture *f = *state;
    int64_t began_ms;
    assert_int_equal(append(f, 1, 5 * 60, 0), GB_OK);
    assert_int_equal(append(f, 2, M * 60, 1), GB_OK);
    again(f);
    began_ms = gb_clock_ms();
    seal(f, (M + 1) * 60, 60000);
    assert_true(gb_clock_ms() - began_ms < 3000); /* counting took a minute and more */
    sealed_as(f, 0, 5, 1);
    sealed_as(f, 1, M, 1);
    /* The clock was far ahead for a moment: names go on from there, one a real minute. */
    assert_int_equal(append(f, 3, (M + 9000000) * 60LL, 61000), GB_OK);
    seal(f, (M + 2) * 60, 121000);
    sealed_as(f, 2, M + 9000000, 1);
    assert_int_equal(append(f, 4, (M + 2) * 60, 122000), GB_OK);
    assert_int_equal(append(f, 5, (M + 2) * 60 + 50, 172000), GB_OK);
    seal(f, (M + 3) * 60, 182000);
    sealed_as(f, 3, M + 9000001, 2);
}

/* One policy more than an entry can name: the next minute begins, and none goes unnamed. */
static void a_minute_with_many_policies_is_closed(void **state)
{
    struct fixture *f = *state;
    for (uint64_t id = 1; id <= ROUND_LOG_POLICIES + 1; id++) {
        struct round_proof proof = {.leaf = {.trust_id = id, .verified_at_s = M * 60},
                                    .policy = "nodes version 3"};
        assert_int_equal(round_log_append(f->log, &proof, M * 60, 0, &f->err), GB_OK);
    }
    assert_int_equal(size_of(f, M, ROUND_LEAVES, true), ROUND_LOG_POLICIES * ROUNDS_LEAF);
    assert_int_equal(size_of(f, M + 1, ROUND_LEAVES, true), ROUNDS_LEAF);
}

/* A minute's quotes can be asked over HTTP, whose answers have an end. */
static void a_minute_is_no_larger_than_an_answer(void **state)
{
    enum { LONG = 15 << 10 };
    struct fixture *f = *state;
    static uint8_t attest[LONG];
    struct rounds_quote quote = {.attest = gb_bytes(attest, sizeof attest)};
    struct round_proof proof = {.leaf = {.trust_id = 7, .verified_at_s = M * 60},
                                .quote = &quote,
                                .policy = "nodes version 3"};
    for (size_t i = 0; i <= GB_LIMIT_HTTP_ANSWER / LONG; i++)
        assert_int_equal(round_log_append(f->log, &proof, M * 60, 0, &f->err), GB_OK);
    assert_true(size_of(f, M, ROUND_QUOTES, true) <= GB_LIMIT_HTTP_ANSWER);
    assert_true(size_of(f, M, ROUND_QUOTES, true) > GB_LIMIT_HTTP_ANSWER - 2 * LONG);
    assert_true(size_of(f, M + 1, ROUND_LEAVES, true) > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(T28_a_minute_is_sealed_once_it_is_over_with_all_its_rounds),
        TEST(T28_a_clock_that_goes_backwards_reopens_no_minute),
        TEST(T28_what_is_torn_at_the_end_is_cut_and_the_rest_sealed),
        TEST(T28_a_leaf_whose_quote_is_torn_is_dropped),
        TEST(T28_a_quote_whose_leaf_is_torn_is_dropped),
        TEST(T28_a_crash_after_the_seal_seals_nothing_twice),
        TEST(the_minute_goes_on_after_a_restart),
        TEST(T20_a_minute_that_cannot_be_recorded_waits),
        TEST(T20_T28_a_full_disk_refuses_the_round_and_leaves_nothing_half),
        TEST(old_days_go_quotes_first),
        TEST(T28_a_wrong_clock_makes_no_minute_old_or_young),
        TEST(T20_no_years_are_counted_before_a_minute_is_sealed),
        TEST(a_minute_with_many_policies_is_closed),
        TEST(a_minute_is_no_larger_than_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
