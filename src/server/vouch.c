#include "server/vouch.h"

#include "base/clock.h"
#include "server/nodes/liveness.h"
#include "server/nodes/nodes.h"
#include "server/server.h"
#include "server/snapshot.h"

const char *vouch_refusal(struct server *server, const struct node *node)
{
    gb_cleanup(snapshot_unrefp) struct snapshot *snapshot = snapshot_get(server->trust);
    struct node_verdict told;
    nodes_told(server->nodes, node, &told);
    if (!told.judged)
        return "this node was not judged yet";
    if (!told.trusted)
        return "this node's last verdict is untrusted";
    if (told.trust_id != snapshot_trust(snapshot)->id)
        return "this node was not judged by the documents in force yet";
    if (told.relabelled)
        return "this node's labels changed, and it was not judged by the new ones yet";
    if (nodes_liveness(&server->spans, &told, gb_clock_s()) != LIVENESS_FRESH)
        return "this node's last proof is not fresh";
    return NULL;
}
