/* garboard token create: a join token, shown once. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/output.h"
#include "cli/reply.h"
#include "cli/server_client.h"
#include "wire/json.h"

enum { MOST_USES = 100000 };

/* The server says what is none. */
static struct json *read_labels(const struct cmd_line *line)
{
    struct json *labels = json_new_array();
    size_t at = 0;
    for (const char *label; (label = cmd_next(line, "label", &at));)
        json_push(labels, json_text(label));
    return labels;
}

/* What is asked; CMD_OK or CMD_USAGE. */
static int read_ask(const struct cmd_line *line, struct json *body)
{
    const char *span = cmd_value(line, "expires");
    const char *count = cmd_value(line, "uses");
    int64_t life_s = 3600;
    uint64_t uses = 1;
    if (span && (!gb_clock_span(gb_bytes_str(span), &life_s) || life_s == 0))
        return output_usage(line, "--expires is like 15m, 2h or 7d, not \"%s\"", span);
    if (count && (!gb_text_u64(gb_bytes_str(count), MOST_USES, &uses) || uses == 0))
        return output_usage(line, "--uses is a number from 1 to %d, not \"%s\"", MOST_USES, count);
    if (cmd_has(line, "name") && cmd_has(line, "pool"))
        return output_usage(line, "give --name or --pool, not both");
    if (cmd_has(line, "name") && strchr(cmd_value(line, "name"), '*'))
        return output_usage(line, "--name is the name of one node; for a pattern: --pool '%s'",
                            cmd_value(line, "name"));
    if (cmd_has(line, "name"))
        json_set(body, "name", json_text(cmd_value(line, "name")));
    if (cmd_has(line, "pool"))
        json_set(body, "pool", json_text(cmd_value(line, "pool")));
    if (cmd_has(line, "label"))
        json_set(body, "labels", read_labels(line));
    json_set(body, "expires_in_s", json_number((uint64_t)life_s));
    json_set(body, "uses", json_number(uses));
    return CMD_OK;
}

/* The token alone on standard output, so that it goes straight into a file. */
static int print(const struct cmd_line *line, struct gb_arena *arena, struct json *reply)
{
    if (line->json)
        return output_json(reply);
    puts(reply_text(arena, reply, "token"));
    fprintf(stderr,
            "garboard: token %s, good until %s; it is shown only now: give it to the node's agent "
            "(token_file)\n",
            reply_text(arena, reply, "id"), reply_text(arena, reply, "expires_at"));
    json_free(reply);
    return output_flush();
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    gb_cleanup(server_client_freep) struct server_client *client = NULL;
    struct json *reply = NULL;
    struct json *body = json_new_object();
    int r = read_ask(line, body);
    if (r == CMD_OK)
        r = server_client_new(arena, line, &client, err);
    if (r != 0)
        json_free(body);
    else
        r = server_post(client, "/v1/tokens", body, &reply, err);
    return r != 0 ? r : print(line, arena, reply);
}

static const struct cmd_option options[] = {
    {"name", "NODE", "the one name that it may claim", false, 0},
    {"pool", "PATTERN", "the names that it may claim, like pool-*", false, 0},
    {"label", "KEY=VALUE", "a label of who joins with it", true, 0},
    {"expires", "SPAN", "how long it is good: 15m, 2h, 7d (default: 1h)", false, 0},
    {"uses", "N", "how many nodes may join with it (default: 1)", false, 0},
    CLIENT_CONF_OPTIONS,
    SERVER_WHY_OPTION,
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_token_create = {
    .name = "token create",
    .args = "",
    .summary = "make a join token for a node",
    .examples = "  garboard token create --name worker-1 > worker-1.token\n"
                "  garboard token create --pool 'pool-*' --uses 20 --expires 2h\n",
    .options = options,
    .run = run,
};
