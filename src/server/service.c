#include "server/service.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "ledger/entry.h"
#include "net/loop.h"
#include "os/pool.h"
#include "os/sandbox.h"
#include "os/service.h"
#include "server/api/refused_tell.h"
#include "server/config.h"
#include "server/courier.h"
#include "server/ledger/record.h"
#include "server/ledger/scribe.h"
#include "server/ledger/witnessed.h"
#include "server/own_cert.h"
#include "server/reload.h"
#include "server/server.h"
#include "server/start.h"
#include "server/store_wait.h"
#include "server/threads.h"
#include "server/tls_pair.h"
#include "server/token_keys.h"
#include "store/kept.h"
#include "store/store.h"
#include "wire/json.h"

struct service {
    const char *path;
    struct loop *loop; /* of the main thread: signals */
    struct server *server;
    struct threads *threads;
    struct loop_timer *watchdog;
    struct loop_timer *renewal;
    struct loop_timer *key_set;
    struct loop_timer *reloading;
    struct loop_timer *courier;
    struct loop_timer *sweeping;
    struct loop_timer *starting; /* until the start is on record */
};

enum {
    RENEWAL_MS = 3600 * 1000, /* certificates live for weeks */
    START_AGAIN_MS = 1000,
    SWEEP_MS = 600 * 1000,
    COURIER_MS = 1000,    /* a look at a number, as a rule */
    RELOAD_AGAIN_MS = 50, /* a change of policy takes about as long */
};

/* Waits: what is told after it comes after it, and the ledger's last turn signs it. */
static bool record(struct server *server, enum entry_what what)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    struct json *data = json_new_object();
    json_set(data, "version", json_text(GARBOARD_VERSION));
    struct record start = {.what = what, .who = record_server(), .data = data};
    if (!arena || digester_new(&digester, NULL) < 0) {
        json_free(data);
        gb_log_event(GB_LOG_ERROR, "out-of-memory", GB_LOG_TEXT("what", "recording the start"));
        return false;
    }
    struct store_wait wait;
    struct gb_err err;
    store_wait_init(&wait);
    store_entry_add(server->store, record_make(arena, digester, &start), store_wait_told, &wait);
    if (store_wait_for(&wait, &err) == GB_OK)
        return true;
    gb_log_err(GB_LOG_ERROR, "start-or-stop-not-recorded", &err);
    return false;
}

/* Nothing is changed before it: a full disk hides no start. */
static void record_start(void *ctx)
{
    struct service *service = ctx;
    struct server *server = service->server;
    bool recorded = record(server, ENTRY_SERVER_START);
    scribe_hold(server->scribe,
                recorded ? NULL : "the start cannot be recorded: see the log; is the disk full?");
    if (!recorded)
        loop_timer_set(service->starting, START_AGAIN_MS);
}

static void terminate(void *ctx)
{
    struct service *service = ctx;
    service_tell(SERVICE_STOPPING, NULL);
    gb_log_event(GB_LOG_INFO, "stopping");
    loop_stop(service->loop);
}

/* A change of policy that is under way comes first: nobody else waits for us on this loop. */
static void hang_up(void *ctx)
{
    struct service *service = ctx;
    struct gb_err err;
    service_tell(SERVICE_RELOADING, NULL);
    int r = reload(service->server, service->threads, service->path, &err);
    if (r == GB_ERR_AGAIN) {
        loop_timer_set(service->reloading, RELOAD_AGAIN_MS);
        return;
    }
    if (r < 0)
        gb_log_err(GB_LOG_ERROR, "reload-failed", &err); /* what was, stays */
    else
        gb_log_event(GB_LOG_INFO, "reloaded");
    service_tell(SERVICE_READY, NULL);
}

static void renew_cert(void *ctx)
{
    struct service *service = ctx;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct listeners_tls tls;
    struct gb_err err;
    bool renewed = false;
    int r = arena ? own_cert_renew(arena, service->server->config, gb_clock_s(), &renewed, &err)
                  : gb_err_nomem(&err);
    if (r == GB_OK && renewed)
        r = start_read_tls(arena, service->server->config, &tls, &err);
    if (r == GB_OK && renewed)
        r = threads_reload(service->threads, &tls, &err);
    if (r < 0)
        gb_log_err(GB_LOG_WARNING, "certificate-not-renewed", &err); /* an hour later, again */
    else if (renewed)
        gb_log_event(GB_LOG_INFO, "certificate-renewed");
    loop_timer_set(service->renewal, RENEWAL_MS);
}

