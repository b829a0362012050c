#include "server/ledger/sequencer_agree.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "ledger/log.h"
#include "ledger/tiles.h"
#include "rpc/keyd.h"
#include "store/store.h"

/* The rows from `from` to the end of its bundle, *ret_count of them. */
static int compare_bundle(struct log *log, struct store *store, struct gb_arena *arena,
                          uint64_t from, size_t *ret_count, struct gb_err *err)
{
    struct gb_bytes entries[TILES_WIDTH];
    struct store_row *rows;
    size_t skip = (size_t)(from % TILES_WIDTH), have = 0;
    int r = log_bundle(log, arena, from / TILES_WIDTH, entries, &have, err);
    if (r == GB_OK)
        r = store_entry_list(store, arena, from, have - skip, &rows, ret_count, err);
    for (size_t i = 0; r == GB_OK && i < *ret_count; i++)
        if (rows[i].seq != from + i || !gb_bytes_equal(entries[skip + i], rows[i].text))
            r = gb_err_set(err, GB_ERR_CONFIG,
                           "the database and the ledger's folder differ in entry %" PRIu64
                           ": they are not of one history: restore both from one copy",
                           from + i);
    return r;
}

/* Rows from `from` to the folder's end stand in both. */
static int compare_rows(struct log *log, struct store *store, uint64_t from, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    if (!arena)
        return gb_err_nomem(err);
    while (from < log_signed(log)) {
        size_t count = 0;
        gb_arena_reset(arena);
        int r = compare_bundle(log, store, arena, from, &count, err);
        if (r == GB_OK && count == 0)
            r = gb_err_set(err, GB_ERR_BUG, "entry %" PRIu64 " is missing", from);
        if (r < 0)
            return r;
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
