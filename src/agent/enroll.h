/* Enrolment, design 4: this TPM, this name, this key. */
#ifndef GB_AGENT_ENROLL_H
#define GB_AGENT_ENROLL_H

#include <stdint.h>

#include "agent/config.h"
#include "agent/machine.h"
#include "agent/state.h"
#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"

/*
 * Both steps, once. On success *state says who we are; it is not saved yet. GB_ERR_AGAIN with
 * *ret_wait_s > 0: an operator must approve the node; ask again then. Other errors as in link.h and
 * tpm/device.h. `machine` is open.
 */
GB_MUST_USE int enroll(const struct config *config, struct machine *machine, struct gb_arena *arena,
                       struct state *state, int64_t *ret_wait_s, struct gb_err *err);

#endif
