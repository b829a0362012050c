#include "server/caller.h"

#include <string.h>

#include "net/http_server.h"
#include "net/router.h"
#include "net/tls.h"
#include "server/answer.h"
#include "server/node_id.h"
#include "server/nodes.h"
#include "server/person.h"
#include "server/record.h"
#include "server/refusals.h"
#include "server/server.h"
#include "store/store.h"

bool caller_known(void *ctx, const struct route_call *call)
{
    struct thread *thread = ctx;
    const struct tls_peer *peer = http_request_peer(call->request);
    uint8_t id[STORE_ID];
    if (call->role != ROUTE_NODE)
        return true; /* a stranger: the table has let them in */
    int r = node_id_parse(call->name, id)
                ? nodes_check(thread->server->nodes, id, peer->fingerprint)
                : GB_ERR_NOTFOUND;
    if (r == GB_OK)
        return true;
    answer_refuse(thread, call->request,
                  r == GB_ERR_DENIED ? REFUSAL_KEY_FOREIGN : REFUSAL_NODE_UNKNOWN, NULL);
    return false;
}

struct node *caller_take(struct thread *thread, const struct route_call *call)
{
    struct nodes *nodes = thread->server->nodes;
    uint8_t id[STORE_ID];
    struct node *node = NULL;
    int r = node_id_parse(call->name, id) ? nodes_take(nodes, id, &node, NULL) : GB_ERR_NOTFOUND;
    if (r < 0) {
        answer_refuse(thread, call->request,
                      r == GB_ERR_AGAIN ? REFUSAL_BUSY : REFUSAL_NODE_UNKNOWN, NULL);
        return NULL;
    }
    const struct tls_peer *peer = http_request_peer(call->request);
    if (memcmp(peer->fingerprint, node->transport, sizeof node->transport) == 0)
        return node;
    nodes_give(nodes, node);
    answer_refuse(thread, call->request, REFUSAL_KEY_FOREIGN, NULL);
    return NULL;
}

const char *caller_name(struct gb_arena *arena, const struct route_call *call)
{
    const char *kind = call->role == ROUTE_PERSON ? "operator" : "node";
    const char *name =
        gb_arena_printf(arena, "%s/%.*s", kind, (int)call->name.len, (const char *)call->name.data);
    return name ? name : kind;
}

struct record_party caller_party(struct gb_arena *arena, const struct route_call *call)
{
    const struct person *person = person_of(call->request);
    return person ? record_person(person->identity) : record_text(caller_name(arena, call));
}
