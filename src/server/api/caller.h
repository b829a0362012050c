/* Who calls, as the node table knows it. */
#ifndef GB_SERVER_CALLER_H
#define GB_SERVER_CALLER_H

#include <stdbool.h>

#include "net/router.h"
#include "server/ledger/record.h"
#include "server/server.h"

/* `ctx` is a struct thread. A node must be enrolled, and with this key; false: refused. */
bool caller_known(void *ctx, const struct route_call *call);
/* The calling node, taken. NULL: refused and answered (unknown, busy, or another key than the one
 * enrolled: whoever stole an older certificate's key is not this node). */
struct node *caller_take(struct thread *thread, const struct route_call *call);
/* "operator/alice" or "node/...", in the arena, for logs and tables. */
const char *caller_name(struct gb_arena *arena, const struct route_call *call);
/* The same for the ledger: a person's name is personal. */
struct record_party caller_party(struct gb_arena *arena, const struct route_call *call);

/* Why a person asks, in their own words: the header Garboard-Why, percent-encoded. Personal; in the
 * arena. Says nothing when there is none, or none that can be read. */
struct record_party caller_why(struct gb_arena *arena, const struct http_request *request);
/* False when there is one that cannot be read: UTF-8 in one line of at most 512 bytes. */
GB_MUST_USE bool caller_why_ok(const struct http_request *request);

#endif
