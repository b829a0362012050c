/* What a node wants of garboard-keyd: a nonce of keyd's own, a new certificate, a signed result.
 * garboardd says which certificate is the node's; keyd proves the rest. */

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "ledger/entry.h"
#include "net/http_server.h"
#include "net/router.h"
#include "rpc/keyd.h"
#include "server/api/answer.h"
#include "server/api/api.h"
#include "server/api/caller.h"
#include "server/api/refusals.h"
#include "server/ledger/record.h"
#include "server/nodes/ask.h"
#include "server/nodes/nodes.h"
#include "server/nodes/nonce.h"
#include "server/server.h"
#include "server/stats.h"
#include "server/vouch.h"
#include "server/work.h"
#include "store/store.h"
#include "wire/json.h"

struct asking {
    struct work work; /* first */
    struct node *node;
    bool malformed; /* the body: nobody was asked */
    uint8_t nonce[32];
    struct keyd_renew_ask ask; /* and what a token wants: the same */
    struct keyd_certificate certificate;
    const char *jwt;
};

static void refuse(struct asking *a)
{
    struct thread *thread = a->work.thread;
    if (a->node)
        nodes_give(thread->server->nodes, a->node);
    enum refusal why =
        a->malformed ? REFUSAL_MALFORMED : answer_of_keyd(thread, a->work.result, &a->work.err);
    answer_refuse(thread, a->work.request, why, a->work.err.text);
}

static void start(struct asking *a)
{
    if (work_start(&a->work))
        return;
    if (a->node)
        nodes_give(a->work.thread->server->nodes, a->node);
    answer_refuse(a->work.thread, a->work.request, REFUSAL_OVERLOADED, NULL);
}

static void ask_nonce(struct work *work, struct worker_parts *parts)
{
    work->result = keyd_nonce(parts->keyd, ((struct asking *)work)->nonce, &work->err);
}

/* Gives the node back. */
static void tell_nonce(struct asking *a)
{
    struct work *work = &a->work;
    memcpy(a->nonce, a->node->keyd_nonce.bytes, sizeof a->nonce);
    nodes_give(work->thread->server->nodes, a->node);
    struct json *body = json_new_object();
    json_set(body, "nonce", answer_base64(work->arena, gb_bytes(a->nonce, sizeof a->nonce)));
    answer_json(work->thread, work->request, 200, body);
}

static void answer_nonce(struct work *work)
{
    struct asking *a = (struct asking *)work;
    if (work->result < 0) {
        refuse(a);
        return;
    }
    keyd_nonce_keep(&a->node->keyd_nonce, a->nonce, gb_clock_ms());
    tell_nonce(a);
}

void api_nonce(void *ctx, const struct route_call *call)
{
    struct thread *thread = ctx;
    struct asking *a = work_new_of(thread, call->request, struct asking);
    if (!a)
        return;
    struct node *node = caller_take(thread, call);
    if (!node)
        return;
    a->node = node;
    a->work.run = ask_nonce;
    a->work.then = answer_nonce;
    if (keyd_nonce_lives(&node->keyd_nonce, gb_clock_ms()))
        tell_nonce(a);
    else
        start(a);
}

/* In the pool: a token's evidence may take a while to decode. */
static int read_ask(struct asking *a, struct gb_err *err)
{
    gb_cleanup(json_freep) struct json *body = NULL;
    int r = ask_body(http_request_body(a->work.request), &body, err);
    a->malformed = r == GB_ERR_INPUT;
    if (r < 0)
        return r;
    struct ask ask = {.arena = a->work.arena, .body = body, .err = err};
    ask_base64_exact(&ask, "nonce", a->ask.nonce, sizeof a->ask.nonce);
    a->ask.evidence = ask_base64(&ask, "evidence", GB_LIMIT_RPC_EVIDENCE);
    a->ask.certify_attest = ask_base64(&ask, "certify_attest", GB_LIMIT_PUBLIC);
    a->ask.certify_signature = ask_base64(&ask, "certify_signature", GB_LIMIT_PUBLIC);
    a->ask.transport_public = ask_base64(&ask, "transport_public", GB_LIMIT_PUBLIC);
    a->malformed = ask.failed;
    return ask.failed ? GB_ERR_INPUT : GB_OK;
}

/* The certificate that the node holds, as the store has it. */
static int read_cert(struct asking *a, struct gb_err *err)
{
    struct store_node facts;
    int r =
        store_node_by_id(a->work.thread->server->store, a->work.arena, a->node->id, &facts, err);
    if (r == GB_OK)
        a->ask.old_cert_pem = facts.cert_pem;
    return r;
}

/* NULL: refused and answered. */
static struct asking *prepare(struct thread *thread, const struct route_call *call)
{
    struct gb_err err = {0};
    struct asking *a = work_new_of(thread, call->request, struct asking);
    if (!a)
        return NULL;
    struct node *node = caller_take(thread, call);
    if (!node)
        return NULL;
    a->node = node;
    a->ask.name = node->name; /* it stays taken until keyd has answered */
    a->ask.labels = node->labels;
    int r = read_cert(a, &err);
    if (r == GB_OK)
        return a;
    nodes_give(thread->server->nodes, a->node);
    answer_refuse(thread, call->request, answer_of_store(thread, r, &err), NULL);
    return NULL;
}

/* False: refused, answered, the node given back. */
static bool vouched(struct asking *a)
{
    struct thread *thread = a->work.thread;
    const char *why = vouch_refusal(thread->server, a->node);
    if (!why)
        return true;
    nodes_give(thread->server->nodes, a->node);
    answer_refuse(thread, a->work.request, REFUSAL_NODE_UNTRUSTED, why);
    return false;
}

