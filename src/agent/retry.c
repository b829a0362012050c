#include "agent/retry.h"

int64_t retry_delay_ms(unsigned attempt, uint64_t random)
{
    int64_t most = attempt < 9 ? (int64_t)RETRY_MIN_MS << attempt : RETRY_MAX_MS;
    if (most > RETRY_MAX_MS)
        most = RETRY_MAX_MS;
    uint64_t span = (uint64_t)(most - RETRY_MIN_MS) + 1;
    return RETRY_MIN_MS + (int64_t)(random % span);
}

int64_t retry_interval_ms(int64_t interval_s, uint64_t random)
{
    int64_t ms = interval_s * 1000;
    return ms - ms / 20 + (int64_t)(random % (uint64_t)(ms / 10 + 1));
}
