#include "server/work.h"

#include <unistd.h>

#include "base/log.h"
#include "net/http_server.h"
#include "net/loop.h"
#include "os/pool.h"
#include "server/api/answer.h"
#include "server/api/refusals.h"
#include "server/server.h"

void *work_new(struct thread *thread, struct http_request *request, size_t size)
{
    struct gb_arena *arena = http_request_arena(request);
    struct work *work = arena ? gb_arena_alloc(arena, 1, size) : NULL;
    if (!work) {
        answer_refuse(thread, request, REFUSAL_NO_MEMORY, NULL);
        return NULL;
    }
    *work = (struct work){.thread = thread, .request = request, .arena = arena};
    return work;
}

static void come_back(void *ctx)
{
    struct work *work = ctx;
    work->then(work);
}

/* The request must be answered and what it holds given back: waits until there is memory. */
static void post(struct work *work)
{
    while (!loop_post(work->thread->loop, come_back, work)) {
        gb_log_event(GB_LOG_ERROR, "out-of-memory", GB_LOG_TEXT("what", "posting to a loop"));
        usleep(10000);
    }
}

static void in_pool(void *ctx, unsigned worker)
{
    struct work *work = ctx;
    work->run(work, &work->thread->server->workers[worker]);
    post(work);
}

bool work_start(struct work *work)
{
    return pool_run(work->thread->server->pool, in_pool, work);
}

void work_stored(void *ctx, int result, const struct gb_err *err)
{
    struct work *work = ctx;
    work->result = result;
    if (err)
        work->err = *err;
    post(work);
}
