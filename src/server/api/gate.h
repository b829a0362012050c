/* The gate before every route: who calls, whether they may, and for people that it is on record. A
 * router's hooks; each `ctx` is a struct thread. */
#ifndef GB_SERVER_GATE_H
#define GB_SERVER_GATE_H

#include <stdbool.h>

#include "net/router.h"

/* By the certificate: nodes, and people who have a role. Whoever has none hears 403 for every path.
 */
bool gate_identify(void *ctx, struct route_call *call);
/* By a token; people only. Paths are told to nobody who has none. */
bool gate_identify_bearer(void *ctx, struct route_call *call);
/* A node must be enrolled, and with this key; a person must have a role that the route names. */
bool gate_known(void *ctx, const struct route *route, const struct route_call *call);

#endif
