#include "rpc/keyd.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "os/rpc.h"
#include "rpc/messages.h"

/* Sets of half a million files take keyd seconds, where all else takes it milliseconds. */
enum { POLICY_TIMES = 6 };

struct keyd_client {
    char *path; /* owned */
    int64_t timeout_ms;
    int fd; /* -1: not connected */
    uint64_t last_id;
};

static void buf_done(struct gb_buf *buf)
{
    gb_buf_done(buf);
}

int keyd_client_new(const char *socket_path, int64_t timeout_ms, struct keyd_client **ret_client,
                    struct gb_err *err)
{
    gb_cleanup(keyd_client_freep) struct keyd_client *client = gb_calloc(1, sizeof *client);
    if (!client)
        return gb_err_nomem(err);
    client->fd = -1;
    client->timeout_ms = timeout_ms;
    size_t size = strlen(socket_path) + 1;
    client->path = gb_calloc(1, size);
    if (!client->path)
        return gb_err_nomem(err);
    memcpy(client->path, socket_path, size);
    *ret_client = gb_take(client);
    return GB_OK;
}

static void hang_up(struct keyd_client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
}

void keyd_client_free(struct keyd_client *client)
{
    if (!client)
        return;
    hang_up(client);
    gb_free(client->path);
    gb_free(client);
}

void keyd_client_freep(struct keyd_client **client)
{
    keyd_client_free(*client);
}

/* One try. *ret_again: a kept connection broke before any answer came. Whether keyd saw the request
 * is unknown, so asking twice must be safe: certify answers the same again, a nonce used is gone.
 */
static int try_once(struct keyd_client *client, struct gb_bytes request, struct gb_buf *reply,
                    bool *ret_again, struct gb_err *err)
{
    int64_t deadline_ms = gb_clock_ms() + client->timeout_ms;
    bool kept = client->fd >= 0;
    *ret_again = false;
    int r = kept ? GB_OK : rpc_connect(client->path, deadline_ms, &client->fd, err);
    if (r < 0)
        return r;
    r = rpc_send(client->fd, request, deadline_ms, err);
    if (r == 0)
        r = rpc_receive(client->fd, deadline_ms, client->timeout_ms, reply, err);
    if (r < 0) {
        hang_up(client);
        *ret_again = kept && reply->len == 0 && gb_clock_ms() < deadline_ms;
        if (r == GB_ERR_NOTFOUND)
            r = gb_err_set(err, GB_ERR_IO, "keyd closed the connection");
    }
    return r;
}

/* A kept connection may be one to a keyd that was restarted: then once more. */
static int exchange(struct keyd_client *client, struct gb_bytes request, struct gb_buf *reply,
                    struct gb_err *err)
{
    bool again = false;
    int r = try_once(client, request, reply, &again, err);
    if (r < 0 && again) {
        gb_buf_done(reply);
        gb_buf_init(reply, GB_LIMIT_RPC);
        r = try_once(client, request, reply, &again, err);
    }
    return r;
}

/* keyd's own words, with the codes that this side may tell on. */
static int refused(const struct rpc_refusal *refusal, struct gb_err *err)
{
    enum gb_err_code code = refusal->code > 0 && refusal->code <= (uint64_t)-GB_ERR_AGAIN
                                ? (enum gb_err_code) - (int)refusal->code
                                : GB_ERR_BUG;
    return gb_err_set(err, code, "keyd: %s", refusal->text);
}

static int judge(struct keyd_client *client, const struct rpc_request *request,
                 const struct rpc_reply *reply, struct gb_err *err)
{
    if (reply->id != request->id || (reply->kind != RPC_NONE && reply->kind != request->kind)) {
        hang_up(client);
        return gb_err_set(err, GB_ERR_IO, "keyd answers another request");
    }
    return reply->kind == RPC_NONE ? refused(&reply->refusal, err) : GB_OK;
}

static int ask(struct keyd_client *client, struct gb_arena *arena, struct rpc_request *request,
               struct rpc_reply *ret_reply, struct gb_err *err)
{
    gb_cleanup(buf_done) struct gb_buf out;
    gb_cleanup(buf_done) struct gb_buf in;
    gb_buf_init(&out, GB_LIMIT_RPC);
    gb_buf_init(&in, GB_LIMIT_RPC);
    request->id = ++client->last_id;
    rpc_request_write(&out, request);
    if (!gb_buf_ok(&out))
        return gb_err_set(err, GB_ERR_LIMIT, "the request to keyd is too long");
    int r = exchange(client, gb_buf_bytes(&out), &in, err);
    if (r < 0)
        return r;
    struct gb_bytes kept = gb_arena_copy(arena, gb_buf_bytes(&in));
    if (!kept.data)
        return gb_err_nomem(err);
    r = rpc_reply_read(arena, kept, ret_reply, err);
    if (r < 0) {
        hang_up(client);
        gb_err_prefix(err, "keyd's answer: ");
        return r;
    }
    return judge(client, request, ret_reply, err);
}

