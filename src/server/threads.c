#include "server/threads.h"

#include <pthread.h>
#include <signal.h>

#include "base/log.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "net/http_server.h"
#include "net/loop.h"
#include "net/router.h"
#include "net/tls.h"
#include "server/api/bearer.h"
#include "server/api/call.h"
#include "server/api/gate.h"
#include "server/api/routes.h"
#include "server/config.h"
#include "server/server.h"
#include "server/tls_pair.h"

enum {
    MAX_HEADER = 8 << 10,
    ENROLL_BODY = 64 << 10,
    HANDSHAKE_MS = 10000,
    HEADER_MS = 10000,
    ENROLL_IDLE_MS = 30000,
    ENROLL_CONNECTIONS = 1024,
    PEOPLE_HEADER = 16 << 10, /* tokens with many groups */
    PEOPLE_CONNECTIONS = 1024,
};

struct one {
    struct thread thread; /* first: what handlers get */
    pthread_t handle;
    bool running;
    struct tls_pair tls;
    struct router api_router;
    struct router enroll_router;
    struct router people_router;
    struct http_budget budget; /* of all listeners */
    int64_t grace_ms;
    int open; /* listeners that have not stopped yet */
};

struct threads {
    struct server *server;
    struct thread *handed; /* copies for /metrics */
    struct one *all;
    size_t count;
};

/* A node's evidence has a ceiling of its own (max_body); documents of people may be as large as
 * they are read, and as the budget of bodies has room for. */
static size_t max_body(const struct config *config)
{
    enum { SPARE = 2 << 20 }; /* as config.c demands beside max_body */
    int64_t documents = config->body_memory - SPARE;
    if (documents > GB_LIMIT_POLICY)
        documents = GB_LIMIT_POLICY;
    return (size_t)(documents > config->max_body ? documents : config->max_body);
}

static int listen_api(struct one *one, uint16_t port, bool first, struct gb_err *err)
{
    const struct config *config = one->thread.server->config;
    const struct http_server_conf conf = {.address = config->listen,
                                          .port = port,
                                          .first = first,
                                          .max_header = MAX_HEADER,
                                          .max_body = max_body(config),
                                          .max_connections = (size_t)config->max_connections,
                                          .handshake_ms = HANDSHAKE_MS,
                                          .header_ms = HEADER_MS,
                                          .body_ms = config->body_time_s * 1000,
                                          .idle_ms = 4 * config->interval_s * 1000,
                                          .admit = router_admit,
                                          .budget = &one->budget};
    one->api_router = (struct router){.routes = routes_api,
                                      .trust_domain = config->trust_domain,
                                      .ctx = &one->thread,
                                      .node_body = (size_t)config->max_body,
                                      .identify = gate_identify,
                                      .known = gate_known,
                                      .refuse = call_refuse,
                                      .enter = call_enter};
    return http_server_new(one->thread.loop, one->tls.api, &conf, router_handle, &one->api_router,
                           &one->thread.api, err);
}

static int listen_enroll(struct one *one, uint16_t port, bool first, struct gb_err *err)
{
    const struct config *config = one->thread.server->config;
    const struct http_server_conf conf = {.address = config->listen,
                                          .port = port,
                                          .first = first,
                                          .max_header = MAX_HEADER,
                                          .max_body = ENROLL_BODY,
                                          .max_connections = ENROLL_CONNECTIONS,
                                          .handshake_ms = HANDSHAKE_MS,
                                          .header_ms = HEADER_MS,
                                          .body_ms = HEADER_MS,
                                          .idle_ms = ENROLL_IDLE_MS,
                                          .admit = router_admit,
                                          .budget = &one->budget};
    one->enroll_router = (struct router){.routes = routes_enroll,
                                         .trust_domain = config->trust_domain,
                                         .ctx = &one->thread,
                                         .enrolment = true,
                                         .known = gate_known,
                                         .refuse = call_refuse,
                                         .enter = call_enter};
    return http_server_new(one->thread.loop, one->tls.enroll, &conf, router_handle,
                           &one->enroll_router, &one->thread.enroll, err);
}

