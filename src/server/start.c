#include "server/start.h"

#include <string.h>

#include "attest/next.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "os/file.h"
#include "os/pool.h"
#include "rpc/keyd.h"
#include "server/api/refused.h"
#include "server/api/second.h"
#include "server/config.h"
#include "server/issuer_keys.h"
#include "server/kept/simulations.h"
#include "server/ledger/round.h"
#include "server/ledger/scribe.h"
#include "server/ledger/sequencer.h"
#include "server/ledger/witnessed.h"
#include "server/nodes/liveness.h"
#include "server/nodes/nodes.h"
#include "server/nodes/tickets.h"
#include "server/nodes/waiting.h"
#include "server/own_cert.h"
#include "server/server.h"
#include "server/snapshot.h"
#include "server/tls_pair.h"
#include "server/token_keys.h"
#include "store/kept.h"
#include "store/store.h"

enum {
    TICKETS = 1024,
    TICKET_LIFE_MS = 60000, /* as long as keyd's challenge */
    WAITING = 1024,
    WAITING_EACH = 8,
    JOBS = 256,
    KEYD_MS = 10000,
    FLUSH_MS = 2000,
};

static const char system_ca[] = "/etc/ssl/certs/ca-certificates.crt"; /* of ca-certificates */

int start_read_tls(struct gb_arena *arena, const struct config *config,
                   struct listeners_tls *ret_tls, struct gb_err *err)
{
    struct gb_bytes cert = {0};
    struct listeners_tls tls = {0};
    int r = own_cert_read(arena, config, &cert, err);
    if (r == GB_OK)
        r = file_read(arena, config->tls_key, GB_LIMIT_CERT, &tls.key_pem, err);
    if (r == GB_OK)
        r = file_read(arena, config->ca, GB_LIMIT_CERT, &tls.ca_pem, err);
    if (r < 0)
        return r;
    char *chain = gb_arena_printf(arena, "%.*s\n%.*s", (int)cert.len, (const char *)cert.data,
                                  (int)tls.ca_pem.len, (const char *)tls.ca_pem.data);
    if (!chain)
        return gb_err_nomem(err);
    tls.chain_pem = gb_bytes_str(chain);
    *ret_tls = tls;
    return GB_OK;
}

static int open_store(struct server *server, struct gb_arena *arena, struct gb_err *err)
{
    const struct config *config = server->config;
    struct store_conf conf = {.path = gb_arena_printf(arena, "%s/garboard.db", config->state),
                              .trust_domain = config->trust_domain,
                              .tenant = "default",
                              .cluster = "default",
                              .flush_ms = FLUSH_MS};
    return conf.path ? store_open(&conf, &server->store, err) : gb_err_nomem(err);
}

static int open_ledger(struct server *server, struct gb_err *err)
{
    const struct config *config = server->config;
    int r = keyd_client_new(config->keyd_socket, KEYD_MS, &server->ledger_keyd, err);
    if (r < 0)
        return r;
    const struct scribe_conf conf = {
        .state = config->state,
        .interval_ms = config->ledger_interval_s * 1000,
        .lag_ms = config->ledger_lag_s * 1000,
        .rounds_keep_s = config->rounds_keep_s,
        .quotes_keep_s = config->quotes_keep_s,
        .signer = witnessed_signer(server->witnessed, sequencer_keyd(server->ledger_keyd)),
        .halted = witnessed_halted,
        .halted_ctx = server->witnessed};
    return scribe_open(&conf, server->store, &server->scribe, err);
}

struct loading {
    struct server *server;
    struct gb_err *err;
    int result;
    size_t count;
};

static bool load_node(void *ctx, const struct store_node *facts)
{
    struct loading *loading = ctx;
    loading->result = nodes_add(loading->server->nodes, facts, loading->err);
    loading->count++;
    return loading->result == GB_OK;
}

/* What was told of the node before we stopped. One that cannot be read is as if there were none:
 * the node proves itself again. */
