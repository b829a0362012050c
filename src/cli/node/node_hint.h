/* A node's name that was mistyped, and the one that was meant. */
#ifndef GB_CLI_NODE_HINT_H
#define GB_CLI_NODE_HINT_H

#include "base/arena.h"
#include "cli/server_client.h"

/* For a path that names a node ("/v1/nodes/NAME/..."), which the server does not know:
 * ` (did you mean "worker-1"?)`, or "" when no name is near, or none may be asked for. Printable;
 * in the arena. One request. */
const char *node_hint(struct gb_arena *arena, struct server_client *client, const char *path);

#endif
