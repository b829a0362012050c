#include "store/grant.h"

#include <string.h>

#include "store/db.h"
#include "store/reading.h"
#include "store/state.h"
#include "store/store.h"
#include "store/writer.h"

static const char *const COLUMNS_BY_EK =
    "SELECT ek, node_name, approval, created_by, created_s, expires_s"
    " FROM ek_grant WHERE scope = ? AND ek = ?";
static const char *const COLUMNS_ALL =
    "SELECT ek, node_name, approval, created_by, created_s, expires_s"
    " FROM ek_grant WHERE scope = ? ORDER BY node_name, ek LIMIT ?";

/* Listing or approving again replaces: a longer life, another name. */
static int run_add(struct db *db, const void *what, struct gb_err *err)
{
    const struct store_grant *grant = what;
    gb_cleanup(query_close) struct query q;
    query_open(&q, db,
               "INSERT OR REPLACE INTO ek_grant (scope, ek, node_name, approval, created_by,"
               " created_s, expires_s) VALUES (?, ?, ?, ?, ?, ?, ?)");
    query_int(&q, db->scope);
    query_blob(&q, gb_bytes(grant->ek, STORE_HASH));
    query_text(&q, grant->node_name);
    query_int(&q, grant->approval);
    query_text(&q, grant->created_by);
    query_int(&q, grant->created_s);
    query_int(&q, grant->expires_s);
    return query_run(&q, err);
}

void store_grant_add(struct store *store, const struct store_grant *grant,
                     const struct store_entry *entry, store_done *done, void *ctx)
{
    struct write *write = writer_new(done, ctx);
    if (!write)
        return;
    struct store_grant *copy = gb_arena_new_one(write->arena, struct store_grant);
    bool ok = copy != NULL;
    if (ok) {
        *copy = *grant;
        ok = writer_copy_text(write, &copy->node_name) &&
             writer_copy_text(write, &copy->created_by) && writer_entry(write, entry);
    }
    write->run = run_add;
    write->what = ok ? copy : NULL;
    writer_queue(store, write);
}

static int remove_one(struct db *db, const uint8_t *ek, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, "DELETE FROM ek_grant WHERE scope = ? AND ek = ?");
    query_int(&q, db->scope);
    query_blob(&q, gb_bytes(ek, STORE_HASH));
    int r = query_run(&q, err);
    if (r < 0 || sqlite3_changes(db->handle) > 0)
        return r;
    return gb_err_set(err, GB_ERR_NOTFOUND, "this EK is not listed");
}

static int run_remove(struct db *db, const void *what, struct gb_err *err)
{
    return remove_one(db, what, err);
}

void store_grant_remove(struct store *store, const uint8_t ek[STORE_HASH],
                        const struct store_entry *entry, store_done *done, void *ctx)
{
    struct write *write = writer_new(done, ctx);
    if (!write)
        return;
    write->run = run_remove;
    if (writer_entry(write, entry))
        write->what = gb_arena_copy(write->arena, gb_bytes(ek, STORE_HASH)).data;
    writer_queue(store, write);
}

static int read_row(struct query *q, struct gb_arena *arena, void *ret_row, struct gb_err *err)
{
    struct store_grant *ret_grant = ret_row, grant = {0};
    query_get_fixed(q, grant.ek, STORE_HASH);
    grant.node_name = query_get_text(q, arena);
    grant.approval = query_get_int(q) != 0;
    grant.created_by = query_get_text(q, arena);
    grant.created_s = query_get_int(q);
    grant.expires_s = query_get_int(q);
    int r = query_read_ok(q, err);
    if (r == GB_OK)
        *ret_grant = grant;
    return r;
}

static int get(struct db *db, struct gb_arena *arena, const uint8_t ek[STORE_HASH],
               struct store_grant *ret_grant, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, COLUMNS_BY_EK);
    query_int(&q, db->scope);
    query_blob(&q, gb_bytes(ek, STORE_HASH));
    int r = query_step(&q, err);
    if (r == 0)
        return gb_err_set(err, GB_ERR_NOTFOUND, "this EK is not listed");
    return r < 0 ? r : read_row(&q, arena, ret_grant, err);
}

int store_grant_get(struct store *store, struct gb_arena *arena, const uint8_t ek[STORE_HASH],
                    struct store_grant *ret_grant, struct gb_err *err)
{
    gb_cleanup(reading_end) struct reading reading = {0};
    int r = reading_begin(store, &reading, err);
    return r < 0 ? r : get(reading.db, arena, ek, ret_grant, err);
}

int store_grant_list(struct store *store, struct gb_arena *arena, struct store_grant **ret_grants,
                     size_t *ret_count, struct gb_err *err)
{
    gb_cleanup(reading_end) struct reading reading = {0};
    int r = reading_begin(store, &reading, err);
    if (r < 0)
        return r;
    gb_cleanup(query_close) struct query q;
    query_open(&q, reading.db, COLUMNS_ALL);
    query_int(&q, reading.db->scope);
    query_int(&q, GB_LIMIT_STORE_LIST);
    struct rows rows;
    r = reading_rows(&q, arena, sizeof(struct store_grant), read_row, &rows, err);
    if (r < 0)
        return r;
    *ret_grants = rows.items;
    *ret_count = rows.count;
    return GB_OK;
}

int grant_use(struct db *db, const uint8_t ek[STORE_HASH], const char *node_name, int64_t now_s,
              struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct store_grant grant;
    if (!arena)
        return gb_err_nomem(err);
    int r = get(db, arena, ek, &grant, err);
    if (r == GB_ERR_NOTFOUND)
        return gb_err_set(err, GB_ERR_DENIED, "this EK is not listed, or was used to join already");
    if (r < 0)
        return r;
    if (grant.expires_s != 0 && now_s >= grant.expires_s)
        return gb_err_set(err, GB_ERR_DENIED, "the approval of this EK has expired");
    if (strcmp(grant.node_name, node_name) != 0)
        return gb_err_set(err, GB_ERR_DENIED, "this EK is listed for another node's name");
    return remove_one(db, ek, err);
}
