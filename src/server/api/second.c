#include "server/api/second.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/rand.h"

struct second {
    pthread_mutex_t lock;
    struct second_wait *waits; /* owned; the first `count`, oldest first */
    size_t count;
};

int second_new(struct second **ret_second, struct gb_err *err)
{
    struct second *second = gb_calloc(1, sizeof *second);
    if (!second)
        return gb_err_nomem(err);
    second->waits = gb_calloc(SECOND_MAX, sizeof *second->waits);
    if (!second->waits) {
        gb_free(second);
        return gb_err_nomem(err);
    }
    pthread_mutex_init(&second->lock, NULL);
    *ret_second = second;
    return GB_OK;
}

void second_free(struct second *second)
{
    if (!second)
        return;
    pthread_mutex_destroy(&second->lock);
    gb_free(second->waits);
    gb_free(second);
}

/* ---- under the lock ---- */

static void drop(struct second *second, size_t index)
{
    second->count--;
    memmove(&second->waits[index], &second->waits[index + 1],
            (second->count - index) * sizeof *second->waits);
}

/* What is being carried out stays, however long that takes. */
static void drop_expired(struct second *second, const struct second_now *now)
{
    for (size_t i = second->count; i-- > 0;) {
        const struct second_wait *wait = &second->waits[i];
        bool over = wait->expires_ms <= now->ms ||
                    (wait->state == SECOND_WAITS && wait->trust_id != now->trust_id);
        if (over && wait->state != SECOND_TAKEN)
            drop(second, i);
    }
}

static struct second_wait *by_digest(struct second *second, const uint8_t digest[32])
{
    for (size_t i = 0; i < second->count; i++)
        if (memcmp(second->waits[i].digest, digest, 32) == 0)
            return &second->waits[i];
    return NULL;
}

static struct second_wait *by_id(struct second *second, const uint8_t id[SECOND_ID])
{
    for (size_t i = 0; i < second->count; i++)
        if (memcmp(second->waits[i].id, id, SECOND_ID) == 0)
            return &second->waits[i];
    return NULL;
}

static size_t count_of(const struct second *second, const char *identity)
{
    size_t count = 0;
    for (size_t i = 0; i < second->count; i++)
        count += second->waits[i].state == SECOND_WAITS &&
                 strcmp(second->waits[i].identity, identity) == 0;
    return count;
}

static enum second_answer add(struct second *second, const struct second_call *call,
                              const struct second_now *now, struct second_wait *ret_wait)
{
    if (second->count == SECOND_MAX || count_of(second, call->identity) >= SECOND_MAX_EACH)
        return SECOND_FULL;
    struct second_wait *wait = &second->waits[second->count];
    *wait = (struct second_wait){.action = call->action,
                                 .people = call->people,
                                 .asked_s = now->s,
                                 .expires_s = now->s + SECOND_LIFE_S,
                                 .expires_ms = now->ms + (int64_t)SECOND_LIFE_S * 1000,
                                 .trust_id = now->trust_id,
                                 .state = SECOND_WAITS};
    /* an identity that were cut could be another's */
    if (strlen(call->identity) >= sizeof wait->identity ||
        rand_bytes(wait->id, sizeof wait->id, NULL) < 0)
        return SECOND_FAILED;
    memcpy(wait->digest, call->digest, sizeof wait->digest);
    (void)snprintf(wait->identity, sizeof wait->identity, "%s", call->identity);
    (void)snprintf(wait->name, sizeof wait->name, "%s", call->name);
    (void)snprintf(wait->call, sizeof wait->call, "%s", call->call);
    second->count++;
    *ret_wait = *wait;
    return SECOND_ASKED;
}

static enum second_answer meet(struct second_wait *wait, const struct second_call *call,
                               struct second_wait *ret_wait)
{
    if (wait->state != SECOND_WAITS)
        return SECOND_UNDERWAY;
    bool same = strcmp(wait->identity, call->identity) == 0;
    if (!same)
        wait->state = SECOND_TAKEN;
    *ret_wait = *wait;
    return same ? SECOND_STILL : SECOND_AGREED;
}

/* ---- */

enum second_answer second_ask(struct second *second, const struct second_call *call,
                              const struct second_now *now, struct second_wait *ret_wait)
{
    pthread_mutex_lock(&second->lock);
    drop_expired(second, now);
    struct second_wait *wait = by_digest(second, call->digest);
    enum second_answer answer =
        wait ? meet(wait, call, ret_wait) : add(second, call, now, ret_wait);
    pthread_mutex_unlock(&second->lock);
    return answer;
}

void second_settle(struct second *second, const uint8_t id[SECOND_ID], bool carried_out,
                   int64_t now_ms)
{
    pthread_mutex_lock(&second->lock);
    struct second_wait *wait = by_id(second, id);
    if (wait && carried_out) {
        wait->state = SECOND_DONE;
        wait->expires_ms = now_ms + (int64_t)SECOND_DONE_S * 1000;
    } else if (wait) {
        wait->state = SECOND_WAITS;
    }
    pthread_mutex_unlock(&second->lock);
}

bool second_hold(struct second *second, const uint8_t id[SECOND_ID])
{
    pthread_mutex_lock(&second->lock);
    struct second_wait *wait = by_id(second, id);
    bool held = wait && wait->state == SECOND_WAITS;
    if (held)
        wait->state = SECOND_TAKEN;
    pthread_mutex_unlock(&second->lock);
    return held;
}

void second_forget(struct second *second, const uint8_t id[SECOND_ID])
{
    pthread_mutex_lock(&second->lock);
    const struct second_wait *wait = by_id(second, id);
    if (wait && wait->state != SECOND_DONE)
        drop(second, (size_t)(wait - second->waits));
    pthread_mutex_unlock(&second->lock);
}

int second_list(struct second *second, struct gb_arena *arena, const struct second_now *now,
                struct second_wait **ret_waits, size_t *ret_count, struct gb_err *err)
{
    struct second_wait *waits = gb_arena_new_array(arena, struct second_wait, SECOND_MAX);
    size_t count = 0;
    if (!waits)
        return gb_err_nomem(err);
    pthread_mutex_lock(&second->lock);
    drop_expired(second, now);
    for (size_t i = 0; i < second->count; i++)
        if (second->waits[i].state == SECOND_WAITS)
            waits[count++] = second->waits[i];
    pthread_mutex_unlock(&second->lock);
    *ret_waits = waits;
    *ret_count = count;
    return GB_OK;
}

int second_find(struct second *second, const uint8_t id[SECOND_ID], const struct second_now *now,
                struct second_wait *ret_wait, struct gb_err *err)
{
    pthread_mutex_lock(&second->lock);
    drop_expired(second, now);
    const struct second_wait *wait = by_id(second, id);
    bool found = wait && wait->state == SECOND_WAITS;
    if (found)
        *ret_wait = *wait;
    pthread_mutex_unlock(&second->lock);
    return found ? GB_OK : gb_err_set(err, GB_ERR_NOTFOUND, "nothing waits under this id");
}
