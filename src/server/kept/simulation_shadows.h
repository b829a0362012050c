/* What policies in the shadow would make of the fleet: of each, how many nodes it is for, how many
 * of them it would not trust, and the first of these. The caller guards it by a lock. */
#ifndef GB_SERVER_SIMULATION_SHADOWS_H
#define GB_SERVER_SIMULATION_SHADOWS_H

#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/err.h"
#include "policy/policy.h"
#include "result/verdict.h"

struct simulation_shadow;

struct simulation_shadows {
    struct simulation_shadow *items; /* in the arena that it was made in */
    size_t count;
};

/* Of the policies in `policy`, which outlives it. GB_ERR_NOMEM. */
GB_MUST_USE int simulation_shadows_init(struct simulation_shadows *shadows, struct gb_arena *arena,
                                        const struct policy *policy, struct gb_err *err);
void simulation_shadows_done(struct simulation_shadows *shadows);
/* One node's; `arena` holds its sentences meanwhile. */
void simulation_shadows_note(struct simulation_shadows *shadows, struct gb_arena *arena,
                             const char *node, const struct verdict *verdict);
/* A JSON array. Failure sticks in `out`. */
void simulation_shadows_write(const struct simulation_shadows *shadows, struct gb_buf *out);

#endif
