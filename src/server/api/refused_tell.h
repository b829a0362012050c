/* Tells the ledger how many refusals got no entry of their own: server/refused. */
#ifndef GB_SERVER_REFUSED_TELL_H
#define GB_SERVER_REFUSED_TELL_H

#include <stdbool.h>

#include "server/server.h"

/* One entry "call.refused" a person, {"more": N}; waits for the store. Of the main loop: what has
 * waited for a minute, some people at a time; `all`: whatever waits, before the service stops. */
void refused_tell(struct server *server, bool all);

#endif
