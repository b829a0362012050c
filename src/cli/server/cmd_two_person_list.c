/* garboard two-person list: what waits for a second person. */
#include "base/clock.h"
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/output.h"
#include "cli/reply.h"
#include "cli/server_client.h"
#include "cli/table.h"
#include "wire/json.h"

static int print(const struct cmd_line *line, struct gb_arena *arena, const struct json *waits)
{
    static const char *const headings[] = {"ID", "ACTION", "CALL", "BY", "ASKED", "EXPIRES"};
    struct table table;
    int64_t now_s = gb_clock_s();
    table_init(&table, arena, GB_ARRAY_LEN(headings), headings);
    for (size_t i = 0; i < json_count(waits); i++) {
        const struct json *wait = json_at(waits, i);
        const char *const cells[] = {
            reply_text(arena, wait, "id"),
            reply_text(arena, wait, "action"),
            reply_text(arena, wait, "call"),
            reply_text(arena, wait, "by"),
            reply_when(arena, wait, "asked_at", now_s),
            reply_when(arena, wait, "expires_at", now_s),
        };
        table_add(&table, cells);
    }
    return table_print(line, &table, "Nothing waits for a second person.");
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    gb_cleanup(server_client_freep) struct server_client *client = NULL;
    gb_cleanup(json_freep) struct json *reply = NULL;
    int r = server_client_new(arena, line, &client, err);
    if (r == 0)
        r = server_get(client, "/v1/two-person", &reply, err);
    if (r != 0)
        return r;
    return line->json ? output_json(gb_take(reply))
                      : print(line, arena, json_get(reply, "waiting"));
}

static const struct cmd_option options[] = {
    CLIENT_CONF_OPTIONS,
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_two_person_list = {
    .name = "two-person list",
    .args = "",
    .summary = "list what waits for a second person",
    .examples = "  garboard two-person list\n",
    .options = options,
    .run = run,
};