/* No certificate is asked for, so the handshake is the enrolment listener's; who calls is judged
 * when the head is read. */
static int listen_people(struct one *one, bool first, struct gb_err *err)
{
    const struct config *config = one->thread.server->config;
    if (config->people_port == 0)
        return GB_OK;
    const struct http_server_conf conf = {.address = config->listen,
                                          .port = (uint16_t)config->people_port,
                                          .first = first,
                                          .max_header = PEOPLE_HEADER,
                                          .max_body = max_body(config),
                                          .max_connections = PEOPLE_CONNECTIONS,
                                          .handshake_ms = HANDSHAKE_MS,
                                          .header_ms = HEADER_MS,
                                          .body_ms = config->body_time_s * 1000,
                                          .idle_ms = ENROLL_IDLE_MS,
                                          .admit = router_admit,
                                          .budget = &one->budget};
    one->people_router = (struct router){.routes = routes_api,
                                         .trust_domain = config->trust_domain,
                                         .ctx = &one->thread,
                                         .node_body = (size_t)config->max_body,
                                         .identify = gate_identify_bearer,
                                         .known = gate_known,
                                         .refuse = call_refuse,
                                         .enter = call_enter};
    return http_server_new(one->thread.loop, one->tls.enroll, &conf, router_handle,
                           &one->people_router, &one->thread.people, err);
}

/* The first thread's ports are everybody's. */
static int set_up(struct threads *threads, size_t index, const struct listeners_tls *tls,
                  struct gb_err *err)
{
    const struct config *config = threads->server->config;
    struct one *one = &threads->all[index];
    uint16_t api = (uint16_t)config->api_port, enroll = (uint16_t)config->enroll_port;
    if (index > 0) {
        api = threads_api_port(threads);
        enroll = threads_enroll_port(threads);
    }
    one->thread.server = threads->server;
    one->budget.max = (size_t)config->body_memory;
    int r = loop_new(&one->thread.loop, err);
    if (r == GB_OK)
        r = digester_new(&one->thread.digester, err);
    if (r == GB_OK)
        r = bearer_new(&one->thread.bearer, err);
    if (r == GB_OK)
        r = tls_pair_make(tls, index > 0 ? &threads->all[0].tls : NULL, &one->tls, err);
    if (r == GB_OK)
        r = listen_api(one, api, index == 0, err);
    if (r == GB_OK)
        r = listen_enroll(one, enroll, index == 0, err);
    if (r == GB_OK)
        r = listen_people(one, index == 0, err);
    return r;
}

int threads_new(struct server *server, const struct listeners_tls *tls,
                struct threads **ret_threads, struct gb_err *err)
{
    struct threads *threads = gb_calloc(1, sizeof *threads);
    if (!threads)
        return gb_err_nomem(err);
    threads->server = server;
    threads->count = (size_t)server->config->threads;
    threads->all = gb_calloc(threads->count, sizeof *threads->all);
    threads->handed = gb_calloc(threads->count, sizeof *threads->handed);
    if (!threads->all || !threads->handed) {
        threads_free(threads);
        return gb_err_nomem(err);
    }
    int r = GB_OK;
    for (size_t i = 0; r == GB_OK && i < threads->count; i++)
        r = set_up(threads, i, tls, err);
    if (r < 0) {
        threads_free(threads);
        return r;
    }
    for (size_t i = 0; i < threads->count; i++)
        threads->handed[i] = threads->all[i].thread;
    server->threads = threads->handed;
    server->thread_count = threads->count;
    *ret_threads = threads;
    return GB_OK;
}

static void *run(void *ctx)
{
    struct one *one = ctx;
    struct gb_err err;
    if (loop_run(one->thread.loop, &err) < 0)
        gb_log_err(GB_LOG_ERROR, "loop-failed", &err);
    return NULL;
}

/* Signals are the main loop's. */
int threads_start(struct threads *threads, struct gb_err *err)
{
    sigset_t all, old;
    sigfillset(&all);
    for (size_t i = 0; i < threads->count; i++) {
        struct one *one = &threads->all[i];
        pthread_sigmask(SIG_SETMASK, &all, &old);
        int sys = pthread_create(&one->handle, NULL, run, one);
        pthread_sigmask(SIG_SETMASK, &old, NULL);
        if (sys != 0)
            return gb_err_sys(err, sys, "cannot start a thread");
        one->running = true;
    }
    return GB_OK;
}

