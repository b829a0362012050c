/* One request's way off its loop and back: to the pool and back, or to the store's writer and back.
 */
#ifndef GB_SERVER_WORK_H
#define GB_SERVER_WORK_H

#include "base/err.h"
#include "server/server.h"

struct work {
    struct thread *thread;
    struct http_request *request;
    struct gb_arena *arena; /* the request's; whoever works at the moment has it */
    void (*run)(struct work *work, struct worker_parts *parts); /* in the pool; sets result, err */
    void (*then)(struct work *work);                            /* back on the loop */
    int result;
    struct gb_err err;
};

/* Memory for a struct that begins with a struct work, with the request's life: an answer or refusal
 * ends it, so nothing of it may be touched afterwards. NULL: refused and answered. */
void *work_new(struct thread *thread, struct http_request *request, size_t size);
#define work_new_of(thread, request, type) ((type *)work_new((thread), (request), sizeof(type)))

/* Runs `run` in the pool, then `then` on the loop. False when the pool is full: nothing runs, the
 * caller refuses. */
GB_MUST_USE bool work_start(struct work *work);
/* A store_done whose ctx is a struct work: keeps result and err, then runs `then` on the loop. */
void work_stored(void *work, int result, const struct gb_err *err);

#endif
