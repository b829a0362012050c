/* garboard ek list: TPMs that may join without a token. */
#include "base/clock.h"
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/output.h"
#include "cli/reply.h"
#include "cli/server_client.h"
#include "cli/table.h"
#include "wire/json.h"

static const char *kind(const struct json *grant)
{
    bool approval = false;
    return json_get_bool(grant, "approval", &approval) && approval ? "approved" : "listed";
}

static int print(const struct cmd_line *line, struct gb_arena *arena, const struct json *eks)
{
    static const char *const headings[] = {"NODE", "EK", "HOW", "EXPIRES", "MADE", "BY"};
    struct table table;
    int64_t now_s = gb_clock_s();
    table_init(&table, arena, GB_ARRAY_LEN(headings), headings);
    for (size_t i = 0; i < json_count(eks); i++) {
        const struct json *grant = json_at(eks, i);
        const char *const cells[] = {
            reply_text(arena, grant, "name"),
            reply_text(arena, grant, "ek"),
            kind(grant),
            reply_when(arena, grant, "expires_at", now_s),
            reply_when(arena, grant, "created_at", now_s),
            reply_text(arena, grant, "created_by"),
        };
        table_add(&table, cells);
    }
    return table_print(line, &table, "No TPMs are listed. List one: garboard ek add NODE EK");
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    gb_cleanup(server_client_freep) struct server_client *client = NULL;
    gb_cleanup(json_freep) struct json *reply = NULL;
    int r = server_client_new(arena, line, &client, err);
    if (r == 0)
        r = server_get(client, "/v1/eks", &reply, err);
    if (r != 0)
        return r;
    return line->json ? output_json(gb_take(reply)) : print(line, arena, json_get(reply, "eks"));
}

static const struct cmd_option options[] = {
    CLIENT_CONF_OPTIONS,
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_ek_list = {
    .name = "ek list",
    .args = "",
    .summary = "list the TPMs that may join without a token",
    .examples = "  garboard ek list\n",
    .options = options,
    .run = run,
};
