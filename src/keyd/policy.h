/* The request that brings documents: what officers signed, and garboardd only carries. */
#ifndef GB_KEYD_POLICY_H
#define GB_KEYD_POLICY_H

#include "base/check.h"
#include "base/err.h"
#include "keyd/desk.h"
#include "rpc/messages.h"

/* Judges the documents by keyd's own officers and by those in force (T17), makes them durable, and
 * judges by them from the next request on; a trial only judges. One at a time. GB_ERR_DENIED with
 * the reason, INPUT, LIMIT, IO, NOMEM. */
GB_MUST_USE int policy_serve(struct desk *desk, const struct rpc_request *request,
                             struct rpc_reply *reply, struct gb_err *err);

#endif
