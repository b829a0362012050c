#include "witness/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/log.h"
#include "net/http_server.h"
#include "net/loop.h"
#include "net/router.h"
#include "net/tls.h"
#include "os/file.h"
#include "os/pool.h"
#include "os/sandbox.h"
#include "os/service.h"
#include "witness/api.h"
#include "witness/config.h"
#include "witness/witness.h"

enum {
    JOBS = 256,
    MAX_HEADER = 8 << 10,
    HANDSHAKE_MS = 10000,
    HEADER_MS = 10000,
    IDLE_MS = 60000, /* a log pushes once a second or so, over a kept connection */
    GRACE_MS = 5000,
};

struct serve {
    const char *path;
    const struct witness_config *config;
    struct api api;
    struct router router;
    struct loop *loop;
    struct tls_server *tls;
    struct http_server *http;
    struct loop_timer *watchdog;
    int lock_fd; /* of STATE/lock */
};

/* ---- start ---- */

static int read_tls(const struct witness_config *config, struct tls_server **ret_tls,
                    struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct tls_server_conf conf = {.auth = TLS_AUTH_NONE};
    int r = arena ? file_read(arena, config->tls_cert, GB_LIMIT_CERT, &conf.cert_pem, err)
                  : gb_err_nomem(err);
    if (r == GB_OK)
        r = file_read(arena, config->tls_key, GB_LIMIT_CERT, &conf.key_pem, err);
    return r < 0 ? r : tls_server_new(&conf, ret_tls, err);
}

/* What a reload reads stays open to it. */
static int close_doors(const struct serve *serve, struct gb_err *err)
{
    const struct witness_config *config = serve->config;
    gb_cleanup(sandbox_folders_done) struct sandbox_folders folders = {0};
    if (!config->sandbox) {
        gb_log_event(GB_LOG_WARNING, "no-sandbox");
        return GB_OK;
    }
    sandbox_folders_add_parent(&folders, serve->path, SANDBOX_READ);
    sandbox_folders_add_parent(&folders, config->tls_cert, SANDBOX_READ);
    sandbox_folders_add_parent(&folders, config->tls_key, SANDBOX_READ);
    sandbox_folders_add(&folders, config->state, SANDBOX_READ | SANDBOX_WRITE);
    return sandbox_enter(SANDBOX_WITNESS, &folders, err);
}

