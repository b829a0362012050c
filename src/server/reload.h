/* What SIGHUP changes: certificate, roots, log level. The rest wants a restart. */
#ifndef GB_SERVER_RELOAD_H
#define GB_SERVER_RELOAD_H

#include "base/check.h"
#include "base/err.h"
#include "server/server.h"
#include "server/threads.h"

/* All of it or nothing. GB_ERR_AGAIN: a change of policy is under way, and what we read now could
 * be older than what it puts in force (T17). One thread at a time. */
GB_MUST_USE int reload(struct server *server, struct threads *threads, const char *path,
                       struct gb_err *err);

#endif
