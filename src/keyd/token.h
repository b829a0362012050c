/* Attestation results as signed tokens. */
#ifndef GB_KEYD_TOKEN_H
#define GB_KEYD_TOKEN_H

#include "base/check.h"
#include "base/err.h"
#include "keyd/desk.h"
#include "rpc/messages.h"

/* keyd judges the whole evidence under its own policy; the token says what came of it, good or
 * bad; whether a node gets it is garboardd's matter (server/vouch.h). GB_ERR_DENIED when the quote
 * or the transport key is not proven, INPUT, NOMEM, BUG. */
GB_MUST_USE int token_serve(struct desk *desk, const struct rpc_request *request,
                            struct rpc_reply *reply, struct gb_err *err);

#endif
