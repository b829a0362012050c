#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "os/pool.h"
#include "result/verdict.h"
#include "server/kept/simulation.h"
#include "server/kept/simulation_inside.h"
#include "server/kept/simulation_judge.h"
#include "server/kept/simulation_shadows.h"
#include "server/nodes/nodes.h"
#include "server/server.h"
#include "wire/json.h"

enum { SLICE_MS = 50 };

/* Whole or not at all: what does not fit is counted. */
static bool append(struct gb_buf *list, struct gb_bytes text)
{
    if (list->failed || list->len + text.len + 1 > list->max)
        return false;
    if (list->len > 0)
        gb_buf_puts(list, ",");
    gb_buf_add(list, text.data, text.len);
    return !list->failed;
}

static void note(struct lane *lane, const struct node_summary *node, enum simulated simulated,
                 struct gb_bytes change, const struct verdict *verdict)
{
    struct simulation *s = lane->simulation;
    pthread_mutex_lock(&s->lock);
    simulation_shadows_note(&s->shadows, lane->arena, node->name, verdict);
    s->done++;
    s->unchanged += simulated == SIMULATED_SAME;
    s->worse += simulated == SIMULATED_WORSE;
    s->better += simulated == SIMULATED_BETTER;
    s->other += simulated == SIMULATED_OTHER;
    if (simulated != SIMULATED_SAME && !append(&s->changes, change))
        s->left_out++;
    pthread_mutex_unlock(&s->lock);
}

static void note_without(struct simulation *s, const char *name)
{
    struct gb_buf text;
    gb_buf_init(&text, GB_LIMIT_ENTRY);
    json_line_text(gb_bytes_str(name), &text);
    pthread_mutex_lock(&s->lock);
    s->done++;
    s->without++;
    (void)append(&s->names, gb_buf_bytes(&text));
    pthread_mutex_unlock(&s->lock);
    gb_buf_done(&text);
}

static void note_failure(struct simulation *s, const char *name, const struct gb_err *err)
{
    pthread_mutex_lock(&s->lock);
    if (!s->failed) {
        s->failed = true;
        s->err = *err;
        gb_err_prefix(&s->err, "%s: ", name);
    }
    pthread_mutex_unlock(&s->lock);
    atomic_store(&s->cancelled, true);
}

static void judge_one(struct lane *lane, struct digester *digester, const struct node_summary *node)
{
    struct simulation *s = lane->simulation;
    const struct simulation_judge judge = {.arena = lane->arena,
                                           .digester = digester,
                                           .store = s->server->store,
                                           .cache = lane->cache,
                                           .trust = &s->trust,
                                           .time_s = s->time_s};
    gb_cleanup(json_freep) struct json *change = NULL;
    const struct verdict *verdict;
    enum simulated simulated;
    struct gb_buf line;
    struct gb_err err;
    gb_arena_reset(lane->arena);
    int r = simulation_judge(&judge, node, &simulated, &change, &verdict, &err);
    /* What one node's evidence is must not end it for the fleet: it counts as none, and is named.
     */
    if (r == GB_ERR_NOTFOUND || r == GB_ERR_LIMIT || r == GB_ERR_INPUT || r == GB_ERR_CONFIG) {
        if (r != GB_ERR_NOTFOUND)
            gb_log_err(GB_LOG_WARNING, "simulation-without", &err);
        note_without(s, node->name);
        return;
    }
    gb_buf_init(&line, SIMULATION_ANSWER);
    if (r == GB_OK && change)
        json_line(change, &line);
    if (r == GB_OK && !gb_buf_ok(&line))
        r = gb_err_nomem(&err);
    if (r < 0)
        note_failure(s, node->name, &err);
    else
        note(lane, node, simulated, gb_buf_bytes(&line), verdict);
    gb_buf_done(&line);
}

static void end_lane(struct lane *lane)
{
    struct simulation *s = lane->simulation;
    pthread_mutex_lock(&s->lock);
    if (--s->running == 0)
        s->ended_ms = gb_clock_ms();
    pthread_mutex_unlock(&s->lock);
    simulation_unref(s);
}

/* One slice; whoever waits in the pool comes before the next. */
static void run_lane(void *ctx, unsigned worker)
{
    struct lane *lane = ctx;
    struct simulation *s = lane->simulation;
    int64_t until_ms = gb_clock_ms() + SLICE_MS;
    simulation_look(s, gb_clock_ms());
    while (!atomic_load(&s->cancelled) && !atomic_load(&s->server->stopping)) {
        size_t at = atomic_fetch_add(&s->next, 1);
        if (at >= s->count)
            break;
        judge_one(lane, s->server->workers[worker].digester, &s->nodes[at]);
        if (gb_clock_ms() < until_ms)
            continue;
        if (pool_run(s->server->pool, run_lane, lane))
            return;
        simulation_look(s, gb_clock_ms());
        until_ms = gb_clock_ms() + SLICE_MS; /* full: nobody runs it but we */
    }
    end_lane(lane);
}

bool simulation_start(struct simulation *s)
{
    size_t started = 0;
    pthread_mutex_lock(&s->lock);
    s->running = s->lane_count;
    s->holders += s->lane_count;
    pthread_mutex_unlock(&s->lock);
    while (started < s->lane_count && pool_run(s->server->pool, run_lane, &s->lanes[started]))
        started++;
    if (started == 0)
        atomic_store(&s->cancelled, true);
    for (size_t i = started; i < s->lane_count; i++)
        end_lane(&s->lanes[i]); /* the others do its work */
    return started > 0;
}

void simulation_cancel(struct simulation *s)
{
    atomic_store(&s->cancelled, true);
}

/* A client that was killed, or whose network went, cannot say so. */
void simulation_look(struct simulation *s, int64_t now_ms)
{
    if (now_ms - atomic_load(&s->asked_ms) < SIMULATION_ALONE_MS)
        return;
    pthread_mutex_lock(&s->lock);
    s->alone = true;
    pthread_mutex_unlock(&s->lock);
    simulation_cancel(s);
}
