/* Enrolment ends: garboard-keyd proves and signs, the store takes the node in, then it is told. */

#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "ledger/entry.h"
#include "net/http_server.h"
#include "net/router.h"
#include "rpc/keyd.h"
#include "server/api/answer.h"
#include "server/api/api.h"
#include "server/api/refusals.h"
#include "server/ledger/record.h"
#include "server/nodes/ask.h"
#include "server/nodes/labels.h"
#include "server/nodes/node_id.h"
#include "server/nodes/nodes.h"
#include "server/nodes/tickets.h"
#include "server/nodes/waiting.h"
#include "server/server.h"
#include "server/stats.h"
#include "server/work.h"
#include "store/store.h"
#include "wire/json.h"

enum { MAX_EVIDENCE = 32 << 10, MAX_CSR = 4 << 10 };

struct finishing {
    struct work work; /* first */
    struct ticket *ticket;
    struct keyd_certify_ask ask;
    struct keyd_certificate certificate;
    struct store_node node;
    uint8_t request_hash[32];
};

static int read_finish(struct finishing *f, struct gb_err *err)
{
    gb_cleanup(json_freep) struct json *body = NULL;
    int r = ask_body(http_request_body(f->work.request), &body, err);
    if (r < 0)
        return r;
    struct ask ask = {.arena = f->work.arena, .body = body, .err = err};
    ask_base64_exact(&ask, "challenge", f->ask.challenge, sizeof f->ask.challenge);
    ask_base64_exact(&ask, "proof", f->ask.proof, sizeof f->ask.proof);
    f->ask.evidence = ask_base64(&ask, "evidence", MAX_EVIDENCE);
    f->ask.csr = ask_base64(&ask, "csr", MAX_CSR);
    f->ask.certify_attest = ask_base64(&ask, "certify_attest", GB_LIMIT_PUBLIC);
    f->ask.certify_signature = ask_base64(&ask, "certify_signature", GB_LIMIT_PUBLIC);
    f->ask.transport_public = ask_base64(&ask, "transport_public", GB_LIMIT_PUBLIC);
    return ask.failed ? GB_ERR_INPUT : GB_OK;
}

/* In the pool. */
static void certify(struct work *work, struct worker_parts *parts)
{
    struct finishing *f = (struct finishing *)work;
    work->result = keyd_certify(parts->keyd, work->arena, &f->ask, &f->certificate, &work->err);
}

static void refusal_recorded(void *ctx, int result, const struct gb_err *err)
{
    (void)ctx;
    if (result < 0)
        gb_log_err(GB_LOG_ERROR, "refusal-not-recorded", err);
}

/* Who comes so far was let in by a token or an operator. Nothing hangs on the record: the machine
 * is refused in any case. "name/": its name may be text that is another node's id. */
static void record_refused(struct finishing *f)
{
    struct thread *thread = f->work.thread;
    const char *whom = gb_arena_printf(f->work.arena, "name/%s", f->ticket->name);
    struct record record = {.what = ENTRY_NODE_REFUSE,
                            .who = record_server(),
                            .whom = record_text(whom),
                            .why = record_text(f->work.err.text)};
    gb_log_event(GB_LOG_WARNING, "node.refuse", GB_LOG_TEXT("whom", whom),
                 GB_LOG_TEXT("why", f->work.err.text));
    store_entry_add(thread->server->store, record_make(f->work.arena, thread->digester, &record),
                    refusal_recorded, NULL);
}

/* keyd allows one try; so do we. Only when it could not be asked may the node try again. */
static void not_certified(struct finishing *f)
{
    struct thread *thread = f->work.thread;
    int r = f->work.result;
    enum refusal why = answer_of_keyd(thread, r, &f->work.err);
    if (r == GB_ERR_IO || r == GB_ERR_NOMEM) {
        tickets_give(thread->server->tickets, f->ticket);
    } else {
        record_refused(f);
        tickets_drop(thread->server->tickets, f->ticket);
        why = r == GB_ERR_DENIED ? REFUSAL_ENROLMENT_DENIED : why;
    }
    answer_refuse(thread, f->work.request, why, f->work.err.text);
}

