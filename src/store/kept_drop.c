/* Dropping what is kept: rows in the transaction of whoever asks, files once that is durable. */

#include <stdint.h>

#include "base/arena.h"
#include "store/db.h"
#include "store/gone.h"
#include "store/kept_put.h"
#include "store/reading.h"

/* Of one number: the blobs that it names, its parts, its records. */
struct dropping {
    const char *blobs, *parts, *records;
};

static const struct dropping CHAIN = {
    "SELECT DISTINCT p.blob FROM kept k JOIN kept_part p ON p.record = k.num WHERE k.chain = ?",
    "DELETE FROM kept_part WHERE record IN (SELECT num FROM kept WHERE chain = ?)",
    "DELETE FROM kept WHERE chain = ?"};

static const struct dropping RECORD = {"SELECT DISTINCT blob FROM kept_part WHERE record = ?",
                                       "DELETE FROM kept_part WHERE record = ?",
                                       "DELETE FROM kept WHERE num = ?"};

static int run_on(struct db *db, const char *sql, int64_t value, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, sql);
    query_int(&q, value);
    return query_run(&q, err);
}

static int read_num(struct query *q, struct gb_arena *arena, void *ret_row, struct gb_err *err)
{
    (void)arena;
    *(int64_t *)ret_row = query_get_int(q);
    return query_read_ok(q, err);
}

static int list_blobs(struct db *db, struct gb_arena *arena, const char *sql, int64_t num,
                      struct rows *ret_blobs, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, sql);
    query_int(&q, num);
    return reading_rows(&q, arena, sizeof(int64_t), read_num, ret_blobs, err);
}

/* Unless something else names it. */
static int drop_blob(struct db *db, struct gb_arena *arena, int64_t blob, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db,
               "DELETE FROM blob WHERE num = ?1 AND NOT EXISTS"
               " (SELECT 1 FROM kept_part WHERE blob = ?1) RETURNING file");
    query_int(&q, blob);
    int r = query_step(&q, err);
    if (r <= 0)
        return r;
    const char *file = query_get_text(&q, arena);
    r = query_read_ok(&q, err);
    if (r == GB_OK && file)
        r = gone_note(&db->gone, file, err);
    while (r == GB_OK && (r = query_step(&q, err)) > 0)
        r = GB_OK; /* it is done when it says so */
    return r;
}

static int drop(struct db *db, const struct dropping *what, int64_t num, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct rows blobs;
    int r = arena ? list_blobs(db, arena, what->blobs, num, &blobs, err) : gb_err_nomem(err);
    if (r == GB_OK)
        r = run_on(db, what->parts, num, err);
    for (size_t i = 0; r == GB_OK && i < blobs.count; i++)
        r = drop_blob(db, arena, ((const int64_t *)blobs.items)[i], err);
    return r < 0 ? r : run_on(db, what->records, num, err);
}

int kept_drop_chain(struct db *db, int64_t chain, struct gb_err *err)
{
    return drop(db, &CHAIN, chain, err);
}

int kept_drop_record(struct db *db, int64_t num, struct gb_err *err)
{
    return drop(db, &RECORD, num, err);
}
