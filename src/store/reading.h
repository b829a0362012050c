/* A reader's connection for the time of one read: a few are kept, any thread takes a free one.
 * Private to store/. */
#ifndef GB_STORE_READING_H
#define GB_STORE_READING_H

#include <stddef.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "store/db.h"
#include "store/state.h"

struct reading {
    struct store *store;
    struct db *db;
};

/* Waits for a free one. */
GB_MUST_USE int reading_begin(struct store *store, struct reading *ret_reading, struct gb_err *err);
/* For gb_cleanup; after all of its queries are closed. */
void reading_end(struct reading *reading);

/* A list that grows in the arena: makes room for element `count`. NULL when out of memory. */
GB_MUST_USE void *reading_grow(struct gb_arena *arena, void *items, size_t count, size_t size);

/* All rows of a query whose values are bound, as an array in the arena. */
struct rows {
    void *items;
    size_t count;
};
/* `read` fills one element of `size` bytes from a row. */
GB_MUST_USE int reading_rows(struct query *q, struct gb_arena *arena, size_t size,
                             int (*read)(struct query *q, struct gb_arena *arena, void *ret_row,
                                         struct gb_err *err),
                             struct rows *ret_rows, struct gb_err *err);

#endif
