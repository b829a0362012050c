#include "server/sequencer_agree.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "ledger/log.h"
#include "ledger/tiles.h"
#include "rpc/keyd.h"
#include "store/store.h"

/* Rows from `from` to the folder's end stand in both. Rows go away by whole bundles, so there are
 * few. */
static int compare_rows(struct log *log, struct store *store, uint64_t from, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    uint64_t end = log_signed(log);
    if (!arena)
        return gb_err_nomem(err);
    while (from < end) {
        struct store_row *rows;
        size_t count;
        gb_arena_reset(arena);
        size_t want = end - from < TILES_WIDTH ? (size_t)(end - from) : TILES_WIDTH;
        int r = store_entry_list(store, arena, from, want, &rows, &count, err);
        for (size_t i = 0; r == GB_OK && i < count; i++) {
            struct gb_bytes entry;
            r = log_entry(log, arena, rows[i].seq, &entry, err);
            if (r == GB_OK && !gb_bytes_equal(entry, rows[i].text))
                return gb_err_set(err, GB_ERR_CONFIG,
                                  "the database and the ledger's folder differ in entry %" PRIu64
                                  ": they are not of one history: restore both from one copy",
                                  rows[i].seq);
        }
        if (r < 0)
            return r;
        if (count == 0)
            return gb_err_set(err, GB_ERR_BUG, "entry %" PRIu64 " is missing", from);
        from += count;
    }
    return GB_OK;
}

int sequencer_agree_files(struct log *log, struct store *store, struct gb_err *err)
{
    uint64_t first, next, size = log_signed(log);
    store_entry_range(store, &first, &next);
    if (next < size)
        return gb_err_set(err, GB_ERR_CONFIG,
                          "the database is older than the ledger: it ends before entry %" PRIu64
                          ", the ledger's checkpoint covers %" PRIu64
                          ": restore the newest copy of the database",
                          next, size);
    if (first > size)
        return gb_err_set(err, GB_ERR_CONFIG,
                          "the ledger's folder is cut or missing: its checkpoint covers %" PRIu64
                          " entries, and the database keeps them only from %" PRIu64
                          " on: restore the newest copy of the folder",
                          size, first);
    return compare_rows(log, store, first, err);
}

int sequencer_agree_sizes(uint64_t signed_size, uint64_t next, const struct keyd_ledger *state,
                          struct gb_err *err)
{
    if (state->size < signed_size)
        return gb_err_set(err, GB_ERR_CONFIG,
                          "garboard-keyd's state is older than the ledger: it signed %" PRIu64
                          " entries, the checkpoint covers %" PRIu64
                          ": restore the newest copy of keyd's state",
                          state->size, signed_size);
    if (state->size > next)
        return gb_err_set(err, GB_ERR_CONFIG,
                          "garboard-keyd signed %" PRIu64 " entries, the database ends before "
                          "entry %" PRIu64 ": database and ledger come from an older copy: "
                          "restore the newest",
                          state->size, next);
    return GB_OK;
}

int sequencer_agree_root(uint64_t size, const uint8_t ours[32], const uint8_t theirs[32],
                         struct gb_err *err)
{
    if (memcmp(ours, theirs, 32) == 0)
        return GB_OK;
    return gb_err_set(err, GB_ERR_CONFIG,
                      "garboard-keyd signed another history: the first %" PRIu64
                      " entries are not what it signed: restore database, ledger and keyd's "
                      "state from one copy",
                      size);
}
