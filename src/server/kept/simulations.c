#include "server/kept/simulations.h"

#include <pthread.h>
#include <string.h>

#include "base/mem.h"
#include "server/kept/simulation.h"

struct simulations {
    pthread_mutex_t lock;
    struct simulation *places[SIMULATIONS_MAX];
};

int simulations_new(struct simulations **ret_simulations, struct gb_err *err)
{
    struct simulations *simulations = gb_calloc(1, sizeof *simulations);
    if (!simulations)
        return gb_err_nomem(err);
    pthread_mutex_init(&simulations->lock, NULL);
    *ret_simulations = simulations;
    return GB_OK;
}

void simulations_free(struct simulations *simulations)
{
    if (!simulations)
        return;
    for (size_t i = 0; i < SIMULATIONS_MAX; i++)
        simulation_unref(simulations->places[i]);
    pthread_mutex_destroy(&simulations->lock);
    gb_free(simulations);
}

/* A free place, else that of the one that ended first; NULL: all run. */
static struct simulation **choose(struct simulations *simulations, int64_t now_ms)
{
    struct simulation **oldest = NULL;
    int64_t oldest_ms = 0;
    for (size_t i = 0; i < SIMULATIONS_MAX; i++) {
        struct simulation **place = &simulations->places[i];
        int64_t ended_ms = *place ? simulation_ended_ms(*place) : 0;
        if (*place && ended_ms > 0 && now_ms - ended_ms > SIMULATIONS_KEEP_MS) {
            simulation_unref(*place);
            *place = NULL;
        }
        if (!*place)
            return place;
        if (ended_ms > 0 && (!oldest || ended_ms < oldest_ms)) {
            oldest = place;
            oldest_ms = ended_ms;
        }
    }
    return oldest;
}

bool simulations_add(struct simulations *simulations, struct simulation *simulation, int64_t now_ms)
{
    pthread_mutex_lock(&simulations->lock);
    struct simulation **place = choose(simulations, now_ms);
    struct simulation *old = place ? *place : NULL;
    if (place)
        *place = simulation;
    pthread_mutex_unlock(&simulations->lock);
    simulation_unref(old);
    return place;
}

static struct simulation **find(struct simulations *simulations, const uint8_t *id)
{
    for (size_t i = 0; i < SIMULATIONS_MAX; i++)
        if (simulations->places[i] &&
            memcmp(simulation_id(simulations->places[i]), id, SIMULATION_ID) == 0)
            return &simulations->places[i];
    return NULL;
}

struct simulation *simulations_find(struct simulations *simulations,
                                    const uint8_t id[SIMULATION_ID])
{
    pthread_mutex_lock(&simulations->lock);
    struct simulation **place = find(simulations, id);
    struct simulation *held = place ? simulation_ref(*place) : NULL;
    pthread_mutex_unlock(&simulations->lock);
    return held;
}

bool simulations_remove(struct simulations *simulations, const uint8_t id[SIMULATION_ID])
{
    pthread_mutex_lock(&simulations->lock);
    struct simulation **place = find(simulations, id);
    struct simulation *old = place ? *place : NULL;
    if (place)
        *place = NULL;
    pthread_mutex_unlock(&simulations->lock);
    if (old)
        simulation_cancel(old);
    simulation_unref(old);
    return old;
}
