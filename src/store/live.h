/*
 * Liveness and replay state on its way to the hot table: the newest value of each node, until the
 * next flush. Private to store/. Not thread-safe: the store's lock guards the table; live_write
 * works on a batch that was taken out of it.
 */
#ifndef GB_STORE_LIVE_H
#define GB_STORE_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "store/db.h"
#include "store/store.h"

enum { LIVE_MAX_PROGRESS = 1024 };

struct live_slot {
    uint8_t id[STORE_ID];
    int64_t num; /* the node's row, once it was looked up; 0: not yet */
    int64_t verified_s;
    uint8_t *progress; /* owned; waits while `dirty` */
    uint16_t len;
    bool dirty;
    bool used;
};

struct live_table {
    struct live_slot *slots; /* open addressing, at most three quarters full */
    size_t mask;
    size_t used;
    size_t dirty;
};

struct live_batch {
    struct live_slot *rows; /* owned, with their progress */
    size_t count;
    size_t written;
};

void live_done(struct live_table *table);
GB_MUST_USE bool live_set(struct live_table *table, const struct store_live *live);
/* What waits for this node is out of date. */
void live_forget(struct live_table *table, const uint8_t id[STORE_ID]);
/* Takes all that waits. False when out of memory: it waits on. */
GB_MUST_USE bool live_take(struct live_table *table, struct live_batch *ret_batch);
/* Writes the batch in the order of its rows; within the writer's transaction. */
GB_MUST_USE int live_write(struct db *db, struct live_batch *batch, struct gb_err *err);
/* After the commit, or (not `ok`) to let it wait again, unless something newer does. Frees the
 * batch. */
void live_give_back(struct live_table *table, struct live_batch *batch, bool ok);

/* One row, for verdicts. */
GB_MUST_USE int live_write_one(struct db *db, int64_t num, int64_t verified_s,
                               struct gb_bytes progress, struct gb_err *err);

#endif
