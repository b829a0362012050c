#include "server/nodes/nodes.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"
#include "server/nodes/nodes_entry.h"
#include "server/nodes/nodes_shard.h"
#include "store/store.h"

int nodes_new(struct nodes **ret_nodes, struct gb_err *err)
{
    struct nodes *nodes = gb_calloc(1, sizeof *nodes);
    if (!nodes)
        return gb_err_nomem(err);
    for (size_t i = 0; i < NODES_SHARDS; i++)
        pthread_mutex_init(&nodes->shards[i].lock, NULL);
    *ret_nodes = nodes;
    return GB_OK;
}

static void free_shard(struct shard *shard)
{
    for (size_t i = 0; i < shard->slots; i++)
        for (struct entry *entry = shard->heads[i], *next; entry; entry = next) {
            next = entry->next;
            entry_free(entry);
        }
    gb_free(shard->heads);
    pthread_mutex_destroy(&shard->lock);
}

void nodes_free(struct nodes *nodes)
{
    if (!nodes)
        return;
    for (size_t i = 0; i < NODES_SHARDS; i++)
        free_shard(&nodes->shards[i]);
    gb_free(nodes);
}

/* The last bytes of an id are random, and ours: nobody can aim at a slot. */
static uint64_t spread(const uint8_t id[STORE_ID])
{
    uint64_t word;
    memcpy(&word, &id[STORE_ID - sizeof word], sizeof word);
    return word;
}

static struct shard *shard_of(struct nodes *nodes, const uint8_t id[STORE_ID])
{
    return &nodes->shards[spread(id) % NODES_SHARDS];
}

/* Where the pointer to the entry stands, or to where it would. There must be slots. */
static struct entry **place(const struct shard *shard, const uint8_t id[STORE_ID])
{
    struct entry **at = &shard->heads[spread(id) / NODES_SHARDS % shard->slots];
    while (*at && memcmp((*at)->node.id, id, STORE_ID) != 0)
        at = &(*at)->next;
    return at;
}

static struct entry *find(const struct shard *shard, const uint8_t id[STORE_ID])
{
    return shard->slots > 0 ? *place(shard, id) : NULL;
}

/* Doubles the slots when they are all used. */
static bool make_room(struct shard *shard)
{
    if (shard->count < shard->slots)
        return true;
    struct shard wider = {.slots = shard->slots ? 2 * shard->slots : 16};
    wider.heads = gb_calloc(wider.slots, sizeof(struct entry *));
    if (!wider.heads)
        return false;
    for (size_t i = 0; i < shard->slots; i++)
        for (struct entry *entry = shard->heads[i], *next; entry; entry = next) {
            next = entry->next;
            entry->next = NULL;
            *place(&wider, entry->node.id) = entry;
        }
    gb_free(shard->heads);
    shard->heads = wider.heads;
    shard->slots = wider.slots;
    return true;
}

/* Locked. */
static void unlink_entry(struct shard *shard, struct entry *entry)
{
    *place(shard, entry->node.id) = entry->next;
    shard->count--;
    if (entry->busy)
        entry->gone = true;
    else
        entry_free(entry);
}

static uint64_t next_revision(struct nodes *nodes)
{
    return atomic_fetch_add(&nodes->revision, 1) + 1;
}

int nodes_add(struct nodes *nodes, const struct store_node *facts, struct gb_err *err)
{
    struct entry *entry = NULL;
    int r = entry_new(facts, &entry, err);
    if (r < 0)
        return r;
    struct shard *shard = shard_of(nodes, facts->id);
    pthread_mutex_lock(&shard->lock);
    bool room = make_room(shard);
    if (room) {
        struct entry *old = find(shard, facts->id);
        if (old && old->next_labels) { /* set while this was read */
            entry_relabel(entry, old->next_labels, old->next_labels_num);
            old->next_labels = NULL;
        }
        if (old)
            unlink_entry(shard, old);
        entry->revision = next_revision(nodes);
        *place(shard, facts->id) = entry;
        shard->count++;
    }
    pthread_mutex_unlock(&shard->lock);
    if (!room) {
        entry_free(entry);
        return gb_err_nomem(err);
    }
    return GB_OK;
}

bool nodes_remove(struct nodes *nodes, const uint8_t id[STORE_ID])
{
    struct shard *shard = shard_of(nodes, id);
    pthread_mutex_lock(&shard->lock);
    struct entry *entry = find(shard, id);
    if (entry) {
        unlink_entry(shard, entry);
        next_revision(nodes);
    }
    pthread_mutex_unlock(&shard->lock);
    return entry != NULL;
}

int nodes_check(struct nodes *nodes, const uint8_t id[STORE_ID],
                const uint8_t transport[STORE_HASH])
{
    struct shard *shard = shard_of(nodes, id);
    int r = GB_ERR_NOTFOUND;
    pthread_mutex_lock(&shard->lock);
    const struct entry *entry = find(shard, id);
    if (entry)
        r = memcmp(entry->node.transport, transport, STORE_HASH) == 0 ? GB_OK : GB_ERR_DENIED;
    pthread_mutex_unlock(&shard->lock);
    return r;
}

