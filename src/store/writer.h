/* The one thread that writes: all that has gathered goes into one transaction, and is told after
 * its COMMIT. Private to store/. */
#ifndef GB_STORE_WRITER_H
#define GB_STORE_WRITER_H

#include "base/check.h"
#include "base/err.h"
#include "store/state.h"

/* A write with an arena for what it copies; NULL when out of memory (`done` has been told). */
GB_MUST_USE struct write *writer_new(store_done *done, void *ctx);
/* Puts a copy that lives as long as the write in place of what the caller lends; NULL stays NULL.
 * False when out of memory. */
GB_MUST_USE bool writer_copy_text(struct write *write, const char **text);
GB_MUST_USE bool writer_copy(struct write *write, struct gb_bytes *bytes);
/* Has the entry written behind the change, in its savepoint. False when out of memory, or when the
 * caller has none. */
GB_MUST_USE bool writer_entry(struct write *write, const struct store_entry *entry);
/* Queues it, or tells `done` at once when the queue is full. `run` and `what` must be set; a
 * `what` of NULL means that copying it failed. */
void writer_queue(struct store *store, struct write *write);
/* The same for a verdict: what waits in the hot table for this node is older. */
void writer_queue_over(struct store *store, struct write *write, const uint8_t id[STORE_ID]);

GB_MUST_USE int writer_start(struct store *store, struct gb_err *err);
/* Finishes what is queued, then ends the thread. */
void writer_stop(struct store *store);

#endif
