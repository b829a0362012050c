/* A node proves itself. In this order: who speaks, the nonce (once), the evidence, durable, told.
 */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "attest/next.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/http_server.h"
#include "net/router.h"
#include "server/api/answer.h"
#include "server/api/api.h"
#include "server/api/caller.h"
#include "server/api/refusals.h"
#include "server/kept/keep.h"
#include "server/ledger/round.h"
#include "server/ledger/scribe.h"
#include "server/ledger/verdict_record.h"
#include "server/nodes/next.h"
#include "server/nodes/node_id.h"
#include "server/nodes/nodes.h"
#include "server/nodes/nonce.h"
#include "server/server.h"
#include "server/snapshot.h"
#include "server/stats.h"
#include "server/work.h"
#include "store/kept.h"
#include "store/store.h"
#include "wire/json.h"

/* A longer one would hold the loop for milliseconds, and what is kept of it may become a file,
 * which is synced. */
enum { LOOP_BODY = STORE_BLOB_INLINE };

struct attesting {
    struct work work; /* first */
    struct node *node;
    struct snapshot *snapshot;
    struct round round;
    int64_t began_us;
    bool news;                     /* there is more to record than a newer proof */
    const struct store_kept *kept; /* what of it is to be kept as evidence; NULL: nothing */
    int not_kept;                  /* or why it cannot be, with work.err */
};

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* {"error","next"}: refused, and how it would go. Gives the node back. */
static void refuse_with_next(struct thread *thread, struct http_request *request, struct node *node,
                             enum refusal refusal, const char *message)
{
    struct gb_arena *arena = http_request_arena(request);
    struct json *next = arena ? next_json(thread, arena, node) : NULL;
    gb_log_event(GB_LOG_INFO, "round-refused", GB_LOG_TEXT("node", node->name),
                 GB_LOG_TEXT("code", answer_code(refusal)), GB_LOG_TEXT("why", message));
    nodes_give(thread->server->nodes, node);
    if (!next) {
        answer_refuse(thread, request, REFUSAL_INTERNAL, NULL);
        return;
    }
    struct json *body = json_new_object();
    json_set(body, "error", answer_error(refusal, message));
    json_set(body, "next", next);
    stats_add(&thread->server->stats.refusals[refusal]);
    answer_json(thread, request, answer_status(refusal), body);
}

void api_attest_nonce(void *ctx, const struct route_call *call)
{
    struct thread *thread = ctx;
    struct gb_arena *arena = http_request_arena(call->request);
    struct node *node = caller_take(thread, call);
    if (!node)
        return;
    struct json *next = arena ? next_json(thread, arena, node) : NULL;
    nodes_give(thread->server->nodes, node);
    if (next)
        answer_json(thread, call->request, 200, next);
    else
        answer_refuse(thread, call->request, REFUSAL_INTERNAL, NULL);
}

/* Ends the round: the node goes back, whatever the answer. */
static void leave(struct attesting *a)
{
    nodes_give(a->work.thread->server->nodes, a->node);
    snapshot_unref(a->snapshot);
}

static struct json *told_json(const struct attesting *a, struct json *next)
{
    const struct node_verdict *told = &a->round.told;
    struct json *body = json_new_object();
    json_set(body, "verdict", json_text(told->trusted ? "trusted" : "untrusted"));
    json_set(body, "tier", json_text(gb_tier_name((enum gb_tier)told->tier)));
    json_set(body, "verified_at", answer_time(told->verified_s));
    json_set(body, "next", next);
    return body;
}

static void tell(struct attesting *a)
{
    struct thread *thread = a->work.thread;
    struct stats *stats = &thread->server->stats;
    struct http_request *request = a->work.request;
    stats_add(a->round.told.trusted ? &stats->rounds_trusted : &stats->rounds_untrusted);
    a->node->progress = a->round.after;
    struct json *next = next_json(thread, a->work.arena, a->node);
    struct json *body = next ? told_json(a, next) : NULL;
    int64_t began_us = a->began_us;
    leave(a);
    if (body)
        answer_json(thread, request, 200, body);
    else
        answer_refuse(thread, request, REFUSAL_INTERNAL, NULL);
    stats_took(&stats->round, now_us() - began_us);
}

static void log_change(const struct attesting *a)
{
    char id[NODE_ID_TEXT], round[2 * 8 + 1];
    node_id_text(a->node->id, id);
    for (size_t i = 0; i < 8; i++) /* the attestation's id: the start of its quote's digest */
        snprintf(round + 2 * i, 3, "%02x", a->round.quote[i]);
    gb_log_event(a->round.told.trusted ? GB_LOG_INFO : GB_LOG_WARNING, "verdict-changed",
                 GB_LOG_TEXT("attestation", round), GB_LOG_TEXT("node", a->node->name),
                 GB_LOG_TEXT("id", id),
                 GB_LOG_TEXT("verdict", a->round.told.trusted ? "trusted" : "untrusted"),
                 GB_LOG_TEXT("tier", gb_tier_name((enum gb_tier)a->round.told.tier)),
                 GB_LOG_TEXT("reason", a->round.told.reason));
}

