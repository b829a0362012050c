/* A reader's connection for the time of one read: a few are kept, any thread takes a free one.
 * Private to store/. */
#ifndef GB_STORE_READING_H
#define GB_STORE_READING_H

#include "base/check.h"
#include "base/err.h"
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

#endif
