
#include "store/db.h"
#include "store/reading.h"
#include "store/state.h"
#include "store/store.h"
#include "store/writer.h"

static int read_row(struct query *q, struct gb_arena *arena, struct store_opening *ret_opening,
                    struct gb_err *err)
{
    struct store_opening opening = {0};
    query_get_fixed(q, opening.commitment, STORE_HASH);
    query_get_fixed(q, opening.salt, STORE_SALT);
    opening.value = query_get_text(q, arena);
    int r = query_read_ok(q, err);
    if (r == GB_OK)
        *ret_opening = opening;
    return r;
}

int store_opening_get(struct store *store, struct gb_arena *arena,
                      const uint8_t commitment[STORE_HASH], struct store_opening *ret_opening,
                      struct gb_err *err)
{
    gb_cleanup(reading_end) struct reading reading = {0};
    int r = reading_begin(store, &reading, err);
    if (r < 0)
        return r;
    gb_cleanup(query_close) struct query q;
    query_open(&q, reading.db,
               "SELECT commitment, salt, value FROM opening WHERE scope = ? AND commitment = ?");
    query_int(&q, reading.db->scope);
    query_blob(&q, gb_bytes(commitment, STORE_HASH));
    r = query_step(&q, err);
    if (r == 0)
        return gb_err_set(err, GB_ERR_NOTFOUND, "no such opening, or it was forgotten");
    return r < 0 ? r : read_row(&q, arena, ret_opening, err);
}

int store_opening_each(struct store *store,
                       bool (*each)(void *ctx, const struct store_opening *opening), void *ctx,
                       struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_cleanup(reading_end) struct reading reading = {0};
    if (!arena)
        return gb_err_nomem(err);
    int r = reading_begin(store, &reading, err);
    if (r < 0)
        return r;
    gb_cleanup(query_close) struct query q;
    query_open(&q, reading.db,
               "SELECT commitment, salt, value FROM opening WHERE scope = ? ORDER BY commitment");
    query_int(&q, reading.db->scope);
    while ((r = query_step(&q, err)) > 0) {
        struct store_opening opening;
        gb_arena_reset(arena);
        r = read_row(&q, arena, &opening, err);
        if (r < 0 || !each(ctx, &opening))
            break;
    }
    return r < 0 ? r : GB_OK;
}

static int blank(struct db *db, const char *sql, const char *value, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, sql);
    query_int(&q, db->scope);
    query_text(&q, value);
    return query_run(&q, err);
}

/* secure_delete: what is forgotten does not lie on in a free page. The journal holds it until it is
 * cut: writer.c, `erases`. */
static int run_forget(struct db *db, const void *what, struct gb_err *err)
{
    int before = sqlite3_total_changes(db->handle);
    int r = blank(db, "DELETE FROM opening WHERE scope = ? AND value = ?", what, err);
    if (r == GB_OK)
        r = blank(db,
                  "UPDATE token SET created_by = 'operator/(forgotten)'"
                  " WHERE scope = ? AND created_by = 'operator/' || ?",
                  what, err);
    if (r == GB_OK)
        r = blank(db,
                  "UPDATE ek_grant SET created_by = 'operator/(forgotten)'"
                  " WHERE scope = ? AND created_by = 'operator/' || ?",
                  what, err);
    if (r == GB_OK)
        r = blank(db,
                  "UPDATE document SET applied_by = 'operator/(forgotten)'"
                  " WHERE scope = ? AND applied_by = 'operator/' || ?",
                  what, err);
    if (r < 0 || sqlite3_total_changes(db->handle) > before)
        return r;
    return gb_err_set(err, GB_ERR_NOTFOUND, "the ledger holds no opening of this name");
}

void store_opening_forget(struct store *store, const char *value, const struct store_entry *entry,
                          store_done *done, void *ctx)
{
    struct write *write = writer_new(done, ctx);
    if (!write)
        return;
    write->run = run_forget;
    write->erases = true;
    if (writer_entry(write, entry))
        write->what = gb_arena_copy(write->arena, gb_bytes_str(value)).data;
    writer_queue(store, write);
}
