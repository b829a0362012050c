/* garboard node approve: lets a node in that asked without token or listing. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/node/ek_arg.h"
#include "cli/output.h"
#include "cli/reply.h"
#include "cli/server_client.h"
#include "wire/json.h"

/* The EK of the only node that waits under this name. Of two, one is not yours: the operator must
 * say which (CMD_REFUSED). */
static int only_waiting(const struct cmd_line *line, struct gb_arena *arena,
                        struct server_client *client, const char **ret_ek, struct gb_err *err)
{
    gb_cleanup(json_freep) struct json *reply = NULL;
    int r = server_get(client, "/v1/waiting", &reply, err);
    if (r != 0)
        return r;
    const struct json *waiting = json_get(reply, "waiting");
    size_t found = 0;
    for (size_t i = 0; i < json_count(waiting); i++) {
        const struct json *node = json_at(waiting, i);
        if (!reply_is(node, "name", line->args[0]))
            continue;
        *ret_ek = reply_text(arena, node, "ek");
        fprintf(stderr, "waiting as %s: %s, TPM %s, from %s\n", line->args[0], *ret_ek,
                reply_text(arena, node, "tpm"), reply_text(arena, node, "remote"));
        found++;
    }
    if (found == 1)
        return CMD_OK;
    fprintf(stderr, found == 0 ? "garboard: no node waits under this name\n"
                                 "  -> garboard node list shows who waits; or give --ek\n"
                               : "garboard: several TPMs ask for this name\n"
                                 "  -> compare the EK with the machine's own and give --ek\n");
    return CMD_REFUSED;
}

static int find_ek(const struct cmd_line *line, struct gb_arena *arena,
                   struct server_client *client, const char **ret_ek, struct gb_err *err)
{
    const char *given = cmd_value(line, "ek");
    return given ? ek_arg_read(arena, given, ret_ek, err)
                 : only_waiting(line, arena, client, ret_ek, err);
}

static int print(const struct cmd_line *line, const char *ek, const char *span, struct json *reply)
{
    if (line->json)
        return output_json(reply ? reply : json_new_object());
    printf("%s may join as %s, if it asks again within %s\n", ek, line->args[0], span);
    json_free(reply);
    return output_flush();
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    gb_cleanup(server_client_freep) struct server_client *client = NULL;
    const char *span = cmd_value(line, "expires");
    const char *ek = NULL;
    struct json *reply = NULL;
    int64_t life_s = 0;
    if (!span)
        span = "1h";
    if (!gb_clock_span(gb_bytes_str(span), &life_s) || life_s == 0)
        return output_usage(line, "--expires is like 15m, 2h or 7d, not \"%s\"", span);
    int r = server_client_new(arena, line, &client, err);
    if (r == 0)
        r = find_ek(line, arena, client, &ek, err);
    if (r != 0)
        return r;
    struct json *body = json_new_object();
    json_set(body, "name", json_text(line->args[0]));
    json_set(body, "ek", json_text(ek));
    json_set(body, "expires_in_s", json_number((uint64_t)life_s));
    r = server_post(client, "/v1/approvals", body, &reply, err);
    return r != 0 ? r : print(line, ek, span, reply);
}

static const struct cmd_option options[] = {
    {"ek", "EK", "of which TPM: sha256:HEX or a file (default: the only one that waits)", false, 0},
    {"expires", "SPAN", "how long the approval is good (default: 1h)", false, 0},
    CLIENT_CONF_OPTIONS,
    SERVER_WHY_OPTION,
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_node_approve = {
    .name = "node approve",
    .args = "NODE",
    .min_args = 1,
    .max_args = 1,
    .summary = "let a node in that waits for approval",
    .examples = "  garboard node list\n"
                "  garboard node approve worker-1 --ek sha256:0f1e...\n",
    .options = options,
    .run = run,
};