/* No record, no better verdict; a worse one counts at once, and is recorded by a later round. */
static void distrust(struct attesting *a)
{
    struct node_verdict *told = &a->round.told;
    if (told->trusted)
        return;
    told->unkept = true;
    told->reason = gb_arena_printf(a->work.arena, "%s (store-failed: this is not recorded yet)",
                                   told->reason ? told->reason : "it is not trusted");
    if (nodes_tell(a->work.thread->server->nodes, a->node, told))
        log_change(a);
}

/* Evidence does not fit to what is kept (a chain was lost with a database that was set back, a blob
 * was dropped this very moment): all of it, then. */
static void refuse_unkept(struct attesting *a)
{
    struct node *node = a->node;
    snapshot_unref(a->snapshot);
    node->progress = (struct progress){.seen = node->progress.seen};
    node->progress.seen.whole = false;
    refuse_with_next(a->work.thread, a->work.request, node, REFUSAL_EVIDENCE_AGAIN,
                     a->work.err.text);
}

/* A change is told only now that it is durable. */
static void durable(struct work *work)
{
    struct attesting *a = (struct attesting *)work;
    struct thread *thread = work->thread;
    if (work->result == GB_ERR_DENIED) {
        refuse_unkept(a);
        return;
    }
    if (work->result == GB_OK)
        work->result = round_keep(&a->round, scribe_rounds(thread->server->scribe), &work->err);
    if (work->result < 0 || !nodes_tell(thread->server->nodes, a->node, &a->round.told)) {
        struct http_request *request = work->request;
        enum refusal why = work->result < 0 ? answer_of_store(thread, work->result, &work->err)
                                            : REFUSAL_NO_MEMORY;
        if (work->result < 0)
            distrust(a);
        leave(a); /* progress stays: the next round brings the same again */
        answer_refuse(thread, request, why, NULL);
        return;
    }
    stats_add(&thread->server->stats.verdict_changes);
    log_change(a);
    tell(a);
}

static void record_change(struct attesting *a)
{
    const struct node_verdict *told = &a->round.told;
    uint8_t progress[PROGRESS_MAX];
    if (a->not_kept < 0) { /* no evidence, no verdict */
        a->work.result = a->not_kept;
        durable(&a->work);
        return;
    }
    char *json = round_json(a->work.arena, a->work.thread->server->store, &a->round);
    if (!json) {
        a->work.result = GB_ERR_NOMEM;
        if (a->kept)
            store_blob_discard(a->work.thread->server->store, a->kept->parts, a->kept->part_count);
        durable(&a->work);
        return;
    }
    struct store_verdict verdict = {.at_s = a->round.nonce.issued_s,
                                    .tier = told->tier,
                                    .trusted = told->trusted,
                                    .policy = told->policy,
                                    .json = gb_bytes_str(json),
                                    .kept = a->kept};
    memcpy(verdict.node, a->node->id, sizeof verdict.node);
    memcpy(verdict.quote, a->round.quote, sizeof verdict.quote);
    size_t len = progress_write(&a->round.after, progress);
    a->work.then = durable;
    store_verdict_add(
        a->work.thread->server->store, &verdict, gb_bytes(progress, len),
        verdict_record(a->work.arena, a->work.thread->digester, &a->round, verdict.json),
        work_stored, &a->work);
}

/* No leaf, no answer: what was told before stands until it is stale. */
static void not_kept(struct attesting *a)
{
    struct thread *thread = a->work.thread;
    struct http_request *request = a->work.request;
    enum refusal why = answer_of_store(thread, a->work.result, &a->work.err);
    leave(a);
    answer_refuse(thread, request, why, NULL);
}

static void go_on(struct attesting *a);

/* What is new is kept now, and what was held of the node goes on with it. */
static void kept(struct work *work)
{
    struct attesting *a = (struct attesting *)work;
    if (work->result == GB_ERR_DENIED)
        refuse_unkept(a);
    else if (work->result < 0)
        not_kept(a);
    else
        go_on(a);
}

/* Nothing new is the rule, and writes nothing. */
static void record_same(struct attesting *a)
{
    struct server *server = a->work.thread->server;
    uint8_t progress[PROGRESS_MAX];
    if (a->not_kept < 0) {
        a->work.result = a->not_kept;
        not_kept(a);
    } else if (a->kept) {
        a->work.then = kept;
        store_kept_add(server->store, a->kept,
                       gb_bytes(progress, progress_write(&a->round.after, progress)), work_stored,
                       &a->work);
    } else {
        go_on(a);
    }
}