uint16_t threads_api_port(const struct threads *threads)
{
    return http_server_port(threads->all[0].thread.api);
}

uint16_t threads_enroll_port(const struct threads *threads)
{
    return http_server_port(threads->all[0].thread.enroll);
}

uint16_t threads_people_port(const struct threads *threads)
{
    const struct http_server *people = threads->all[0].thread.people;
    return people ? http_server_port(people) : 0;
}

struct swap {
    struct one *one;
    struct tls_pair fresh; /* what was, afterwards */
};

/* On the loop, where nobody is in the middle of a handshake's first step. */
static void swap(void *ctx)
{
    struct swap *message = ctx;
    struct one *one = message->one;
    tls_server_swap(one->tls.api, message->fresh.api);
    tls_server_swap(one->tls.enroll, message->fresh.enroll);
    tls_pair_done(&message->fresh);
    gb_free(message);
}

static void drop(struct swap **messages, size_t count)
{
    for (size_t i = 0; messages && i < count; i++) {
        if (messages[i])
            tls_pair_done(&messages[i]->fresh);
        gb_free(messages[i]);
    }
    gb_free(messages);
}

static int make_swaps(struct threads *threads, const struct listeners_tls *tls,
                      struct swap **messages, struct gb_err *err)
{
    int r = GB_OK;
    for (size_t i = 0; r == GB_OK && i < threads->count; i++) {
        messages[i] = gb_calloc(1, sizeof **messages);
        if (!messages[i])
            return gb_err_nomem(err);
        messages[i]->one = &threads->all[i];
        r = tls_pair_make(tls, i > 0 ? &messages[0]->fresh : NULL, &messages[i]->fresh, err);
    }
    return r;
}

int threads_reload(struct threads *threads, const struct listeners_tls *tls, struct gb_err *err)
{
    struct swap **messages = gb_calloc(threads->count, sizeof(struct swap *));
    if (!messages)
        return gb_err_nomem(err);
    int r = make_swaps(threads, tls, messages, err);
    for (size_t i = 0; r == GB_OK && i < threads->count; i++)
        if (loop_post(threads->all[i].thread.loop, swap, messages[i]))
            messages[i] = NULL; /* the loop's now */
    drop(messages, threads->count);
    return r;
}

static void stopped(void *ctx)
{
    struct one *one = ctx;
    if (--one->open == 0)
        loop_stop(one->thread.loop);
}

static void stop(void *ctx)
{
    struct one *one = ctx;
    one->open = one->thread.people ? 3 : 2;
    http_server_stop(one->thread.api, one->grace_ms, stopped, one);
    http_server_stop(one->thread.enroll, one->grace_ms, stopped, one);
    if (one->thread.people)
        http_server_stop(one->thread.people, one->grace_ms, stopped, one);
}

void threads_stop(struct threads *threads, int64_t grace_ms)
{
    for (size_t i = 0; i < threads->count; i++) {
        struct one *one = &threads->all[i];
        one->grace_ms = grace_ms;
        if (one->running && !loop_post(one->thread.loop, stop, one))
            loop_stop(one->thread.loop);
    }
    for (size_t i = 0; i < threads->count; i++)
        if (threads->all[i].running)
            pthread_join(threads->all[i].handle, NULL);
}

static void tear_down(struct one *one)
{
    http_server_free(one->thread.api);
    http_server_free(one->thread.enroll);
    http_server_free(one->thread.people);
    bearer_free(one->thread.bearer);
    tls_pair_done(&one->tls);
    digester_free(one->thread.digester);
    loop_free(one->thread.loop);
}

void threads_free(struct threads *threads)
{
    if (!threads)
        return;
    for (size_t i = 0; threads->all && i < threads->count; i++)
        tear_down(&threads->all[i]);
    gb_free(threads->all);
    gb_free(threads->handed);
    gb_free(threads);
}
