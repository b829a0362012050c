#include "store/store.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/mem.h"
#include "store/db.h"
#include "store/entry.h"
#include "store/file.h"
#include "store/kept_put.h"
#include "store/live.h"
#include "store/schema.h"
#include "store/state.h"
#include "store/writer.h"

/* FULL: a COMMIT returns when the journal is on the disk. A checkpoint each 4 MB; the journal is
 * cut back after a burst. */
static const char *const WRITER = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                                  "PRAGMA wal_autocheckpoint=1000; PRAGMA cache_size=-16384;"
                                  "PRAGMA journal_size_limit=67108864; PRAGMA secure_delete=ON;";

static int find_scope(struct db *db, const struct store_conf *conf, struct gb_err *err)
{
    gb_cleanup(query_close) struct query add, get;
    query_open(&add, db,
               "INSERT INTO scope (trust_domain, tenant, cluster) VALUES (?, ?, ?)"
               " ON CONFLICT DO NOTHING");
    query_open(&get, db,
               "SELECT num FROM scope WHERE trust_domain = ? AND tenant = ?"
               " AND cluster = ?");
    const char *const key[] = {conf->trust_domain, conf->tenant, conf->cluster};
    for (size_t i = 0; i < GB_ARRAY_LEN(key); i++) {
        query_text(&add, key[i]);
        query_text(&get, key[i]);
    }
    int r = query_run(&add, err);
    if (r == GB_OK)
        r = query_step(&get, err);
    if (r > 0)
        db->scope = query_get_int(&get);
    return r < 0 ? r : GB_OK;
}

static int open_writer(struct store *store, const struct store_conf *conf, struct gb_err *err)
{
    int version;
    int r = db_open(&store->writer, store->path, DB_WRITE, err);
    if (r == GB_OK)
        r = schema_check(&store->writer, &version, err);
    if (r == GB_OK)
        r = db_exec(&store->writer, WRITER, err);
    if (r == GB_OK)
        r = schema_migrate(&store->writer, version, err);
    if (r == GB_OK)
        r = find_scope(&store->writer, conf, err);
    if (r == GB_OK)
        r = entry_find(&store->writer, err);
    store->entry_first = store->writer.entry_first;
    store->entry_next = store->writer.entry_next;
    return r;
}

static void init_locks(struct store *store)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&store->lock, NULL);
    pthread_cond_init(&store->wake, &monotonic);
    pthread_mutex_init(&store->readers_lock, NULL);
    pthread_cond_init(&store->reader_free, NULL);
    pthread_condattr_destroy(&monotonic);
}

int store_open(const struct store_conf *conf, struct store **ret_store, struct gb_err *err)
{
    gb_cleanup(store_closep) struct store *store = gb_calloc(1, sizeof *store);
    if (!store)
        return gb_err_nomem(err);
    init_locks(store);
    store->lock_fd = -1;
    store->flush_ms = conf->flush_ms > 0 ? conf->flush_ms : 1000;
    store->counts.healthy = true;
    size_t size = strlen(conf->path) + 1;
    store->path = gb_calloc(size, 1);
    if (!store->path)
        return gb_err_nomem(err);
    memcpy(store->path, conf->path, size);
    int r = db_file_lock(store->path, &store->lock_fd, err);
    if (r == GB_OK)
        r = db_file_ready(store->path, err);
    if (r == GB_OK)
        r = open_writer(store, conf, err);
    if (r == GB_OK)
        r = kept_tidy(store, err);
    if (r == GB_OK)
        r = writer_start(store, err);
    if (r < 0)
        return r;
    *ret_store = gb_take(store);
    return GB_OK;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    writer_stop(store);
    for (size_t i = 0; i < STORE_READERS; i++)
        if (store->reader_open[i])
            db_close(&store->readers[i]);
    if (store->writer.handle)
        db_close(&store->writer);
    live_done(&store->live);
    pthread_mutex_destroy(&store->lock);
    pthread_cond_destroy(&store->wake);
    pthread_mutex_destroy(&store->readers_lock);
    pthread_cond_destroy(&store->reader_free);
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    gb_free(store->path);
    gb_free(store);
}

void store_closep(struct store **store)
{
    store_close(*store);
}

void store_health(struct store *store, struct store_counts *ret_counts)
{
    pthread_mutex_lock(&store->lock);
    *ret_counts = store->counts;
    ret_counts->queued = store->queued;
    pthread_mutex_unlock(&store->lock);
}

void store_fail_nth(struct store *store, unsigned long nth)
{
    atomic_store(&store->writer.fail_nth, nth);
}
