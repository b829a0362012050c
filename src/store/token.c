#include "store/token.h"

#include <string.h>

#include "store/db.h"
#include "store/reading.h"
#include "store/state.h"
#include "store/store.h"
#include "store/writer.h"

static const char *const COLUMNS_BY_ID =
    "SELECT id, secret_hash, node_name, pool, created_by, created_s, expires_s, uses_left,"
    " labels FROM token WHERE scope = ? AND id = ?";
static const char *const COLUMNS_ALL =
    "SELECT id, secret_hash, node_name, pool, created_by, created_s, expires_s, uses_left,"
    " labels FROM token WHERE scope = ? ORDER BY created_s, id LIMIT ?";

static int run_add(struct db *db, const void *what, struct gb_err *err)
{
    const struct store_token *token = what;
    gb_cleanup(query_close) struct query q;
    query_open(&q, db,
               "INSERT INTO token (scope, id, secret_hash, node_name, pool, created_by, created_s,"
               " expires_s, uses_left, labels) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    query_int(&q, db->scope);
    query_blob(&q, gb_bytes(token->id, sizeof token->id));
    query_blob(&q, gb_bytes(token->secret_hash, sizeof token->secret_hash));
    query_text(&q, token->node_name);
    query_text(&q, token->pool);
    query_text(&q, token->created_by);
    query_int(&q, token->created_s);
    query_int(&q, token->expires_s);
    query_int(&q, token->uses_left);
    query_text(&q, token->labels);
    return query_run(&q, err);
}

void store_token_add(struct store *store, const struct store_token *token,
                     const struct store_entry *entry, store_done *done, void *ctx)
{
    struct write *write = writer_new(done, ctx);
    if (!write)
        return;
    struct store_token *copy = gb_arena_new_one(write->arena, struct store_token);
    bool ok = copy != NULL;
    if (ok) {
        *copy = *token;
        ok = writer_copy_text(write, &copy->node_name) && writer_copy_text(write, &copy->pool) &&
             writer_copy_text(write, &copy->created_by) && writer_copy_text(write, &copy->labels) &&
             writer_entry(write, entry);
    }
    write->run = run_add;
    write->what = ok ? copy : NULL;
    writer_queue(store, write);
}

static int run_revoke(struct db *db, const void *what, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, "DELETE FROM token WHERE scope = ? AND id = ?");
    query_int(&q, db->scope);
    query_blob(&q, gb_bytes(what, sizeof((struct store_token *)0)->id));
    int r = query_run(&q, err);
    if (r < 0 || sqlite3_changes(db->handle) > 0)
        return r;
    return gb_err_set(err, GB_ERR_NOTFOUND, "no such join token");
}

void store_token_revoke(struct store *store, const uint8_t id[8], const struct store_entry *entry,
                        store_done *done, void *ctx)
{
    struct write *write = writer_new(done, ctx);
    if (!write)
        return;
    write->run = run_revoke;
    if (writer_entry(write, entry))
        write->what = gb_arena_copy(write->arena, gb_bytes(id, 8)).data;
    writer_queue(store, write);
}

static int read_row(struct query *q, struct gb_arena *arena, void *ret_row, struct gb_err *err)
{
    struct store_token *ret_token = ret_row, token = {0};
    query_get_fixed(q, token.id, sizeof token.id);
    query_get_fixed(q, token.secret_hash, sizeof token.secret_hash);
    token.node_name = query_get_text(q, arena);
    token.pool = query_get_text(q, arena);
    token.created_by = query_get_text(q, arena);
    token.created_s = query_get_int(q);
    token.expires_s = query_get_int(q);
    token.uses_left = (uint32_t)query_get_int(q);
    token.labels = query_get_text(q, arena);
    int r = query_read_ok(q, err);
    if (r == GB_OK)
        *ret_token = token;
    return r;
}

static int get(struct db *db, struct gb_arena *arena, const uint8_t id[8],
               struct store_token *ret_token, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, COLUMNS_BY_ID);
    query_int(&q, db->scope);
    query_blob(&q, gb_bytes(id, 8));
    int r = query_step(&q, err);
    if (r == 0)
        return gb_err_set(err, GB_ERR_NOTFOUND, "no such join token");
    return r < 0 ? r : read_row(&q, arena, ret_token, err);
}

int store_token_get(struct store *store, struct gb_arena *arena, const uint8_t id[8],
                    struct store_token *ret_token, struct gb_err *err)
{
    gb_cleanup(reading_end) struct reading reading = {0};
    int r = reading_begin(store, &reading, err);
    return r < 0 ? r : get(reading.db, arena, id, ret_token, err);
}

int store_token_list(struct store *store, struct gb_arena *arena, struct store_token **ret_tokens,
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
    r = reading_rows(&q, arena, sizeof(struct store_token), read_row, &rows, err);
    if (r < 0)
        return r;
    *ret_tokens = rows.items;
    *ret_count = rows.count;
    return GB_OK;
}

int token_use(struct db *db, const uint8_t id[8], const char *node_name, int64_t now_s,
              struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct store_token token;
    if (!arena)
        return gb_err_nomem(err);
    int r = get(db, arena, id, &token, err);
    if (r == GB_ERR_NOTFOUND)
        return gb_err_set(err, GB_ERR_DENIED, "the join token was used, revoked or never made");
    if (r < 0)
        return r;
    if (now_s >= token.expires_s)
        return gb_err_set(err, GB_ERR_DENIED, "the join token has expired");
    if (token.node_name && strcmp(token.node_name, node_name) != 0)
        return gb_err_set(err, GB_ERR_DENIED, "the join token is for another node's name");
    gb_cleanup(query_close) struct query q;
    query_open(&q, db,
               token.uses_left > 1
                   ? "UPDATE token SET uses_left = uses_left - 1 WHERE scope = ? AND id = ?"
                   : "DELETE FROM token WHERE scope = ? AND id = ?");
    query_int(&q, db->scope);
    query_blob(&q, gb_bytes(id, 8));
    return query_run(&q, err);
}
