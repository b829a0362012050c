/* Enrolment begins: who may, then the challenge by garboard-keyd. */

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "evidence/bundle.h"
#include "net/http_server.h"
#include "net/router.h"
#include "rpc/keyd.h"
#include "server/api/answer.h"
#include "server/api/api.h"
#include "server/api/refusals.h"
#include "server/nodes/admit.h"
#include "server/nodes/ask.h"
#include "server/nodes/ek_certs.h"
#include "server/nodes/join_token.h"
#include "server/nodes/tickets.h"
#include "server/server.h"
#include "server/work.h"
#include "store/store.h"
#include "verify/binding.h"
#include "wire/json.h"

enum { MAX_EK_CERTS = STORE_MAX_EKS - 1, MAX_CERT = 8 << 10, CHALLENGE_S = 60, WAIT_S = 15 };

struct beginning {
    struct work work; /* first */
    const char *name;
    struct keyd_challenge_ask ask;
    struct keyd_challenge challenge;
    struct ticket *ticket;
};

static int read_begin(struct beginning *b, const char **ret_token, struct gb_err *err)
{
    gb_cleanup(json_freep) struct json *body = NULL;
    int r = ask_body(http_request_body(b->work.request), &body, err);
    if (r < 0)
        return r;
    struct ask ask = {.arena = b->work.arena, .body = body, .err = err};
    struct keyd_challenge_ask *what = &b->ask;
    ask_number(&ask, "version", 1, 1);
    b->name = ask_name(&ask, "name");
    *ret_token = ask_text_optional(&ask, "token", JOIN_TOKEN_MAX);
    what->ek_certs =
        ask_base64_list(&ask, "ek_certs", MAX_EK_CERTS, MAX_CERT, &what->ek_cert_count);
    what->intermediates = ask_base64_list(&ask, "intermediates", BUNDLE_MAX_INTERMEDIATES, MAX_CERT,
                                          &what->intermediate_count);
    what->ek_public = ask_base64(&ask, "ek_public", GB_LIMIT_PUBLIC);
    what->ak_public = ask_base64(&ask, "ak_public", GB_LIMIT_PUBLIC);
    return ask.failed ? GB_ERR_INPUT : GB_OK;
}

/* The labels that it will have: the token's, else those that it has. They choose its policy. */
static int find_labels(struct beginning *b, struct digester *digester)
{
    struct work *work = &b->work;
    struct store_node known;
    uint8_t ek[STORE_HASH], id[STORE_ID];
    b->ask.name = b->name;
    b->ask.labels = b->ticket->labels ? b->ticket->labels : "";
    if (b->ticket->labels || admit_ek(b->ask.ek_public, ek) < 0)
        return GB_OK; /* keyd says what is wrong with the EK */
    int r = binding_node(digester, ek, id, &work->err);
    if (r == GB_OK)
        r = store_node_by_id(work->thread->server->store, work->arena, id, &known, &work->err);
    if (r == GB_OK && known.labels)
        b->ask.labels = known.labels;
    return r == GB_ERR_NOTFOUND ? GB_OK : r;
}

/* In the pool: the challenge, and which node the EK is. */
static void challenge(struct work *work, struct worker_parts *parts)
{
    struct beginning *b = (struct beginning *)work;
    int r = find_labels(b, parts->digester);
    if (r == GB_OK)
        r = keyd_challenge(parts->keyd, work->arena, &b->ask, &b->challenge, &work->err);
    if (r == GB_OK && b->challenge.ek_count == 0)
        r = gb_err_set(&work->err, GB_ERR_BUG, "keyd names no EK");
    if (r == GB_OK) /* keyd signs no other; who comes again has its old one */
        r = binding_node(parts->digester, b->challenge.eks[0], b->ticket->node_id, &work->err);
    work->result = r;
}

static bool keep_certs(struct ticket *ticket, const struct keyd_challenge_ask *ask)
{
    struct gb_buf certs;
    gb_buf_init(&certs, 1 << 20);
    for (size_t i = 0; i < ask->ek_cert_count; i++)
        ek_certs_write(&certs, ask->ek_certs[i], false);
    for (size_t i = 0; i < ask->intermediate_count; i++)
        ek_certs_write(&certs, ask->intermediates[i], true);
    ticket->ek_certs = gb_arena_copy(ticket->arena, gb_buf_bytes(&certs));
    bool ok = gb_buf_ok(&certs) && ticket->ek_certs.data;
    gb_buf_done(&certs);
    return ok;
}