static void not_stored(struct finishing *f)
{
    struct thread *thread = f->work.thread;
    if (f->work.result == GB_ERR_DENIED) {
        record_refused(f);
        tickets_drop(thread->server->tickets, f->ticket);
        answer_refuse(thread, f->work.request, REFUSAL_NAME_TAKEN, f->work.err.text);
        return;
    }
    tickets_give(thread->server->tickets, f->ticket);
    answer_refuse(thread, f->work.request, answer_of_store(thread, f->work.result, &f->work.err),
                  NULL);
}

static struct json *enrolled_json(const struct finishing *f)
{
    const struct server *server = f->work.thread->server;
    char id[NODE_ID_TEXT];
    node_id_text(f->ticket->node_id, id);
    struct json *body = json_new_object();
    json_set(body, "node", json_text(id));
    json_set(body, "name", json_text(f->ticket->name));
    json_set(body, "certificate", json_text((const char *)f->node.cert_pem.data));
    json_set(body, "ca", json_text((const char *)server->ca_pem.data));
    json_set(body, "trust_domain", json_text(server->config->trust_domain));
    json_set(body, "interval_s", json_number((uint64_t)server->config->interval_s));
    return body;
}

/* The answer stays with the ticket: who did not hear it asks again. */
static void answer_enrolled(struct finishing *f)
{
    gb_cleanup(json_freep) struct json *body = enrolled_json(f);
    struct thread *thread = f->work.thread;
    struct ticket *ticket = f->ticket;
    char *text = NULL;
    if (json_print(body, &text, NULL) == GB_OK)
        ticket->answer = (const char *)gb_arena_copy(ticket->arena, gb_bytes_str(text)).data;
    gb_free(text);
    memcpy(ticket->request, f->request_hash, sizeof ticket->request);
    const char *answer = ticket->answer;
    if (!answer) {
        tickets_give(thread->server->tickets, ticket);
        answer_refuse(thread, f->work.request, REFUSAL_NO_MEMORY, NULL);
        return;
    }
    http_answer(f->work.request, 200, "application/json", gb_bytes_str(answer));
    tickets_finish(thread->server->tickets, ticket);
}

/* With the labels that the store has for it: its own, or the token's. */
static int add(struct finishing *f)
{
    struct server *server = f->work.thread->server;
    struct store_node node = f->node;
    struct store_node stored;
    int r = store_node_by_id(server->store, f->work.arena, node.id, &stored, &f->work.err);
    if (r < 0)
        return r;
    node.labels = stored.labels;
    node.labels_num = stored.labels_num;
    return nodes_add(server->nodes, &node, &f->work.err);
}

static void stored(struct work *work)
{
    struct finishing *f = (struct finishing *)work;
    struct thread *thread = work->thread;
    char id[NODE_ID_TEXT];
    if (work->result == GB_OK)
        work->result = add(f);
    if (work->result < 0) {
        not_stored(f);
        return;
    }
    node_id_text(f->node.id, id);
    waiting_remove(thread->server->waiting, f->node.eks[0]);
    stats_add(&thread->server->stats.enrolled);
    gb_log_event(GB_LOG_INFO, "node.enrol", GB_LOG_TEXT("id", id),
                 GB_LOG_TEXT("node", f->node.name), GB_LOG_TEXT("tpm", f->node.tpm));
    answer_enrolled(f);
}

/* By what it was let in. */
static const char *how(const struct finishing *f)
{
    const struct ticket *ticket = f->ticket;
    if (!ticket->has_token)
        return "ek"; /* listed or approved: an entry before this one says so, and by whom */
    const char *id = gb_base64url(f->work.arena, gb_bytes(ticket->token, sizeof ticket->token));
    return gb_arena_printf(f->work.arena, "token/%s", id ? id : "");
}

