#include "server/kept/simulation.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "attest/attest.h"
#include "attest/trust.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "crypto/rand.h"
#include "crypto/x509.h"
#include "os/file.h"
#include "os/pool.h"
#include "policy/policy.h"
#include "result/verdict.h"
#include "server/documents.h"
#include "server/kept/blob_cache.h"
#include "server/kept/simulation_judge.h"
#include "server/kept/simulation_shadows.h"
#include "server/nodes/nodes.h"
#include "server/server.h"
#include "server/snapshot.h"
#include "store/store.h"
#include "wire/json.h"

enum { SLICE_MS = 50, MAX_LANES = 16 };

/* One line of work: its job runs slice after slice, each behind what waits in the pool. */
struct lane {
    struct simulation *simulation;
    struct gb_arena *arena;
    struct blob_cache *cache;
};

struct simulation {
    struct server *server;
    uint8_t id[SIMULATION_ID];
    struct gb_arena *arena; /* documents, nodes */
    struct x509_store *roots;
    struct trust trust;
    int64_t time_s;
    struct node_summary *nodes;
    size_t count;
    atomic_size_t next; /* the next node to judge */
    atomic_bool cancelled;
    _Atomic int64_t asked_ms; /* when somebody asked for it last, monotonic */
    struct lane lanes[MAX_LANES];
    size_t lane_count;

    pthread_mutex_t lock; /* guards all below */
    size_t holders;
    size_t running; /* lanes */
    size_t done, unchanged, worse, better, other, without, left_out;
    struct gb_buf changes; /* JSON objects with commas between */
    struct gb_buf names;   /* JSON strings, likewise */
    struct simulation_shadows shadows;
    bool alone; /* cancelled, for nobody asked for it */
    bool failed;
    struct gb_err err;
    int64_t ended_ms;
};

/* ---- making and freeing ---- */

static void simulation_free(struct simulation *s)
{
    for (size_t i = 0; i < s->lane_count; i++) {
        gb_arena_free(s->lanes[i].arena);
        blob_cache_free(s->lanes[i].cache);
    }
    gb_buf_done(&s->changes);
    gb_buf_done(&s->names);
    simulation_shadows_done(&s->shadows);
    x509_store_free(s->roots);
    gb_arena_free(s->arena);
    pthread_mutex_destroy(&s->lock);
    gb_free(s);
}

struct simulation *simulation_ref(struct simulation *s)
{
    pthread_mutex_lock(&s->lock);
    s->holders++;
    pthread_mutex_unlock(&s->lock);
    return s;
}

void simulation_unref(struct simulation *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    bool last = --s->holders == 0;
    pthread_mutex_unlock(&s->lock);
    if (last)
        simulation_free(s);
}

static int new_lanes(struct simulation *s, struct gb_err *err)
{
    size_t count = (size_t)s->server->config->workers;
    count = count < MAX_LANES ? count : MAX_LANES;
    for (; s->lane_count < count; s->lane_count++) {
        struct lane *lane = &s->lanes[s->lane_count];
        lane->simulation = s;
        lane->arena = gb_arena_new();
        int r = lane->arena ? blob_cache_new(&lane->cache, err) : gb_err_nomem(err);
        if (r < 0) {
            gb_arena_free(lane->arena);
            return r;
        }
    }
    return GB_OK;
}

static int read_roots(struct simulation *s, const struct conf_list *paths,
                      struct trust_parts *parts, struct gb_err *err)
{
    struct policy_file *files = gb_arena_new_array(s->arena, struct policy_file, paths->count + 1);
    if (!files)
        return gb_err_nomem(err);
    for (size_t i = 0; i < paths->count; i++) {
        files[i].name = paths->items[i];
        int r = file_read(s->arena, paths->items[i], GB_LIMIT_CERT, &files[i].bytes, err);
        if (r < 0)
            return r;
    }
    parts->roots = files;
    parts->root_count = paths->count;
    return GB_OK;
}

/* The stored documents, with these in the place of those of their names. */
static int read_trust(struct simulation *s, struct gb_bytes body, struct gb_err *err)
{
    gb_cleanup(snapshot_unrefp) struct snapshot *current = snapshot_get(s->server->trust);
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    struct store_document *stored, *fresh, *all;
    size_t stored_count, fresh_count;
    struct trust_parts parts = {0};
    struct gb_bytes copy = gb_arena_copy(s->arena, body); /* the request ends before we do */
    int r = copy.data ? digester_new(&digester, err) : gb_err_nomem(err);
    if (r == GB_OK)
        r = store_document_list(s->server->store, s->arena, &stored, &stored_count, err);
    if (r == GB_OK)
        r = documents_split(s->arena, copy, &fresh, &fresh_count, err);
    if (r == GB_OK)
        r = documents_merge(s->arena, stored, stored_count, fresh, fresh_count, &all,
                            &parts.policy_count, err);
    if (r == GB_OK)
        r = documents_name(s->arena, all, parts.policy_count, &parts.policies, err);
    if (r == GB_OK)
        r = read_roots(s, snapshot_roots(current), &parts, err);
    if (r == GB_OK)
        r = rand_bytes((uint8_t *)&parts.seed, sizeof parts.seed, err);
    return r < 0 ? r : trust_read(s->arena, digester, &parts, &s->trust, &s->roots, err);
}