static void carry(void *ctx)
{
    struct service *service = ctx;
    courier_tick(service->server);
    refused_tell(service->server, false);
    loop_timer_set(service->courier, COURIER_MS);
}

static void sweep(void *ctx);

/* On the store's thread. A few at a time, so that rounds come between. */
static void swept(void *ctx, int result, const struct gb_err *err)
{
    struct service *service = ctx;
    if (result == GB_OK) {
        gb_log_event(GB_LOG_INFO, "evidence-dropped");
        if (!loop_post(service->loop, sweep, service))
            gb_log_event(GB_LOG_WARNING, "evidence-dropped-later"); /* in ten minutes */
    } else if (result != GB_ERR_NOTFOUND) {
        gb_log_err(GB_LOG_WARNING, "evidence-not-dropped", err);
    }
}

static void sweep(void *ctx)
{
    struct service *service = ctx;
    const struct config *config = service->server->config;
    store_kept_sweep(service->server->store, gb_clock_s() - config->evidence_keep_s,
                     (uint64_t)config->evidence_max, swept, service);
    loop_timer_set(service->sweeping, SWEEP_MS);
}

static void tick(void *ctx)
{
    struct service *service = ctx;
    service_tell(SERVICE_ALIVE, NULL);
    loop_timer_set(service->watchdog, service_watchdog_ms());
}

static void refresh_token_keys(void *ctx)
{
    struct service *service = ctx;
    token_keys_refresh(service->server->token_keys, service->server->pool);
    loop_timer_set(service->key_set, TOKEN_KEYS_REFRESH_MS);
}

static int watch_signals(struct service *service, struct gb_err *err)
{
    int r = loop_new(&service->loop, err);
    if (r == GB_OK)
        r = loop_on_signal(service->loop, SIGTERM, terminate, service, err);
    if (r == GB_OK)
        r = loop_on_signal(service->loop, SIGINT, terminate, service, err);
    if (r == GB_OK)
        r = loop_on_signal(service->loop, SIGHUP, hang_up, service, err);
    if (r == GB_OK)
        r = loop_timer_new(service->loop, tick, service, &service->watchdog, err);
    if (r == GB_OK)
        r = loop_timer_new(service->loop, renew_cert, service, &service->renewal, err);
    if (r == GB_OK)
        r = loop_timer_new(service->loop, refresh_token_keys, service, &service->key_set, err);
    if (r == GB_OK)
        r = loop_timer_new(service->loop, hang_up, service, &service->reloading, err);
    if (r == GB_OK)
        r = loop_timer_new(service->loop, carry, service, &service->courier, err);
    if (r == GB_OK)
        r = loop_timer_new(service->loop, sweep, service, &service->sweeping, err);
    if (r == GB_OK)
        r = loop_timer_new(service->loop, record_start, service, &service->starting, err);
    return r;
}

static int serve(struct service *service, struct gb_err *err)
{
    struct server *server = service->server;
    courier_start(server);
    int r = witnessed_start(server->witnessed, server->scribe, err);
    if (r == GB_OK)
        r = scribe_start(server->scribe, err);
    if (r == GB_OK) {
        record_start(service);
        r = threads_start(service->threads, err);
    }
    if (r == GB_OK) {
        gb_log_event(GB_LOG_INFO, "started", GB_LOG_TEXT("version", GARBOARD_VERSION),
                     GB_LOG_TEXT("listen", server->config->listen),
                     GB_LOG_NUMBER("api_port", threads_api_port(service->threads)),
                     GB_LOG_NUMBER("enroll_port", threads_enroll_port(service->threads)),
                     GB_LOG_NUMBER("people_port", threads_people_port(service->threads)));
        service_tell(SERVICE_READY, NULL);
        if (service_watchdog_ms() > 0)
            tick(service);
        loop_timer_set(service->renewal, 0);
        loop_timer_set(service->courier, COURIER_MS);
        loop_timer_set(service->sweeping, COURIER_MS);
        refresh_token_keys(service);
        r = loop_run(service->loop, err);
    }
    atomic_store(&server->stopping, true);
    threads_stop(service->threads, server->config->shutdown_grace_s * 1000);
    refused_tell(server, true);
    if (r == GB_OK)
        (void)record(server, ENTRY_SERVER_STOP);
    scribe_stop(server->scribe);
    witnessed_stop(server->witnessed);
    return r;
}

