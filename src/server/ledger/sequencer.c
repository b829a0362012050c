#include "server/ledger/sequencer.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "ledger/log.h"
#include "ledger/merkle.h"
#include "ledger/tiles.h"
#include "rpc/keyd.h"
#include "server/ledger/sequencer_agree.h"
#include "store/store.h"

enum {
    ROWS = 1024, /* that are read at once: some megabyte */
};

struct sequencer {
    char folder[PATH_MAX];
    struct store *store;
    struct sequencer_signer signer;
    struct log *log;                /* NULL: to be opened and compared anew */
    struct keyd_ledger signed_last; /* what the signer remembers */
    bool agreed;                    /* and it was compared with what we hold */
};

static int keyd_state(void *ctx, struct gb_arena *arena, struct keyd_ledger *ret_ledger,
                      struct gb_err *err)
{
    return keyd_ledger_state(ctx, arena, ret_ledger, err);
}

static int keyd_sign(void *ctx, struct gb_arena *arena, const struct keyd_ledger_ask *ask,
                     const char **ret_note, struct gb_err *err)
{
    return keyd_ledger_sign(ctx, arena, ask, ret_note, err);
}

struct sequencer_signer sequencer_keyd(struct keyd_client *client)
{
    return (struct sequencer_signer){.state = keyd_state, .sign = keyd_sign, .ctx = client};
}

static int open_log(struct sequencer *s, struct gb_err *err)
{
    if (s->log)
        return GB_OK;
    s->agreed = false;
    int r = log_open(s->folder, &s->log, err);
    if (r == GB_ERR_INPUT) { /* cut or changed: nothing that waiting would mend */
        if (err)
            err->code = GB_ERR_CONFIG;
        return GB_ERR_CONFIG;
    }
    if (r == GB_OK)
        r = sequencer_agree_files(s->log, s->store, err);
    if (r < 0) {
        log_free(s->log);
        s->log = NULL;
    }
    return r;
}

/* Rows that are committed, up to number `next`, into the log's files. */
static int append_rows(struct sequencer *s, uint64_t next, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    if (!arena)
        return gb_err_nomem(err);
    while (log_size(s->log) < next) {
        struct store_row *rows;
        size_t count;
        uint64_t from = log_size(s->log), want = next - from;
        gb_arena_reset(arena);
        int r =
            store_entry_list(s->store, arena, from, want < ROWS ? want : ROWS, &rows, &count, err);
        for (size_t i = 0; r == GB_OK && i < count; i++)
            r = rows[i].seq == from + i
                    ? log_add(s->log, rows[i].text, err)
                    : gb_err_set(err, GB_ERR_BUG, "entry %" PRIu64 " is missing", from + i);
        if (r == GB_OK && count == 0)
            r = gb_err_set(err, GB_ERR_BUG, "entry %" PRIu64 " is missing", from);
        if (r < 0)
            return r;
    }
    return log_flush(s->log, err);
}

/* What the signer remembers, once after each opening: it may have signed what we never heard of,
 * and then the rows must give that very head. */
static int agree(struct sequencer *s, struct gb_arena *arena, struct gb_err *err)
{
    uint8_t root[MERKLE_HASH];
    struct keyd_ledger state = {0};
    uint64_t next, first;
    if (s->agreed)
        return GB_OK;
    int r = s->signer.state(s->signer.ctx, arena, &state, err);
    if (r < 0)
        return r;
    store_entry_range(s->store, &first, &next);
    r = sequencer_agree_sizes(log_signed(s->log), next, &state, err);
    if (r == GB_OK && log_flushed(s->log) < state.size)
        r = append_rows(s, state.size, err);
    if (r == GB_OK && state.size > 0)
        r = log_root_at(s->log, state.size, root, err);
    if (r == GB_OK && state.size > 0)
        r = sequencer_agree_root(state.size, root, state.root, err);
    if (r < 0)
        return r;
    s->signed_last = state;
    s->signed_last.vkeys = NULL;
    s->agreed = true;
    return GB_OK;
}