/* What an auditor needs to verify this node's quotes without us. */
static const struct store_entry *enrol_entry(struct finishing *f)
{
    const struct store_node *node = &f->node;
    struct record_party whom = record_node(f->work.arena, node->id);
    struct json *eks = json_new_array();
    for (size_t i = 0; i < node->ek_count; i++)
        json_push(eks, json_hex(gb_bytes(node->eks[i], STORE_HASH)));
    struct json *data = json_new_object();
    json_set(data, "name", json_text(node->name));
    json_set(data, "eks", eks);
    json_set(data, "ak_public", answer_base64(f->work.arena, node->ak_public));
    json_set(data, "transport", json_hex(gb_bytes(node->transport, STORE_HASH)));
    json_set(data, "tpm", json_text(node->tpm));
    json_set(data, "how", json_text(how(f)));
    if (node->labels)
        json_set(data, "labels", labels_json(node->labels));
    struct record record = {.what = ENTRY_NODE_ENROL, .who = whom, .whom = whom, .data = data};
    return record_make(f->work.arena, f->work.thread->digester, &record);
}

static void certified(struct work *work)
{
    struct finishing *f = (struct finishing *)work;
    const struct ticket *ticket = f->ticket;
    if (work->result < 0) {
        not_certified(f);
        return;
    }
    f->node = (struct store_node){.name = ticket->name,
                                  .ak_public = ticket->ak_public,
                                  .ek_count = ticket->ek_count,
                                  .tpm = ticket->tpm,
                                  .labels = ticket->labels,
                                  .ek_certs = ticket->ek_certs,
                                  .cert_pem = gb_arena_copy(work->arena, f->certificate.pem),
                                  .enrolled_s = gb_clock_s()};
    memcpy(f->node.id, ticket->node_id, sizeof f->node.id);
    memcpy(f->node.transport, f->certificate.transport, sizeof f->node.transport);
    memcpy(f->node.eks, ticket->eks, sizeof f->node.eks);
    const struct store_enrolment enrolment = {.node = &f->node,
                                              .token_id = ticket->has_token ? ticket->token : NULL,
                                              .grant_ek =
                                                  ticket->has_grant ? ticket->grant_ek : NULL,
                                              .now_s = gb_clock_s()};
    work->then = stored;
    store_enrol(work->thread->server->store, &enrolment, enrol_entry(f), work_stored, work);
}

static void answer_again(struct finishing *f)
{
    struct thread *thread = f->work.thread;
    struct ticket *ticket = f->ticket; /* outlives the request */
    bool same = memcmp(ticket->request, f->request_hash, sizeof f->request_hash) == 0;
    if (same)
        http_answer(f->work.request, 200, "application/json", gb_bytes_str(ticket->answer));
    else
        answer_refuse(thread, f->work.request, REFUSAL_CHALLENGE_UNKNOWN, NULL);
    tickets_give(thread->server->tickets, ticket);
}

static void proceed(struct finishing *f)
{
    struct thread *thread = f->work.thread;
    memcpy(f->ask.node_id, f->ticket->node_id, sizeof f->ask.node_id);
    f->work.run = certify;
    f->work.then = certified;
    if (work_start(&f->work))
        return;
    tickets_give(thread->server->tickets, f->ticket);
    answer_refuse(thread, f->work.request, REFUSAL_OVERLOADED, NULL);
}

void api_enroll_finish(void *ctx, const struct route_call *call)
{
    struct thread *thread = ctx;
    struct gb_err err = {0};
    struct finishing *f = work_new_of(thread, call->request, struct finishing);
    if (!f)
        return;
    if (read_finish(f, &err) < 0) {
        answer_refuse(thread, call->request, REFUSAL_MALFORMED, err.text);
        return;
    }
    int r =
        tickets_take(thread->server->tickets, f->ask.challenge, gb_clock_ms(), &f->ticket, &err);
    if (r < 0) {
        answer_refuse(thread, call->request,
                      r == GB_ERR_AGAIN ? REFUSAL_BUSY : REFUSAL_CHALLENGE_UNKNOWN, NULL);
        return;
    }
    if (digest_of(thread->digester, DIGEST_SHA256, http_request_body(call->request),
                  f->request_hash) < 0) {
        tickets_give(thread->server->tickets, f->ticket);
        answer_refuse(thread, call->request, REFUSAL_INTERNAL, NULL);
    } else if (f->ticket->done) {
        answer_again(f);
    } else {
        proceed(f);
    }
}
