/* What happens to a store whose process is killed, and to one that finds its file damaged. */
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "made.h"

enum { KILLS = 30, CHAINS = 32, LATER = 100000 };

/* One enrolment after another: a token, then the node that uses it, then one line to the parent. */
struct chain {
    struct store *store;
    uint32_t at;
    uint32_t step;
    int told_fd;
};

static void spread(uint32_t n, uint8_t *out, size_t len)
{
    memset(out, 0x11, len);
    memcpy(out, &n, sizeof n);
    memcpy(out + len - sizeof n, &n, sizeof n);
}

static struct store_node numbered_node(uint32_t n, char name[16])
{
    snprintf(name, 16, "w%u", n);
    struct store_node node = made_node(0, name, 0, 0);
    spread(n, node.id, sizeof node.id);
    spread(n, node.eks[0], STORE_HASH);
    spread(n, node.transport, STORE_HASH);
    return node;
}

static void add_token(struct chain *chain);

static void enrolled(void *ctx, int result, const struct gb_err *err)
{
    (void)err;
    struct chain *chain = ctx;
    if (result != GB_OK || write(chain->told_fd, &chain->at, sizeof chain->at) < 0)
        _exit(3);
    chain->at += chain->step;
    add_token(chain);
}

static void token_added(void *ctx, int result, const struct gb_err *err)
{
    (void)err;
    struct chain *chain = ctx;
    char name[16];
    uint8_t token[8];
    struct store_node node = numbered_node(chain->at, name);
    spread(chain->at, token, sizeof token);
    if (result != GB_OK)
        _exit(4);
    struct store_enrolment e = {.node = &node, .token_id = token, .now_s = 1};
    store_enrol(chain->store, &e, made_entry("node.enrol"), enrolled, chain);
}

static void add_token(struct chain *chain)
{
    struct store_token token = {.expires_s = LATER, .uses_left = 1};
    spread(chain->at, token.id, sizeof token.id);
    store_token_add(chain->store, &token, made_entry("token.create"), token_added, chain);
}

static void write_until_killed(struct made *m, uint32_t from, int told_fd)
{
    static struct chain chains[CHAINS];
    made_open(m);
    for (uint32_t i = 0; i < CHAINS; i++) {
        chains[i] = (struct chain){m->store, from + i, CHAINS, told_fd};
        add_token(&chains[i]);
    }
    for (;;)
        pause();
}

/* Adds what was acknowledged before the child was killed. */
static void kill_a_writer(struct made *m, uint32_t from, uint32_t *acked, size_t *count)
{
    int told[2];
    assert_int_equal(pipe2(told, O_CLOEXEC), 0);
    pid_t child = fork();
    if (child == 0)
        write_until_killed(m, from, told[1]);
    assert_true(child > 0);
    close(told[1]);
    /* at the earliest after its first word, then at any moment */
    size_t wait_for = 1 + (size_t)random() % 200;
    size_t before = *count;
    while (*count - before < wait_for && read(told[0], &acked[*count], 4) == 4)
        ++*count;
    usleep((useconds_t)(random() % 5000));
    assert_int_equal(kill(child, SIGKILL), 0);
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status));
    while (read(told[0], &acked[*count], 4) == 4)
        ++*count;
    close(told[0]);
}

static bool has_used_its_token(void *ctx, const struct store_node *node)
{
    struct made *m = ctx;
    struct store_token token;
    uint32_t n;
    uint8_t id[8];
    memcpy(&n, node->id, sizeof n);
    spread(n, id, sizeof id);
    assert_int_equal(store_token_get(m->store, m->arena, id, &token, NULL), GB_ERR_NOTFOUND);
    assert_int_equal(node->ek_count, 1);
    return true;
}

static void what_was_acknowledged_survives_kill_9_and_nothing_is_half(void **state)
{
    struct made *m = *state;
    enum { ROOM = 1 << 20 };
    uint32_t *acked = calloc(ROOM, sizeof *acked);
    size_t count = 0;
    made_close(m);
    for (uint32_t round = 0; round < KILLS; round++) {
        kill_a_writer(m, round * (ROOM / KILLS), acked, &count);
        made_open(m);
        for (size_t i = 0; i < count; i++) {
            struct store_node got;
            uint8_t id[STORE_ID];
            spread(acked[i], id, sizeof id);
            assert_int_equal(store_node_by_id(m->store, m->arena, id, &got, NULL), GB_OK);
            if (i % 256 == 0)
                gb_arena_reset(m->arena);
        }
        assert_int_equal(store_node_each(m->store, has_used_its_token, m, NULL), GB_OK);
        made_close(m);
    }
    print_message("%d kills, %zu acknowledged enrolments, all there\n", KILLS, count);
    assert_true(count >= KILLS);
    free(acked);
    made_open(m);
}

