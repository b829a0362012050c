/* garboard ledger forget: erase what opens a person's commitments. The record stays, and verifies;
 * whose it was is not known any more. */
#include <stdio.h>

#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/output.h"
#include "cli/server_client.h"
#include "cli/server_named.h"

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    int r = server_delete_named(line, arena, "/v1/ledger/openings?name=", err);
    if (r != 0 || line->json)
        return r;
    printf("Forgotten: %s. The entries stay, and verify; whose they were is not known any more.\n",
           line->args[0]);
    return output_flush();
}

static const struct cmd_option options[] = {
    CLIENT_CONF_OPTIONS,
    SERVER_WHY_OPTION,
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_ledger_forget = {
    .name = "ledger forget",
    .args = "NAME",
    .min_args = 1,
    .max_args = 1,
    .summary = "erase a person's name from the ledger, for good",
    .examples = "  garboard ledger forget alice\n",
    .options = options,
    .run = run,
};
