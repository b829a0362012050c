/* Whether a TCP port answers. */
#ifndef GB_CLI_REACH_H
#define GB_CLI_REACH_H

#include "base/check.h"
#include "base/err.h"

/* Tries each address of `host` for at most `limit_ms` and hangs up at once. GB_ERR_IO says what
 * failed in words. */
GB_MUST_USE int reach(const char *host, const char *port, int limit_ms, struct gb_err *err);

#endif
