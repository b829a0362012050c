/* garboard ek add: list a TPM, known by its endorsement key, that may join without a token. */
#include <stdio.h>

#include "base/encode.h"
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/node/ek_arg.h"
#include "cli/output.h"
#include "cli/server_client.h"
#include "wire/json.h"

static int print(const struct cmd_line *line, const char *ek, struct json *reply)
{
    if (line->json)
        return output_json(reply ? reply : json_new_object());
    printf("%s may join as %s\n", ek, line->args[0]);
    json_free(reply);
    return output_flush();
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    gb_cleanup(server_client_freep) struct server_client *client = NULL;
    const char *ek = NULL;
    struct json *reply = NULL;
    int r = ek_arg_read(arena, line->args[1], &ek, err);
    if (r == 0)
        r = server_client_new(arena, line, &client, err);
    if (r != 0)
        return r;
    struct json *body = json_new_object();
    json_set(body, "name", json_text(line->args[0]));
    json_set(body, "ek", json_text(ek));
    r = server_post(client, "/v1/eks", body, &reply, err);
    return r != 0 ? r : print(line, ek, reply);
}

static const struct cmd_option options[] = {
    CLIENT_CONF_OPTIONS,
    SERVER_WHY_OPTION,
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_ek_add = {
    .name = "ek add",
    .args = "NODE EK",
    .min_args = 2,
    .max_args = 2,
    .summary = "list a TPM that may join under a name, without a token",
    .examples = "  garboard ek add worker-1 ekcert.der\n"
                "  garboard ek add worker-1 sha256:0f1e...\n",
    .options = options,
    .run = run,
};
