#include "server/nodes/waiting.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"

struct waiting {
    pthread_mutex_t lock;
    struct waiting_node *nodes; /* owned; the first `count`, oldest first */
    size_t count;
    size_t max;
    size_t max_each;
    int64_t life_ms;
};

int waiting_new(size_t max, size_t max_each, int64_t life_ms, struct waiting **ret_waiting,
                struct gb_err *err)
{
    struct waiting *waiting = gb_calloc(1, sizeof *waiting);
    if (!waiting)
        return gb_err_nomem(err);
    waiting->nodes = gb_calloc(max, sizeof *waiting->nodes);
    if (!waiting->nodes) {
        gb_free(waiting);
        return gb_err_nomem(err);
    }
    pthread_mutex_init(&waiting->lock, NULL);
    waiting->max = max;
    waiting->max_each = max_each;
    waiting->life_ms = life_ms;
    *ret_waiting = waiting;
    return GB_OK;
}

void waiting_free(struct waiting *waiting)
{
    if (!waiting)
        return;
    pthread_mutex_destroy(&waiting->lock);
    gb_free(waiting->nodes);
    gb_free(waiting);
}

static void drop(struct waiting *waiting, size_t index)
{
    waiting->count--;
    memmove(&waiting->nodes[index], &waiting->nodes[index + 1],
            (waiting->count - index) * sizeof *waiting->nodes);
}

static void drop_expired(struct waiting *waiting, int64_t now_ms)
{
    for (size_t i = waiting->count; i-- > 0;)
        if (waiting->nodes[i].expires_ms <= now_ms)
            drop(waiting, i);
}

/* "192.0.2.1:4711" and "[::1]:4711": one who opens many connections is still one. */
static void copy_address(char out[WAITING_REMOTE], const char *remote)
{
    const char *colon = strrchr(remote, ':');
    size_t len = colon ? (size_t)(colon - remote) : strlen(remote);
    snprintf(out, WAITING_REMOTE, "%.*s", (int)(len < WAITING_REMOTE ? len : WAITING_REMOTE - 1),
             remote);
}

/* Who has one IPv6 address has a /64 of them. */
static void network_of(const char *address, uint8_t out[WAITING_NETWORK])
{
    char bare[WAITING_REMOTE];
    struct in6_addr six;
    struct in_addr four;
    const char *from = *address == '[' ? address + 1 : address;
    snprintf(bare, sizeof bare, "%.*s", (int)strcspn(from, "]%"), from);
    memset(out, 0, WAITING_NETWORK);
    if (inet_pton(AF_INET6, bare, &six) == 1 && IN6_IS_ADDR_V4MAPPED(&six))
        memcpy(out + 1, &six.s6_addr[12], 4);
    else if (inet_pton(AF_INET6, bare, &six) == 1)
        memcpy(out, &six, WAITING_NETWORK);
    else if (inet_pton(AF_INET, bare, &four) == 1)
        memcpy(out + 1, &four, 4);
}

static struct waiting_node *find(struct waiting *waiting, const uint8_t ek[32])
{
    for (size_t i = 0; i < waiting->count; i++)
        if (memcmp(waiting->nodes[i].ek, ek, 32) == 0)
            return &waiting->nodes[i];
    return NULL;
}

static bool has_room(const struct waiting *waiting, const uint8_t network[WAITING_NETWORK])
{
    size_t same = 0;
    for (size_t i = 0; i < waiting->count; i++)
        same += memcmp(waiting->nodes[i].network, network, WAITING_NETWORK) == 0;
    return waiting->count < waiting->max && same < waiting->max_each;
}

/* Locked. An EK's public area is no secret: who asks with it later changes nothing of what an
 * operator sees, and does not keep another's entry alive. */
static bool note(struct waiting *waiting, const struct waiting_node *asks)
{
    struct waiting_node *known = find(waiting, asks->ek);
    if (!known && !has_room(waiting, asks->network))
        return false;
    if (!known) {
        waiting->nodes[waiting->count++] = *asks;
        return true;
    }
    known->asks++;
    if (strcmp(known->name, asks->name) == 0 && strcmp(known->remote, asks->remote) == 0)
        known->expires_ms = asks->expires_ms;
    return true;
}

bool waiting_ask(struct waiting *waiting, const char *name, const uint8_t ek[32],
                 const char *remote, int64_t now_ms, int64_t now_s)
{
    struct waiting_node asks = {
        .asks = 1, .asked_s = now_s, .expires_ms = now_ms + waiting->life_ms};
    snprintf(asks.name, sizeof asks.name, "%s", name);
    memcpy(asks.ek, ek, sizeof asks.ek);
    copy_address(asks.remote, remote);
    network_of(asks.remote, asks.network);
    pthread_mutex_lock(&waiting->lock);
    drop_expired(waiting, now_ms);
    bool noted = note(waiting, &asks);
    pthread_mutex_unlock(&waiting->lock);
    return noted;
}

void waiting_remove(struct waiting *waiting, const uint8_t ek[32])
{
    pthread_mutex_lock(&waiting->lock);
    struct waiting_node *known = find(waiting, ek);
    if (known)
        drop(waiting, (size_t)(known - waiting->nodes));
    pthread_mutex_unlock(&waiting->lock);
}

int waiting_list(struct waiting *waiting, struct gb_arena *arena, int64_t now_ms,
                 struct waiting_node **ret_nodes, size_t *ret_count, struct gb_err *err)
{
    pthread_mutex_lock(&waiting->lock);
    drop_expired(waiting, now_ms);
    size_t count = waiting->count;
    struct waiting_node *nodes = gb_arena_new_array(arena, struct waiting_node, count + 1);
    if (nodes && count > 0)
        memcpy(nodes, waiting->nodes, count * sizeof *nodes);
    pthread_mutex_unlock(&waiting->lock);
    if (!nodes)
        return gb_err_nomem(err);
    *ret_nodes = nodes;
    *ret_count = count;
    return GB_OK;
}
