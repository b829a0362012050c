/* Labels of a node: operators give them, each change is an entry of the ledger. */

#include <string.h>

#include "ledger/entry.h"
#include "net/http_server.h"
#include "net/router.h"
#include "server/api/answer.h"
#include "server/api/api.h"
#include "server/api/change.h"
#include "server/api/refusals.h"
#include "server/ledger/record.h"
#include "server/nodes/ask.h"
#include "server/nodes/labels.h"
#include "server/nodes/nodes.h"
#include "server/server.h"
#include "server/work.h"
#include "store/store.h"
#include "wire/json.h"

struct labelling {
    struct change change; /* first */
    uint8_t id[STORE_ID];
    const char **changes;
    size_t count;
};

static int read_changes(struct labelling *l, const char *old, struct gb_err *err)
{
    gb_cleanup(json_freep) struct json *body = NULL;
    int r = ask_body(http_request_body(l->change.work.request), &body, err);
    if (r < 0)
        return r;
    struct ask ask = {.arena = l->change.work.arena, .body = body, .err = err};
    l->changes = labels_ask_changes(&ask, "changes", old, &l->count);
    return ask.failed ? GB_ERR_INPUT : GB_OK;
}

/* Durable: they count from the node's next round on. What is told is what the store has now. */
static void labelled(struct work *work)
{
    struct labelling *l = (struct labelling *)work;
    struct server *server = work->thread->server;
    struct store_node node = {0};
    if (work->result == GB_OK)
        work->result = store_node_by_id(server->store, work->arena, l->id, &node, &work->err);
    if (work->result == GB_OK &&
        !nodes_label(server->nodes, l->id, node.labels ? node.labels : "", node.labels_num))
        work->result = gb_err_nomem(&work->err);
    if (work->result == GB_OK) {
        l->change.body = json_new_object();
        json_set(l->change.body, "labels", labels_json(node.labels));
    }
    if (work->result == GB_ERR_LIMIT || work->result == GB_ERR_INPUT)
        answer_refuse(work->thread, work->request, REFUSAL_MALFORMED, work->err.text);
    else
        change_durable(work);
}

/* Who asks for what: the node's name and the changes as they were typed. */
static struct json *record_data(const struct labelling *l, const char *name)
{
    struct json *changes = json_new_array();
    struct json *data = json_new_object();
    for (size_t i = 0; i < l->count; i++)
        json_push(changes, json_text(l->changes[i]));
    json_set(data, "name", json_text(name));
    json_set(data, "changes", changes);
    return data;
}

void api_node_label(void *ctx, const struct route_call *call)
{
    struct thread *thread = ctx;
    struct node_summary node;
    struct gb_err err = {0};
    struct labelling *l = work_new_of(thread, call->request, struct labelling);
    if (!l)
        return;
    int r = nodes_find(thread->server->nodes, l->change.work.arena, call->params[0], &node, &err);
    if (r < 0) {
        answer_refuse(thread, call->request,
                      r == GB_ERR_NOTFOUND ? REFUSAL_NODE_NOT_FOUND : REFUSAL_NO_MEMORY, NULL);
        return;
    }
    change_init(&l->change, call, ENTRY_NODE_LABELS);
    memcpy(l->id, node.id, sizeof l->id);
    if (read_changes(l, node.labels, &err) < 0) {
        answer_refuse(thread, call->request, REFUSAL_MALFORMED, err.text);
        return;
    }
    l->change.not_found = REFUSAL_NODE_NOT_FOUND;
    l->change.status = 200;
    l->change.work.then = labelled;
    l->change.record.whom = record_node(l->change.work.arena, node.id);
    l->change.record.data = record_data(l, node.name);
    store_node_label(thread->server->store, node.id, l->changes, l->count, change_entry(&l->change),
                     work_stored, l);
}
