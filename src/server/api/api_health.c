/* Whether the service is there, whether it can do its work, and how much it did. */

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/limits.h"
#include "net/http_server.h"
#include "net/router.h"
#include "os/pool.h"
#include "rpc/keyd.h"
#include "server/api/answer.h"
#include "server/api/api.h"
#include "server/api/refusals.h"
#include "server/courier.h"
#include "server/ledger/scribe.h"
#include "server/ledger/witnessed.h"
#include "server/ledger/witnesses.h"
#include "server/nodes/liveness.h"
#include "server/nodes/nodes.h"
#include "server/server.h"
#include "server/snapshot.h"
#include "server/stats.h"
#include "server/work.h"
#include "store/store.h"
#include "wire/json.h"

enum { MAX_METRICS = 256 << 10 };

void api_healthz(void *ctx, const struct route_call *call)
{
    (void)ctx;
    http_answer(call->request, 200, "application/json", gb_bytes_str("{\"status\": \"ok\"}\n"));
}

struct readiness {
    struct work work; /* first */
    struct keyd_status keyd;
};

static void ask_keyd(struct work *work, struct worker_parts *parts)
{
    struct readiness *readiness = (struct readiness *)work;
    work->result = keyd_status(parts->keyd, work->arena, &readiness->keyd, &work->err);
}

/* "ok", or what keeps it from being signed. */
static struct json *ledger_json(struct gb_arena *arena, const struct scribe_health *health)
{
    if (!health->stopped && health->why[0] == '\0')
        return json_text("ok");
    char *text = gb_arena_printf(arena, "%s: %" PRIu64 " of %" PRIu64 " entries are signed: %s",
                                 health->stopped ? "stopped" : "behind", health->signed_size,
                                 health->entries, health->why);
    return text ? json_text(text) : NULL;
}

static struct json *policy_json(const struct snapshot *snapshot)
{
    char text[GB_LIMIT_ERR_TEXT];
    if (snapshot_policy(snapshot))
        return json_text(snapshot_policy(snapshot));
    if (!snapshot_fault(snapshot))
        return json_text("none is applied");
    snprintf(text, sizeof text, "no document counts: %s", snapshot_fault(snapshot));
    return json_text(text);
}

/* "1 of 2 have co-signed, 1 is needed". */
static struct json *witnesses_json(struct gb_arena *arena, struct server *server)
{
    struct witnesses_standing standing;
    witnessed_stand(server->witnessed, &standing);
    char *text = gb_arena_printf(arena, "%s%zu of %zu have co-signed the newest checkpoint%s%s",
                                 standing.forked ? "forked: "
                                 : standing.late ? "late: "
                                                 : "",
                                 standing.cosigned, standing.count, standing.why[0] ? ": " : "",
                                 standing.why);
    return standing.count == 0 ? json_text("none") : text ? json_text(text) : NULL;
}

static void answer_ready(struct work *work)
{
    struct server *server = work->thread->server;
    gb_cleanup(snapshot_unrefp) struct snapshot *snapshot = snapshot_get(server->trust);
    struct store_counts store;
    store_health(server->store, &store);
    struct scribe_health ledger;
    scribe_health(server->scribe, &ledger);
    bool policy = snapshot_policy(snapshot) != NULL;
    int courier = atomic_load(&server->courier.state);
    bool ready = store.healthy && !ledger.stopped && work->result == GB_OK && policy &&
                 courier == COURIER_THERE;
    struct json *body = json_new_object();
    json_set(body, "status", json_text(ready ? "ready" : "not-ready"));
    json_set(body, "store", json_text(store.healthy ? "ok" : store.last_error));
    json_set(body, "ledger", ledger_json(work->arena, &ledger));
    json_set(body, "witnesses", witnesses_json(work->arena, server));
    json_set(body, "keyd", json_text(work->result == GB_OK ? "ok" : work->err.text));
    json_set(body, "policy", policy_json(snapshot));
    json_set(body, "keyd_policy", json_text(courier_word((enum courier_state)courier)));
    answer_json(work->thread, work->request, ready ? 200 : 503, body);
}

void api_readyz(void *ctx, const struct route_call *call)
{
    struct readiness *readiness = work_new_of(ctx, call->request, struct readiness);
    if (!readiness)
        return;
    readiness->work.run = ask_keyd;
    readiness->work.then = answer_ready;
    if (!work_start(&readiness->work))
        answer_refuse(ctx, call->request, REFUSAL_OVERLOADED, NULL);
}

static void write_nodes(struct server *server, struct gb_buf *out)
{
    struct nodes_count count = {0};
    nodes_count(server->nodes, &server->spans, gb_clock_s(), &count);
    gb_buf_printf(out,
                  "# HELP garboard_nodes Enrolled nodes by verdict.\n"
                  "# TYPE garboard_nodes gauge\n"
                  "garboard_nodes{verdict=\"trusted\"} %" PRIu64 "\n"
                  "garboard_nodes{verdict=\"untrusted\"} %" PRIu64 "\n"
                  "garboard_nodes{verdict=\"unknown\"} %" PRIu64 "\n",
                  count.trusted, count.untrusted, count.unknown);
    gb_buf_puts(out, "# HELP garboard_nodes_liveness Enrolled nodes by liveness.\n"
                     "# TYPE garboard_nodes_liveness gauge\n");
    for (int i = 0; i < LIVENESS_COUNT; i++)
        gb_buf_printf(out, "garboard_nodes_liveness{liveness=\"%s\"} %" PRIu64 "\n",
                      liveness_name((enum liveness)i), count.liveness[i]);
    stats_write_one(out, "garboard_last_verified_seconds", "gauge",
                    "When the newest proof's nonce was issued, seconds since 1970.",
                    (uint64_t)count.last_verified_s);
}

