/* garboard token list: join tokens that are still good, without their secrets. */
#include "base/clock.h"
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/output.h"
#include "cli/reply.h"
#include "cli/server_client.h"
#include "cli/table.h"
#include "wire/json.h"

/* "worker-1", "pool-*", or "any name". */
static const char *claims(struct gb_arena *arena, const struct json *token)
{
    if (!json_absent(json_get(token, "name")))
        return reply_text(arena, token, "name");
    return json_absent(json_get(token, "pool")) ? "any name" : reply_text(arena, token, "pool");
}

static int print(const struct cmd_line *line, struct gb_arena *arena, const struct json *tokens)
{
    static const char *const headings[] = {"TOKEN",   "MAY CLAIM", "LABELS", "USES",
                                           "EXPIRES", "MADE",      "BY"};
    struct table table;
    int64_t now_s = gb_clock_s();
    table_init(&table, arena, GB_ARRAY_LEN(headings), headings);
    for (size_t i = 0; i < json_count(tokens); i++) {
        const struct json *token = json_at(tokens, i);
        const char *const cells[] = {
            reply_text(arena, token, "id"),
            claims(arena, token),
            reply_list(arena, token, "labels"),
            reply_number(arena, token, "uses_left"),
            reply_when(arena, token, "expires_at", now_s),
            reply_when(arena, token, "created_at", now_s),
            reply_text(arena, token, "created_by"),
        };
        table_add(&table, cells);
    }
    return table_print(line, &table, "No join tokens. Make one: garboard token create");
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    gb_cleanup(server_client_freep) struct server_client *client = NULL;
    gb_cleanup(json_freep) struct json *reply = NULL;
    int r = server_client_new(arena, line, &client, err);
    if (r == 0)
        r = server_get(client, "/v1/tokens", &reply, err);
    if (r != 0)
        return r;
    return line->json ? output_json(gb_take(reply)) : print(line, arena, json_get(reply, "tokens"));
}

static const struct cmd_option options[] = {
    CLIENT_CONF_OPTIONS,
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_token_list = {
    .name = "token list",
    .args = "",
    .summary = "list join tokens, without their secrets",
    .examples = "  garboard token list\n",
    .options = options,
    .run = run,
};
