/* What was measured: a thread's own until it is joined with the others'. */
#ifndef GB_LOAD_REPORT_H
#define GB_LOAD_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/check.h"
#include "base/err.h"
#include "load/round.h"

struct report {
    double *latency_s; /* owned */
    size_t count;
    size_t cap;
    uint64_t trusted, untrusted, unanswered, again, resumed;
    double start_s, end_s;
    double start_cpu_s, end_cpu_s; /* of the process looked at */
    double start_own_s, end_own_s; /* ours */
};

void report_done(struct report *report);
GB_MUST_USE int report_add(struct report *report, double latency_s, enum round_told told,
                           bool resumed, struct gb_err *err);
void report_start(struct report *report, pid_t pid);
void report_end(struct report *report, pid_t pid);
GB_MUST_USE int report_join(struct report *report, const struct report *other, struct gb_err *err);
/* One figure a line, "name value unit": for people and for tests/bench. */
void report_print(struct report *report, pid_t pid);

#endif
