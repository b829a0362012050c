#include "store/reading.h"

#include <pthread.h>
#include <string.h>

#include "store/db.h"
#include "store/state.h"

static size_t free_reader(const struct store *store)
{
    size_t i = 0;
    while (i < STORE_READERS && store->reader_busy[i])
        i++;
    return i;
}

int reading_begin(struct store *store, struct reading *ret_reading, struct gb_err *err)
{
    pthread_mutex_lock(&store->readers_lock);
    size_t i;
    while ((i = free_reader(store)) == STORE_READERS)
        pthread_cond_wait(&store->reader_free, &store->readers_lock);
    store->reader_busy[i] = true;
    pthread_mutex_unlock(&store->readers_lock);

    struct db *db = &store->readers[i];
    *ret_reading = (struct reading){.store = store, .db = db};
    if (store->reader_open[i]) /* only who has it looks */
        return GB_OK;
    int r = db_open(db, store->path, DB_READ, err);
    if (r < 0) {
        reading_end(ret_reading);
        return r;
    }
    db->scope = store->writer.scope;
    store->reader_open[i] = true;
    return GB_OK;
}

void reading_end(struct reading *reading)
{
    struct store *store = reading->store;
    if (!store)
        return;
    pthread_mutex_lock(&store->readers_lock);
    store->reader_busy[reading->db - store->readers] = false;
    pthread_cond_signal(&store->reader_free);
    pthread_mutex_unlock(&store->readers_lock);
    reading->store = NULL;
}

void *reading_grow(struct gb_arena *arena, void *items, size_t count, size_t size)
{
    enum { FIRST = 16 };
    bool full = count == 0 || (count >= FIRST && (count & (count - 1)) == 0);
    if (!full)
        return items;
    void *larger = gb_arena_alloc(arena, count == 0 ? FIRST : count * 2, size);
    if (larger && count > 0)
        memcpy(larger, items, count * size);
    return larger;
}

int reading_rows(struct query *q, struct gb_arena *arena, size_t size,
                 int (*read)(struct query *q, struct gb_arena *arena, void *ret_row,
                             struct gb_err *err),
                 struct rows *ret_rows, struct gb_err *err)
{
    struct rows rows = {0};
    int r;
    while ((r = query_step(q, err)) > 0) {
        rows.items = reading_grow(arena, rows.items, rows.count, size);
        if (!rows.items)
            return gb_err_nomem(err);
        r = read(q, arena, (char *)rows.items + rows.count * size, err);
        if (r < 0)
            return r;
        rows.count++;
    }
    if (r == 0)
        *ret_rows = rows;
    return r;
}