/* The ticket outlives the request. */
static bool keep(struct beginning *b)
{
    struct ticket *ticket = b->ticket;
    const char *tpm = b->challenge.tpm ? b->challenge.tpm : "";
    ticket->name = (const char *)gb_arena_copy(ticket->arena, gb_bytes_str(b->name)).data;
    ticket->tpm = (const char *)gb_arena_copy(ticket->arena, gb_bytes_str(tpm)).data;
    ticket->ak_public = gb_arena_copy(ticket->arena, b->ask.ak_public);
    ticket->ek_count = b->challenge.ek_count;
    if (ticket->ek_count > STORE_MAX_EKS)
        return false;
    memcpy(ticket->eks, b->challenge.eks, ticket->ek_count * STORE_HASH);
    return ticket->name && ticket->tpm && ticket->ak_public.data && keep_certs(ticket, &b->ask);
}

static void answer_challenge(struct beginning *b)
{
    const struct keyd_challenge *c = &b->challenge;
    struct gb_arena *arena = b->work.arena;
    struct json *body = json_new_object();
    json_set(body, "challenge", answer_base64(arena, gb_bytes(c->id, sizeof c->id)));
    json_set(body, "nonce", answer_base64(arena, gb_bytes(c->nonce, sizeof c->nonce)));
    json_set(body, "id_object", answer_base64(arena, c->id_object));
    json_set(body, "encrypted_secret", answer_base64(arena, c->encrypted_secret));
    json_set(body, "expires_in_s", json_number(CHALLENGE_S));
    answer_json(b->work.thread, b->work.request, 200, body);
}

static void challenged(struct work *work)
{
    struct beginning *b = (struct beginning *)work;
    struct thread *thread = work->thread;
    struct tickets *tickets = thread->server->tickets;
    if (work->result < 0) {
        tickets_drop(tickets, b->ticket);
        if (work->result == GB_ERR_DENIED)
            gb_log_event(GB_LOG_WARNING, "enrol-refused", GB_LOG_TEXT("name", b->name),
                         GB_LOG_TEXT("why", work->err.text));
        answer_refuse(thread, work->request, answer_of_keyd(thread, work->result, &work->err),
                      work->err.text);
        return;
    }
    if (!keep(b)) {
        tickets_drop(tickets, b->ticket);
        answer_refuse(thread, work->request, REFUSAL_NO_MEMORY, NULL);
        return;
    }
    tickets_open(tickets, b->ticket, b->challenge.id);
    answer_challenge(b);
}

static void answer_waiting(struct beginning *b, const uint8_t ek[32])
{
    struct json *body = json_new_object();
    json_set(body, "state", json_text("waiting"));
    json_set(body, "ek", answer_digest(b->work.arena, ek));
    json_set(body, "retry_after_s", json_number(WAIT_S));
    answer_json(b->work.thread, b->work.request, 202, body);
}

void api_enroll_begin(void *ctx, const struct route_call *call)
{
    struct thread *thread = ctx;
    struct gb_err err = {0};
    const char *token = NULL;
    uint8_t ek[32];
    enum refusal why = REFUSAL_INTERNAL;
    struct beginning *b = work_new_of(thread, call->request, struct beginning);
    if (!b)
        return;
    if (read_begin(b, &token, &err) < 0) {
        answer_refuse(thread, call->request, REFUSAL_MALFORMED, err.text);
        return;
    }
    const struct admit_ask ask = {b->name, token, b->ask.ek_public};
    switch (admit(thread, b->work.arena, &ask, http_request_remote(call->request), &why, ek,
                  &b->ticket)) {
    case ADMIT_REFUSED:
        answer_refuse(thread, call->request, why, NULL);
        return;
    case ADMIT_WAITING:
        answer_waiting(b, ek);
        return;
    case ADMIT_OK:
        break;
    }
    b->work.run = challenge;
    b->work.then = challenged;
    if (work_start(&b->work))
        return;
    tickets_drop(thread->server->tickets, b->ticket);
    answer_refuse(thread, call->request, REFUSAL_OVERLOADED, NULL);
}
