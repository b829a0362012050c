#include "server/stats.h"

#include <inttypes.h>
#include <stdatomic.h>

#include "server/api/refusals.h"

/* From what a steady round costs to what a user notices. */
static const int64_t bounds_us[STATS_BUCKETS] = {100,   250,   500,    1000,    2500,
                                                 10000, 50000, 250000, 1000000, 5000000};

void stats_took(struct stats_latency *latency, int64_t us)
{
    size_t bucket = 0;
    while (bucket < STATS_BUCKETS && us > bounds_us[bucket])
        bucket++;
    stats_add(&latency->buckets[bucket]);
    atomic_fetch_add_explicit(&latency->sum_us, us > 0 ? (uint64_t)us : 0, memory_order_relaxed);
}

void stats_write_one(struct gb_buf *out, const char *name, const char *type, const char *help,
                     uint64_t value)
{
    gb_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n%s %" PRIu64 "\n", name, help, name, type, name,
                  value);
}

static void write_latency(struct stats_latency *latency, const char *name, struct gb_buf *out)
{
    uint64_t count = 0;
    gb_buf_printf(out,
                  "# HELP %s Seconds from a round's arrival to its answer.\n# TYPE %s histogram\n",
                  name, name);
    for (size_t i = 0; i < STATS_BUCKETS; i++) {
        count += atomic_load(&latency->buckets[i]);
        gb_buf_printf(out, "%s_bucket{le=\"%" PRId64 ".%06" PRId64 "\"} %" PRIu64 "\n", name,
                      bounds_us[i] / 1000000, bounds_us[i] % 1000000, count);
    }
    count += atomic_load(&latency->buckets[STATS_BUCKETS]);
    uint64_t sum_us = atomic_load(&latency->sum_us);
    gb_buf_printf(out,
                  "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum %" PRIu64 ".%06" PRIu64
                  "\n%s_count %" PRIu64 "\n",
                  name, count, name, sum_us / 1000000, sum_us % 1000000, name, count);
}

static void write_rounds(struct stats *stats, struct gb_buf *out)
{
    gb_buf_printf(out,
                  "# HELP garboard_rounds_total Attestations judged.\n"
                  "# TYPE garboard_rounds_total counter\n"
                  "garboard_rounds_total{verdict=\"trusted\"} %" PRIu64 "\n"
                  "garboard_rounds_total{verdict=\"untrusted\"} %" PRIu64 "\n",
                  atomic_load(&stats->rounds_trusted), atomic_load(&stats->rounds_untrusted));
}

static void write_refusals(struct stats *stats, struct gb_buf *out)
{
    static const char *const codes[REFUSAL_COUNT] = {
#define X(id, status, code, message, remedy) [REFUSAL_##id] = (code),
        REFUSALS(X)
#undef X
    };
    gb_buf_puts(out, "# HELP garboard_refusals_total Requests refused by a handler.\n"
                     "# TYPE garboard_refusals_total counter\n");
    for (size_t i = 0; i < REFUSAL_COUNT; i++)
        gb_buf_printf(out, "garboard_refusals_total{code=\"%s\"} %" PRIu64 "\n", codes[i],
                      atomic_load(&stats->refusals[i]));
}

void stats_write(struct stats *stats, struct gb_buf *out)
{
    write_rounds(stats, out);
    write_refusals(stats, out);
    write_latency(&stats->round, "garboard_round_seconds", out);
    stats_write_one(out, "garboard_verdict_changes_total", "counter",
                    "Verdicts that differed from the node's last one.",
                    atomic_load(&stats->verdict_changes));
    stats_write_one(out, "garboard_enrolments_total", "counter", "Nodes enrolled.",
                    atomic_load(&stats->enrolled));
    stats_write_one(out, "garboard_renewals_total", "counter", "Node certificates renewed.",
                    atomic_load(&stats->renewed));
    stats_write_one(out, "garboard_tokens_total", "counter", "Attestation results signed.",
                    atomic_load(&stats->tokens_signed));
    stats_write_one(out, "garboard_keyd_failures_total", "counter",
                    "Requests that garboard-keyd did not answer.",
                    atomic_load(&stats->keyd_failures));
}
