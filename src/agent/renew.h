/* The node's certificate is short-lived: a new one for the same key, in time. The server gives it
 * only to a node that it trusts. */
#ifndef GB_AGENT_RENEW_H
#define GB_AGENT_RENEW_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/config.h"
#include "agent/link.h"
#include "agent/machine.h"
#include "agent/state.h"
#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"

/* Whether two thirds of its life are over at `now_s`, which is the server's time: this machine's
 * clock may be years off. */
bool renew_due(int64_t not_before_s, int64_t not_after_s, int64_t now_s);
/* The same for the certificate of `state`; the one that a node joined with is always due.
 * GB_ERR_INPUT when it cannot be read. */
GB_MUST_USE int renew_is_due(struct gb_arena *arena, const struct state *state, int64_t now_s,
                             bool *ret_due, struct gb_err *err);

/* Whether relying parties may accept it: spiffe://DOMAIN/node/... */
GB_MUST_USE int renew_is_for_others(struct gb_arena *arena, const struct state *state, bool *ret_is,
                                    struct gb_err *err);

/* Puts the new certificate into *state, which is not saved yet. The link must be opened anew. */
GB_MUST_USE int renew(const struct config *config, struct machine *machine, struct link *link,
                      struct gb_arena *arena, struct state *state, struct gb_err *err);

#endif
