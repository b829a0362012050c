/*
 * Entries of the ledger, from a handler's write to a signed checkpoint, on one core: the store's
 * writer in group commits, the sequencer, tiles, the signature. Against the floor of the same run:
 * the same bytes hashed as leaves and nodes, and written to a file that is synced once a group.
 * CPU time counts, for machines are shared; below 10,000 entries a second of one core it fails.
 *
 * usage: store_entries [--quick]
 */
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "crypto/digest.h"
#include "crypto/ed25519.h"
#include "ledger/checkpoint.h"
#include "ledger/merkle.h"
#include "ledger/note.h"
#include "server/ledger/sequencer.h"
#include "store/store.h"

enum { ENTRIES = 200000, GROUP = 2048, LEN = 420, WANTED = 10000 };

static void must(int r, const struct gb_err *err)
{
    if (r >= 0)
        return;
    fprintf(stderr, "store_entries: %s\n", err ? err->text : "failed");
    exit(1);
}

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A verdict's entry, as long as they are. */
static struct gb_bytes entry_text(char out[LEN + 1], size_t n)
{
    int len = snprintf(out, LEN + 1,
                       "{\"v\":1,\"at\":\"2026-11-29T01:02:03.456Z\",\"what\":\"verdict\",\"who\":"
                       "\"server\",\"whom\":\"node/%012zu\",\"why\":\"\",\"data\":{\"x\":\"",
                       n);
    memset(out + len, 'a' + (int)(n % 26), (size_t)(LEN - len - 3));
    memcpy(out + LEN - 3, "\"}}", 4);
    return gb_bytes(out, LEN);
}

/* ---- the floor ---- */