static void go_on(struct attesting *a)
{
    struct server *server = a->work.thread->server;
    uint8_t progress[PROGRESS_MAX];
    struct store_live live = {.verified_s = a->round.told.verified_s};
    memcpy(live.node, a->node->id, sizeof live.node);
    live.progress = gb_bytes(progress, progress_write(&a->round.after, progress));
    a->work.result = round_keep(&a->round, scribe_rounds(server->scribe), &a->work.err);
    if (a->work.result < 0) {
        not_kept(a);
        return;
    }
    if (!store_live_set(server->store, &live))
        gb_log_event(GB_LOG_ERROR, "out-of-memory", GB_LOG_TEXT("what", "liveness"));
    nodes_proven(server->nodes, a->node, &a->round.told);
    tell(a);
}

static void refuse_round(struct attesting *a)
{
    struct thread *thread = a->work.thread;
    struct http_request *request = a->work.request;
    struct node *node = a->node;
    int r = a->work.result;
    snapshot_unref(a->snapshot);
    if (r == GB_ERR_INPUT || r == GB_ERR_LIMIT || r == GB_ERR_NOTFOUND) {
        refuse_with_next(thread, request, node, REFUSAL_EVIDENCE_MALFORMED, a->work.err.text);
    } else if (r == GB_ERR_AGAIN) {
        node->progress = (struct progress){.seen = node->progress.seen};
        node->progress.seen.whole = false; /* what must not go backwards stays */
        refuse_with_next(thread, request, node, REFUSAL_EVIDENCE_AGAIN, a->work.err.text);
    } else {
        gb_log_err(GB_LOG_ERROR, "round-failed", &a->work.err);
        nodes_give(thread->server->nodes, node);
        answer_refuse(thread, request, r == GB_ERR_NOMEM ? REFUSAL_NO_MEMORY : REFUSAL_INTERNAL,
                      NULL);
    }
}

static void judged(struct work *work)
{
    struct attesting *a = (struct attesting *)work;
    if (work->result < 0)
        refuse_round(a);
    else if (a->news)
        record_change(a);
    else
        record_same(a);
}

static void judge(struct work *work, struct worker_parts *parts)
{
    struct attesting *a = (struct attesting *)work;
    struct server *server = work->thread->server;
    struct node_verdict before;
    work->result = round_judge(work->arena, server->store, parts->digester, &a->round, &work->err);
    if (work->result < 0)
        return;
    nodes_told(server->nodes, a->node, &before);
    if (!a->round.claims.quote_proven) {
        a->round.told.verified_s = before.verified_s; /* nothing was verified */
        a->round.told.issued_ms = before.issued_ms;
        a->round.told.reset_count = before.reset_count;
    }
    a->news = round_is_news(&before, &a->round);
    a->not_kept = keep_prepare(work->arena, server->store, parts->digester, &a->round, a->news,
                               &a->kept, &work->err);
}

/* Whatever becomes of this request, the nonce is gone. */
static bool take_nonce(struct thread *thread, const struct route_call *call, struct node *node,
                       struct nonce *ret_nonce)
{
    static const enum refusal refusals[] = {[NONCE_NONE] = REFUSAL_NONCE_UNKNOWN,
                                            [NONCE_EXPIRED] = REFUSAL_NONCE_EXPIRED,
                                            [NONCE_VOID] = REFUSAL_NONCE_VOID};
    enum nonce_answer answer =
        nonce_take(&node->nonce, gb_clock_ms(), thread->server->config->nonce_life_s * 1000,
                   node->void_ms, ret_nonce);
    if (answer == NONCE_TAKEN)
        return true;
    refuse_with_next(thread, call->request, node, refusals[answer], NULL);
    return false;
}

void api_attest(void *ctx, const struct route_call *call)
{
    struct thread *thread = ctx;
    struct server *server = thread->server;
    struct attesting *a = work_new_of(thread, call->request, struct attesting);
    if (!a)
        return;
    a->began_us = now_us();
    /* Who is refused has been answered, and with that `a` is gone. */
    struct node *node = caller_take(thread, call);
    if (!node || !take_nonce(thread, call, node, &a->round.nonce))
        return;
    a->node = node;
    a->snapshot = snapshot_get(server->trust);
    a->round.node = a->node;
    a->round.snapshot = a->snapshot;
    a->round.body = http_request_body(call->request);
    a->work.run = judge;
    a->work.then = judged;
    if (a->round.body.len <= LOOP_BODY) {
        judge(&a->work, &(struct worker_parts){.digester = thread->digester});
        judged(&a->work);
    } else if (!work_start(&a->work)) {
        snapshot_unref(a->snapshot);
        refuse_with_next(thread, call->request, a->node, REFUSAL_OVERLOADED, NULL);
    }
}