/* ---- damaged files ---- */

static void put(const char *path, off_t at, const void *data, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(pwrite(fd, data, len, at), len);
    close(fd);
}

static size_t slurp(const char *path, uint8_t *out, size_t max)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, out, max);
    close(fd);
    assert_true(n >= 0);
    return (size_t)n;
}

static void refused_and_untouched(struct made *m, const char *words)
{
    enum { MAX = 1 << 20 };
    uint8_t *before = malloc(MAX), *after = malloc(MAX);
    size_t len = slurp(m->path, before, MAX);
    made_refused(m, words);
    assert_int_equal(slurp(m->path, after, MAX), len);
    assert_memory_equal(before, after, len);
    free(before);
    free(after);
}

static void fill_and_close(struct made *m)
{
    for (int i = 0; i < 300; i++)
        store_entry_add(m->store, made_entry("somebody did something"), NULL, NULL);
    made_close(m);
}

static void damage_is_refused_with_what_to_do(void **state)
{
    struct made *m = *state;
    struct stat st;
    uint8_t junk[8192];
    memset(junk, 0xa5, sizeof junk);
    fill_and_close(m);
    assert_int_equal(stat(m->path, &st), 0);
    assert_true(st.st_size > 40000);
    put(m->path, st.st_size - 12000, junk, sizeof junk); /* pages in its midst */
    refused_and_untouched(m, "restore a copy");
    put(m->path, 0, junk, 100); /* its header */
    refused_and_untouched(m, "restore a copy");
}

static void a_cut_file_is_refused(void **state)
{
    struct made *m = *state;
    struct stat st;
    fill_and_close(m);
    assert_int_equal(stat(m->path, &st), 0);
    assert_int_equal(truncate(m->path, st.st_size - 9000), 0);
    refused_and_untouched(m, "restore a copy");
    assert_int_equal(truncate(m->path, 50), 0);
    refused_and_untouched(m, "restore a copy");
    assert_int_equal(truncate(m->path, 0), 0);
    refused_and_untouched(m, "empty");
    assert_int_equal(truncate(m->path, 40960), 0); /* zeros only */
    refused_and_untouched(m, "restore a copy");
    assert_int_equal(unlink(m->path), 0); /* so that the next test's teardown finds a good one */
    made_open(m);
}

static void a_journal_without_its_database_is_refused(void **state)
{
    struct made *m = *state;
    char wal[128];
    snprintf(wal, sizeof wal, "%s-wal", m->path);
    made_close(m);
    assert_int_equal(unlink(m->path), 0);
    put(wal, 0, "x", 1);
    made_refused(m, "journal");
    assert_int_equal(unlink(wal), 0);
    made_open(m);
}

static void pragma(struct made *m, const char *sql)
{
    sqlite3 *db;
    made_close(m);
    assert_int_equal(sqlite3_open(m->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void another_schema_or_program_is_refused(void **state)
{
    struct made *m = *state;
    pragma(m, "PRAGMA user_version=99");
    refused_and_untouched(m, "newer version (schema 99");
    pragma(m, "PRAGMA user_version=1; PRAGMA application_id=7");
    refused_and_untouched(m, "not a database of this service");
}

static void a_second_process_is_refused_and_told_of_the_first(void **state)
{
    struct made *m = *state;
    char words[64];
    snprintf(words, sizeof words, "in use by process %d", (int)getpid());
    pid_t child = fork();
    if (child == 0) {
        made_refused(m, words);
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(made_event(m->store, "the first goes on"), GB_OK);
}

static void a_half_made_database_is_made_anew(void **state)
{
    struct made *m = *state;
    char fresh[128];
    snprintf(fresh, sizeof fresh, "%s.new", m->path);
    made_close(m);
    assert_int_equal(unlink(m->path), 0);
    put(fresh, 0, "half", 4);
    made_open(m);
    assert_int_equal(access(fresh, F_OK), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, made_setup, made_teardown)

int main(void)
{
    srandom((unsigned)gb_clock_ms());
    const struct CMUnitTest tests[] = {
        TEST(what_was_acknowledged_survives_kill_9_and_nothing_is_half),
        TEST(damage_is_refused_with_what_to_do),
        TEST(a_cut_file_is_refused),
        TEST(a_journal_without_its_database_is_refused),
        TEST(another_schema_or_program_is_refused),
        TEST(a_second_process_is_refused_and_told_of_the_first),
        TEST(a_half_made_database_is_made_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
