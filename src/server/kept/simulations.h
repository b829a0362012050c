/* The simulations that there are: a few, by id; one that has ended is kept for ten minutes, or
 * until its place is wanted. Any thread. */
#ifndef GB_SERVER_SIMULATIONS_H
#define GB_SERVER_SIMULATIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "server/kept/simulation.h"

enum { SIMULATIONS_MAX = 4, SIMULATIONS_KEEP_MS = 600 * 1000 };

struct simulations;

GB_MUST_USE int simulations_new(struct simulations **ret_simulations, struct gb_err *err);
/* After the pool has ended. NULL is fine. */
void simulations_free(struct simulations *simulations);

/* Takes over the caller's hold. False when all places run: nothing is taken. */
GB_MUST_USE bool simulations_add(struct simulations *simulations, struct simulation *simulation,
                                 int64_t now_ms);
/* Held for the caller; NULL: there is none. */
GB_MUST_USE struct simulation *simulations_find(struct simulations *simulations,
                                                const uint8_t id[SIMULATION_ID]);
/* Cancels and forgets it; false: there is none. */
GB_MUST_USE bool simulations_remove(struct simulations *simulations,
                                    const uint8_t id[SIMULATION_ID]);

#endif
