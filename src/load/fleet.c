#include "load/fleet.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "crypto/signer.h"
#include "crypto/soft_ek.h"
#include "load/enrol.h"
#include "load/keys.h"
#include "load/lists.h"
#include "load/mimic.h"
#include "load/options.h"
#include "load/process.h"
#include "load/report.h"
#include "load/round.h"
#include "net/tls_link.h"
#include "os/file.h"

/* One of the threads: every machine whose number leaves this remainder is its own. */
struct worker {
    pthread_t thread;
    struct fleet *fleet;
    size_t number;
    struct gb_arena *arena; /* for its life */
    struct gb_arena *scratch;
    struct digester *digester;
    struct tls_hub *hub;
    struct report report;
    int result;
    struct gb_err err;
};

struct member {
    struct mimic machine;
    struct tls_link *link;
    struct next next;
    struct gb_bytes cert; /* PEM */
    struct gb_bytes ca;
};

struct fleet {
    const struct options *options;
    struct gb_arena *arena;
    struct lists lists;
    struct gb_bytes *keys; /* three a machine */
    struct gb_bytes *certs;
    struct gb_bytes ca_pem; /* the server's */
    struct gb_bytes ek_ca_pem;
    struct signer *ek_ca;
    struct member *members;
    struct worker *workers;
    pthread_barrier_t barrier;
    double start_s; /* of the measured rounds */
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int fleet_open(struct fleet *fleet, const struct options *options, struct gb_err *err)
{
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    struct gb_bytes pem;
    *fleet = (struct fleet){.options = options, .arena = gb_arena_new()};
    if (!options->state)
        return gb_err_set(err, GB_ERR_CONFIG, "--state FOLDER is needed");
    if (!fleet->arena)
        return gb_err_nomem(err);
    fleet->members = gb_arena_new_array(fleet->arena, struct member, options->nodes);
    fleet->workers = gb_arena_new_array(fleet->arena, struct worker, options->threads);
    if (!fleet->members || !fleet->workers)
        return gb_err_nomem(err);
    pthread_barrier_init(&fleet->barrier, NULL, (unsigned)options->threads);
    int r = digester_new(&digester, err);
    if (r == GB_OK)
        r = lists_init(fleet->arena, digester, options->files, &fleet->lists, err);
    if (r == GB_OK)
        r = keys_read(fleet->arena, options->state, "machines.pem", &pem, err);
    if (r == GB_OK)
        r = keys_split(fleet->arena, pem, options->nodes * 3, &fleet->keys, err);
    if (r < 0)
        return r;
    return options->ca ? file_read(fleet->arena, options->ca, GB_LIMIT_CERT, &fleet->ca_pem, err)
                       : keys_read(fleet->arena, options->state, "ca.pem", &fleet->ca_pem, err);
}

static void fleet_close(struct fleet *fleet)
{
    for (size_t i = 0; fleet->members && i < fleet->options->nodes; i++) {
        tls_link_free(fleet->members[i].link);
        mimic_done(&fleet->members[i].machine);
    }
    for (size_t i = 0; fleet->workers && i < fleet->options->threads; i++) {
        struct worker *w = &fleet->workers[i];
        tls_hub_free(w->hub);
        digester_free(w->digester);
        report_done(&w->report);
        gb_arena_free(w->scratch);
        gb_arena_free(w->arena);
    }
    signer_free(fleet->ek_ca);
    gb_arena_free(fleet->arena);
}

static int worker_open(struct worker *w, const char *port)
{
    const struct options *o = w->fleet->options;
    w->arena = gb_arena_new();
    w->scratch = gb_arena_new();
    if (!w->arena || !w->scratch)
        return gb_err_nomem(&w->err);
    int r = digester_new(&w->digester, &w->err);
    return r < 0 ? r : tls_hub_new(o->server, port, w->fleet->ca_pem, &w->hub, &w->err);
}

/* The first error of any. */
static int run_workers(struct fleet *fleet, void *(*work)(void *), struct gb_err *err)
{
    size_t started = 0;
    for (; started < fleet->options->threads; started++) {
        struct worker *w = &fleet->workers[started];
        w->fleet = fleet;
        w->number = started;
        if (pthread_create(&w->thread, NULL, work, w) != 0)
            return gb_err_set(err, GB_ERR_IO, "cannot start a thread");
    }
    int r = GB_OK;
    for (size_t i = 0; i < started; i++) {
        struct worker *w = &fleet->workers[i];
        pthread_join(w->thread, NULL);
        if (w->result < 0 && r == GB_OK) {
            r = w->result;
            *err = w->err;
        }
    }
    return r;
}

static int open_machine(struct worker *w, size_t i)
{
    struct fleet *fleet = w->fleet;
    return mimic_init(&fleet->members[i].machine, &fleet->lists, w->digester, &fleet->keys[i * 3],
                      &w->err);
}

/* ---- enrolment ---- */

static int enrol_one(struct worker *w, size_t i)
{
    struct fleet *fleet = w->fleet;
    struct member *member = &fleet->members[i];
    gb_cleanup(gb_buf_done) struct gb_buf ek_cert;
    gb_cleanup(tls_link_freep) struct tls_link *link = NULL;
    struct gb_bytes none = {0}, cert, ca;
    char name[32];
    snprintf(name, sizeof name, "load-%zu", i);
    gb_buf_init(&ek_cert, 4096);
    gb_arena_reset(w->scratch);
    mimic_done(&member->machine);
    member->machine = (struct mimic){0};
    int r = open_machine(w, i);
    if (r == GB_OK)
        r = soft_ek_cert(fleet->ek_ca, fleet->ek_ca_pem, member->machine.ek, &ek_cert, &w->err);
    if (r == GB_OK)
        r = tls_link_new(w->hub, none, none, &link, &w->err);
    if (r < 0)
        return r;
    const struct enrol what = {name, fleet->options->token, gb_buf_bytes(&ek_cert)};
    r = enrol_machine(w->scratch, link, w->digester, &fleet->lists, &member->machine, &what, &cert,
                      &ca, &w->err);
    if (r < 0)
        return r;
    member->cert = gb_arena_copy(w->arena, cert);
    member->ca = gb_arena_copy(w->arena, ca);
    return member->cert.data && member->ca.data ? GB_OK : gb_err_nomem(&w->err);
}

static void *enrol_all(void *ctx)
{
    enum { TRIES = 90 };
    struct worker *w = ctx;
    const struct options *o = w->fleet->options;
    w->result = worker_open(w, o->enroll_port);
    for (size_t i = w->number; i < o->nodes && w->result == GB_OK; i += o->threads)
        for (int n = 0; n < TRIES && (w->result = enrol_one(w, i)) == GB_ERR_AGAIN; n++)
            sleep(1); /* 503: it has too much to do */
    return NULL;
}

static int keep_certs(const struct fleet *fleet, struct gb_err *err)
{
    const struct options *o = fleet->options;
    gb_cleanup(gb_buf_done) struct gb_buf all;
    gb_buf_init(&all, 256 << 20);
    for (size_t i = 0; i < o->nodes; i++) /* the leaf alone, whatever stands behind it */
        gb_buf_add(&all, fleet->members[i].cert.data, fleet->members[i].cert.len);
    if (!gb_buf_ok(&all))
        return gb_err_nomem(err);
    int r = keys_write(o->state, "certs.pem", gb_buf_bytes(&all), err);
    return r < 0 ? r : keys_write(o->state, "ca.pem", fleet->members[0].ca, err);
}

static int enrol(struct fleet *fleet, struct gb_err *err)
{
    const struct options *o = fleet->options;
    struct gb_bytes key;
    int r = keys_read(fleet->arena, o->state, "ek-ca.pem", &fleet->ek_ca_pem, err);
    if (r == GB_OK)
        r = keys_read(fleet->arena, o->state, "ek-ca.key", &key, err);
    if (r == GB_OK)
        r = signer_from_pem(key, gb_bytes(NULL, 0), &fleet->ek_ca, err);
    if (r < 0)
        return r;
    double memory = process_memory_kb(o->pid), cpu = process_cpu_s(o->pid), start = now_s();
    r = run_workers(fleet, enrol_all, err);
    if (r < 0)
        return r;
    double took = now_s() - start;
    printf("enrolled %zu in %.1f s: %.0f a second\n", (size_t)o->nodes, took,
           (double)o->nodes / took);
    if (o->pid)
        printf("process %d: %.2f ms CPU and %.2f KB of memory a node\n", (int)o->pid,
               (process_cpu_s(o->pid) - cpu) * 1e3 / (double)o->nodes,
               (process_memory_kb(o->pid) - memory) / (double)o->nodes);
    return keep_certs(fleet, err);
}

int fleet_enrol(const struct options *options, struct gb_err *err)
{
    struct fleet fleet;
    int r = fleet_open(&fleet, options, err);
    if (r == GB_OK)
        r = enrol(&fleet, err);
    fleet_close(&fleet);
    return r;
}

/* ---- rounds ---- */

static int open_member(struct worker *w, size_t i)
{
    struct member *member = &w->fleet->members[i];
    int r = open_machine(w, i);
    if (r == GB_OK)
        r = tls_link_new(w->hub, w->fleet->certs[i], w->fleet->keys[i * 3 + 2], &member->link,
                         &w->err);
    if (r == GB_OK && w->fleet->options->first > 1)
        mimic_measure(&member->machine, &w->fleet->lists, w->digester,
                      w->fleet->options->first - 1);
    return r;
}

/* Until it is told a verdict: a server that holds something else asks for all. */
static int one_round(struct worker *w, struct round *round, size_t i, bool measured)
{
    enum { TRIES = 4 };
    struct member *member = &w->fleet->members[i];
    enum round_told told = ROUND_AGAIN;
    double start = now_s();
    int r = GB_OK;
    if (measured && w->fleet->options->resume)
        tls_link_close(member->link);
    for (int n = 0; n < TRIES && told == ROUND_AGAIN && r == GB_OK; n++) {
        r = round_run(round, &member->machine, member->link, &member->next, &told, &w->err);
        w->report.again += r == GB_OK && told == ROUND_AGAIN;
    }
    if (r == GB_OK && measured)
        r = report_add(&w->report, now_s() - start, told, tls_link_resumed(member->link), &w->err);
    if (r < 0)
        gb_err_prefix(&w->err, "load-%zu: ", i);
    return r;
}

static void keep_pace(const struct worker *w, uint64_t done)
{
    const struct options *o = w->fleet->options;
    if (o->rate == 0)
        return;
    double due = w->fleet->start_s + (double)(done * o->threads + w->number) / (double)o->rate;
    double wait = due - now_s();
    if (wait > 0)
        nanosleep(&(struct timespec){(time_t)wait, (long)((wait - (double)(time_t)wait) * 1e9)},
                  NULL);
}

static int all_rounds(struct worker *w, struct round *round, uint64_t rounds, bool measured)
{
    const struct options *o = w->fleet->options;
    uint64_t done = 0;
    int r = GB_OK;
    for (uint64_t n = 0; n < rounds; n++)
        for (size_t i = w->number; i < o->nodes && r == GB_OK; i += o->threads) {
            if (measured) {
                mimic_measure(&w->fleet->members[i].machine, &w->fleet->lists, w->digester,
                              o->entries);
                keep_pace(w, done++);
            }
            r = one_round(w, round, i, measured);
        }
    return r;
}

static void *attest_all(void *ctx)
{
    struct worker *w = ctx;
    struct fleet *fleet = w->fleet;
    const struct options *o = fleet->options;
    struct round round;
    w->result = worker_open(w, o->api_port);
    round_init(&round, &fleet->lists, w->digester, w->scratch);
    for (size_t i = w->number; i < o->nodes && w->result == GB_OK; i += o->threads)
        w->result = open_member(w, i);
    if (w->result == GB_OK)
        w->result = all_rounds(w, &round, 1, false);
    w->report.again = 0;
    pthread_barrier_wait(&fleet->barrier);
    if (w->number == 0) {
        fleet->start_s = now_s();
        report_start(&w->report, o->pid);
    }
    pthread_barrier_wait(&fleet->barrier);
    if (w->result == GB_OK)
        w->result = all_rounds(w, &round, o->rounds, true);
    pthread_barrier_wait(&fleet->barrier);
    if (w->number == 0)
        report_end(&w->report, o->pid);
    round_done(&round);
    return NULL;
}

/* Each machine holds a connection open. */
static void more_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int attest(struct fleet *fleet, struct gb_err *err)
{
    struct gb_bytes pem;
    more_files();
    int r = keys_read(fleet->arena, fleet->options->state, "certs.pem", &pem, err);
    if (r == GB_OK)
        r = keys_split(fleet->arena, pem, fleet->options->nodes, &fleet->certs, err);
    if (r == GB_OK)
        r = run_workers(fleet, attest_all, err);
    if (r < 0)
        return r;
    for (size_t i = 1; i < fleet->options->threads; i++) {
        r = report_join(&fleet->workers[0].report, &fleet->workers[i].report, err);
        if (r < 0)
            return r;
    }
    report_print(&fleet->workers[0].report, fleet->options->pid);
    return GB_OK;
}

int fleet_run(const struct options *options, struct gb_err *err)
{
    struct fleet fleet;
    int r = fleet_open(&fleet, options, err);
    if (r == GB_OK)
        r = attest(&fleet, err);
    fleet_close(&fleet);
    return r;
}