/* Two witnesses on one state would co-sign two trees. */
static int lock_state(struct serve *serve, struct gb_err *err)
{
    char path[4096];
    int len = snprintf(path, sizeof path, "%s/lock", serve->config->state);
    if (len < 0 || (size_t)len >= sizeof path)
        return gb_err_set(err, GB_ERR_CONFIG, "state: the path is too long");
    serve->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (serve->lock_fd < 0)
        return gb_err_sys(err, errno, "cannot open %s", path);
    if (flock(serve->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return gb_err_set(err, GB_ERR_CONFIG, "another garboard-witness works on %s",
                          serve->config->state);
    return GB_OK;
}

static int listen_on(struct serve *serve, struct gb_err *err)
{
    const struct witness_config *config = serve->config;
    const struct http_server_conf conf = {.address = config->listen,
                                          .port = (uint16_t)config->port,
                                          .first = true,
                                          .max_header = MAX_HEADER,
                                          .max_body = GB_LIMIT_ADD_CHECKPOINT,
                                          .max_connections = (size_t)config->max_connections,
                                          .handshake_ms = HANDSHAKE_MS,
                                          .header_ms = HEADER_MS,
                                          .body_ms = HEADER_MS,
                                          .idle_ms = IDLE_MS,
                                          .admit = router_admit};
    serve->router = (struct router){
        .routes = api_routes, .trust_domain = "", .ctx = &serve->api, .enrolment = true};
    return http_server_new(serve->loop, serve->tls, &conf, router_handle, &serve->router,
                           &serve->http, err);
}

/* ---- signals ---- */

static void stopped(void *ctx)
{
    struct serve *serve = ctx;
    loop_stop(serve->loop);
}

static void terminate(void *ctx)
{
    struct serve *serve = ctx;
    service_tell(SERVICE_STOPPING, NULL);
    gb_log_event(GB_LOG_INFO, "stopping");
    http_server_stop(serve->http, GRACE_MS, stopped, serve);
}

/* Logs and certificate; all or none. Name, key and state are those of the start. */
static int reload(struct serve *serve, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct witness_config config;
    struct tls_server *tls = NULL;
    if (!arena)
        return gb_err_nomem(err);
    int r = witness_config_read(arena, serve->path, &config, err);
    if (r == GB_OK)
        r = read_tls(&config, &tls, err);
    if (r == GB_OK)
        r = witness_set_logs(serve->api.witness, &config.logs, err);
    if (r == GB_OK)
        tls_server_swap(serve->tls, tls);
    tls_server_free(tls);
    return r;
}

static void hang_up(void *ctx)
{
    struct gb_err err = {0};
    service_tell(SERVICE_RELOADING, NULL);
    if (reload(ctx, &err) < 0)
        gb_log_err(GB_LOG_ERROR, "reload-failed", &err); /* what was, stays */
    else
        gb_log_event(GB_LOG_INFO, "reloaded");
    service_tell(SERVICE_READY, NULL);
}

static void tick(void *ctx)
{
    struct serve *serve = ctx;
    service_tell(SERVICE_ALIVE, NULL);
    loop_timer_set(serve->watchdog, service_watchdog_ms());
}

static int watch_signals(struct serve *serve, struct gb_err *err)
{
    int r = loop_on_signal(serve->loop, SIGTERM, terminate, serve, err);
    if (r == GB_OK)
        r = loop_on_signal(serve->loop, SIGINT, terminate, serve, err);
    if (r == GB_OK)
        r = loop_on_signal(serve->loop, SIGHUP, hang_up, serve, err);
    return r < 0 ? r : loop_timer_new(serve->loop, tick, serve, &serve->watchdog, err);
}

/* ---- run ---- */

static int run(struct serve *serve, struct gb_err *err)
{
    struct witness_counts counts;
    witness_counts(serve->api.witness, &counts);
    gb_log_event(GB_LOG_INFO, "ready", GB_LOG_TEXT("version", GARBOARD_VERSION),
                 GB_LOG_TEXT("name", serve->config->name),
                 GB_LOG_NUMBER("port", http_server_port(serve->http)),
                 GB_LOG_NUMBER("logs", counts.logs));
    if (counts.forks > 0)
        gb_log_event(GB_LOG_ERROR, "fork-evidence-kept", GB_LOG_NUMBER("count", counts.forks));
    service_tell(SERVICE_READY, NULL);
    if (service_watchdog_ms() > 0)
        tick(serve);
    return loop_run(serve->loop, err);
}

static int start(struct serve *serve, struct gb_err *err)
{
    /* Before any secret is read. */
    int r = serve->config->sandbox ? sandbox_guard_memory(err) : GB_OK;
    if (r == GB_OK)
        r = lock_state(serve, err);
    if (r == GB_OK)
        r = witness_make_folders(serve->config, err);
    if (r == GB_OK)
        r = witness_new(serve->config, &serve->api.witness, err);
    if (r == GB_OK)
        r = read_tls(serve->config, &serve->tls, err);
    if (r == GB_OK)
        r = loop_new(&serve->loop, err);
    if (r == GB_OK)
        r = watch_signals(serve, err);
    if (r == GB_OK)
        r = listen_on(serve, err);
    if (r == GB_OK)
        r = close_doors(serve, err); /* before there are threads */
    return r < 0 ? r : pool_new((unsigned)serve->config->workers, JOBS, &serve->api.pool, err);
}

static void stop(struct serve *serve)
{
    pool_free(serve->api.pool); /* what is under way still wants its loop */
    http_server_free(serve->http);
    if (serve->watchdog)
        loop_timer_free(serve->watchdog);
    loop_free(serve->loop);
    tls_server_free(serve->tls);
    witness_free(serve->api.witness);
    if (serve->lock_fd >= 0)
        (void)close(serve->lock_fd);
}

int serve_run(const char *path, const struct witness_config *config, struct gb_err *err)
{
    struct serve serve = {.path = path, .config = config, .lock_fd = -1};
    int r = start(&serve, err);
    if (r == GB_OK)
        r = run(&serve, err);
    stop(&serve);
    return r;
}

int serve_check(const struct witness_config *config, struct gb_err *err)
{
    struct witness *witness = NULL;
    struct tls_server *tls = NULL;
    int r = witness_new(config, &witness, err);
    if (r == GB_OK)
        r = read_tls(config, &tls, err);
    tls_server_free(tls);
    witness_free(witness);
    return r;
}
