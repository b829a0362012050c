#include <stdbool.h>
#include <stdint.h>

#include "store/db.h"
#include "store/kept.h"
#include "store/kept_put.h"
#include "store/state.h"
#include "store/store.h"
#include "store/writer.h"

enum { ITEMS = 64 }; /* a transaction: some milliseconds */

struct sweep {
    int64_t before_s;
    uint64_t max_bytes;
};

/* A chain, or one refused record: these belong to no state but their own. */
struct item {
    int64_t num;
    bool alone;
};

/* Chains that are not the node's newest accepted one; of a removed node, all. */
#define SUPERSEDED                                                                                 \
    "SELECT k.num, 0 FROM kept k JOIN node n ON n.num = k.node WHERE n.scope = ?1 AND k.num = "    \
    "k.chain"                                                                                      \
    " AND (n.removed = 1 OR EXISTS (SELECT 1 FROM kept l WHERE l.node = k.node AND l.num > k.num"  \
    " AND l.num = l.chain AND l.accepted = 1))"
#define REFUSED                                                                                    \
    "SELECT k.num, 1 FROM kept k JOIN node n ON n.num = k.node WHERE n.scope = ?1 AND "            \
    "k.accepted = 0"

static int list(struct query *q, struct item *items, int count, struct gb_err *err)
{
    int r = GB_OK;
    while (count < ITEMS && (r = query_step(q, err)) > 0) {
        items[count].num = query_get_int(q);
        items[count++].alone = query_get_int(q) != 0;
    }
    return r < 0 ? r : count;
}

static int find_old_refused(struct db *db, int64_t before_s, struct item *items, int count,
                            struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, REFUSED " AND k.judged_s < ?2");
    query_int(&q, db->scope);
    query_int(&q, before_s);
    return list(&q, items, count, err);
}

static int find_old(struct db *db, int64_t before_s, struct item *items, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db,
               SUPERSEDED " AND NOT EXISTS (SELECT 1 FROM kept c WHERE c.chain = k.num"
                          " AND c.judged_s >= ?2) ORDER BY k.num");
    query_int(&q, db->scope);
    query_int(&q, before_s);
    int count = list(&q, items, 0, err);
    return count < 0 ? count : find_old_refused(db, before_s, items, count, err);
}

static int takes_too_much(struct db *db, uint64_t max_bytes, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db,
               "SELECT (SELECT coalesce(sum(packed_size), 0) FROM blob WHERE scope = ?)"
               " + (SELECT coalesce(sum(head_len), 0) FROM kept)");
    query_int(&q, db->scope);
    int r = query_step(&q, err);
    return r < 0 ? r : (uint64_t)query_get_int(&q) > max_bytes;
}

static int find_oldest(struct db *db, uint64_t max_bytes, struct item *items, struct gb_err *err)
{
    int r = takes_too_much(db, max_bytes, err);
    if (r <= 0)
        return r;
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, SUPERSEDED " UNION ALL " REFUSED " ORDER BY 1");
    query_int(&q, db->scope);
    return list(&q, items, 0, err);
}

static int run_on(struct db *db, const char *sql, int64_t value, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, sql);
    query_int(&q, value);
    return query_run(&q, err);
}

/* Documents that no evidence names any more, but those in force. */
static int drop_documents(struct db *db, struct gb_err *err)
{
    int r = run_on(db,
                   "DELETE FROM document_set WHERE scope = ?1 AND NOT EXISTS"
                   " (SELECT 1 FROM kept k WHERE k.trust = document_set.trust)",
                   db->scope, err);
    if (r == GB_OK)
        r = run_on(db,
                   "DELETE FROM document_past WHERE scope = ?1 AND NOT EXISTS (SELECT 1 FROM"
                   " document_set s WHERE s.scope = document_past.scope"
                   " AND s.kind = document_past.kind AND s.name = document_past.name"
                   " AND s.version = document_past.version)",
                   db->scope, err);
    return r;
}

static int run_sweep(struct db *db, const void *what, struct gb_err *err)
{
    const struct sweep *sweep = what;
    struct item items[ITEMS];
    int count = find_old(db, sweep->before_s, items, err);
    if (count == 0)
        count = find_oldest(db, sweep->max_bytes, items, err);
    if (count < 0)
        return count;
    int r = GB_OK;
    for (int i = 0; r == GB_OK && i < count; i++)
        r = items[i].alone ? kept_drop_record(db, items[i].num, err)
                           : kept_drop_chain(db, items[i].num, err);
    if (r == GB_OK && count > 0)
        r = drop_documents(db, err);
    return r == GB_OK && count == 0 ? gb_err_set(err, GB_ERR_NOTFOUND, "nothing to drop") : r;
}

void store_kept_sweep(struct store *store, int64_t before_s, uint64_t max_bytes, store_done *done,
                      void *ctx)
{
    struct write *write = writer_new(done, ctx);
    if (!write)
        return; /* and told */
    struct sweep *sweep = gb_arena_new_one(write->arena, struct sweep);
    if (sweep)
        *sweep = (struct sweep){.before_s = before_s, .max_bytes = max_bytes};
    write->run = run_sweep;
    write->what = sweep;
    writer_queue(store, write);
}
