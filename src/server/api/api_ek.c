/* EKs that may join without a token: listed beforehand, or approved by name for a while. */

#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "ledger/entry.h"
#include "net/http_server.h"
#include "net/router.h"
#include "server/api/answer.h"
#include "server/api/api.h"
#include "server/api/change.h"
#include "server/api/refusals.h"
#include "server/ledger/record.h"
#include "server/nodes/ask.h"
#include "server/nodes/waiting.h"
#include "server/server.h"
#include "server/work.h"
#include "store/store.h"
#include "wire/json.h"

enum { MAX_APPROVAL_S = 30 * 86400 };

void api_waiting_list(void *ctx, const struct route_call *call)
{
    struct thread *thread = ctx;
    struct gb_arena *arena = http_request_arena(call->request);
    struct waiting_node *nodes;
    size_t count;
    int64_t now_ms = gb_clock_ms();
    if (!arena || waiting_list(thread->server->waiting, arena, now_ms, &nodes, &count, NULL) < 0) {
        answer_refuse(thread, call->request, REFUSAL_NO_MEMORY, NULL);
        return;
    }
    struct json *list = json_new_array();
    for (size_t i = 0; i < count; i++) {
        struct json *item = json_new_object();
        json_set(item, "name", json_text(nodes[i].name));
        json_set(item, "ek", answer_digest(arena, nodes[i].ek));
        json_set(item, "tpm", json_text(NULL)); /* not proven before keyd saw it */
        json_set(item, "remote", json_text(nodes[i].remote));
        json_set(item, "asks", json_number(nodes[i].asks));
        json_set(item, "asked_at", answer_time(nodes[i].asked_s));
        json_set(item, "expires_at",
                 answer_time(gb_clock_s() + (nodes[i].expires_ms - now_ms) / 1000));
        json_push(list, item);
    }
    struct json *body = json_new_object();
    json_set(body, "waiting", list);
    answer_json(thread, call->request, 200, body);
}

void api_ek_list(void *ctx, const struct route_call *call)
{
    struct thread *thread = ctx;
    struct gb_arena *arena = http_request_arena(call->request);
    struct store_grant *grants;
    size_t count;
    struct gb_err err;
    int r = store_grant_list(thread->server->store, arena, &grants, &count, &err);
    if (r < 0) {
        answer_refuse(thread, call->request, answer_of_store(thread, r, &err), NULL);
        return;
    }
    struct json *list = json_new_array();
    for (size_t i = 0; i < count; i++) {
        struct json *item = json_new_object();
        json_set(item, "ek", answer_digest(arena, grants[i].ek));
        json_set(item, "name", json_text(grants[i].node_name));
        json_set(item, "approval", json_bool(grants[i].approval));
        json_set(item, "created_by", json_text(grants[i].created_by));
        json_set(item, "created_at", answer_time(grants[i].created_s));
        json_set(item, "expires_at", answer_time(grants[i].expires_s));
        json_push(list, item);
    }
    struct json *body = json_new_object();
    json_set(body, "eks", list);
    answer_json(thread, call->request, 200, body);
}

static int read_grant(struct change *change, struct store_grant *grant, struct gb_err *err)
{
    gb_cleanup(json_freep) struct json *body = NULL;
    int r = ask_body(http_request_body(change->work.request), &body, err);
    if (r < 0)
        return r;
    struct ask ask = {.arena = change->work.arena, .body = body, .err = err};
    grant->node_name = ask_name(&ask, "name");
    ask_digest(&ask, "ek", grant->ek);
    grant->created_s = gb_clock_s();
    grant->created_by = change->by;
    if (grant->approval)
        grant->expires_s = grant->created_s + ask_number(&ask, "expires_in_s", 1, MAX_APPROVAL_S);
    return ask.failed ? GB_ERR_INPUT : GB_OK;
}

static void record_grant(struct change *change, const struct store_grant *grant)
{
    char ek[2 * STORE_HASH + 1];
    struct json *data = json_new_object();
    gb_hex_encode(gb_bytes(grant->ek, STORE_HASH), ek);
    json_set(data, "name", json_text(grant->node_name));
    json_set(data, "expires_at", answer_time(grant->expires_s));
    change->record.whom = record_text(gb_arena_printf(change->work.arena, "ek/sha256:%s", ek));
    change->record.data = data;
}

static void add_grant(struct thread *thread, const struct route_call *call, bool approval,
                      enum entry_what what)
{
    struct store_grant grant = {.approval = approval};
    struct gb_err err = {0};
    struct change *change = change_new(thread, call, what);
    if (!change)
        return;
    if (read_grant(change, &grant, &err) < 0) {
        answer_refuse(thread, call->request, REFUSAL_MALFORMED, err.text);
        return;
    }
    change->status = 201;
    record_grant(change, &grant);
    store_grant_add(thread->server->store, &grant, change_entry(change), work_stored, change);
}

void api_approve(void *ctx, const struct route_call *call)
{
    add_grant(ctx, call, true, ENTRY_NODE_APPROVE);
}

void api_ek_add(void *ctx, const struct route_call *call)
{
    add_grant(ctx, call, false, ENTRY_EK_ADD);
}

void api_ek_remove(void *ctx, const struct route_call *call)
{
    struct thread *thread = ctx;
    uint8_t ek[32];
    struct change *change = change_new(thread, call, ENTRY_EK_REMOVE);
    if (!change)
        return;
    if (!ask_parse_digest(call->params[0], ek)) {
        answer_refuse(thread, call->request, REFUSAL_EK_NOT_FOUND, NULL);
        return;
    }
    change->not_found = REFUSAL_EK_NOT_FOUND;
    change->record.whom =
        record_text(gb_arena_printf(change->work.arena, "ek/%.*s", (int)call->params[0].len,
                                    (const char *)call->params[0].data));
    store_grant_remove(thread->server->store, ek, change_entry(change), work_stored, change);
}
