#include "store/writer.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "store/db.h"
#include "store/entry.h"
#include "store/gone.h"
#include "store/kept.h"
#include "store/live.h"
#include "store/state.h"
#include "store/store.h"

struct batch {
    struct write *first;
    size_t count;
    struct live_batch live;
    bool last;  /* the store closes */
    bool probe; /* the last commit failed: try whether one goes through again */
};

static void *writer_main(void *store);
static void wait_for_work(struct store *store, int64_t *flush_at_ms, struct batch *ret_batch);
static void commit_batch(struct store *store, struct batch *batch);
static void erase(struct db *db, struct write *first);
static void tell(struct store *store, struct write *first);

struct write *writer_new(store_done *done, void *ctx)
{
    struct gb_arena *arena = gb_arena_new();
    struct write *write = arena ? gb_arena_new_one(arena, struct write) : NULL;
    if (write) {
        *write = (struct write){.arena = arena, .done = done, .ctx = ctx};
        return write;
    }
    gb_arena_free(arena);
    struct gb_err err;
    int r = gb_err_nomem(&err);
    if (done)
        done(ctx, r, &err);
    return NULL;
}

bool writer_copy(struct write *write, struct gb_bytes *bytes)
{
    if (bytes->len == 0)
        return true;
    *bytes = gb_arena_copy(write->arena, *bytes);
    return bytes->data != NULL;
}

bool writer_copy_text(struct write *write, const char **text)
{
    if (!*text)
        return true;
    *text = (const char *)gb_arena_copy(write->arena, gb_bytes_str(*text)).data;
    return *text != NULL;
}

bool writer_entry(struct write *write, const struct store_entry *entry)
{
    size_t count = entry ? entry->opening_count : 0;
    struct store_entry *copy = entry ? gb_arena_new_one(write->arena, struct store_entry) : NULL;
    struct store_opening *openings =
        copy ? gb_arena_new_array(write->arena, struct store_opening, count + 1) : NULL;
    if (!openings || count > STORE_MAX_OPENINGS)
        return false;
    *copy = *entry;
    copy->openings = openings;
    bool ok = writer_copy(write, &copy->text);
    for (size_t i = 0; i < count; i++) {
        openings[i] = entry->openings[i];
        ok = ok && writer_copy_text(write, &openings[i].value);
    }
    write->entry = copy;
    return ok;
}

static int enqueue(struct store *store, struct write *write, const uint8_t *over)
{
    if (!write->what)
        return gb_err_nomem(&write->err);
    pthread_mutex_lock(&store->lock);
    bool full = store->queued >= GB_LIMIT_STORE_QUEUE || store->stopping;
    if (!full) {
        *(store->first ? &store->last->next : &store->first) = write;
        store->last = write;
        store->queued++;
        if (over)
            live_forget(&store->live, over);
        pthread_cond_signal(&store->wake);
    }
    pthread_mutex_unlock(&store->lock);
    if (full)
        return gb_err_set(&write->err, GB_ERR_AGAIN,
                          "the store has %d writes to do already: ask again in a moment",
                          GB_LIMIT_STORE_QUEUE);
    return GB_OK;
}

void writer_queue_over(struct store *store, struct write *write, const uint8_t id[STORE_ID])
{
    int r = enqueue(store, write, id);
    if (r == GB_OK)
        return; /* and not ours any more */
    write->result = r;
    tell(store, write);
}

void writer_queue(struct store *store, struct write *write)
{
    writer_queue_over(store, write, NULL);
}

int writer_start(struct store *store, struct gb_err *err)
{
    int failed = pthread_create(&store->thread, NULL, writer_main, store);
    if (failed)
        return gb_err_sys(err, failed, "cannot start the store's thread: %s",
                          strerrordesc_np(failed));
    store->running = true;
    return GB_OK;
}

void writer_stop(struct store *store)
{
    if (!store->running)
        return;
    pthread_mutex_lock(&store->lock);
    store->stopping = true;
    pthread_cond_signal(&store->wake);
    pthread_mutex_unlock(&store->lock);
    pthread_join(store->thread, NULL);
    store->running = false;
}

static void *writer_main(void *ctx)
{
    struct store *store = ctx;
    struct batch batch;
    int64_t flush_at_ms = gb_clock_ms() + store->flush_ms;
    do {
        wait_for_work(store, &flush_at_ms, &batch);
        commit_batch(store, &batch);
        erase(&store->writer, batch.first);
        tell(store, batch.first);
    } while (!batch.last);
    return NULL;
}

static void wait_until(struct store *store, int64_t at_ms)
{
    struct timespec at = {.tv_sec = (time_t)(at_ms / 1000),
                          .tv_nsec = (long)(at_ms % 1000) * 1000000};
    pthread_cond_timedwait(&store->wake, &store->lock, &at);
}

/* Takes every queued write, and the hot table's when its time has come. */
static void wait_for_work(struct store *store, int64_t *flush_at_ms, struct batch *ret_batch)
{
    *ret_batch = (struct batch){0};
    pthread_mutex_lock(&store->lock);
    while (!store->first && !store->stopping && gb_clock_ms() < *flush_at_ms)
        wait_until(store, *flush_at_ms);
    bool flush = store->stopping || gb_clock_ms() >= *flush_at_ms;
    ret_batch->last = store->stopping; /* nothing is queued any more */
    ret_batch->first = store->first;
    ret_batch->count = store->queued;
    store->first = store->last = NULL;
    store->queued = 0;
    if (flush) {
        *flush_at_ms = gb_clock_ms() + store->flush_ms;
        ret_batch->probe = !store->counts.healthy;
        if (!live_take(&store->live, &ret_batch->live))
            store->counts.failures++;
    }
    pthread_mutex_unlock(&store->lock);
}