static void load_verdict(struct server *server, struct node *node, int64_t verified_s)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct store_verdict stored;
    struct node_verdict told;
    if (!arena || store_verdict_get(server->store, arena, node->id, &stored, NULL) < 0 ||
        !round_read(arena, &stored, &told))
        return;
    told.trust_id = node->progress.trust_id ^ node->labels_num; /* as round_trust made it */
    told.labels_num = node->labels_num;
    if (verified_s > told.verified_s)
        told.verified_s = verified_s;
    if (!nodes_tell(server->nodes, node, &told))
        gb_log_event(GB_LOG_ERROR, "out-of-memory", GB_LOG_TEXT("what", "loading verdicts"));
}

static bool load_live(void *ctx, const struct store_live *live)
{
    struct loading *loading = ctx;
    struct node *node;
    if (nodes_take(loading->server->nodes, live->node, &node, NULL) < 0)
        return true; /* removed meanwhile */
    progress_read(live->progress, &node->progress);
    load_verdict(loading->server, node, live->verified_s);
    nodes_give(loading->server->nodes, node);
    return true;
}

/* What goes on from nothing that is kept could not be put together again: of a database that an
 * older version wrote. All evidence is asked for, once. */
static bool begin_anew(void *ctx, const uint8_t id[STORE_ID])
{
    struct loading *loading = ctx;
    struct node *node;
    if (nodes_take(loading->server->nodes, id, &node, NULL) < 0)
        return true;
    node->progress.seen.whole = false;
    nodes_give(loading->server->nodes, node);
    return true;
}

static int load_nodes(struct server *server, struct gb_err *err)
{
    struct loading loading = {.server = server, .err = err};
    int r = nodes_new(&server->nodes, err);
    if (r == GB_OK)
        r = store_node_each(server->store, load_node, &loading, err);
    if (r == GB_OK)
        r = loading.result;
    if (r == GB_OK)
        r = store_live_each(server->store, load_live, &loading, err);
    if (r == GB_OK)
        r = store_kept_missing(server->store, begin_anew, &loading, err);
    if (r == GB_OK)
        gb_log_event(GB_LOG_INFO, "nodes-loaded", GB_LOG_NUMBER("count", loading.count));
    return r;
}

int start_read_trust(struct server *server, const struct config *config,
                     struct snapshot **ret_snapshot, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_cleanup(snapshot_unrefp) struct snapshot *current = snapshot_get(server->trust);
    struct store_document *documents;
    struct snapshot_parts parts = {.roots = &config->tpm_root,
                                   .officers = &config->officer_key,
                                   .refused = current ? snapshot_refused(current) : NULL};
    if (!arena)
        return gb_err_nomem(err);
    int r = store_document_list(server->store, arena, &documents, &parts.count, err);
    parts.documents = documents;
    return r < 0 ? r : snapshot_new(&parts, ret_snapshot, err);
}

void start_set_trust(struct server *server, struct snapshot *snapshot)
{
    if (snapshot_fault(snapshot))
        gb_log_event(
            GB_LOG_ERROR, "policy-does-not-count", GB_LOG_TEXT("reason", snapshot_fault(snapshot)),
            GB_LOG_TEXT("remedy", snapshot_refused(snapshot)
                                      ? "garboard-keyd's log says why; bring the database back to "
                                        "what keyd has, or apply the newest documents again"
                                      : "sign the documents and apply them again, or name the "
                                        "officer's key in garboardd.conf and reload"));
    gb_log_event(GB_LOG_INFO, "policy-loaded", GB_LOG_TEXT("policy", snapshot_policy(snapshot)));
    if (server->issuer_keys) /* not yet, when the service starts: see start_open */
        issuer_keys_warm(server->issuer_keys, snapshot_access(snapshot), gb_clock_ms());
    snapshot_set(server->trust, snapshot);
}

static int load_trust(struct server *server, struct gb_err *err)
{
    struct snapshot *snapshot = NULL;
    int r = start_read_trust(server, server->config, &snapshot, err);
    if (r == GB_OK)
        start_set_trust(server, snapshot);
    return r;
}