static int sign(struct sequencer *s, struct gb_arena *arena, const char **ret_note,
                struct gb_err *err)
{
    struct merkle_proof proof = {0};
    struct keyd_ledger_ask ask = {.old_size = s->signed_last.size, .size = log_flushed(s->log)};
    int r = log_root(s->log, ask.root, err);
    if (r == GB_OK)
        r = log_prove_consistency(s->log, ask.old_size, ask.size, &proof, err);
    if (r < 0)
        return r;
    ask.proof = (const uint8_t(*)[MERKLE_HASH])proof.hashes;
    ask.proof_count = proof.count;
    r = s->signer.sign(s->signer.ctx, arena, &ask, ret_note, err);
    if (r == GB_OK)
        r = log_set_checkpoint(s->log, gb_bytes_str(*ret_note), err);
    if (r < 0)
        return r;
    s->signed_last.size = ask.size;
    memcpy(s->signed_last.root, ask.root, sizeof ask.root);
    return GB_OK;
}

/* What stands in full bundles under a signed checkpoint needs no row. */
static void prune(struct sequencer *s)
{
    uint64_t first, next, full = log_signed(s->log) / TILES_WIDTH * TILES_WIDTH;
    store_entry_range(s->store, &first, &next);
    if (full > first)
        store_entry_prune(s->store, full, NULL, NULL);
}

static int step(struct sequencer *s, struct gb_arena *arena, const char **ret_note,
                struct gb_err *err)
{
    uint64_t first, next;
    int r = open_log(s, err);
    if (r == GB_OK)
        r = agree(s, arena, err);
    if (r < 0)
        return r;
    store_entry_range(s->store, &first, &next);
    if (next == log_signed(s->log))
        return GB_OK;
    r = append_rows(s, next, err);
    if (r == GB_OK)
        r = sign(s, arena, ret_note, err);
    if (r == GB_OK)
        prune(s);
    return r;
}

int sequencer_step(struct sequencer *s, struct gb_arena *arena, const char **ret_note,
                   struct gb_err *err)
{
    *ret_note = NULL;
    int r = step(s, arena, ret_note, err);
    if (r == GB_OK)
        return r;
    *ret_note = NULL;
    log_free(s->log); /* memory and files may differ now: the files count */
    s->log = NULL;
    s->agreed = false;
    return r;
}

int sequencer_cosigned(struct sequencer *s, uint64_t size, struct gb_bytes note, struct gb_err *err)
{
    if (!s->log || log_signed(s->log) != size)
        return gb_err_set(err, GB_ERR_AGAIN, "a newer head stands in the ledger already");
    return log_set_checkpoint(s->log, note, err);
}

uint64_t sequencer_signed(const struct sequencer *s)
{
    return s->log ? log_signed(s->log) : s->signed_last.size;
}

/* A signer that is away is no reason not to start: what needs a record waits, and then stops. */
static int begin(struct sequencer *s, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    if (!arena)
        return gb_err_nomem(err);
    int r = open_log(s, err);
    if (r < 0)
        return r;
    r = agree(s, arena, err);
    if (r == GB_OK)
        prune(s); /* what a kill before the last pruning left */
    if (r != GB_ERR_IO && r != GB_ERR_AGAIN)
        return r;
    gb_log_err(GB_LOG_WARNING, "ledger-signer-away", err);
    return GB_OK;
}

int sequencer_open(const char *folder, struct store *store, const struct sequencer_signer *signer,
                   struct sequencer **ret_sequencer, struct gb_err *err)
{
    struct sequencer *s = gb_calloc(1, sizeof *s);
    if (!s)
        return gb_err_nomem(err);
    s->store = store;
    s->signer = *signer;
    int r = GB_OK;
    if ((size_t)snprintf(s->folder, sizeof s->folder, "%s", folder) >= sizeof s->folder)
        r = gb_err_set(err, GB_ERR_CONFIG, "the path of the ledger is too long");
    if (r == GB_OK)
        r = begin(s, err);
    if (r < 0) {
        sequencer_free(s);
        return r;
    }
    *ret_sequencer = s;
    return GB_OK;
}

void sequencer_free(struct sequencer *s)
{
    if (!s)
        return;
    log_free(s->log);
    gb_free(s);
}
