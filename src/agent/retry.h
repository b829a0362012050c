/* How long to wait after a failure: exponential, with full jitter, so that a fleet does not come
 * back at one moment. Pure. */
#ifndef GB_AGENT_RETRY_H
#define GB_AGENT_RETRY_H

#include <stdint.h>

enum { RETRY_MIN_MS = 1000, RETRY_MAX_MS = 300000 };

/* Between RETRY_MIN_MS and what `attempt` (from 0) allows, never above RETRY_MAX_MS. */
int64_t retry_delay_ms(unsigned attempt, uint64_t random);
/* An interval with a tenth of play, so that rounds of a fleet spread. */
int64_t retry_interval_ms(int64_t interval_s, uint64_t random);

#endif
