/*
 * Loading a reference set of a million digests: from the document's bytes to a policy that judges.
 * Against the floor of the same run, in turns: the same hex decoded and the same bytes hashed, as
 * who checks a signature must. And what it costs in memory, all told, beyond the document.
 *
 * usage: load [--quick]
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "make_list.h"
#include "policy/policy.h"

/* The issue asks for less than a second, and 64 bytes; machines differ, so time is judged by the
 * ratio. */
enum { LIMIT_BYTES = 64, MAX_RUNS = 11 };
static const double limits[2] = {4.0, 6.0}; /* in order of paths, as sets are written; in none */

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t heap(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static void die(const char *what)
{
    fprintf(stderr, "load: %s\n", what);
    exit(1);
}

/* Seconds; *ret_bytes is what is held then. */
static double load(const struct list *list, double *ret_bytes)
{
    struct policy policy;
    struct gb_err err = {0};
    const struct policy_file file = {"load.yaml", list->document};
    size_t before = heap();
    double start = cpu_s();
    struct gb_arena *arena = gb_arena_new();
    if (!arena || policy_read(arena, &file, 1, 42, &policy, &err) < 0)
        die(err.text);
    double seconds = cpu_s() - start;
    if (policy.sets->files.count != list->count)
        die("not all digests were read");
    *ret_bytes = (double)(heap() - before) / (double)list->count;
    gb_arena_free(arena);
    return seconds;
}

static double floor_of(const struct list *list)
{
    struct digester *digester = NULL;
    uint8_t out[32];
    uint8_t *room = malloc(list->count * 32);
    if (!room || digester_new(&digester, NULL) < 0)
        die("out of memory");
    double start = cpu_s();
    for (size_t i = 0; i < list->count; i++)
        if (!gb_hex_decode(gb_bytes(list->document.data + list->hex_at[i], 64), room + 32 * i, 32))
            die("hex");
    if (digest_of(digester, DIGEST_SHA256, list->document, out) < 0)
        die("sha256");
    double seconds = cpu_s() - start;
    digester_free(digester);
    free(room);
    return seconds;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_value);
    return values[count / 2];
}

/* 0 when all is within its limits. */
static int run(size_t count, bool shuffled, size_t runs)
{
    struct list list;
    double ratios[MAX_RUNS], seconds[MAX_RUNS], bytes = 0;
    list_make(&list, count, shuffled);
    load(&list, &bytes); /* a warm heap, as a reload has */
    for (size_t i = 0; i < runs; i++) {
        seconds[i] = load(&list, &bytes);
        ratios[i] = seconds[i] / floor_of(&list);
    }
    double ratio = median(ratios, runs), took = median(seconds, runs);
    bool ok = ratio <= limits[shuffled] && bytes <= (double)LIMIT_BYTES;
    printf("load-%zu%s %9.3f s %6.1f bytes a digest (limit %d), %zu MB   ratio to floor %5.2f   "
           "limit %4.2f   %s\n",
           count, shuffled ? "-shuffled" : "", took, bytes, LIMIT_BYTES, list.document.len >> 20,
           ratio, limits[shuffled], ok ? "ok" : "OVER");
    fflush(stdout);
    list_done(&list);
    return ok ? 0 : 1;
}

int main(int argc, char **argv)
{
    bool quick = argc > 1 && strcmp(argv[1], "--quick") == 0;
    size_t count = 1000000, runs = quick ? 1 : MAX_RUNS;
    if (argc > 2 || (argc == 2 && !quick)) {
        fputs("usage: load [--quick]\n", stderr);
        return 2;
    }
    int over = run(count, false, runs);
    over += run(count, true, runs);
    return over && !quick ? 1 : 0;
}
