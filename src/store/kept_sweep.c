#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/db.h"
#include "store/kept.h"
#include "store/kept_put.h"
#include "store/reading.h"
#include "store/state.h"
#include "store/store.h"
#include "store/writer.h"

enum { CHAINS = 64 }; /* a transaction: some milliseconds */

/* What one sweep takes away. It outlives the write, for its files go after the commit. */
struct sweep {
    struct store *store;
    struct gb_arena *arena; /* of the sweep; holds it, too */
    int64_t before_s;
    uint64_t max_bytes;
    store_done *done;
    void *ctx;
    const char **files;
    size_t file_count;
};

/* Chains that are not the node's newest accepted one; of a removed node, all. */
#define SUPERSEDED                                                                                 \
    "SELECT k.num FROM kept k JOIN node n ON n.num = k.node WHERE n.scope = ?1 AND k.num = "       \
    "k.chain"                                                                                      \
    " AND (n.removed = 1 OR EXISTS (SELECT 1 FROM kept l WHERE l.node = k.node AND l.num > k.num"  \
    " AND l.num = l.chain AND l.accepted = 1))"

static int find_old(struct db *db, int64_t before_s, int64_t *chains, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    int count = 0;
    query_open(&q, db,
               SUPERSEDED " AND NOT EXISTS (SELECT 1 FROM kept c WHERE c.chain = k.num"
                          " AND c.judged_s >= ?2) ORDER BY k.num LIMIT ?3");
    query_int(&q, db->scope);
    query_int(&q, before_s);
    query_int(&q, CHAINS);
    int r;
    while ((r = query_step(&q, err)) > 0 && count < CHAINS)
        chains[count++] = query_get_int(&q);
    return r < 0 ? r : count;
}

static int takes_too_much(struct db *db, uint64_t max_bytes, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, "SELECT coalesce(sum(packed_size), 0) FROM blob WHERE scope = ?");
    query_int(&q, db->scope);
    int r = query_step(&q, err);
    return r < 0 ? r : (uint64_t)query_get_int(&q) > max_bytes;
}

static int find_oldest(struct db *db, uint64_t max_bytes, int64_t *chains, struct gb_err *err)
{
    int r = takes_too_much(db, max_bytes, err);
    if (r <= 0)
        return r;
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, SUPERSEDED " ORDER BY k.num LIMIT ?2");
    int count = 0;
    query_int(&q, db->scope);
    query_int(&q, CHAINS);
    while ((r = query_step(&q, err)) > 0 && count < CHAINS)
        chains[count++] = query_get_int(&q);
    return r < 0 ? r : count;
}

static int run_on(struct db *db, const char *sql, int64_t value, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, sql);
    query_int(&q, value);
    return query_run(&q, err);
}

struct unnamed {
    int64_t *blobs;
    size_t count;
};

/* Blobs that nothing names once this chain is gone; their files are noted. */
static int find_unnamed(struct db *db, struct sweep *sweep, int64_t chain, struct unnamed *unnamed,
                        struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db,
               "SELECT DISTINCT b.num, b.file FROM kept k JOIN kept_part p ON p.record = k.num"
               " JOIN blob b ON b.num = p.blob WHERE k.chain = ?1"
               " AND NOT EXISTS (SELECT 1 FROM kept_part o JOIN kept ok ON ok.num = o.record"
               " WHERE o.blob = b.num AND ok.chain <> ?1)");
    query_int(&q, chain);
    int r;
    while ((r = query_step(&q, err)) > 0) {
        unnamed->blobs =
            reading_grow(sweep->arena, unnamed->blobs, unnamed->count, sizeof *unnamed->blobs);
        sweep->files =
            reading_grow(sweep->arena, sweep->files, sweep->file_count, sizeof *sweep->files);
        if (!unnamed->blobs || !sweep->files)
            return gb_err_nomem(err);
        unnamed->blobs[unnamed->count++] = query_get_int(&q);
        const char *file = query_get_text(&q, sweep->arena);
        if (file)
            sweep->files[sweep->file_count++] = file;
        r = query_read_ok(&q, err);
        if (r < 0)
            break;
    }
    return r < 0 ? r : GB_OK;
}

static int drop_chain(struct db *db, struct sweep *sweep, int64_t chain, struct gb_err *err)
{
    struct unnamed unnamed = {0};
    int r = find_unnamed(db, sweep, chain, &unnamed, err);
    if (r == GB_OK)
        r = run_on(db,
                   "DELETE FROM kept_part WHERE record IN (SELECT num FROM kept WHERE chain = ?)",
                   chain, err);
    for (size_t i = 0; r == GB_OK && i < unnamed.count; i++)
        r = run_on(db, "DELETE FROM blob WHERE num = ?", unnamed.blobs[i], err);
    return r < 0 ? r : run_on(db, "DELETE FROM kept WHERE chain = ?", chain, err);
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
    struct sweep *sweep = *(struct sweep *const *)what;
    int64_t chains[CHAINS];
    int count = find_old(db, sweep->before_s, chains, err);
    if (count == 0)
        count = find_oldest(db, sweep->max_bytes, chains, err);
    if (count < 0)
        return count;
    int r = GB_OK;
    for (int i = 0; r == GB_OK && i < count; i++)
        r = drop_chain(db, sweep, chains[i], err);
    if (r == GB_OK && count > 0)
        r = drop_documents(db, err);
    return r == GB_OK && count == 0 ? gb_err_set(err, GB_ERR_NOTFOUND, "nothing to drop") : r;
}

/* After the commit: what is killed here leaves files that the next start removes. */
static void swept(void *ctx, int result, const struct gb_err *err)
{
    struct sweep *sweep = ctx;
    char folder[KEPT_PATH], path[2 * KEPT_PATH];
    bool ok = result == GB_OK && kept_folder(sweep->store, folder, NULL) == GB_OK;
    for (size_t i = 0; ok && i < sweep->file_count; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, sweep->files[i]);
        unlink(path);
    }
    if (sweep->done)
        sweep->done(sweep->ctx, result, err);
    gb_arena_free(sweep->arena);
}

void store_kept_sweep(struct store *store, int64_t before_s, uint64_t max_bytes, store_done *done,
                      void *ctx)
{
    struct gb_arena *arena = gb_arena_new();
    struct sweep *sweep = arena ? gb_arena_new_one(arena, struct sweep) : NULL;
    struct gb_err err;
    if (!sweep) {
        gb_arena_free(arena);
        if (done)
            done(ctx, gb_err_nomem(&err), &err);
        return;
    }
    *sweep = (struct sweep){.store = store,
                            .arena = arena,
                            .before_s = before_s,
                            .max_bytes = max_bytes,
                            .done = done,
                            .ctx = ctx};
    struct write *write = writer_new(swept, sweep);
    if (!write)
        return; /* and told */
    struct sweep **what = gb_arena_new_one(write->arena, struct sweep *);
    if (what)
        *what = sweep;
    write->run = run_sweep;
    write->what = what;
    writer_queue(store, write);
}
