#include "server/nodes/liveness.h"

struct liveness_spans liveness_spans_for(const struct liveness_spans *spans, int64_t freshness_s)
{
    struct liveness_spans own = *spans;
    if (freshness_s > 0)
        own.fresh_s = freshness_s;
    if (own.unreachable_s < own.fresh_s)
        own.unreachable_s = own.fresh_s;
    return own;
}

enum liveness liveness_of(const struct liveness_spans *spans, int64_t verified_s, int64_t now_s)
{
    if (verified_s == 0)
        return LIVENESS_NEVER;
    return verified_s > now_s ? LIVENESS_STALE : liveness_of_age(spans, now_s - verified_s);
}

enum liveness liveness_of_age(const struct liveness_spans *spans, int64_t age_s)
{
    if (age_s <= spans->fresh_s)
        return LIVENESS_FRESH;
    return age_s <= spans->unreachable_s ? LIVENESS_STALE : LIVENESS_UNREACHABLE;
}

const char *liveness_name(enum liveness liveness)
{
    static const char *const names[LIVENESS_COUNT] = {"never", "fresh", "stale", "unreachable"};
    return names[liveness];
}
