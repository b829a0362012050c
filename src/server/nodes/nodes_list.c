/* What others read of the table. */

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/nodes/liveness.h"
#include "server/nodes/node_id.h"
#include "server/nodes/nodes.h"
#include "server/nodes/nodes_entry.h"
#include "server/nodes/nodes_shard.h"
#include "store/store.h"

/* Calls `each` under the lock of the shard that is walked, until it says false. */
static void walk(struct nodes *nodes, bool (*each)(void *ctx, const struct entry *entry), void *ctx)
{
    bool go = true;
    for (size_t i = 0; i < NODES_SHARDS && go; i++) {
        struct shard *shard = &nodes->shards[i];
        pthread_mutex_lock(&shard->lock);
        for (size_t k = 0; k < shard->slots && go; k++)
            for (const struct entry *entry = shard->heads[k]; entry && go; entry = entry->next)
                go = each(ctx, entry);
        pthread_mutex_unlock(&shard->lock);
    }
}

struct search {
    struct gb_arena *arena;
    struct gb_bytes name;
    bool by_id;
    uint8_t id[STORE_ID];
    struct node_summary *summary;
    int result;
};

static bool compare(void *ctx, const struct entry *entry)
{
    struct search *search = ctx;
    bool same = search->by_id ? memcmp(entry->node.id, search->id, STORE_ID) == 0
                              : gb_bytes_is(search->name, entry->node.name);
    if (!same)
        return true;
    search->result = entry_summary(entry, search->arena, search->summary) ? GB_OK : GB_ERR_NOMEM;
    return false;
}

int nodes_find(struct nodes *nodes, struct gb_arena *arena, struct gb_bytes name_or_id,
               struct node_summary *ret_summary, struct gb_err *err)
{
    struct node_summary summary;
    struct search search = {
        .arena = arena, .name = name_or_id, .summary = &summary, .result = GB_ERR_NOTFOUND};
    search.by_id = node_id_parse(name_or_id, search.id);
    walk(nodes, compare, &search);
    if (search.result == GB_ERR_NOMEM)
        return gb_err_nomem(err);
    if (search.result < 0)
        return gb_err_set(err, GB_ERR_NOTFOUND, "no such node");
    *ret_summary = summary;
    return GB_OK;
}

struct listing {
    struct gb_arena *arena;
    uint64_t since;
    struct node_summary *nodes;
    size_t count;
    size_t max;
    bool failed;
};

static bool copy(void *ctx, const struct entry *entry)
{
    struct listing *listing = ctx;
    if (entry->revision <= listing->since)
        return true;
    if (listing->count == listing->max)
        return false;
    if (!entry_summary(entry, listing->arena, &listing->nodes[listing->count])) {
        listing->failed = true;
        return false;
    }
    listing->count++;
    return true;
}

static int by_name(const void *a, const void *b)
{
    const struct node_summary *left = a;
    const struct node_summary *right = b;
    return strcmp(left->name, right->name);
}

static size_t count_all(struct nodes *nodes)
{
    size_t count = 0;
    for (size_t i = 0; i < NODES_SHARDS; i++) {
        pthread_mutex_lock(&nodes->shards[i].lock);
        count += nodes->shards[i].count;
        pthread_mutex_unlock(&nodes->shards[i].lock);
    }
    return count;
}

int nodes_list(struct nodes *nodes, struct gb_arena *arena, uint64_t since,
               struct node_summary **ret_nodes, size_t *ret_count, uint64_t *ret_revision,
               struct gb_err *err)
{
    /* Read first: what changes while we walk is told again next time. */
    uint64_t revision = atomic_load(&nodes->revision);
    struct listing listing = {.arena = arena, .since = since, .max = count_all(nodes) + 64};
    listing.nodes = gb_arena_new_array(arena, struct node_summary, listing.max);
    if (!listing.nodes)
        return gb_err_nomem(err);
    walk(nodes, copy, &listing);
    if (listing.failed)
        return gb_err_nomem(err);
    qsort(listing.nodes, listing.count, sizeof *listing.nodes, by_name);
    *ret_nodes = listing.nodes;
    *ret_count = listing.count;
    *ret_revision = revision;
    return GB_OK;
}

enum liveness nodes_liveness(const struct liveness_spans *spans, const struct node_verdict *verdict,
                             int64_t now_s)
{
    const struct liveness_spans own = liveness_spans_for(spans, verdict->freshness_s);
    if (verdict->verified_s == 0 || verdict->issued_ms == 0)
        return liveness_of(&own, verdict->verified_s, now_s);
    return liveness_of_age(&own, (gb_clock_ms() - verdict->issued_ms) / 1000);
}

struct counting {
    const struct liveness_spans *spans;
    int64_t now_s;
    struct nodes_count *count;
};

static bool count_one(void *ctx, const struct entry *entry)
{
    const struct counting *counting = ctx;
    struct nodes_count *count = counting->count;
    const struct node_verdict *verdict = &entry->verdict;
    count->all++;
    count->unknown += !verdict->judged;
    count->trusted += verdict->judged && verdict->trusted;
    count->untrusted += verdict->judged && !verdict->trusted;
    count->liveness[nodes_liveness(counting->spans, verdict, counting->now_s)]++;
    if (verdict->verified_s > count->last_verified_s)
        count->last_verified_s = verdict->verified_s;
    return true;
}

void nodes_count(struct nodes *nodes, const struct liveness_spans *spans, int64_t now_s,
                 struct nodes_count *ret_count)
{
    struct counting counting = {spans, now_s, ret_count};
    *ret_count = (struct nodes_count){0};
    walk(nodes, count_one, &counting);
}