/* Names of token issuers are resolved: name services are loaded late, and look into /etc and /run.
 */
static void keep_resolver(struct sandbox_folders *folders, const struct config *config)
{
    static const char *const of_the_system[] = {"/usr", "/lib", "/lib64", "/etc", "/run"};
    for (size_t i = 0; i < GB_ARRAY_LEN(of_the_system); i++)
        if (access(of_the_system[i], F_OK) == 0) /* what is not there need not stay open */
            sandbox_folders_add(folders, of_the_system[i], SANDBOX_READ);
    if (config->oidc_ca)
        sandbox_folders_add_parent(folders, config->oidc_ca, SANDBOX_READ);
}

/* Before there are threads: they inherit it. What a reload reads stays open to it. */
static int close_doors(const struct service *service, const struct config *config,
                       struct gb_err *err)
{
    gb_cleanup(sandbox_folders_done) struct sandbox_folders folders = {0};
    if (!config->sandbox) {
        gb_log_event(GB_LOG_WARNING, "no-sandbox");
        return GB_OK;
    }
    const char *const files[] = {service->path, config->tls_cert, config->tls_key, config->ca};
    for (size_t i = 0; i < GB_ARRAY_LEN(files); i++)
        sandbox_folders_add_parent(&folders, files[i], SANDBOX_READ);
    for (size_t i = 0; i < config->tpm_root.count; i++)
        sandbox_folders_add_parent(&folders, config->tpm_root.items[i], SANDBOX_READ);
    for (size_t i = 0; i < config->officer_key.count; i++)
        sandbox_folders_add_parent(&folders, config->officer_key.items[i], SANDBOX_READ);
    if (config->people_port != 0 || config->witness.count > 0)
        keep_resolver(&folders, config);
    sandbox_folders_add(&folders, config->state, SANDBOX_READ | SANDBOX_WRITE | SANDBOX_MOVE);
    if (setenv("SQLITE_TMPDIR", config->state, 1) != 0)
        return gb_err_nomem(err);
    return sandbox_enter(SANDBOX_SERVER, &folders, err);
}

static int open_and_serve(struct service *service, struct gb_arena *arena,
                          const struct config *config, struct gb_err *err)
{
    struct listeners_tls tls;
    int r = start_read_tls(arena, config, &tls, err);
    if (r == GB_OK)
        r = witnessed_new(config, &service->server->witnessed, err);
    if (r == GB_OK)
        r = close_doors(service, config, err);
    if (r == GB_OK)
        r = start_open(service->server, arena, config, err);
    if (r == GB_OK)
        r = watch_signals(service, err);
    if (r == GB_OK)
        r = threads_new(service->server, &tls, &service->threads, err);
    return r < 0 ? r : serve(service, err);
}

int service_run(const char *path, const struct config *config, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct server *server = gb_calloc(1, sizeof *server);
    struct service service = {.path = path, .server = server};
    if (!arena || !server) {
        gb_free(server);
        return gb_err_nomem(err);
    }
    int r = open_and_serve(&service, arena, config, err);
    pool_free(gb_take(server->pool)); /* what is under way may still want its loop */
    threads_free(service.threads);
    start_close(server);
    if (service.watchdog)
        loop_timer_free(service.watchdog);
    if (service.renewal)
        loop_timer_free(service.renewal);
    if (service.key_set)
        loop_timer_free(service.key_set);
    if (service.reloading)
        loop_timer_free(service.reloading);
    if (service.courier)
        loop_timer_free(service.courier);
    if (service.sweeping)
        loop_timer_free(service.sweeping);
    if (service.starting)
        loop_timer_free(service.starting);
    loop_free(service.loop);
    gb_free(server);
    if (r == GB_OK)
        gb_log_event(GB_LOG_INFO, "stopped");
    return r;
}