static double floor_cpu(const char *folder, size_t count)
{
    struct digester *digester;
    struct merkle_range range = {0};
    char path[256], text[LEN + 1];
    uint8_t leaf[MERKLE_HASH], root[MERKLE_HASH];
    snprintf(path, sizeof path, "%s/floor", folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    must(digester_new(&digester, NULL), NULL);
    double start = cpu_s();
    for (size_t i = 0; i < count; i++) {
        struct gb_bytes entry = entry_text(text, i);
        must(merkle_leaf(digester, entry, leaf), NULL);
        must(merkle_range_add(digester, &range, leaf), NULL);
        must(write(fd, entry.data, entry.len) == (ssize_t)entry.len ? 0 : -1, NULL);
        if (i % GROUP == GROUP - 1)
            must(fdatasync(fd), NULL);
    }
    must(merkle_range_root(digester, &range, root), NULL);
    double took = cpu_s() - start;
    close(fd);
    digester_free(digester);
    return took;
}

/* ---- a signer: what keyd does, but for its file ---- */

struct signer {
    struct digester *digester;
    struct ed25519 *key;
    struct note_key as;
    struct keyd_ledger last;
};

static int last(void *ctx, struct gb_arena *arena, struct keyd_ledger *ret, struct gb_err *err)
{
    (void)arena, (void)err;
    *ret = ((struct signer *)ctx)->last;
    return GB_OK;
}

static int sign(void *ctx, struct gb_arena *arena, const struct keyd_ledger_ask *ask,
                const char **ret_note, struct gb_err *err)
{
    struct signer *s = ctx;
    struct gb_buf text, note;
    struct checkpoint head = {.origin = gb_bytes_str("bench/ledger"), .size = ask->size};
    bool valid = ask->old_size == 0;
    memcpy(head.root, ask->root, sizeof head.root);
    if (!valid && (merkle_verify_consistency(s->digester, ask->old_size, ask->size, s->last.root,
                                             ask->root, ask->proof, ask->proof_count, &valid) < 0 ||
                   !valid))
        return gb_err_set(err, GB_ERR_DENIED, "not consistent");
    gb_buf_init(&text, 4096);
    gb_buf_init(&note, 4096);
    checkpoint_write(&head, &text);
    note_begin(&note, gb_buf_bytes(&text));
    int r = note_sign(s->key, &s->as, gb_buf_bytes(&text), 0, &note, err);
    *ret_note = r < 0 ? NULL : (const char *)gb_arena_copy(arena, gb_buf_bytes(&note)).data;
    gb_buf_done(&text);
    gb_buf_done(&note);
    s->last.size = ask->size;
    memcpy(s->last.root, ask->root, sizeof s->last.root);
    return r;
}

static void signer_init(struct signer *s)
{
    uint8_t public[ED25519_PUBLIC];
    struct gb_err err;
    must(digester_new(&s->digester, &err), &err);
    must(ed25519_new(&s->key, &err), &err);
    must(ed25519_public(s->key, public, &err), &err);
    must(note_key_make(s->digester, "bench/ledger", NOTE_ED25519, public, &s->as, &err), &err);
    must(merkle_empty(s->digester, s->last.root), NULL);
}

/* ---- the store ---- */

struct waiting {
    pthread_mutex_t lock;
    pthread_cond_t told;
    size_t done;
    size_t refused;
};

static void told(void *ctx, int result, const struct gb_err *err)
{
    struct waiting *w = ctx;
    (void)err;
    pthread_mutex_lock(&w->lock);
    w->done++;
    w->refused += result < 0;
    pthread_cond_signal(&w->told);
    pthread_mutex_unlock(&w->lock);
}

static void wait_for(struct waiting *w, size_t count)
{
    pthread_mutex_lock(&w->lock);
    while (w->done < count)
        pthread_cond_wait(&w->told, &w->lock);
    pthread_mutex_unlock(&w->lock);
}

static size_t checkpoints;

static void step(struct sequencer *sequencer)
{
    struct gb_arena *arena = gb_arena_new();
    const char *note;
    struct gb_err err;
    must(sequencer_step(sequencer, arena, &note, &err), &err);
    checkpoints++;
    gb_arena_free(arena);
}

static double entries_cpu(const char *folder, size_t count)
{
    struct signer signer = {.key = NULL};
    struct waiting w = {.lock = PTHREAD_MUTEX_INITIALIZER, .told = PTHREAD_COND_INITIALIZER};
    struct sequencer *sequencer;
    struct store *store;
    struct gb_err err;
    char path[256], ledger[256], text[LEN + 1];
    snprintf(path, sizeof path, "%s/garboard.db", folder);
    snprintf(ledger, sizeof ledger, "%s/ledger", folder);
    const struct store_conf conf = {
        .path = path, .trust_domain = "bench", .tenant = "default", .cluster = "default"};
    signer_init(&signer);
    const struct sequencer_signer by = {.state = last, .sign = sign, .ctx = &signer};
    must(store_open(&conf, &store, &err), &err);
    must(sequencer_open(ledger, store, &by, &sequencer, &err), &err);
    double start = cpu_s();
    for (size_t i = 0; i < count; i++) {
        const struct store_entry entry = {.text = entry_text(text, i), .at_s = 1};
        store_entry_add(store, &entry, told, &w);
        if (i % GROUP == GROUP - 1)
            wait_for(&w, i + 1);
        if (i % (8 * GROUP) == 8 * GROUP - 1) /* about one a second */
            step(sequencer);
    }
    wait_for(&w, count);
    step(sequencer);
    double took = cpu_s() - start;
    if (w.refused > 0 || sequencer_signed(sequencer) != count) {
        fprintf(stderr, "store_entries: %zu refused, %" PRIu64 " signed\n", w.refused,
                sequencer_signed(sequencer));
        exit(1);
    }
    sequencer_free(sequencer);
    store_close(store);
    ed25519_free(signer.key);
    digester_free(signer.digester);
    return took;
}

int main(int argc, char **argv)
{
    bool quick = argc > 1 && strcmp(argv[1], "--quick") == 0;
    size_t count = quick ? ENTRIES / 10 : ENTRIES;
    char folder[] = "/tmp/garboard-bench-XXXXXX", command[64];
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET((size_t)sched_getcpu(), &one);
    if (count == 0 || !mkdtemp(folder) || sched_setaffinity(0, sizeof one, &one) != 0)
        return 1;
    double floor = floor_cpu(folder, count), took = entries_cpu(folder, count);
    double rate = (double)count / took;
    printf("entries: %zu of %d bytes in groups of %d, %zu checkpoints\n", count, LEN, GROUP,
           checkpoints);
    printf("  %.0f entries/s of one core, %.1f us each; floor %.1f us, ratio %.1f\n", rate,
           1e6 * took / (double)count, 1e6 * floor / (double)count, took / floor);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    bool cleared = system(command) == 0;
    return cleared && (quick || rate >= (double)WANTED) ? 0 : 1; /* a quick run judges nothing */
}