static void renew(struct work *work, struct worker_parts *parts)
{
    struct asking *a = (struct asking *)work;
    work->result = read_ask(a, &work->err);
    if (work->result < 0)
        return;
    work->result = keyd_renew(parts->keyd, work->arena, &a->ask, &a->certificate, &work->err);
}

static void answer_renewed(struct work *work)
{
    struct asking *a = (struct asking *)work;
    struct thread *thread = work->thread;
    const char *whom = record_node(work->arena, a->node->id).text;
    nodes_give(thread->server->nodes, a->node);
    a->node = NULL;
    if (work->result < 0) {
        answer_refuse(thread, work->request, answer_of_store(thread, work->result, &work->err),
                      NULL);
        return;
    }
    stats_add(&thread->server->stats.renewed);
    gb_log_event(GB_LOG_INFO, "node.renew", GB_LOG_TEXT("whom", whom));
    struct gb_bytes pem = gb_arena_copy(work->arena, a->certificate.pem);
    struct json *body = json_new_object();
    json_set(body, "certificate", pem.data ? json_text((const char *)pem.data) : NULL);
    json_set(body, "not_after", answer_time(a->certificate.not_after_s));
    answer_json(thread, work->request, 200, body);
}

/* What was handed out, by the SHA-256 of its text. */
static void set_digest(const struct asking *a, struct json *data, const char *key,
                       struct gb_bytes text)
{
    uint8_t digest[32];
    bool ok = digest_of(a->work.thread->digester, DIGEST_SHA256, text, digest) == GB_OK;
    json_set(data, key, ok ? json_hex(gb_bytes(digest, sizeof digest)) : NULL);
}

/* By the node, of itself. Takes over `data`. */
static const struct store_entry *make_entry(struct asking *a, enum entry_what what,
                                            struct json *data)
{
    struct record_party node = record_node(a->work.arena, a->node->id);
    struct record record = {.what = what, .who = node, .whom = node, .data = data};
    return record_make(a->work.arena, a->work.thread->digester, &record);
}

static void renewed(struct work *work)
{
    struct asking *a = (struct asking *)work;
    keyd_nonce_used(&a->node->keyd_nonce, a->ask.nonce, work->result);
    if (work->result < 0) {
        refuse(a);
        return;
    }
    if (!vouched(a)) /* the policy changed while keyd judged */
        return;
    if (memcmp(a->certificate.transport, a->node->transport, sizeof a->node->transport) != 0) {
        work->result = gb_err_set(&work->err, GB_ERR_DENIED, "a renewal keeps the transport key");
        refuse(a);
        return;
    }
    work->then = answer_renewed;
    struct json *data = json_new_object();
    set_digest(a, data, "certificate", a->certificate.pem);
    json_set(data, "not_after", answer_time(a->certificate.not_after_s));
    store_node_cert(work->thread->server->store, a->node->id, a->certificate.pem,
                    make_entry(a, ENTRY_NODE_RENEW, data), work_stored, work);
}

void api_renew(void *ctx, const struct route_call *call)
{
    struct asking *a = prepare(ctx, call);
    if (!a || !vouched(a)) /* keyd knows nothing of earlier rounds */
        return;
    a->work.run = renew;
    a->work.then = renewed;
    start(a);
}

static void sign(struct work *work, struct worker_parts *parts)
{
    struct asking *a = (struct asking *)work;
    work->result = read_ask(a, &work->err);
    if (work->result < 0)
        return;
    struct keyd_token_ask ask = {.cert_pem = a->ask.old_cert_pem,
                                 .evidence = a->ask.evidence,
                                 .certify_attest = a->ask.certify_attest,
                                 .certify_signature = a->ask.certify_signature,
                                 .transport_public = a->ask.transport_public,
                                 .name = a->ask.name,
                                 .labels = a->ask.labels};
    memcpy(ask.nonce, a->ask.nonce, sizeof ask.nonce);
    work->result = keyd_token(parts->keyd, work->arena, &ask, &a->jwt, &work->err);
}

static void tell_token(struct work *work);

static void answer_token(struct work *work)
{
    struct asking *a = (struct asking *)work;
    keyd_nonce_used(&a->node->keyd_nonce, a->ask.nonce, work->result);
    if (work->result < 0) {
        refuse(a);
        return;
    }
    if (!vouched(a)) /* the policy changed while keyd signed */
        return;
    struct json *data = json_new_object();
    set_digest(a, data, "token", gb_bytes_str(a->jwt));
    work->then = tell_token;
    store_entry_add(work->thread->server->store, make_entry(a, ENTRY_TOKEN_ISSUE, data),
                    work_stored, work);
}

/* No record, no token. */
static void tell_token(struct work *work)
{
    struct asking *a = (struct asking *)work;
    nodes_give(work->thread->server->nodes, a->node);
    if (work->result < 0) {
        answer_refuse(work->thread, work->request,
                      answer_of_store(work->thread, work->result, &work->err), NULL);
        return;
    }
    stats_add(&work->thread->server->stats.tokens_signed);
    struct json *body = json_new_object();
    json_set(body, "token", json_text(a->jwt));
    answer_json(work->thread, work->request, 200, body);
}

void api_token(void *ctx, const struct route_call *call)
{
    struct asking *a = prepare(ctx, call);
    if (!a || !vouched(a))
        return;
    a->work.run = sign;
    a->work.then = answer_token;
    start(a);
}
