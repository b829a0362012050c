#include "keyd/monitor.h"

#include "base/clock.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "keyd/beliefs.h"
#include "keyd/certify.h"
#include "keyd/challenge.h"
#include "keyd/desk.h"
#include "keyd/ledger.h"
#include "keyd/nonces.h"
#include "keyd/policy.h"
#include "keyd/token.h"
#include "keyd/vault.h"
#include "rpc/keyd.h"
#include "rpc/messages.h"

static int status_serve(struct desk *desk, const struct rpc_request *request,
                        struct rpc_reply *reply, struct gb_err *err)
{
    (void)request;
    reply->status = (struct keyd_status){.version = GARBOARD_VERSION,
                                         .trust_domain = desk->house->config->trust_domain,
                                         .ca_pem = vault_ca_pem(desk->house->vault),
                                         .jwks = vault_jwks(desk->house->vault, desk->arena),
                                         .officers = desk->beliefs->officers};
    return reply->status.jwks ? GB_OK : gb_err_nomem(err);
}

static int nonce_serve(struct desk *desk, const struct rpc_request *request,
                       struct rpc_reply *reply, struct gb_err *err)
{
    (void)request;
    return nonces_issue(desk->house->nonces, desk->now_ms, reply->nonce.nonce, err);
}

static int ledger_state_serve(struct desk *desk, const struct rpc_request *request,
                              struct rpc_reply *reply, struct gb_err *err)
{
    (void)request;
    return ledger_last(desk->house->ledger, desk->arena, &reply->ledger_state, err);
}

static int ledger_sign_serve(struct desk *desk, const struct rpc_request *request,
                             struct rpc_reply *reply, struct gb_err *err)
{
    return ledger_sign(desk->house->ledger, desk->arena, desk->digester, &request->ledger_sign,
                       &reply->ledger_sign.note, err);
}

/* What a request must hold in its hands. It is used up before anything is judged, or, for a
 * challenge, is gone unless all was good. */
enum need { NEED_NOTHING, NEED_CHALLENGE, NEED_NONCE };

static const struct rule {
    int (*serve)(struct desk *desk, const struct rpc_request *request, struct rpc_reply *reply,
                 struct gb_err *err); /* NULL: never */
    enum need need;
    bool signs; /* is logged */
} rules[RPC_KINDS] = {
    [RPC_STATUS] = {status_serve, NEED_NOTHING, false},
    [RPC_CHALLENGE] = {challenge_serve, NEED_NOTHING, false},
    [RPC_CERTIFY] = {certify_serve, NEED_CHALLENGE, true},
    [RPC_NONCE] = {nonce_serve, NEED_NOTHING, false},
    [RPC_RENEW] = {renew_serve, NEED_NONCE, true},
    [RPC_TOKEN] = {token_serve, NEED_NONCE, true},
    [RPC_SERVER_CERT] = {server_cert_serve, NEED_NOTHING, true},
    [RPC_LEDGER_STATE] = {ledger_state_serve, NEED_NOTHING, false},
    [RPC_LEDGER_SIGN] = {ledger_sign_serve, NEED_NOTHING, false}, /* one a second */
    [RPC_POLICY] = {policy_serve, NEED_NOTHING, false},
};

/* A challenge is taken by certify_serve itself, which must give it back. */
static int take_need(struct desk *desk, const struct rpc_request *request, struct gb_err *err)
{
    if (rules[request->kind].need != NEED_NONCE)
        return GB_OK;
    const uint8_t *nonce = request->kind == RPC_RENEW ? request->renew.nonce : request->token.nonce;
    return nonces_take(desk->house->nonces, desk->now_ms, nonce, err);
}

int monitor_serve(struct desk *desk, const struct rpc_request *request, struct rpc_reply *ret_reply,
                  struct gb_err *err)
{
    struct rpc_reply reply = {.id = request->id, .kind = request->kind};
    const struct rule *rule = &rules[request->kind];
    if (!rule->serve)
        return gb_err_set(err, GB_ERR_DENIED, "no such request");
    int r = take_need(desk, request, err);
    if (r == 0)
        r = rule->serve(desk, request, &reply, err);
    if (r < 0)
        return r;
    *ret_reply = reply;
    return GB_OK;
}

/* ---- frames ---- */

static void log_answer(const struct rpc_request *request, int r, const struct gb_err *err)
{
    const char *kind = rpc_kind_name(request->kind);
    if (r < 0)
        gb_log_event(r == GB_ERR_BUG || r == GB_ERR_IO || r == GB_ERR_NOMEM ? GB_LOG_ERROR
                                                                            : GB_LOG_WARNING,
                     "refused", GB_LOG_TEXT("request", kind), GB_LOG_TEXT("reason", err->text));
    else if (rules[request->kind].signs)
        gb_log_event(GB_LOG_INFO, "signed", GB_LOG_TEXT("request", kind));
    else
        gb_log_event(GB_LOG_DEBUG, "answered", GB_LOG_TEXT("request", kind));
}

static struct rpc_reply refusal_of(uint64_t id, int r, const struct gb_err *err)
{
    return (struct rpc_reply){
        .id = id, .kind = RPC_NONE, .refusal = {.code = (uint64_t)-r, .text = err->text}};
}

static void serve(struct house *house, struct gb_arena *arena, struct digester *digester,
                  const struct rpc_request *request, struct gb_buf *answer)
{
    gb_cleanup(beliefs_unrefp) const struct beliefs *beliefs = beliefs_get(house->beliefs);
    struct gb_err err = {0};
    struct rpc_reply reply;
    struct desk desk = {.house = house,
                        .arena = arena,
                        .digester = digester,
                        .beliefs = beliefs,
                        .now_s = gb_clock_s(),
                        .now_ms = gb_clock_ms()};
    int r = monitor_serve(&desk, request, &reply, &err);
    log_answer(request, r, &err);
    if (r < 0)
        reply = refusal_of(request->id, r, &err);
    rpc_reply_write(answer, &reply);
}

bool monitor_answer(struct house *house, struct gb_arena *arena, struct digester *digester,
                    struct gb_bytes frame, struct gb_buf *answer)
{
    struct rpc_request request;
    struct gb_err err = {0};
    gb_arena_reset(arena);
    int r = rpc_request_read(arena, frame, &request, &err);
    if (r < 0) {
        struct rpc_reply reply = refusal_of(request.id, r, &err);
        gb_log_err(GB_LOG_WARNING, "bad-frame", &err);
        rpc_reply_write(answer, &reply);
        return false;
    }
    serve(house, arena, digester, &request, answer);
    return true;
}
