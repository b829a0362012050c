/* Certificates for nodes: at enrolment, at renewal; and for garboardd itself. */
#ifndef GB_KEYD_CERTIFY_H
#define GB_KEYD_CERTIFY_H

#include "base/check.h"
#include "base/err.h"
#include "keyd/desk.h"
#include "rpc/messages.h"

/* Enrolment, second step. Uses the challenge up, see challenges.h. GB_ERR_DENIED with the reason,
 * INPUT, AGAIN, NOMEM, BUG. */
GB_MUST_USE int certify_serve(struct desk *desk, const struct rpc_request *request,
                              struct rpc_reply *reply, struct gb_err *err);
GB_MUST_USE int renew_serve(struct desk *desk, const struct rpc_request *request,
                            struct rpc_reply *reply, struct gb_err *err);
GB_MUST_USE int server_cert_serve(struct desk *desk, const struct rpc_request *request,
                                  struct rpc_reply *reply, struct gb_err *err);

#endif
