/* Whom a change of documents would make untrusted, as far as that is certain (policy/lint/loss.h).
 */
#ifndef GB_SERVER_APPLY_LOSS_H
#define GB_SERVER_APPLY_LOSS_H

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "server/apply.h"
#include "server/server.h"

/* In the pool, after apply_prepare; reads the last verdicts of trusted nodes. *ret_message: what to
 * tell, with the nodes' names, in the arena; NULL: nothing is lost for certain. GB_ERR_NOMEM. */
GB_MUST_USE int apply_loss(struct server *server, struct gb_arena *arena,
                           const struct apply_plan *plan, const char **ret_message,
                           struct gb_err *err);

#endif
