/* garboard node remove: remove a node: its name is free, its TPM may enrol again. */
#include <stdio.h>

#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/output.h"
#include "cli/server_client.h"
#include "cli/server_named.h"

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    int r = server_delete_named(line, arena, "/v1/nodes/", err);
    if (r != 0 || line->json)
        return r;
    printf("Removed: %s. Its certificate is refused from now on, its name is free.\n",
           line->args[0]);
    return output_flush();
}

static const struct cmd_option options[] = {
    CLIENT_CONF_OPTIONS,
    SERVER_WHY_OPTION,
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_node_remove = {
    .name = "node remove",
    .args = "NODE",
    .min_args = 1,
    .max_args = 1,
    .summary = "remove a node: its name is free, its TPM may enrol again",
    .examples = "  garboard node remove worker-1\n",
    .options = options,
    .run = run,
};
