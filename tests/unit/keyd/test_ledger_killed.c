/*
 * A thousand kills under load: a child with the real store, the real sequencer and keyd's own guard
 * over the ledger's key appends and tells what is durable through a pipe; the parent kills it at
 * any moment, and tears what was being written. Afterwards every checkpoint that ever stood in the
 * folder is a beginning of the next, and whatever was acknowledged is in the log, once, in its
 * order. GARBOARD_KILLS=N for another number.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../store/made.h"
#include "base/clock.h"
#include "keyd/config.h"
#include "keyd/ledger.h"
#include "keyd/vault.h"
#include "ledger/checkpoint.h"
#include "ledger/folder.h"
#include "make_state.h"
#include "server/ledger/sequencer.h"

enum { KILLS = 1000, CHAINS = 16, ROOM = 1 << 23 };

struct word { /* what a child tells: this entry is durable */
    uint32_t chain;
    uint32_t number;
};

/* ---- the child ---- */

struct chain {
    struct store *store;
    struct word at;
    int told_fd;
};

static void add_next(struct chain *chain);

static void added(void *ctx, int result, const struct gb_err *err)
{
    struct chain *chain = ctx;
    (void)err;
    if (result != GB_OK || write(chain->told_fd, &chain->at, sizeof chain->at) < 0)
        _exit(3);
    chain->at.number++;
    add_next(chain);
}

static void add_next(struct chain *chain)
{
    char text[64];
    snprintf(text, sizeof text, "%u:%u", chain->at.chain, chain->at.number);
    store_entry_add(chain->store, made_entry(text), added, chain);
}

struct guard {
    struct gb_arena *arena;
    struct keyd_config config;
    struct vault *vault;
    struct ledger *ledger;
    struct digester *digester;
};

static void guard_done(struct guard *guard)
{
    ledger_free(guard->ledger);
    vault_free(guard->vault);
    digester_free(guard->digester);
    gb_arena_free(guard->arena);
}

static int guard_state(void *ctx, struct gb_arena *arena, struct keyd_ledger *ret,
                       struct gb_err *err)
{
    return ledger_last(((struct guard *)ctx)->ledger, arena, ret, err);
}

static int guard_sign(void *ctx, struct gb_arena *arena, const struct keyd_ledger_ask *ask,
                      const char **ret_note, struct gb_err *err)
{
    struct guard *guard = ctx;
    return ledger_sign(guard->ledger, arena, guard->digester, ask, ret_note, err);
}

static void must(int r, const char *what, const struct gb_err *err)
{
    if (r >= 0)
        return;
    fprintf(stderr, "%s: %s\n", what, err->text);
    _exit(9);
}

struct killed {
    struct made *made;
    struct keyd_state keyd;
    char folder[96];
};

static struct sequencer *open_all(const struct killed *k, struct guard *guard, struct store **store)
{
    struct keyd_config *config = &guard->config;
    struct sequencer *sequencer = NULL;
    struct gb_err err;
    struct store_conf conf = {.path = k->made->path,
                              .trust_domain = "example.org",
                              .tenant = "default",
                              .cluster = "default"};
    *guard = (struct guard){.arena = gb_arena_new()};
    must(keyd_config_read(guard->arena, k->keyd.config, config, &err), "keyd.conf", &err);
    must(vault_open(config, gb_clock_s() * 1000, &guard->vault, &err), "vault", &err);
    must(ledger_open(config, guard->vault, &guard->ledger, &err), "keyd's ledger", &err);
    must(digester_new(&guard->digester, &err), "digester", &err);
    must(store_open(&conf, store, &err), "store", &err);
    const struct sequencer_signer signer = {.state = guard_state, .sign = guard_sign, .ctx = guard};
    must(sequencer_open(k->folder, *store, &signer, &sequencer, &err), "sequencer", &err);
    return sequencer;
}

static void step(struct sequencer *sequencer)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct gb_err err;
    const char *note;
    must(sequencer_step(sequencer, arena, &note, &err), "step", &err);
}