static int new_workers(struct server *server, struct gb_err *err)
{
    const struct config *config = server->config;
    int r = GB_OK;
    for (size_t i = 0; r == GB_OK && i < (size_t)config->workers; i++) {
        r = keyd_client_new(config->keyd_socket, KEYD_MS, &server->workers[i].keyd, err);
        if (r == GB_OK)
            r = digester_new(&server->workers[i].digester, err);
    }
    return r < 0 ? r : pool_new((unsigned)config->workers, JOBS, &server->pool, err);
}

static int new_tables(struct server *server, struct gb_err *err)
{
    const struct config *config = server->config;
    int r = tickets_new(TICKETS, TICKET_LIFE_MS, &server->tickets, err);
    if (r == GB_OK)
        r = waiting_new(WAITING, WAITING_EACH, config->approval_wait_s * 1000, &server->waiting,
                        err);
    if (r == GB_OK)
        r = snapshot_holder_new(&server->trust, err);
    if (r == GB_OK)
        r = token_keys_new(server->workers, &server->token_keys, err);
    if (r == GB_OK)
        r = second_new(&server->second, err);
    if (r == GB_OK)
        r = refused_new(&server->refused, err);
    if (r == GB_OK)
        r = simulations_new(&server->simulations, err);
    return r;
}

/* Whom we believe that a key set comes from. A system without roots has no issuers' keys. */
static int read_oidc_ca(struct gb_arena *arena, const struct config *config,
                        struct gb_bytes *ret_pem, struct gb_err *err)
{
    *ret_pem = gb_bytes("", 0);
    if (config->people_port == 0)
        return GB_OK;
    const char *path = config->oidc_ca ? config->oidc_ca : system_ca;
    int r = file_read(arena, path, GB_LIMIT_CA_BUNDLE, ret_pem, err);
    if (r < 0 && !config->oidc_ca) {
        gb_log_err(GB_LOG_WARNING, "no-issuer-keys", err);
        return GB_OK;
    }
    return r;
}

static int new_issuer_keys(struct server *server, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_cleanup(snapshot_unrefp) struct snapshot *snapshot = snapshot_get(server->trust);
    struct gb_bytes ca;
    if (!arena)
        return gb_err_nomem(err);
    int r = read_oidc_ca(arena, server->config, &ca, err);
    if (r == GB_OK)
        r = issuer_keys_new(ca, server->pool, &server->issuer_keys, err);
    if (r == GB_OK && snapshot)
        issuer_keys_warm(server->issuer_keys, snapshot_access(snapshot), gb_clock_ms());
    return r;
}

int start_open(struct server *server, struct gb_arena *arena, const struct config *config,
               struct gb_err *err)
{
    server->config = config;
    server->spans = (struct liveness_spans){.fresh_s = config->freshness_s,
                                            .unreachable_s = config->unreachable_s};
    int r = file_read(arena, config->ca, GB_LIMIT_CERT, &server->ca_pem, err);
    if (r == GB_OK)
        server->ca_pem = gb_arena_copy(arena, server->ca_pem); /* with a NUL: it goes into JSON */
    if (r == GB_OK && !server->ca_pem.data)
        r = gb_err_nomem(err);
    if (r == GB_OK)
        r = new_tables(server, err);
    if (r == GB_OK)
        r = open_store(server, arena, err);
    if (r == GB_OK)
        r = open_ledger(server, err);
    if (r == GB_OK)
        r = load_nodes(server, err);
    if (r == GB_OK)
        r = load_trust(server, err);
    if (r == GB_OK)
        r = new_workers(server, err);
    return r < 0 ? r : new_issuer_keys(server, err);
}

void start_close(struct server *server)
{
    pool_free(server->pool);
    simulations_free(server->simulations);
    for (size_t i = 0; i < SERVER_MAX_THREADS; i++) {
        keyd_client_free(server->workers[i].keyd);
        digester_free(server->workers[i].digester);
    }
    scribe_free(server->scribe);
    witnessed_free(server->witnessed);
    keyd_client_free(server->ledger_keyd);
    store_close(server->store);
    issuer_keys_free(server->issuer_keys);
    refused_free(server->refused);
    second_free(server->second);
    snapshot_holder_free(server->trust);
    token_keys_free(server->token_keys);
    waiting_free(server->waiting);
    tickets_free(server->tickets);
    nodes_free(server->nodes);
}
