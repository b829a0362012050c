#include "server/api/refused.h"

#include <pthread.h>
#include <string.h>

#include "base/mem.h"

/* `full_ms` is when the bucket will be full again: each entry puts it off. */
struct place {
    char identity[REFUSED_IDENTITY]; /* "": nobody, or in the last place everybody else */
    int64_t full_ms;
    int64_t since_ms; /* of the first that was not told */
    uint64_t more;    /* not told */
};

struct refused {
    pthread_mutex_t lock;
    struct place places[REFUSED_PLACES + 1];
};

int refused_new(struct refused **ret_refused, struct gb_err *err)
{
    struct refused *refused = gb_calloc(1, sizeof *refused);
    if (!refused)
        return gb_err_nomem(err);
    pthread_mutex_init(&refused->lock, NULL);
    *ret_refused = refused;
    return GB_OK;
}

void refused_free(struct refused *refused)
{
    if (!refused)
        return;
    pthread_mutex_destroy(&refused->lock);
    gb_free(refused);
}

/* Whoever is as new may be forgotten: nobody gets a fuller bucket by it. */
static bool is_as_new(const struct place *place, int64_t now_ms)
{
    return place->full_ms <= now_ms && place->more == 0;
}

static struct place *place_of(struct refused *refused, const char *identity, int64_t now_ms)
{
    struct place *others = &refused->places[REFUSED_PLACES], *free = NULL;
    size_t len = strlen(identity);
    if (len == 0 || len >= REFUSED_IDENTITY)
        return others;
    for (size_t i = 0; i < REFUSED_PLACES; i++) {
        struct place *place = &refused->places[i];
        if (strcmp(place->identity, identity) == 0)
            return place;
        if (!free && is_as_new(place, now_ms))
            free = place;
    }
    if (!free)
        return others;
    *free = (struct place){.full_ms = now_ms};
    memcpy(free->identity, identity, len + 1);
    return free;
}

bool refused_writes(struct refused *refused, const char *identity, int64_t now_ms,
                    uint64_t *ret_more)
{
    const int64_t most_ms = (int64_t)REFUSED_BURST * REFUSED_EACH_MS;
    pthread_mutex_lock(&refused->lock);
    struct place *place = place_of(refused, identity, now_ms);
    int64_t full_ms = (place->full_ms > now_ms ? place->full_ms : now_ms) + REFUSED_EACH_MS;
    bool writes = full_ms - now_ms <= most_ms;
    if (writes) {
        place->full_ms = full_ms;
        *ret_more = place->more;
        place->more = 0;
    } else if (place->more++ == 0) {
        place->since_ms = now_ms;
    }
    pthread_mutex_unlock(&refused->lock);
    return writes;
}

bool refused_due(struct refused *refused, int64_t now_ms, bool all,
                 char ret_identity[REFUSED_IDENTITY], uint64_t *ret_more)
{
    bool found = false;
    pthread_mutex_lock(&refused->lock);
    for (size_t i = 0; !found && i <= REFUSED_PLACES; i++) {
        struct place *place = &refused->places[i];
        found = place->more > 0 && (all || now_ms - place->since_ms >= REFUSED_TOLD_MS);
        if (!found)
            continue;
        memcpy(ret_identity, place->identity, sizeof place->identity);
        *ret_more = place->more;
        place->more = 0;
    }
    pthread_mutex_unlock(&refused->lock);
    return found;
}
