/* The agent's life: enrol once, then prove oneself every interval, for ever. */
#ifndef GB_AGENT_RUN_H
#define GB_AGENT_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/collect.h"
#include "agent/config.h"
#include "agent/link.h"
#include "agent/machine.h"
#include "agent/report.h"
#include "agent/results.h"
#include "agent/state.h"
#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"

struct agent {
    const struct config *config;
    struct state state;
    struct machine machine;
    struct link link;
    struct collected collected;
    struct report_next next;
    struct report_verdict verdict; /* the last; verdict[0] is NUL: none yet */
    struct gb_arena *round;        /* reset each round */
    struct results results;        /* what workloads of this node may show to others */
    bool svid_written;             /* the certificate that is in the state */
    struct {
        unsigned failures;
        int64_t not_before_ms; /* of gb_clock_ms */
    } renewal;
};

/* Loads the state. `config` is borrowed. */
GB_MUST_USE int agent_init(struct agent *agent, const struct config *config, struct gb_err *err);
void agent_done(struct agent *agent);

/* Whatever is next: enrols when there is no state, renews when it is time, does one round. On
 * GB_ERR_AGAIN *ret_wait_s may say when to come again (0: not said). */
GB_MUST_USE int agent_step(struct agent *agent, int64_t *ret_wait_s, struct gb_err *err);

/* How long to sleep when `ms` were meant: a result is renewed, or removed, in time. */
int64_t agent_wait_ms(const struct agent *agent, int64_t ms);

/* An attestation result as a JWT, in the arena of this round. */
GB_MUST_USE int agent_token(struct agent *agent, const char **ret_jwt, struct gb_err *err);

#endif
