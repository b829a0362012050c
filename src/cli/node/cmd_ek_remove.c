/* garboard ek remove: take a TPM off the list of those that may join. */
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/server_client.h"
#include "cli/server_named.h"

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    return server_delete_named(line, arena, "/v1/eks/", err);
}

static const struct cmd_option options[] = {
    CLIENT_CONF_OPTIONS,
    SERVER_WHY_OPTION,
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_ek_remove = {
    .name = "ek remove",
    .args = "EK",
    .min_args = 1,
    .max_args = 1,
    .summary = "take a TPM off the list of those that may join",
    .examples = "  garboard ek remove sha256:0f1e...\n",
    .options = options,
    .run = run,
};