int keyd_status(struct keyd_client *client, struct gb_arena *arena, struct keyd_status *ret_status,
                struct gb_err *err)
{
    struct rpc_request request = {.kind = RPC_STATUS};
    struct rpc_reply reply;
    int r = ask(client, arena, &request, &reply, err);
    if (r == 0)
        *ret_status = reply.status;
    return r;
}

int keyd_challenge(struct keyd_client *client, struct gb_arena *arena,
                   const struct keyd_challenge_ask *what, struct keyd_challenge *ret_challenge,
                   struct gb_err *err)
{
    struct rpc_request request = {.kind = RPC_CHALLENGE, .challenge = *what};
    struct rpc_reply reply;
    int r = ask(client, arena, &request, &reply, err);
    if (r == 0)
        *ret_challenge = reply.challenge;
    return r;
}

static int ask_certificate(struct keyd_client *client, struct gb_arena *arena,
                           struct rpc_request *request, struct keyd_certificate *ret_certificate,
                           struct gb_err *err)
{
    struct rpc_reply reply;
    int r = ask(client, arena, request, &reply, err);
    if (r == 0)
        *ret_certificate = reply.certificate;
    return r;
}

int keyd_certify(struct keyd_client *client, struct gb_arena *arena,
                 const struct keyd_certify_ask *what, struct keyd_certificate *ret_certificate,
                 struct gb_err *err)
{
    struct rpc_request request = {.kind = RPC_CERTIFY, .certify = *what};
    return ask_certificate(client, arena, &request, ret_certificate, err);
}

int keyd_nonce(struct keyd_client *client, uint8_t ret_nonce[32], struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    if (!arena)
        return gb_err_nomem(err);
    struct rpc_request request = {.kind = RPC_NONCE};
    struct rpc_reply reply;
    int r = ask(client, arena, &request, &reply, err);
    if (r == 0)
        memcpy(ret_nonce, reply.nonce.nonce, sizeof reply.nonce.nonce);
    return r;
}

int keyd_renew(struct keyd_client *client, struct gb_arena *arena,
               const struct keyd_renew_ask *what, struct keyd_certificate *ret_certificate,
               struct gb_err *err)
{
    struct rpc_request request = {.kind = RPC_RENEW, .renew = *what};
    return ask_certificate(client, arena, &request, ret_certificate, err);
}

int keyd_token(struct keyd_client *client, struct gb_arena *arena,
               const struct keyd_token_ask *what, const char **ret_jwt, struct gb_err *err)
{
    struct rpc_request request = {.kind = RPC_TOKEN, .token = *what};
    struct rpc_reply reply;
    int r = ask(client, arena, &request, &reply, err);
    if (r == 0)
        *ret_jwt = reply.token.jwt;
    return r;
}

int keyd_server_cert(struct keyd_client *client, struct gb_arena *arena, struct gb_bytes csr,
                     struct keyd_certificate *ret_certificate, struct gb_err *err)
{
    struct rpc_request request = {.kind = RPC_SERVER_CERT, .server_cert = {.csr = csr}};
    return ask_certificate(client, arena, &request, ret_certificate, err);
}

int keyd_ledger_state(struct keyd_client *client, struct gb_arena *arena,
                      struct keyd_ledger *ret_ledger, struct gb_err *err)
{
    struct rpc_request request = {.kind = RPC_LEDGER_STATE};
    struct rpc_reply reply;
    int r = ask(client, arena, &request, &reply, err);
    if (r == 0)
        *ret_ledger = reply.ledger_state;
    return r;
}

int keyd_ledger_sign(struct keyd_client *client, struct gb_arena *arena,
                     const struct keyd_ledger_ask *what, const char **ret_note, struct gb_err *err)
{
    struct rpc_request request = {.kind = RPC_LEDGER_SIGN, .ledger_sign = *what};
    struct rpc_reply reply;
    int r = ask(client, arena, &request, &reply, err);
    if (r == 0)
        *ret_note = reply.ledger_sign.note;
    return r;
}

int keyd_policy(struct keyd_client *client, const struct keyd_policy_ask *what, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    if (!arena)
        return gb_err_nomem(err);
    struct rpc_request request = {.kind = RPC_POLICY, .policy = *what};
    struct rpc_reply reply;
    client->timeout_ms *= POLICY_TIMES;
    int r = ask(client, arena, &request, &reply, err);
    client->timeout_ms /= POLICY_TIMES;
    return r;
}
