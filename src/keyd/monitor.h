/* Which request is allowed when, and once. The door through which every request passes. */
#ifndef GB_KEYD_MONITOR_H
#define GB_KEYD_MONITOR_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "keyd/config.h"
#include "keyd/desk.h"
#include "rpc/messages.h"

/* Opens the keys and reads what is believed. */
GB_MUST_USE int house_open(const struct keyd_config *config, struct house *ret_house,
                           struct gb_err *err);
void house_close(struct house *house);
/* Roots, intermediates and officers as `anew` names them, documents and keys: all of them or none.
 * The rest of `anew` is not looked at, and nothing of it is kept. */
GB_MUST_USE int house_reload(struct house *house, const struct keyd_config *anew,
                             struct gb_err *err);

/* Answers one frame into `answer`. False: it could not be read (the refusal is in `answer` all the
 * same), the connection is to be closed. Any thread, with an arena and a digester of its own; the
 * arena is reset. */
bool monitor_answer(struct house *house, struct gb_arena *arena, struct digester *digester,
                    struct gb_bytes frame, struct gb_buf *answer);
/* The same for a request that was read. Times come in, so that tests can set them. */
GB_MUST_USE int monitor_serve(struct desk *desk, const struct rpc_request *request,
                              struct rpc_reply *ret_reply, struct gb_err *err);

#endif
