#include <pthread.h>
#include <string.h>

#include "store/db.h"
#include "store/kept_put.h"
#include "store/live.h"
#include "store/reading.h"
#include "store/state.h"
#include "store/store.h"
#include "store/writer.h"

#define COLUMNS                                                                                    \
    "SELECT v.at_s, v.tier, v.trusted, v.policy, v.quote, v.json FROM verdict v"                   \
    " JOIN node n ON n.num = v.node WHERE n.scope = ? AND n.id = ? ORDER BY v.num DESC LIMIT ?"

struct told {
    struct store_verdict verdict; /* its `kept` is a copy, too */
    struct gb_bytes progress;
};

static int find_node(struct db *db, const uint8_t *id, int64_t *ret_num, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, "SELECT num FROM node WHERE scope = ? AND id = ? AND removed = 0");
    query_int(&q, db->scope);
    query_blob(&q, gb_bytes(id, STORE_ID));
    int r = query_step(&q, err);
    if (r == 0)
        return gb_err_set(err, GB_ERR_NOTFOUND, "no such node");
    if (r < 0)
        return r;
    *ret_num = query_get_int(&q);
    return GB_OK;
}

/* The newest stay. */
static int prune(struct db *db, int64_t node, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db,
               "DELETE FROM verdict WHERE node = ?1 AND num <= (SELECT num FROM verdict"
               " WHERE node = ?1 ORDER BY num DESC LIMIT 1 OFFSET ?2)");
    query_int(&q, node);
    query_int(&q, STORE_KEEP_VERDICTS);
    return query_run(&q, err);
}

static int run_add(struct db *db, const void *what, struct gb_err *err)
{
    const struct told *told = what;
    const struct store_verdict *v = &told->verdict;
    int64_t num = 0;
    int r = find_node(db, v->node, &num, err);
    if (r < 0)
        return r;
    gb_cleanup(query_close) struct query q;
    query_open(&q, db,
               "INSERT INTO verdict (node, at_s, tier, trusted, policy, quote, json)"
               " VALUES (?, ?, ?, ?, ?, ?, ?)");
    query_int(&q, num);
    query_int(&q, v->at_s);
    query_int(&q, v->tier);
    query_int(&q, v->trusted);
    query_text(&q, v->policy);
    query_blob(&q, gb_bytes(v->quote, STORE_HASH));
    query_blob(&q, v->json);
    r = query_run(&q, err);
    if (r == GB_OK)
        r = prune(db, num, err);
    if (r == GB_OK && v->kept)
        r = kept_put(db, num, v->kept, err);
    return r < 0 ? r : live_write_one(db, num, v->at_s, told->progress, err);
}

void store_verdict_add(struct store *store, const struct store_verdict *verdict,
                       struct gb_bytes progress, const struct store_entry *entry, store_done *done,
                       void *ctx)
{
    struct write *write = writer_new(done, ctx);
    if (!write)
        return;
    struct told *told = gb_arena_new_one(write->arena, struct told);
    if (told)
        *told = (struct told){.verdict = *verdict, .progress = progress};
    bool ok = told && progress.len <= LIVE_MAX_PROGRESS &&
              writer_copy_text(write, &told->verdict.policy) &&
              writer_copy(write, &told->verdict.json) && writer_copy(write, &told->progress) &&
              writer_entry(write, entry);
    if (ok && verdict->kept)
        ok = kept_copy(write, &told->verdict.kept);
    write->kept = ok ? told->verdict.kept : verdict->kept;
    write->run = run_add;
    write->what = ok ? told : NULL;
    writer_queue_over(store, write, verdict->node);
}

static int read_row(struct query *q, struct gb_arena *arena, void *ret_row, struct gb_err *err)
{
    struct store_verdict *ret_verdict = ret_row, v = {0};
    v.at_s = query_get_int(q);
    v.tier = (uint8_t)query_get_int(q);
    v.trusted = query_get_int(q) != 0;
    v.policy = query_get_text(q, arena);
    query_get_fixed(q, v.quote, STORE_HASH);
    v.json = query_get_blob(q, arena);
    int r = query_read_ok(q, err);
    if (r == GB_OK)
        *ret_verdict = v;
    return r;
}

int store_verdict_list(struct store *store, struct gb_arena *arena, const uint8_t node[STORE_ID],
                       size_t max, struct store_verdict **ret_verdicts, size_t *ret_count,
                       struct gb_err *err)
{
    gb_cleanup(reading_end) struct reading reading = {0};
    int r = reading_begin(store, &reading, err);
    if (r < 0)
        return r;
    gb_cleanup(query_close) struct query q;
    query_open(&q, reading.db, COLUMNS);
    query_int(&q, reading.db->scope);
    query_blob(&q, gb_bytes(node, STORE_ID));
    query_int(&q, max < GB_LIMIT_STORE_LIST ? (int64_t)max : GB_LIMIT_STORE_LIST);
    struct rows rows;
    r = reading_rows(&q, arena, sizeof(struct store_verdict), read_row, &rows, err);
    if (r < 0)
        return r;
    struct store_verdict *verdicts = rows.items;
    for (size_t i = 0; i < rows.count; i++)
        memcpy(verdicts[i].node, node, STORE_ID);
    *ret_verdicts = verdicts;
    *ret_count = rows.count;
    return GB_OK;
}

int store_verdict_get(struct store *store, struct gb_arena *arena, const uint8_t node[STORE_ID],
                      struct store_verdict *ret_verdict, struct gb_err *err)
{
    struct store_verdict *verdicts;
    size_t count;
    int r = store_verdict_list(store, arena, node, 1, &verdicts, &count, err);
    if (r < 0)
        return r;
    if (count == 0)
        return gb_err_set(err, GB_ERR_NOTFOUND, "no verdict of this node yet");
    *ret_verdict = verdicts[0];
    return GB_OK;
}

bool store_live_set(struct store *store, const struct store_live *live)
{
    pthread_mutex_lock(&store->lock);
    bool ok = live_set(&store->live, live);
    pthread_mutex_unlock(&store->lock);
    return ok;
}

int store_live_each(struct store *store, bool (*each)(void *ctx, const struct store_live *live),
                    void *ctx, struct gb_err *err)
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
               "SELECT n.id, l.verified_s, l.progress FROM live l JOIN node n ON n.num = l.node"
               " WHERE n.scope = ? AND n.removed = 0");
    query_int(&q, reading.db->scope);
    while ((r = query_step(&q, err)) > 0) {
        struct store_live live = {0};
        gb_arena_reset(arena);
        query_get_fixed(&q, live.node, STORE_ID);
        live.verified_s = query_get_int(&q);
        live.progress = query_get_blob(&q, arena);
        r = query_read_ok(&q, err);
        if (r < 0 || !each(ctx, &live))
            break;
    }
    return r < 0 ? r : GB_OK;
}
