/* Connections: a thread each, bounded. */
#ifndef GB_KEYD_SERVE_H
#define GB_KEYD_SERVE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/check.h"
#include "base/err.h"
#include "keyd/desk.h"

struct crew;
/* `peer` may ask, and root. Borrows `house`. */
GB_MUST_USE int crew_new(struct house *house, uid_t peer, struct crew **ret_crew,
                         struct gb_err *err);
/* Hangs up on all, lets each finish its request, joins the threads. NULL is fine. */
void crew_free(struct crew *crew);
/* Takes whoever waits at the listening socket: refuses strangers; when all seats are taken, who has
 * been silent longest goes. False: the system has no descriptor to give, and who waits still waits:
 * look at the socket later, not at once. */
bool crew_accept(struct crew *crew, int listen_fd);

#endif