static void work_until_killed(const struct killed *k, uint32_t from, int told_fd)
{
    static struct chain chains[CHAINS];
    static struct guard guard;
    struct store *store = NULL;
    struct sequencer *sequencer = open_all(k, &guard, &store);
    for (uint32_t i = 0; i < CHAINS; i++) {
        chains[i] = (struct chain){store, {from + i, 0}, told_fd};
        add_next(&chains[i]);
    }
    for (;;) {
        step(sequencer);
        usleep((useconds_t)(random() % 2000));
    }
}

/* ---- the parent ---- */

struct told {
    struct word *words;
    size_t count;
};

static void listen(int fd, struct told *told)
{
    struct word *word = &told->words[told->count];
    while (told->count < ROOM && read(fd, word, sizeof *word) == sizeof *word)
        word = &told->words[++told->count];
}

static void kill_one(const struct killed *k, uint32_t from, struct told *told)
{
    int pipes[2], status;
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    pid_t child = fork();
    if (child == 0) {
        srandom((unsigned)from);
        work_until_killed(k, from, pipes[1]);
    }
    assert_true(child > 0);
    close(pipes[1]);
    fcntl(pipes[0], F_SETFL, O_NONBLOCK);
    struct pollfd wait = {.fd = pipes[0], .events = POLLIN};
    poll(&wait, 1, random() % 8 == 0 ? (int)(random() % 20) : 10000); /* some die at birth */
    for (long until_ms = gb_clock_ms() + random() % 25; gb_clock_ms() < until_ms; usleep(500))
        listen(pipes[0], told);
    assert_int_equal(kill(child, SIGKILL), 0);
    waitpid(child, &status, 0);
    if (!WIFSIGNALED(status))
        fail_msg("the child ended by itself, with %d", WEXITSTATUS(status));
    listen(pipes[0], told);
    close(pipes[0]);
}

/* What stands in the folder: 0 before the first checkpoint. */
static uint64_t read_head(const struct killed *k, struct gb_arena *arena, struct folder *folder,
                          uint8_t root[32])
{
    struct gb_bytes note;
    struct note read;
    struct checkpoint head;
    (void)k;
    if (folder_checkpoint(folder, arena, &note, NULL) < 0)
        return 0;
    assert_int_equal(note_read(arena, note, &read, NULL), GB_OK);
    assert_int_equal(checkpoint_read(read.text, &head, NULL), GB_OK);
    memcpy(root, head.root, 32);
    return head.size;
}

struct head {
    uint64_t size;
    uint8_t root[32];
};

/* Each signed head is a beginning of the next. */
static void grown(const struct killed *k, struct head *last)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_cleanup(folder_freep) struct folder *folder = NULL;
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    struct head now = {0};
    struct merkle_proof proof;
    struct gb_err err;
    bool valid = false;
    if (folder_open(k->folder, &folder, NULL) < 0)
        return; /* killed before it was made */
    assert_int_equal(digester_new(&digester, NULL), GB_OK);
    now.size = read_head(k, arena, folder, now.root);
    assert_true(now.size >= last->size);
    if (last->size > 0) {
        struct merkle_source source = folder_source(folder, now.size);
        if (merkle_prove_consistency(digester, &source, last->size, now.size, &proof, &err) < 0)
            fail_msg("%s", err.text);
        assert_int_equal(merkle_verify_consistency(digester, last->size, now.size, last->root,
                                                   now.root, (const uint8_t(*)[32])proof.hashes,
                                                   proof.count, &valid),
                         GB_OK);
        assert_true(valid);
    }
    *last = now;
}

/* Beyond the checkpoint nothing was synced: a crash of the machine may leave anything there. */
static unsigned tear(const struct killed *k, uint64_t size, const char *level)
{
    char dir[256], path[600];
    unsigned torn = 0;
    snprintf(dir, sizeof dir, "%s/tile/%s/%03u.p", k->folder, level, (unsigned)(size / 256 % 1000));
    if (size >= 256000) /* x001/...: deep enough for one test */
        snprintf(dir, sizeof dir, "%s/tile/%s/x%03u/%03u.p", k->folder, level,
                 (unsigned)(size / 256000), (unsigned)(size / 256 % 1000));
    DIR *open_dir = opendir(dir);
    for (struct dirent *e; open_dir && (e = readdir(open_dir));) {
        struct stat st;
        if (e->d_name[0] == '.' || strtoul(e->d_name, NULL, 10) <= size % 256)
            continue;
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        if (stat(path, &st) != 0 || st.st_size == 0)
            continue;
        if (random() % 2 == 0) {
            assert_int_equal(truncate(path, random() % st.st_size), 0);
        } else {
            int fd = open(path, O_WRONLY | O_CLOEXEC);
            assert_int_equal(pwrite(fd, "torn", 4, random() % st.st_size), 4);
            close(fd);
        }
        torn++;
    }
    if (open_dir)
        closedir(open_dir);
    return torn;
}