const char *nodes_name(struct nodes *nodes, struct gb_arena *arena, const uint8_t id[STORE_ID])
{
    struct shard *shard = shard_of(nodes, id);
    const char *name = NULL;
    pthread_mutex_lock(&shard->lock);
    const struct entry *entry = find(shard, id);
    if (entry)
        name = (const char *)gb_arena_copy(arena, gb_bytes_str(entry->node.name)).data;
    pthread_mutex_unlock(&shard->lock);
    return name;
}

int nodes_take(struct nodes *nodes, const uint8_t id[STORE_ID], struct node **ret_node,
               struct gb_err *err)
{
    struct shard *shard = shard_of(nodes, id);
    pthread_mutex_lock(&shard->lock);
    struct entry *entry = find(shard, id);
    bool busy = entry && entry->busy;
    if (entry && !busy) {
        entry->busy = true;
        entry_use_labels(entry);
        entry->node.void_ms = entry->void_ms;
    }
    pthread_mutex_unlock(&shard->lock);
    if (!entry)
        return gb_err_set(err, GB_ERR_NOTFOUND, "no such node");
    if (busy)
        return gb_err_set(err, GB_ERR_AGAIN, "another request of this node is under way");
    *ret_node = &entry->node;
    return GB_OK;
}

void nodes_give(struct nodes *nodes, struct node *node)
{
    struct entry *entry = (struct entry *)node;
    struct shard *shard = shard_of(nodes, node->id);
    pthread_mutex_lock(&shard->lock);
    bool gone = entry->gone;
    entry->busy = false;
    pthread_mutex_unlock(&shard->lock);
    if (gone)
        entry_free(entry);
}

/* Whether a reader sees more than a newer proof of the same. */
static bool is_news(const struct node_verdict *a, const struct node_verdict *b)
{
    return a->judged != b->judged || a->trusted != b->trusted || a->tier != b->tier ||
           a->trust_id != b->trust_id || a->labels_num != b->labels_num ||
           memcmp(a->links, b->links, sizeof a->links) != 0;
}

bool nodes_tell(struct nodes *nodes, struct node *node, const struct node_verdict *verdict)
{
    struct entry *entry = (struct entry *)node;
    struct shard *shard = shard_of(nodes, node->id);
    pthread_mutex_lock(&shard->lock);
    bool news = is_news(&entry->verdict, verdict);
    bool told = entry_tell(entry, verdict);
    if (!told && !verdict->trusted)
        entry_distrust(entry);
    if (news && (told || !verdict->trusted))
        entry->revision = next_revision(nodes);
    pthread_mutex_unlock(&shard->lock);
    return told;
}

void nodes_proven(struct nodes *nodes, struct node *node, const struct node_verdict *verdict)
{
    struct entry *entry = (struct entry *)node;
    struct shard *shard = shard_of(nodes, node->id);
    pthread_mutex_lock(&shard->lock);
    entry->verdict.verified_s = verdict->verified_s;
    entry->verdict.issued_ms = verdict->issued_ms;
    entry->verdict.freshness_s = verdict->freshness_s;
    entry->verdict.ima_entries = verdict->ima_entries;
    pthread_mutex_unlock(&shard->lock);
}

void nodes_told(struct nodes *nodes, const struct node *node, struct node_verdict *ret_verdict)
{
    const struct entry *entry = (const struct entry *)node;
    struct shard *shard = shard_of(nodes, node->id);
    pthread_mutex_lock(&shard->lock);
    *ret_verdict = entry->verdict;
    ret_verdict->relabelled = entry_labels_num(entry) != entry->verdict.labels_num;
    pthread_mutex_unlock(&shard->lock);
    ret_verdict->reason = NULL;
    ret_verdict->policy = NULL;
}

bool nodes_label(struct nodes *nodes, const uint8_t id[STORE_ID], const char *labels,
                 uint64_t labels_num)
{
    struct shard *shard = shard_of(nodes, id);
    size_t size = strlen(labels) + 1;
    char *copy = gb_calloc(1, size);
    if (!copy)
        return false;
    memcpy(copy, labels, size);
    pthread_mutex_lock(&shard->lock);
    struct entry *entry = find(shard, id);
    if (entry) {
        entry_relabel(entry, copy, labels_num);
        entry->revision = next_revision(nodes);
    }
    pthread_mutex_unlock(&shard->lock);
    if (!entry)
        gb_free(copy);
    return true;
}

bool nodes_ask(struct nodes *nodes, const uint8_t id[STORE_ID], int64_t now_ms)
{
    struct shard *shard = shard_of(nodes, id);
    pthread_mutex_lock(&shard->lock);
    struct entry *entry = find(shard, id);
    if (entry)
        entry->void_ms = now_ms;
    pthread_mutex_unlock(&shard->lock);
    return entry != NULL;
}
