#include <inttypes.h>

#include "store/db.h"
#include "store/reading.h"
#include "store/state.h"
#include "store/store.h"
#include "store/writer.h"

static int sealed(struct db *db, int64_t *ret_minute, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, "SELECT sealed FROM ledger_head WHERE scope = ?");
    query_int(&q, db->scope);
    int r = query_step(&q, err);
    if (r == 0)
        return gb_err_set(err, GB_ERR_BUG, "%s: no head of the ledger", db->path);
    if (r > 0)
        *ret_minute = query_get_int(&q);
    return r < 0 ? r : GB_OK;
}

static int run_seal(struct db *db, const void *what, struct gb_err *err)
{
    int64_t minute = *(const int64_t *)what, last;
    int r = sealed(db, &last, err);
    if (r < 0)
        return r;
    if (minute <= last)
        return gb_err_set(err, GB_ERR_DENIED, "minute %" PRId64 " cannot be sealed: %" PRId64 " is",
                          minute, last);
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, "UPDATE ledger_head SET sealed = ? WHERE scope = ?");
    query_int(&q, minute);
    query_int(&q, db->scope);
    return query_run(&q, err);
}

void store_rounds_seal(struct store *store, int64_t minute, const struct store_entry *entry,
                       store_done *done, void *ctx)
{
    struct write *write = writer_new(done, ctx);
    if (!write)
        return;
    write->run = run_seal;
    if (writer_entry(write, entry))
        write->what = gb_arena_copy(write->arena, gb_bytes(&minute, sizeof minute)).data;
    writer_queue(store, write);
}

int store_rounds_sealed(struct store *store, int64_t *ret_minute, struct gb_err *err)
{
    gb_cleanup(reading_end) struct reading reading = {0};
    int r = reading_begin(store, &reading, err);
    return r < 0 ? r : sealed(reading.db, ret_minute, err);
}
