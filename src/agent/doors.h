/* What the agent gives up once it is configured: folders, system calls, sockets that listen. */
#ifndef GB_AGENT_DOORS_H
#define GB_AGENT_DOORS_H

#include "agent/config.h"
#include "base/check.h"
#include "base/err.h"

/* Makes the state's folder, which could not be made afterwards. Once, before anything of the
 * network or the TPM is touched. */
GB_MUST_USE int doors_close(const struct config *config, struct gb_err *err);

#endif
