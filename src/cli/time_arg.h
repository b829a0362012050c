/* Times on the command line: RFC 3339. */
#ifndef GB_CLI_TIME_ARG_H
#define GB_CLI_TIME_ARG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"

/* "2026-11-20T21:30:00Z" or with an offset like +01:00; whole seconds. False for anything else. */
GB_MUST_USE bool time_arg_read(const char *text, int64_t *ret_time_s);

#endif
