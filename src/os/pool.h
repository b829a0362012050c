/* Slow work off the event loops: a fixed number of threads and a bounded queue. Full is an answer:
 * the caller says 503. */
#ifndef GB_OS_POOL_H
#define GB_OS_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "base/err.h"

struct pool;

/* `worker` counts from 0: what a thread owns (a digester, a connection) is found by it. */
typedef void pool_job(void *ctx, unsigned worker);

/* At most `capacity` jobs wait. Signals are blocked in the threads. */
GB_MUST_USE int pool_new(unsigned workers, size_t capacity, struct pool **ret_pool,
                         struct gb_err *err);
/* Does what waits, then joins. NULL is fine. Nobody may call pool_run any more. */
void pool_free(struct pool *pool);
/* False when the queue is full: nothing will run. Any thread. */
GB_MUST_USE bool pool_run(struct pool *pool, pool_job *job, void *ctx);
/* How many wait. Any thread. */
size_t pool_waiting(struct pool *pool);

#endif
