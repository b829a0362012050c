/* Enrolment, first step: whose TPM and which AK, and a secret that only both open. */
#ifndef GB_KEYD_CHALLENGE_H
#define GB_KEYD_CHALLENGE_H

#include "base/check.h"
#include "base/err.h"
#include "keyd/desk.h"
#include "rpc/messages.h"

/* GB_ERR_DENIED with the reason, INPUT, LIMIT, AGAIN, IO, NOMEM, BUG. */
GB_MUST_USE int challenge_serve(struct desk *desk, const struct rpc_request *request,
                                struct rpc_reply *reply, struct gb_err *err);

#endif