static int fill(struct simulation *s, struct gb_bytes body, struct gb_err *err)
{
    uint64_t revision;
    s->arena = gb_arena_new();
    int r = s->arena ? rand_bytes(s->id, sizeof s->id, err) : gb_err_nomem(err);
    if (r == GB_OK)
        r = read_trust(s, body, err);
    if (r == GB_OK)
        r = simulation_shadows_init(&s->shadows, s->arena, &s->trust.policy, err);
    if (r == GB_OK)
        r = nodes_list(s->server->nodes, s->arena, 0, &s->nodes, &s->count, &revision, err);
    return r < 0 ? r : new_lanes(s, err);
}

int simulation_new(struct server *server, struct gb_bytes body, struct simulation **ret_simulation,
                   struct gb_err *err)
{
    struct simulation *s = gb_calloc(1, sizeof *s);
    if (!s)
        return gb_err_nomem(err);
    s->server = server;
    s->holders = 1;
    s->time_s = gb_clock_s();
    s->asked_ms = gb_clock_ms();
    pthread_mutex_init(&s->lock, NULL);
    gb_buf_init(&s->changes, SIMULATION_ANSWER);
    gb_buf_init(&s->names, SIMULATION_NAMES);
    int r = fill(s, body, err);
    if (r < 0) {
        simulation_free(s);
        return r;
    }
    *ret_simulation = s;
    return GB_OK;
}

/* ---- running ---- */

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

/* ---- being looked at ---- */

const uint8_t *simulation_id(const struct simulation *s)
{
    return s->id;
}

static enum simulation_state state(const struct simulation *s)
{
    if (s->ended_ms == 0)
        return SIMULATION_RUNNING;
    if (s->failed)
        return SIMULATION_FAILED;
    return s->done == s->count ? SIMULATION_DONE : SIMULATION_CANCELLED;
}

enum simulation_state simulation_state(struct simulation *s)
{
    pthread_mutex_lock(&s->lock);
    enum simulation_state now = state(s);
    pthread_mutex_unlock(&s->lock);
    return now;
}

int64_t simulation_ended_ms(struct simulation *s)
{
    pthread_mutex_lock(&s->lock);
    int64_t ended_ms = s->ended_ms;
    pthread_mutex_unlock(&s->lock);
    return ended_ms;
}

static const char *why_not(const struct simulation *s)
{
    if (s->failed)
        return s->err.text;
    if (state(s) != SIMULATION_CANCELLED)
        return NULL;
    return s->alone ? "nobody asked for it for a minute: begin again, and ask every few seconds"
                    : "it was cancelled";
}

static void write_results(const struct simulation *s, struct gb_buf *out)
{
    const char *error = why_not(s);
    gb_buf_printf(out,
                  ",\"unchanged\":%zu,\"worse\":%zu,\"better\":%zu,\"other\":%zu,"
                  "\"without_evidence_count\":%zu,\"changes_left_out\":%zu,\"error\":",
                  s->unchanged, s->worse, s->better, s->other, s->without, s->left_out);
    if (error)
        json_line_text(gb_bytes_str(error), out);
    else
        gb_buf_puts(out, "null");
    if (state(s) != SIMULATION_DONE)
        return;
    gb_buf_puts(out, ",\"without_evidence\":[");
    gb_buf_add(out, s->names.data, s->names.len);
    gb_buf_puts(out, "],\"changes\":[");
    gb_buf_add(out, s->changes.data, s->changes.len);
    gb_buf_puts(out, "],\"shadow\":");
    simulation_shadows_write(&s->shadows, out);
}

void simulation_write(struct simulation *s, struct gb_buf *out)
{
    static const char *const words[] = {[SIMULATION_RUNNING] = "running",
                                        [SIMULATION_DONE] = "done",
                                        [SIMULATION_FAILED] = "failed",
                                        [SIMULATION_CANCELLED] = "cancelled"};
    char id[2 * SIMULATION_ID + 1];
    gb_hex_encode(gb_bytes(s->id, sizeof s->id), id);
    atomic_store(&s->asked_ms, gb_clock_ms());
    pthread_mutex_lock(&s->lock);
    gb_buf_printf(out, "{\"id\":\"%s\",\"state\":\"%s\",\"nodes\":%zu,\"done\":%zu", id,
                  words[state(s)], s->count, s->done);
    write_results(s, out);
    pthread_mutex_unlock(&s->lock);
    gb_buf_puts(out, "}\n");
}
