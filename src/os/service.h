/* What a service says to its manager (systemd), and hears from it. Without one all of it does
 * nothing. */
#ifndef GB_OS_SERVICE_H
#define GB_OS_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"

enum service_state { SERVICE_READY, SERVICE_RELOADING, SERVICE_STOPPING, SERVICE_ALIVE };

/* `status` (may be NULL) is one line for `systemctl status`. SERVICE_ALIVE feeds the watchdog. */
void service_tell(enum service_state state, const char *status);
/* How often SERVICE_ALIVE is due, half of what the manager allows; 0: no watchdog. */
int64_t service_watchdog_ms(void);
/* The sockets that the manager passed, at most `max`; their number. Once, at the start: the
 * environment is cleared. GB_ERR_CONFIG when there are more. */
GB_MUST_USE int service_sockets(int *ret_fds, size_t max, size_t *ret_count, struct gb_err *err);

#endif
