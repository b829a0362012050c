/*
 * Every call of a person is an entry of the ledger, durable before anything comes of it: before the
 * handler runs, or before the refusal is told. A store that cannot take it refuses the call. Where
 * the AccessPolicy asks for two people, the handler runs when the second has made the same call.
 */
#ifndef GB_SERVER_CALL_H
#define GB_SERVER_CALL_H

#include "base/arena.h"
#include "net/http_server.h"
#include "net/router.h"
#include "server/api/refusals.h"
#include "server/server.h"
#include "wire/json.h"

/* A router's `enter`; `ctx` is a struct thread. Nodes go straight to the handler. */
void call_enter(void *ctx, const struct route *route, const struct route_call *call);
/* A router's `refuse`. */
void call_refuse(void *ctx, const struct route_call *call, const struct route_refusal *why);
/* The same for a refusal of ours; `message` NULL: the catalogue's. In the request's arena, or for
 * ever. */
void call_refuse_as(struct thread *thread, const struct route_call *call, enum refusal why,
                    const char *message);
/* Members "method" and "path" (the route's pattern) of a call that was let in. */
void call_tell(struct gb_arena *arena, struct http_request *request, struct json *data);

#endif