/* A write that is refused must not undo its neighbours: each has its savepoint. */
static int run_one(struct db *db, struct write *write)
{
    gb_cleanup(query_close) struct query begin, release;
    query_open(&begin, db, "SAVEPOINT one");
    query_open(&release, db, "RELEASE one");
    int r = query_run(&begin, &write->err);
    if (r < 0)
        return r;
    uint64_t next = db->entry_next, first = db->entry_first;
    size_t gone = db->gone.count;
    r = write->run(db, write->what, &write->err);
    if (r == GB_OK && write->entry)
        r = entry_put(db, write->entry, &write->err);
    if (r >= 0)
        r = query_run(&release, &write->err);
    if (r < 0) {
        db_rollback_to(db, "ROLLBACK TO one; RELEASE one");
        db->entry_next = next;
        db->entry_first = first;
        gone_back(&db->gone, gone);
    }
    return r;
}

static int flush_live(struct db *db, struct live_batch *live, struct gb_err *err)
{
    if (live->count == 0)
        return GB_OK;
    int r = db_exec(db, "SAVEPOINT live", err);
    if (r < 0)
        return r;
    r = live_write(db, live, err);
    if (r < 0)
        db_rollback_to(db, "ROLLBACK TO live; RELEASE live");
    return r;
}

static int probe(struct db *db, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, "UPDATE scope SET probed_s = ? WHERE num = ?");
    query_int(&q, gb_clock_s());
    query_int(&q, db->scope);
    return query_run(&q, err);
}

/* Rules refuse; all else means that the disk did. */
static bool is_failure(int result)
{
    return result < 0 && result != GB_ERR_DENIED && result != GB_ERR_NOTFOUND &&
           result != GB_ERR_LIMIT && result != GB_ERR_AGAIN;
}

struct outcome {
    int committed; /* 0, or why the transaction did not go through */
    int live;
    bool failure; /* of a single write, or of the hot table */
    struct gb_err err;
};

static void run_batch(struct db *db, struct batch *batch, struct outcome *out)
{
    gb_cleanup(query_close) struct query commit = {0};
    out->committed = db_exec(db, "BEGIN IMMEDIATE", &out->err);
    if (out->committed < 0)
        return;
    for (struct write *w = batch->first; w && db_in_transaction(db); w = w->next) {
        w->result = run_one(db, w);
        if (!is_failure(w->result))
            continue;
        out->failure = true;
        out->err = w->err;
    }
    if (db_in_transaction(db))
        out->live = flush_live(db, &batch->live, &out->err);
    if (batch->probe && db_in_transaction(db) && probe(db, &out->err) < 0)
        out->failure = true;
    out->failure = out->failure || out->live < 0;
    query_open(&commit, db, "COMMIT");
    if (db_in_transaction(db))
        out->committed = query_run(&commit, &out->err);
    else /* SQLite undid it for the failure that `err` tells of */
        out->committed = out->failure ? GB_ERR_IO : GB_ERR_BUG;
    if (out->committed < 0)
        db_rollback(db);
}

/* Even a refusal may rest on a neighbour's write that is not there now. */
static void fail_all(struct batch *batch, int result, const struct gb_err *err)
{
    for (struct write *w = batch->first; w; w = w->next) {
        w->result = result;
        w->err = *err;
    }
}

static void count(struct store *store, struct batch *batch, const struct outcome *out)
{
    struct store_counts *c = &store->counts;
    bool ok = out->committed == GB_OK;
    c->commits += ok;
    for (const struct write *w = batch->first; w; w = w->next) {
        c->rows += w->result == GB_OK;
        c->failures += is_failure(w->result);
    }
    c->live_rows += ok && out->live == GB_OK ? batch->live.written : 0;
    c->failures += batch->live.count > 0 && (!ok || out->live < 0);
    c->healthy = ok && !out->failure;
    if (!c->healthy)
        snprintf(c->last_error, sizeof c->last_error, "%s", out->err.text);
}

static void commit_batch(struct store *store, struct batch *batch)
{
    struct outcome out = {0};
    if (!batch->first && batch->live.count == 0 && !batch->probe)
        return;
    struct db *db = &store->writer;
    uint64_t next = db->entry_next, first = db->entry_first;
    run_batch(db, batch, &out);
    if (out.committed < 0) {
        fail_all(batch, out.committed, &out.err);
        db->entry_next = next; /* what has no record has no number */
        db->entry_first = first;
    }
    gone_end(&db->gone, store, out.committed == GB_OK);
    pthread_mutex_lock(&store->lock);
    store->entry_next = db->entry_next;
    store->entry_first = db->entry_first;
    count(store, batch, &out);
    live_give_back(&store->live, &batch->live, out.committed == GB_OK && out.live == GB_OK);
    pthread_mutex_unlock(&store->lock);
}

/* Whoever asked again after it failed has nothing left to forget, but a journal to cut. */
static void erase(struct db *db, struct write *first)
{
    for (struct write *w = first; w; w = w->next) {
        struct gb_err err;
        if (!w->erases || (w->result < 0 && w->result != GB_ERR_NOTFOUND))
            continue;
        int r = db_cut_journal(db, &err);
        if (r == GB_OK)
            continue;
        w->result = r;
        w->err = err;
    }
}

static void tell(struct store *store, struct write *first)
{
    for (struct write *w = first, *next; w; w = next) {
        next = w->next;
        if (w->result < 0 && w->kept) /* nobody has begun to name these */
            store_blob_discard(store, w->kept->parts, w->kept->part_count);
        if (w->done)
            w->done(w->ctx, w->result, w->result < 0 ? &w->err : NULL);
        gb_arena_free(w->arena);
    }
}
