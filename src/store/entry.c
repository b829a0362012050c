#include "store/entry.h"

#include <inttypes.h>
#include <pthread.h>

#include "base/limits.h"
#include "store/db.h"
#include "store/reading.h"
#include "store/state.h"
#include "store/store.h"
#include "store/writer.h"

static int put_row(struct db *db, const struct store_entry *entry, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, "INSERT INTO ledger_entry (scope, seq, entry, at_s) VALUES (?, ?, ?, ?)");
    query_int(&q, db->scope);
    query_int(&q, (int64_t)db->entry_next);
    query_blob(&q, entry->text);
    query_int(&q, entry->at_s);
    return query_run(&q, err);
}

static int put_opening(struct db *db, const struct store_opening *opening, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, "INSERT INTO opening (scope, commitment, salt, value) VALUES (?, ?, ?, ?)");
    query_int(&q, db->scope);
    query_blob(&q, gb_bytes(opening->commitment, STORE_HASH));
    query_blob(&q, gb_bytes(opening->salt, STORE_SALT));
    query_text(&q, opening->value);
    return query_run(&q, err);
}

int entry_put(struct db *db, const struct store_entry *entry, struct gb_err *err)
{
    if (entry->text.len == 0 || entry->text.len > GB_LIMIT_ENTRY)
        return gb_err_set(err, GB_ERR_LIMIT, "an entry of the ledger has 1 to %d bytes, not %zu",
                          GB_LIMIT_ENTRY, entry->text.len);
    int r = put_row(db, entry, err);
    for (size_t i = 0; i < entry->opening_count && r == GB_OK; i++)
        r = put_opening(db, &entry->openings[i], err);
    if (r == GB_OK)
        db->entry_next++;
    return r;
}

static int make_head(struct db *db, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db,
               "INSERT INTO ledger_head (scope, pruned, sealed) VALUES (?, 0, -1)"
               " ON CONFLICT DO NOTHING");
    query_int(&q, db->scope);
    return query_run(&q, err);
}

int entry_find(struct db *db, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    int r = make_head(db, err);
    if (r < 0)
        return r;
    query_open(&q, db,
               "SELECT pruned, (SELECT count(*) FROM ledger_entry WHERE scope = ?1),"
               " (SELECT coalesce(max(seq) + 1, pruned) FROM ledger_entry WHERE scope = ?1),"
               " (SELECT coalesce(min(seq), pruned) FROM ledger_entry WHERE scope = ?1)"
               " FROM ledger_head WHERE scope = ?1");
    query_int(&q, db->scope);
    r = query_step(&q, err);
    if (r <= 0)
        return r < 0 ? r : gb_err_set(err, GB_ERR_BUG, "%s: no head of the ledger", db->path);
    uint64_t pruned = (uint64_t)query_get_int(&q);
    uint64_t count = (uint64_t)query_get_int(&q);
    uint64_t next = (uint64_t)query_get_int(&q);
    if ((uint64_t)query_get_int(&q) != pruned || next - pruned != count)
        return gb_err_set(err, GB_ERR_CONFIG,
                          "%s: entries of the ledger are missing in the middle: somebody edited "
                          "the database: restore a copy",
                          db->path);
    db->entry_first = pruned;
    db->entry_next = next;
    return GB_OK;
}

static int run_add(struct db *db, const void *what, struct gb_err *err)
{
    (void)db, (void)what, (void)err;
    return GB_OK; /* the entry is all */
}

void store_entry_add(struct store *store, const struct store_entry *entry, store_done *done,
                     void *ctx)
{
    struct write *write = writer_new(done, ctx);
    if (!write)
        return;
    write->run = run_add;
    write->what = writer_entry(write, entry) ? write : NULL;
    writer_queue(store, write);
}

static int run_prune(struct db *db, const void *what, struct gb_err *err)
{
    uint64_t below = *(const uint64_t *)what;
    gb_cleanup(query_close) struct query rows, head;
    query_open(&rows, db, "DELETE FROM ledger_entry WHERE scope = ? AND seq < ?");
    query_int(&rows, db->scope);
    query_int(&rows, (int64_t)below);
    query_open(&head, db, "UPDATE ledger_head SET pruned = ? WHERE scope = ?");
    query_int(&head, (int64_t)below);
    query_int(&head, db->scope);
    if (below > db->entry_next)
        return gb_err_set(err, GB_ERR_DENIED, "entry %" PRIu64 " was never written", below - 1);
    if (below <= db->entry_first)
        return WRITE_SAME;
    int r = query_run(&rows, err);
    if (r == GB_OK)
        r = query_run(&head, err);
    if (r == GB_OK)
        db->entry_first = below;
    return r;
}

void store_entry_prune(struct store *store, uint64_t below, store_done *done, void *ctx)
{
    struct write *write = writer_new(done, ctx);
    if (!write)
        return;
    write->run = run_prune;
    write->what = gb_arena_copy(write->arena, gb_bytes(&below, sizeof below)).data;
    writer_queue(store, write);
}

void store_entry_range(struct store *store, uint64_t *ret_first, uint64_t *ret_next)
{
    pthread_mutex_lock(&store->lock);
    *ret_first = store->entry_first;
    *ret_next = store->entry_next;
    pthread_mutex_unlock(&store->lock);
}

static int read_row(struct query *q, struct gb_arena *arena, void *ret_row, struct gb_err *err)
{
    struct store_row *ret_entry = ret_row, row = {0};
    row.seq = (uint64_t)query_get_int(q);
    row.text = query_get_blob(q, arena);
    row.at_s = query_get_int(q);
    int r = query_read_ok(q, err);
    if (r == GB_OK)
        *ret_entry = row;
    return r;
}

int store_entry_list(struct store *store, struct gb_arena *arena, uint64_t from, size_t max,
                     struct store_row **ret_rows, size_t *ret_count, struct gb_err *err)
{
    gb_cleanup(reading_end) struct reading reading = {0};
    int r = reading_begin(store, &reading, err);
    if (r < 0)
        return r;
    gb_cleanup(query_close) struct query q;
    query_open(&q, reading.db,
               "SELECT seq, entry, at_s FROM ledger_entry WHERE scope = ? AND seq >= ?"
               " ORDER BY seq LIMIT ?");
    query_int(&q, reading.db->scope);
    query_int(&q, from < INT64_MAX ? (int64_t)from : INT64_MAX);
    query_int(&q, max < GB_LIMIT_STORE_LIST ? (int64_t)max : GB_LIMIT_STORE_LIST);
    struct rows rows;
    r = reading_rows(&q, arena, sizeof(struct store_row), read_row, &rows, err);
    if (r < 0)
        return r;
    *ret_rows = rows.items;
    *ret_count = rows.count;
    return GB_OK;
}
