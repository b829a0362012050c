/* Whether a node is heard of. Never whether it is trusted: a timeout changes nothing of that. */
#ifndef GB_SERVER_LIVENESS_H
#define GB_SERVER_LIVENESS_H

#include <stdint.h>

enum liveness { LIVENESS_NEVER, LIVENESS_FRESH, LIVENESS_STALE, LIVENESS_UNREACHABLE };
enum { LIVENESS_COUNT = LIVENESS_UNREACHABLE + 1 };

struct liveness_spans {
    int64_t fresh_s;       /* up to this age of the last proof: fresh */
    int64_t unreachable_s; /* past this: unreachable */
};

/* Those of a node whose policy has proofs stand for `freshness_s`; 0: it does not say. A node that
 * is fresh is not unreachable, so the other span is never the shorter one. */
struct liveness_spans liveness_spans_for(const struct liveness_spans *spans, int64_t freshness_s);

/* `verified_s`: when the nonce of the last proof was issued, UTC; 0: never. One that lies ahead is
 * of a clock that was wrong, then or now: stale, until the next proof. */
enum liveness liveness_of(const struct liveness_spans *spans, int64_t verified_s, int64_t now_s);
/* By a clock that nobody sets. */
enum liveness liveness_of_age(const struct liveness_spans *spans, int64_t age_s);
/* "never" "fresh" "stale" "unreachable" */
const char *liveness_name(enum liveness liveness);

#endif
