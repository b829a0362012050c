#include "store/db.h"
#include "store/reading.h"
#include "store/state.h"
#include "store/store.h"
#include "store/writer.h"

/* The newest stay: numbers go up by one. */
static int prune(struct db *db, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, "DELETE FROM event WHERE scope = ? AND num <= ?");
    query_int(&q, db->scope);
    query_int(&q, sqlite3_last_insert_rowid(db->handle) - STORE_KEEP_EVENTS);
    return query_run(&q, err);
}

static int run_add(struct db *db, const void *what, struct gb_err *err)
{
    const struct store_event *event = what;
    gb_cleanup(query_close) struct query q;
    query_open(&q, db,
               "INSERT INTO event (scope, at_s, who, what, whom, why) VALUES (?, ?, ?, ?, ?, ?)");
    query_int(&q, db->scope);
    query_int(&q, event->at_s);
    query_text(&q, event->who);
    query_text(&q, event->what);
    query_text(&q, event->whom);
    query_text(&q, event->why);
    int r = query_run(&q, err);
    return r < 0 ? r : prune(db, err);
}

void store_event_add(struct store *store, const struct store_event *event, store_done *done,
                     void *ctx)
{
    struct write *write = writer_new(done, ctx);
    if (!write)
        return;
    struct store_event *copy = gb_arena_new_one(write->arena, struct store_event);
    bool ok = copy != NULL;
    if (ok) {
        *copy = *event;
        ok = writer_copy_text(write, &copy->who) && writer_copy_text(write, &copy->what) &&
             writer_copy_text(write, &copy->whom) && writer_copy_text(write, &copy->why);
    }
    write->run = run_add;
    write->what = ok ? copy : NULL;
    writer_queue(store, write);
}

static int read_row(struct query *q, struct gb_arena *arena, struct store_event *ret_event,
                    struct gb_err *err)
{
    struct store_event event = {0};
    event.at_s = query_get_int(q);
    event.who = query_get_text(q, arena);
    event.what = query_get_text(q, arena);
    event.whom = query_get_text(q, arena);
    event.why = query_get_text(q, arena);
    int r = query_read_ok(q, err);
    if (r == GB_OK)
        *ret_event = event;
    return r;
}

int store_event_list(struct store *store, struct gb_arena *arena, size_t max,
                     struct store_event **ret_events, size_t *ret_count, struct gb_err *err)
{
    gb_cleanup(reading_end) struct reading reading = {0};
    int r = reading_begin(store, &reading, err);
    if (r < 0)
        return r;
    gb_cleanup(query_close) struct query q;
    query_open(&q, reading.db,
               "SELECT at_s, who, what, whom, why FROM event WHERE scope = ? ORDER BY num DESC"
               " LIMIT ?");
    query_int(&q, reading.db->scope);
    query_int(&q, max < GB_LIMIT_STORE_LIST ? (int64_t)max : GB_LIMIT_STORE_LIST);
    struct store_event *events = NULL;
    size_t count = 0;
    while ((r = query_step(&q, err)) > 0) {
        events = reading_grow(arena, events, count, sizeof *events);
        if (!events)
            return gb_err_nomem(err);
        r = read_row(&q, arena, &events[count], err);
        if (r < 0)
            return r;
        count++;
    }
    if (r < 0)
        return r;
    *ret_events = events;
    *ret_count = count;
    return GB_OK;
}
