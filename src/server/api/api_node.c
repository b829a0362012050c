/* What operators see of nodes, and ask of them. */

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "ledger/entry.h"
#include "net/http_server.h"
#include "net/router.h"
#include "server/api/answer.h"
#include "server/api/api.h"
#include "server/api/change.h"
#include "server/api/refusals.h"
#include "server/ledger/record.h"
#include "server/nodes/labels.h"
#include "server/nodes/liveness.h"
#include "server/nodes/node_id.h"
#include "server/nodes/nodes.h"
#include "server/server.h"
#include "server/work.h"
#include "store/store.h"
#include "wire/json.h"

static struct json *links_json(const struct node_verdict *verdict)
{
    struct json *links = json_new_object();
    for (int i = GB_LINK_NONE + 1; i < GB_LINK_COUNT; i++)
        json_set(links, gb_link_name((enum gb_link)i),
                 json_text(gb_tier_name((enum gb_tier)verdict->links[i])));
    return links;
}

static struct json *broken_json(const struct node_verdict *verdict)
{
    struct json *broken = json_new_array();
    for (int i = GB_LINK_NONE + 1; i < GB_LINK_COUNT; i++)
        if (verdict->links[i] == GB_TIER_CONTRAINDICATED)
            json_push(broken, json_text(gb_link_name((enum gb_link)i)));
    return broken;
}

static const char *verdict_word(const struct node_verdict *verdict)
{
    if (!verdict->judged)
        return "unknown";
    return verdict->trusted ? "trusted" : "untrusted";
}

static struct json *node_json(const struct server *server, const struct node_summary *node)
{
    char id[NODE_ID_TEXT];
    const struct node_verdict *verdict = &node->verdict;
    enum liveness liveness = nodes_liveness(&server->spans, verdict, gb_clock_s());
    node_id_text(node->id, id);
    struct json *json = json_new_object();
    json_set(json, "id", json_text(id));
    json_set(json, "name", json_text(node->name));
    json_set(json, "labels", labels_json(node->labels));
    json_set(json, "verdict", json_text(verdict_word(verdict)));
    json_set(json, "tier", json_text(gb_tier_name((enum gb_tier)verdict->tier)));
    json_set(json, "liveness", json_text(liveness_name(liveness)));
    json_set(json, "verified_at", answer_time(verdict->verified_s));
    json_set(json, "asked", json_bool(node->asked));
    json_set(json, "enrolled_at", answer_time(node->enrolled_s));
    json_set(json, "policy", json_text(verdict->policy));
    json_set(json, "broken", broken_json(verdict));
    json_set(json, "reason", json_text(verdict->reason));
    return json;
}

void api_node_list(void *ctx, const struct route_call *call)
{
    struct thread *thread = ctx;
    struct gb_arena *arena = http_request_arena(call->request);
    struct node_summary *nodes;
    struct gb_bytes text;
    size_t count;
    uint64_t revision, since = 0;
    if (http_request_query(call->request, "since", &text) &&
        !gb_text_u64(text, INT64_MAX, &since)) {
        answer_refuse(thread, call->request, REFUSAL_MALFORMED, "since: must be a number");
        return;
    }
    if (!arena ||
        nodes_list(thread->server->nodes, arena, since, &nodes, &count, &revision, NULL) < 0) {
        answer_refuse(thread, call->request, REFUSAL_NO_MEMORY, NULL);
        return;
    }
    struct json *list = json_new_array();
    for (size_t i = 0; i < count; i++)
        json_push(list, node_json(thread->server, &nodes[i]));
    struct json *body = json_new_object();
    json_set(body, "revision", json_number(revision));
    json_set(body, "nodes", list);
    answer_json(thread, call->request, 200, body);
}

/* The node that the path names; false: refused and answered. */
static bool find(struct thread *thread, const struct route_call *call,
                 struct node_summary *ret_node)
{
    struct gb_arena *arena = http_request_arena(call->request);
    int r = arena ? nodes_find(thread->server->nodes, arena, call->params[0], ret_node, NULL)
                  : GB_ERR_NOMEM;
    if (r == GB_OK)
        return true;
    answer_refuse(thread, call->request,
                  r == GB_ERR_NOTFOUND ? REFUSAL_NODE_NOT_FOUND : REFUSAL_NO_MEMORY, NULL);
    return false;
}

static void add_details(struct gb_arena *arena, const struct node_summary *node,
                        const struct store_node *facts, struct json *json)
{
    struct json *eks = json_new_array();
    for (size_t i = 0; i < facts->ek_count; i++)
        json_push(eks, answer_digest(arena, facts->eks[i]));
    json_set(json, "tpm", json_text(facts->tpm));
    json_set(json, "eks", eks);
    json_set(json, "transport", answer_digest(arena, node->transport));
    json_set(json, "links", links_json(&node->verdict));
    json_set(json, "ima_entries", json_number(node->verdict.ima_entries));
    json_set(json, "reset_count", json_number(node->verdict.reset_count));
}

