#include "witness/api.h"

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/http_server.h"
#include "net/loop.h"
#include "net/router.h"
#include "os/pool.h"
#include "witness/witness.h"

/* One request's way to the pool, where disk and curves are, and back to its loop. Its memory is the
 * request's. */
struct work {
    struct api *api;
    struct http_request *request;
    struct loop *loop;
    struct gb_arena *arena;
    struct gb_bytes asked;
    void (*ask)(struct witness *witness, struct work *work);
    struct witness_answer answer;
};

static void answer(struct http_request *request, const struct witness_answer *what)
{
    if (what->code)
        http_refuse(request, what->status, what->code, what->message, what->remedy);
    else
        http_answer(request, what->status, what->type, what->body);
}

static void come_back(void *ctx)
{
    struct work *work = ctx;
    answer(work->request, &work->answer);
}

/* The request must be answered: waits until there is memory. */
static void in_pool(void *ctx, unsigned worker)
{
    struct work *work = ctx;
    (void)worker;
    work->ask(work->api->witness, work);
    while (!loop_post(work->loop, come_back, work)) {
        gb_log_event(GB_LOG_ERROR, "out-of-memory", GB_LOG_TEXT("what", "posting to a loop"));
        usleep(10000);
    }
}

/* `asked` is borrowed until the answer. */
static void start(struct api *api, struct http_request *request, struct gb_bytes asked,
                  void (*ask)(struct witness *witness, struct work *work))
{
    struct gb_arena *arena = http_request_arena(request);
    struct work *work = arena ? gb_arena_new_one(arena, struct work) : NULL;
    if (work)
        *work = (struct work){.api = api,
                              .request = request,
                              .loop = http_request_loop(request),
                              .arena = arena,
                              .asked = asked,
                              .ask = ask};
    if (!work || !pool_run(api->pool, in_pool, work))
        http_refuse(request, 503, "overloaded", "too much is under way", "try again in a moment");
}

static void ask_add(struct witness *witness, struct work *work)
{
    witness_add(witness, work->arena, work->asked, gb_clock_s(), &work->answer);
}

static void add_checkpoint(void *ctx, const struct route_call *call)
{
    start(ctx, call->request, http_request_body(call->request), ask_add);
}

static void ask_latest(struct witness *witness, struct work *work)
{
    witness_latest(witness, work->arena, work->asked, &work->answer);
}

static void latest(void *ctx, const struct route_call *call)
{
    struct gb_arena *arena = http_request_arena(call->request);
    /* the head's buffer may move while we are in the pool */
    struct gb_bytes log = arena ? gb_arena_copy(arena, call->params[0]) : gb_bytes(NULL, 0);
    start(ctx, call->request, log, ask_latest);
}

/* 503 for a fork: whoever only looks at the status must see it. It is served all the same. */
static void healthz(void *ctx, const struct route_call *call)
{
    const struct api *api = ctx;
    struct witness_counts counts;
    char body[160];
    witness_counts(api->witness, &counts);
    const char *word = counts.forks ? "fork" : counts.suspects ? "suspect" : "ok";
    int len = snprintf(body, sizeof body,
                       "{\"status\":\"%s\",\"logs\":%zu,\"forks\":%zu,\"suspects\":%zu}\n", word,
                       counts.logs, counts.forks, counts.suspects);
    http_answer(call->request, counts.forks ? 503 : 200, "application/json",
                gb_bytes(body, (size_t)len));
}

const struct route api_routes[] = {
    {HTTP_POST, "/add-checkpoint", ROUTE_STRANGER, 0, 0, GB_LIMIT_ADD_CHECKPOINT, 0, add_checkpoint,
     "Co-sign a checkpoint that grows from the last"},
    {HTTP_GET, "/{log}/checkpoint", ROUTE_STRANGER, 0, 0, 0, 0, latest,
     "What was co-signed last of the log"},
    {HTTP_GET, "/healthz", ROUTE_STRANGER, 0, 0, 0, 0, healthz, "Whether a log has forked"},
    {.pattern = NULL},
};
