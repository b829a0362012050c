/* garboard whoami: who the server takes you for, and what you may do. */
#include <stdio.h>

#include "base/clock.h"
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/output.h"
#include "cli/reply.h"
#include "cli/server_client.h"
#include "wire/json.h"

static int print(struct gb_arena *arena, const struct json *me)
{
    printf("%-10s %s\n", "Name", reply_text(arena, me, "name"));
    if (!reply_is(me, "name", reply_text(arena, me, "identity")))
        printf("%-10s %s\n", "Identity", reply_text(arena, me, "identity"));
    printf("%-10s %s\n", "By", reply_text(arena, me, "how"));
    printf("%-10s %s\n", "Roles", reply_list(arena, me, "roles"));
    printf("%-10s %s\n", "Given by", reply_text(arena, me, "roles_by"));
    printf("%-10s %s\n", "Expires", reply_when(arena, me, "expires_at", gb_clock_s()));
    return output_flush();
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    gb_cleanup(server_client_freep) struct server_client *client = NULL;
    gb_cleanup(json_freep) struct json *reply = NULL;
    int r = server_client_new(arena, line, &client, err);
    if (r == 0)
        r = server_get(client, "/v1/whoami", &reply, err);
    if (r != 0)
        return r;
    return line->json ? output_json(gb_take(reply)) : print(arena, reply);
}

static const struct cmd_option options[] = {
    CLIENT_CONF_OPTIONS,
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_whoami = {
    .name = "whoami",
    .args = "",
    .summary = "show who the server takes you for, and your roles",
    .examples = "  garboard whoami\n",
    .options = options,
    .run = run,
};
