/* What happened since the start, for /metrics. Counters only go up; any thread counts. */
#ifndef GB_SERVER_STATS_H
#define GB_SERVER_STATS_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/buf.h"
#include "server/api/refusals.h"

enum { STATS_BUCKETS = 10 };

struct stats_latency {
    _Atomic uint64_t buckets[STATS_BUCKETS + 1]; /* the last: above all bounds */
    _Atomic uint64_t sum_us;
};

struct stats {
    _Atomic uint64_t rounds_trusted;
    _Atomic uint64_t rounds_untrusted;
    _Atomic uint64_t verdict_changes;
    _Atomic uint64_t enrolled;
    _Atomic uint64_t renewed;
    _Atomic uint64_t tokens_signed;
    _Atomic uint64_t keyd_failures;
    _Atomic uint64_t refusals[REFUSAL_COUNT];
    struct stats_latency round; /* from the request's arrival to its answer */
};

static inline void stats_add(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

void stats_took(struct stats_latency *latency, int64_t us);
/* Prometheus text format. */
void stats_write(struct stats *stats, struct gb_buf *out);
void stats_write_one(struct gb_buf *out, const char *name, const char *type, const char *help,
                     uint64_t value);

#endif
