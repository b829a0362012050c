/* The life of the service: start, signals, stop. */
#ifndef GB_SERVER_SERVICE_H
#define GB_SERVER_SERVICE_H

#include "base/check.h"
#include "base/err.h"
#include "server/config.h"

/* Runs until SIGTERM or SIGINT. `path`: the configuration's, to be read again at SIGHUP. */
GB_MUST_USE int service_run(const char *path, const struct config *config, struct gb_err *err);

#endif