static void write_store(struct server *server, struct gb_buf *out)
{
    struct store_counts count;
    store_health(server->store, &count);
    stats_write_one(out, "garboard_store_commits_total", "counter", "Group commits.",
                    count.commits);
    stats_write_one(out, "garboard_store_rows_total", "counter", "Durable writes.", count.rows);
    stats_write_one(out, "garboard_store_failures_total", "counter", "Writes that failed.",
                    count.failures);
    stats_write_one(out, "garboard_store_live_rows_total", "counter",
                    "Rows of liveness written in batches.", count.live_rows);
    stats_write_one(out, "garboard_store_queued", "gauge", "Writes that wait.", count.queued);
    stats_write_one(out, "garboard_store_healthy", "gauge", "Whether the last commit went through.",
                    count.healthy);
}

static void write_ledger(struct server *server, struct gb_buf *out)
{
    struct scribe_health health;
    scribe_health(server->scribe, &health);
    stats_write_one(out, "garboard_ledger_entries", "gauge", "Entries of the ledger, durable.",
                    health.entries);
    stats_write_one(out, "garboard_ledger_signed", "gauge", "Entries that a checkpoint covers.",
                    health.signed_size);
    stats_write_one(out, "garboard_ledger_lag_seconds", "gauge",
                    "Age of the oldest entry that no checkpoint covers.", (uint64_t)health.lag_s);
    stats_write_one(out, "garboard_ledger_stopped", "gauge",
                    "Whether what needs a record is refused.", health.stopped);
    witnessed_metrics(server->witnessed, out);
}

static void add_counts(struct http_server_count *sum, const struct http_server *http)
{
    struct http_server_count one;
    http_server_counts(http, &one);
    sum->accepted += one.accepted;
    sum->refused += one.refused;
    sum->timed_out += one.timed_out;
    sum->requests += one.requests;
    sum->handshakes_full += one.handshakes_full;
    sum->handshakes_resumed += one.handshakes_resumed;
    sum->handshakes_failed += one.handshakes_failed;
    sum->bad_framing += one.bad_framing;
    sum->open += one.open;
}

static void write_listener(const char *name, const struct http_server_count *count,
                           struct gb_buf *out)
{
    const struct {
        const char *what;
        uint64_t value;
    } rows[] = {{"accepted", count->accepted},
                {"refused", count->refused},
                {"timed_out", count->timed_out},
                {"requests", count->requests},
                {"handshakes_full", count->handshakes_full},
                {"handshakes_resumed", count->handshakes_resumed},
                {"handshakes_failed", count->handshakes_failed},
                {"bad_framing", count->bad_framing}};
    for (size_t i = 0; i < GB_ARRAY_LEN(rows); i++)
        gb_buf_printf(out, "garboard_http_total{listener=\"%s\",what=\"%s\"} %" PRIu64 "\n", name,
                      rows[i].what, rows[i].value);
}

static void write_http(struct server *server, struct gb_buf *out)
{
    struct http_server_count api = {0}, enroll = {0};
    for (size_t i = 0; i < server->thread_count; i++) {
        add_counts(&api, server->threads[i].api);
        add_counts(&enroll, server->threads[i].enroll);
    }
    gb_buf_puts(out, "# HELP garboard_http_total Connections and requests of the listeners.\n"
                     "# TYPE garboard_http_total counter\n");
    write_listener("api", &api, out);
    write_listener("enroll", &enroll, out);
    gb_buf_printf(out,
                  "# HELP garboard_connections Open connections.\n"
                  "# TYPE garboard_connections gauge\n"
                  "garboard_connections{listener=\"api\"} %zu\n"
                  "garboard_connections{listener=\"enroll\"} %zu\n",
                  api.open, enroll.open);
    stats_write_one(out, "garboard_pool_waiting", "gauge", "Jobs that wait for a worker.",
                    pool_waiting(server->pool));
}

static void write_policy(struct server *server, struct gb_buf *out)
{
    gb_cleanup(snapshot_unrefp) struct snapshot *snapshot = snapshot_get(server->trust);
    stats_write_one(out, "garboard_documents", "gauge", "Policy documents stored.",
                    snapshot_documents(snapshot)->count);
    stats_write_one(out, "garboard_documents_count", "gauge",
                    "Whether all documents are rightly signed; 0: none counts.",
                    snapshot_fault(snapshot) == NULL);
    stats_write_one(out, "garboard_documents_at_keyd", "gauge",
                    "Whether garboard-keyd judges by the documents in force.",
                    atomic_load(&server->courier.state) == COURIER_THERE);
}

void api_metrics(void *ctx, const struct route_call *call)
{
    struct thread *thread = ctx;
    gb_cleanup(gb_buf_done) struct gb_buf out;
    gb_buf_init(&out, MAX_METRICS);
    stats_write(&thread->server->stats, &out);
    write_nodes(thread->server, &out);
    write_store(thread->server, &out);
    write_ledger(thread->server, &out);
    write_policy(thread->server, &out);
    write_http(thread->server, &out);
    if (gb_buf_ok(&out))
        http_answer(call->request, 200, "text/plain; version=0.0.4", gb_buf_bytes(&out));
    else
        answer_refuse(thread, call->request, REFUSAL_NO_MEMORY, NULL);
}
