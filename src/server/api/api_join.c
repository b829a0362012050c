/* Join tokens: only the hash of the secret is kept, and the token is shown once. */

#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/secret.h"
#include "crypto/digest.h"
#include "crypto/issue.h"
#include "crypto/rand.h"
#include "ledger/entry.h"
#include "net/http_server.h"
#include "net/router.h"
#include "server/api/answer.h"
#include "server/api/api.h"
#include "server/api/change.h"
#include "server/api/refusals.h"
#include "server/ledger/record.h"
#include "server/nodes/ask.h"
#include "server/nodes/join_token.h"
#include "server/nodes/labels.h"
#include "server/server.h"
#include "server/work.h"
#include "store/store.h"
#include "wire/json.h"

enum { MAX_TOKEN_LIFE_S = 366 * 86400, MAX_USES = 100000, MAX_POOL = 254 };

static struct json *token_json(struct gb_arena *arena, const struct store_token *token)
{
    struct json *json = json_new_object();
    const char *id = gb_base64url(arena, gb_bytes(token->id, sizeof token->id));
    json_set(json, "id", id ? json_text(id) : NULL);
    json_set(json, "name", json_text(token->node_name));
    json_set(json, "pool", json_text(token->pool));
    json_set(json, "labels", labels_json(token->labels));
    json_set(json, "created_by", json_text(token->created_by));
    json_set(json, "created_at", answer_time(token->created_s));
    json_set(json, "expires_at", answer_time(token->expires_s));
    json_set(json, "uses_left", json_number(token->uses_left));
    return json;
}

void api_token_list(void *ctx, const struct route_call *call)
{
    struct thread *thread = ctx;
    struct gb_arena *arena = http_request_arena(call->request);
    struct store_token *tokens;
    size_t count;
    struct gb_err err;
    int r = store_token_list(thread->server->store, arena, &tokens, &count, &err);
    if (r < 0) {
        answer_refuse(thread, call->request, answer_of_store(thread, r, &err), NULL);
        return;
    }
    struct json *list = json_new_array();
    for (size_t i = 0; i < count; i++)
        json_push(list, token_json(arena, &tokens[i]));
    struct json *body = json_new_object();
    json_set(body, "tokens", list);
    answer_json(thread, call->request, 200, body);
}

/* "worker-*": a name with one star, at its end. */
static bool pool_ok(const char *pool)
{
    const char *star = strchr(pool, '*');
    return star && star[1] == 0 && star != pool;
}

static int read_token(struct thread *thread, struct change *change, struct store_token *token,
                      struct gb_err *err)
{
    gb_cleanup(json_freep) struct json *body = NULL;
    int r = ask_body(http_request_body(change->work.request), &body, err);
    if (r < 0)
        return r;
    (void)thread;
    struct ask ask = {.arena = change->work.arena, .body = body, .err = err};
    if (!json_absent(json_get(body, "name")))
        token->node_name = ask_name(&ask, "name");
    token->pool = ask_text_optional(&ask, "pool", MAX_POOL);
    if (token->pool && (!pool_ok(token->pool) || token->node_name))
        ask_fail(&ask, "pool: must be like worker-*, and without name");
    token->created_s = gb_clock_s();
    token->expires_s = token->created_s + ask_number(&ask, "expires_in_s", 1, MAX_TOKEN_LIFE_S);
    token->uses_left = (uint32_t)ask_number(&ask, "uses", 1, MAX_USES);
    token->created_by = change->by;
    token->labels = labels_ask(&ask, "labels");
    return ask.failed ? GB_ERR_INPUT : GB_OK;
}

/* Id, secret and pin of a new one; its hash goes to the store. */
static int make_secret(struct thread *thread, struct store_token *token, struct join_token *secret,
                       struct gb_err *err)
{
    int r = rand_bytes(secret->id, sizeof secret->id, err);
    if (r == GB_OK)
        r = rand_bytes(secret->secret, sizeof secret->secret, err);
    if (r == GB_OK)
        r = issued_fingerprint(thread->server->ca_pem, secret->pin, err);
    if (r == GB_OK)
        r = digest_of(thread->digester, DIGEST_SHA256,
                      gb_bytes(secret->secret, sizeof secret->secret), token->secret_hash);
    memcpy(token->id, secret->id, sizeof token->id);
    return r;
}

static struct json *created_json(struct gb_arena *arena, const struct store_token *token,
                                 const struct join_token *secret)
{
    struct json *body = json_new_object();
    const char *id = gb_base64url(arena, gb_bytes(token->id, sizeof token->id));
    char *text = join_token_text(arena, secret);
    json_set(body, "id", id ? json_text(id) : NULL);
    json_set(body, "token", text ? json_text(text) : NULL);
    json_set(body, "expires_at", answer_time(token->expires_s));
    if (text)
        secret_wipe(text, strlen(text));
    return body;
}

static void record_token(struct change *change, const struct store_token *token)
{
    struct json *data = json_new_object();
    const char *id = gb_base64url(change->work.arena, gb_bytes(token->id, sizeof token->id));
    json_set(data, "name", json_text(token->node_name));
    json_set(data, "pool", json_text(token->pool));
    if (token->labels)
        json_set(data, "labels", labels_json(token->labels));
    json_set(data, "uses", json_number(token->uses_left));
    json_set(data, "expires_at", answer_time(token->expires_s));
    change->record.whom =
        record_text(gb_arena_printf(change->work.arena, "token/%s", id ? id : ""));
    change->record.data = data;
}

void api_token_create(void *ctx, const struct route_call *call)
{
    struct thread *thread = ctx;
    struct store_token token = {0};
    struct join_token secret;
    struct gb_err err = {0};
    struct change *change = change_new(thread, call, ENTRY_TOKEN_CREATE);
    if (!change)
        return;
    if (read_token(thread, change, &token, &err) < 0) {
        answer_refuse(thread, call->request, REFUSAL_MALFORMED, err.text);
        return;
    }
    if (make_secret(thread, &token, &secret, &err) < 0) {
        answer_refuse(thread, call->request, REFUSAL_INTERNAL, NULL);
        return;
    }
    change->status = 201;
    change->body = created_json(change->work.arena, &token, &secret);
    secret_wipe(&secret, sizeof secret);
    record_token(change, &token);
    store_token_add(thread->server->store, &token, change_entry(change), work_stored, change);
}

void api_token_revoke(void *ctx, const struct route_call *call)
{
    struct thread *thread = ctx;
    struct gb_bytes id;
    struct change *change = change_new(thread, call, ENTRY_TOKEN_REVOKE);
    if (!change)
        return;
    if (!gb_base64url_decode(change->work.arena, call->params[0], &id) || id.len != 8) {
        answer_refuse(thread, call->request, REFUSAL_TOKEN_NOT_FOUND, NULL);
        return;
    }
    change->not_found = REFUSAL_TOKEN_NOT_FOUND;
    change->record.whom =
        record_text(gb_arena_printf(change->work.arena, "token/%.*s", (int)call->params[0].len,
                                    (const char *)call->params[0].data));
    store_token_revoke(thread->server->store, id.data, change_entry(change), work_stored, change);
}
