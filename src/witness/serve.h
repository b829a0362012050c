/* The life of the program: doors, listener, signals, stop. */
#ifndef GB_WITNESS_SERVE_H
#define GB_WITNESS_SERVE_H

#include "base/check.h"
#include "base/err.h"
#include "witness/config.h"

/* Runs until SIGTERM or SIGINT; SIGHUP reads logs and certificate again from `path`. */
GB_MUST_USE int serve_run(const char *path, const struct witness_config *config,
                          struct gb_err *err);
/* Everything that a start would read; listens on nothing. */
GB_MUST_USE int serve_check(const struct witness_config *config, struct gb_err *err);

#endif