void api_node_show(void *ctx, const struct route_call *call)
{
    struct thread *thread = ctx;
    struct gb_arena *arena = http_request_arena(call->request);
    struct node_summary node;
    struct store_node facts;
    struct gb_err err;
    if (!find(thread, call, &node))
        return;
    int r = store_node_by_id(thread->server->store, arena, node.id, &facts, &err);
    if (r < 0) {
        answer_refuse(thread, call->request, answer_of_store(thread, r, &err), NULL);
        return;
    }
    struct json *body = node_json(thread->server, &node);
    add_details(arena, &node, &facts, body);
    answer_json(thread, call->request, 200, body);
}

/* As it was recorded when it changed ("since"), and when it was last confirmed. */
static void answer_verdict(struct thread *thread, struct http_request *request,
                           const struct node_summary *node, struct gb_bytes stored)
{
    struct json *body = NULL;
    if (json_read(stored, &body, NULL) < 0) {
        answer_refuse(thread, request, REFUSAL_INTERNAL, NULL);
        return;
    }
    json_set(body, "since", json_take(body, "verified_at"));
    json_set(body, "verified_at", answer_time(node->verdict.verified_s));
    answer_json(thread, request, 200, body);
}

void api_node_verdict(void *ctx, const struct route_call *call)
{
    struct thread *thread = ctx;
    struct gb_arena *arena = http_request_arena(call->request);
    struct node_summary node;
    struct store_verdict verdict;
    struct gb_err err;
    if (!find(thread, call, &node))
        return;
    if (node.verdict.unkept) { /* the store has an older and better one */
        answer_refuse(thread, call->request, REFUSAL_STORE, node.verdict.reason);
        return;
    }
    int r = store_verdict_get(thread->server->store, arena, node.id, &verdict, &err);
    if (r == GB_OK)
        answer_verdict(thread, call->request, &node, verdict.json);
    else if (r == GB_ERR_NOTFOUND)
        answer_refuse(thread, call->request, REFUSAL_VERDICT_NOT_FOUND, NULL);
    else
        answer_refuse(thread, call->request, answer_of_store(thread, r, &err), NULL);
}

struct on_node {
    struct change change; /* first */
    uint8_t id[STORE_ID];
};

/* NULL: refused and answered. */
static struct on_node *on_node_new(struct thread *thread, const struct route_call *call,
                                   const struct node_summary *node, enum entry_what what)
{
    struct on_node *on = work_new_of(thread, call->request, struct on_node);
    if (!on)
        return NULL;
    change_init(&on->change, call, what);
    memcpy(on->id, node->id, sizeof on->id);
    struct json *data = json_new_object();
    json_set(data, "name", json_text(node->name));
    on->change.record.whom = record_node(on->change.work.arena, node->id);
    on->change.record.data = data;
    on->change.not_found = REFUSAL_NODE_NOT_FOUND;
    return on;
}

static void asked(struct work *work)
{
    struct on_node *asking = (struct on_node *)work;
    if (work->result == GB_OK) {
        if (!nodes_ask(work->thread->server->nodes, asking->id, gb_clock_ms()))
            work->result = GB_ERR_NOTFOUND; /* removed meanwhile */
        asking->change.body = json_new_object();
        json_set(asking->change.body, "asked_at", answer_time(gb_clock_s()));
    }
    change_durable(work);
}

void api_node_attest(void *ctx, const struct route_call *call)
{
    struct thread *thread = ctx;
    struct node_summary node;
    if (!find(thread, call, &node))
        return;
    struct on_node *asking = on_node_new(thread, call, &node, ENTRY_NODE_ATTEST);
    if (!asking)
        return;
    asking->change.status = 202;
    asking->change.work.then = asked;
    store_entry_add(thread->server->store, change_entry(&asking->change), work_stored, asking);
}

static void removed(struct work *work)
{
    struct on_node *removing = (struct on_node *)work;
    if (work->result == GB_OK)
        nodes_remove(work->thread->server->nodes, removing->id);
    change_durable(work);
}

void api_node_remove(void *ctx, const struct route_call *call)
{
    struct thread *thread = ctx;
    struct node_summary node;
    if (!find(thread, call, &node))
        return;
    struct on_node *removing = on_node_new(thread, call, &node, ENTRY_NODE_REMOVE);
    if (!removing)
        return;
    removing->change.work.then = removed;
    store_node_remove(thread->server->store, node.id, change_entry(&removing->change), work_stored,
                      removing);
}
