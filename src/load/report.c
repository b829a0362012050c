#include "load/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>

#include "base/mem.h"
#include "load/process.h"
#include "load/round.h"

static double clock_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void report_done(struct report *report)
{
    gb_free(report->latency_s);
}

static int room_for(struct report *report, size_t more, struct gb_err *err)
{
    if (report->count + more <= report->cap)
        return GB_OK;
    size_t cap = (report->count + more) * 2;
    double *larger = gb_realloc(report->latency_s, cap, sizeof *larger);
    if (!larger)
        return gb_err_nomem(err);
    report->latency_s = larger;
    report->cap = cap;
    return GB_OK;
}

int report_add(struct report *report, double latency_s, enum round_told told, bool resumed,
               struct gb_err *err)
{
    int r = room_for(report, 1, err);
    if (r < 0)
        return r;
    report->latency_s[report->count++] = latency_s;
    report->trusted += told == ROUND_TRUSTED;
    report->untrusted += told == ROUND_UNTRUSTED;
    report->unanswered += told == ROUND_AGAIN;
    report->resumed += resumed;
    return GB_OK;
}

void report_start(struct report *report, pid_t pid)
{
    report->start_s = clock_of(CLOCK_MONOTONIC);
    report->start_own_s = clock_of(CLOCK_PROCESS_CPUTIME_ID);
    report->start_cpu_s = pid ? process_cpu_s(pid) : 0;
}

void report_end(struct report *report, pid_t pid)
{
    report->end_s = clock_of(CLOCK_MONOTONIC);
    report->end_own_s = clock_of(CLOCK_PROCESS_CPUTIME_ID);
    report->end_cpu_s = pid ? process_cpu_s(pid) : 0;
}

int report_join(struct report *report, const struct report *other, struct gb_err *err)
{
    int r = room_for(report, other->count, err);
    if (r < 0)
        return r;
    if (other->count > 0)
        memcpy(report->latency_s + report->count, other->latency_s,
               other->count * sizeof *other->latency_s);
    report->count += other->count;
    report->trusted += other->trusted;
    report->untrusted += other->untrusted;
    report->unanswered += other->unanswered;
    report->again += other->again;
    report->resumed += other->resumed;
    return GB_OK;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void report_print(struct report *report, pid_t pid)
{
    double took = report->end_s - report->start_s, n = (double)report->count;
    if (report->count == 0)
        return;
    qsort(report->latency_s, report->count, sizeof *report->latency_s, by_value);
    printf("rounds %zu\nrate %.0f /s\n", report->count, n / took);
    printf("latency-p50 %.0f us\nlatency-p99 %.0f us\nlatency-max %.0f us\n",
           report->latency_s[report->count / 2] * 1e6,
           report->latency_s[report->count * 99 / 100] * 1e6,
           report->latency_s[report->count - 1] * 1e6);
    printf("trusted %lu\nuntrusted %lu\nunanswered %lu\nagain %lu\nresumed %lu\n",
           (unsigned long)report->trusted, (unsigned long)report->untrusted,
           (unsigned long)report->unanswered, (unsigned long)report->again,
           (unsigned long)report->resumed);
    printf("own-cpu %.1f us\n", (report->end_own_s - report->start_own_s) * 1e6 / n);
    if (pid)
        printf("server-cpu %.1f us\nserver-memory %.0f KB\n",
               (report->end_cpu_s - report->start_cpu_s) * 1e6 / n, process_memory_kb(pid));
}
