#include "server/kept/simulation.h"

#include <pthread.h>

#include "attest/trust.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "crypto/rand.h"
#include "crypto/x509.h"
#include "os/file.h"
#include "policy/policy.h"
#include "server/documents.h"
#include "server/kept/blob_cache.h"
#include "server/kept/simulation_inside.h"
#include "server/kept/simulation_shadows.h"
#include "server/nodes/nodes.h"
#include "server/server.h"
#include "server/snapshot.h"
#include "store/store.h"

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
    count = count < SIMULATION_LANES ? count : SIMULATION_LANES;
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