static int by_place(const void *a, const void *b)
{
    const struct word *x = a, *y = b;
    if (x->chain != y->chain)
        return x->chain < y->chain ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

/* All that is committed becomes signed; then the log is read as a stranger would. */
static struct told read_log(const struct killed *k, struct head *last)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_cleanup(folder_freep) struct folder *folder = NULL;
    static struct guard guard;
    struct store *store;
    struct sequencer *sequencer = open_all(k, &guard, &store);
    step(sequencer);
    sequencer_free(sequencer);
    store_close(store);
    guard_done(&guard);
    grown(k, last);
    struct told log = {.words = malloc((last->size + 1) * sizeof *log.words)};
    assert_int_equal(folder_open(k->folder, &folder, NULL), GB_OK);
    for (uint64_t i = 0; i < last->size; i++) {
        struct gb_bytes entry;
        char text[64] = "";
        gb_arena_reset(arena);
        assert_int_equal(folder_entry(folder, arena, i, last->size, &entry, NULL), GB_OK);
        assert_true(entry.len < sizeof text);
        memcpy(text, entry.data, entry.len);
        struct word *word = &log.words[log.count++];
        assert_int_equal(sscanf(text, "%u:%u", &word->chain, &word->number), 2);
    }
    return log;
}

/* Each chain's entries stand in the log as they were written: 0, 1, 2, ... */
static void in_order(const struct told *log, size_t chains)
{
    uint32_t *next = calloc(chains, sizeof *next);
    for (size_t i = 0; i < log->count; i++) {
        assert_true(log->words[i].chain < chains);
        assert_int_equal(log->words[i].number, next[log->words[i].chain]);
        next[log->words[i].chain]++;
    }
    free(next);
}

static void nothing_acknowledged_is_lost(struct told *told, struct told *log)
{
    qsort(log->words, log->count, sizeof *log->words, by_place);
    for (size_t i = 0; i < told->count; i++)
        if (!bsearch(&told->words[i], log->words, log->count, sizeof *log->words, by_place))
            fail_msg("%u:%u was acknowledged and is lost", told->words[i].chain,
                     told->words[i].number);
}

static void T28_a_thousand_kills_lose_nothing_and_fork_nothing(void **state)
{
    struct killed k = {.made = *state};
    const char *given = getenv("GARBOARD_KILLS");
    unsigned kills = given ? (unsigned)strtoul(given, NULL, 10) : KILLS, torn = 0;
    struct told told = {.words = malloc(ROOM * sizeof *told.words)};
    struct head last = {0};
    made_close(k.made);
    keyd_state_make(&k.keyd, "", "");
    keyd_state_ledger_begin(&k.keyd);
    snprintf(k.folder, sizeof k.folder, "%s/ledger", k.made->folder);
    for (unsigned i = 0; i < kills; i++) {
        kill_one(&k, i * CHAINS, &told);
        grown(&k, &last);
        if (random() % 4 == 0)
            torn += tear(&k, last.size, "0") + tear(&k, last.size, "entries");
    }
    struct told log = read_log(&k, &last);
    print_message("%u kills, %u torn files, %zu acknowledged of %zu entries\n", kills, torn,
                  told.count, log.count);
    in_order(&log, (size_t)kills * CHAINS);
    nothing_acknowledged_is_lost(&told, &log);
    assert_true(told.count > kills);
    free(log.words);
    free(told.words);
    keyd_state_done(&k.keyd);
    char command[160];
    snprintf(command, sizeof command, "rm -rf '%s'", k.folder);
    assert_int_equal(system(command), 0);
    made_open(k.made);
}

int main(void)
{
    srandom((unsigned)gb_clock_ms());
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(T28_a_thousand_kills_lose_nothing_and_fork_nothing,
                                        made_setup, made_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
