/* garboard two-person withdraw: take back what waits for a second person. */
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/server_client.h"
#include "cli/server_named.h"

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    return server_delete_named(line, arena, "/v1/two-person/", err);
}

static const struct cmd_option options[] = {
    CLIENT_CONF_OPTIONS,
    SERVER_WHY_OPTION,
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_two_person_withdraw = {
    .name = "two-person withdraw",
    .args = "ID",
    .min_args = 1,
    .max_args = 1,
    .summary = "take back what waits for a second person",
    .examples = "  garboard two-person withdraw 5f0c1d2e3a4b6978\n",
    .options = options,
    .run = run,
};
