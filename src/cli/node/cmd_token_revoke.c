/* garboard token revoke: end a join token before its time. */
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/server_client.h"
#include "cli/server_named.h"

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    return server_delete_named(line, arena, "/v1/tokens/", err);
}

static const struct cmd_option options[] = {
    CLIENT_CONF_OPTIONS,
    SERVER_WHY_OPTION,
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_token_revoke = {
    .name = "token revoke",
    .args = "ID",
    .min_args = 1,
    .max_args = 1,
    .dashed = true, /* base64url has dashes */
    .summary = "end a join token before its time",
    .examples = "  garboard token revoke 2Yk3cHfNq1o\n",
    .options = options,
    .run = run,
};
