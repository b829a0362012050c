/* Which nodes run what: each node's last verdict with the sets that it matched, and the sets in
 * force. In the pool: it reads every node's verdict. */

#include <string.h>

#include "base/clock.h"
#include "net/router.h"
#include "policy/policy.h"
#include "policy/sets/refval.h"
#include "server/api/answer.h"
#include "server/api/api.h"
#include "server/api/refusals.h"
#include "server/nodes/labels.h"
#include "server/nodes/liveness.h"
#include "server/nodes/node_id.h"
#include "server/nodes/nodes.h"
#include "server/server.h"
#include "server/snapshot.h"
#include "server/work.h"
#include "store/store.h"
#include "wire/json.h"

struct asking {
    struct work work;  /* first */
    struct json *body; /* owned */
};

static struct json *sets_in_force(struct server *server)
{
    gb_cleanup(snapshot_unrefp) struct snapshot *snapshot = snapshot_get(server->trust);
    struct json *list = json_new_array();
    for (const struct ref_set *set = snapshot_trust(snapshot)->policy.sets; set; set = set->next) {
        struct json *item = json_new_object();
        if (set->deleted) {
            json_free(item);
            continue;
        }
        json_set(item, "name", json_text(set->name));
        json_set(item, "version", json_number(set->version > 0 ? set->version : 1));
        json_set(item, "class", json_text(ref_class_name(set->cls)));
        json_set(item, "life", json_text(ref_life_name(set->life)));
        json_push(list, item);
    }
    return list;
}

/* What its last verdict matched; [] for a node that was not judged, or long ago by another program.
 */
static struct json *matched(struct server *server, const struct node_summary *node)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *scratch = gb_arena_new();
    gb_cleanup(json_freep) struct json *verdict = NULL;
    struct store_verdict stored;
    if (!scratch)
        return NULL;
    if (store_verdict_get(server->store, scratch, node->id, &stored, NULL) < 0 ||
        json_read(stored.json, &verdict, NULL) < 0)
        return json_new_array();
    struct json *sets = json_take(verdict, "sets");
    return sets ? sets : json_new_array();
}

static struct json *node_json(struct server *server, const struct node_summary *node, int64_t now_s)
{
    const struct node_verdict *verdict = &node->verdict;
    char id[NODE_ID_TEXT];
    struct json *json = json_new_object();
    node_id_text(node->id, id);
    json_set(json, "id", json_text(id));
    json_set(json, "name", json_text(node->name));
    json_set(json, "labels", labels_json(node->labels));
    json_set(json, "verdict",
             json_text(!verdict->judged   ? "unknown"
                       : verdict->trusted ? "trusted"
                                          : "untrusted"));
    json_set(json, "liveness",
             json_text(liveness_name(nodes_liveness(&server->spans, verdict, now_s))));
    json_set(json, "verified_at", answer_time(verdict->verified_s));
    json_set(json, "reason", json_text(verdict->reason));
    json_set(json, "sets", matched(server, node));
    return json;
}

static void collect(struct work *work, struct worker_parts *parts)
{
    struct asking *a = (struct asking *)work;
    struct server *server = work->thread->server;
    struct node_summary *nodes;
    size_t count;
    uint64_t revision;
    int64_t now_s = gb_clock_s();
    (void)parts;
    work->result = nodes_list(server->nodes, work->arena, 0, &nodes, &count, &revision, &work->err);
    if (work->result < 0)
        return;
    struct json *list = json_new_array();
    for (size_t i = 0; i < count; i++)
        json_push(list, node_json(server, &nodes[i], now_s));
    a->body = json_new_object();
    json_set(a->body, "sets", sets_in_force(server));
    json_set(a->body, "nodes", list);
}

static void answer(struct work *work)
{
    struct asking *a = (struct asking *)work;
    if (work->result == GB_OK)
        answer_json(work->thread, work->request, 200, a->body);
    else
        answer_refuse(work->thread, work->request, REFUSAL_NO_MEMORY, NULL);
}

void api_rollout(void *ctx, const struct route_call *call)
{
    struct asking *a = work_new_of(ctx, call->request, struct asking);
    if (!a)
        return;
    a->work.run = collect;
    a->work.then = answer;
    if (!work_start(&a->work))
        answer_refuse(a->work.thread, call->request, REFUSAL_OVERLOADED, NULL);
}
