/* garboard node history: what a node was, and what evidence of it is kept. */
#include <stdio.h>

#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/output.h"
#include "cli/reply.h"
#include "cli/server_named.h"
#include "cli/table.h"
#include "wire/json.h"

static const char *const headings[] = {"AT", "VERDICT", "TIER", "POLICY", "EVIDENCE", "IMA", "WHY"};

/* What did not change the verdict has none of its own. */
static void add_event(struct table *table, struct gb_arena *arena, const struct json *event)
{
    const struct json *evidence = json_get(event, "evidence");
    const char *const cells[] = {
        reply_text(arena, event, "at"),      reply_text(arena, event, "verdict"),
        reply_text(arena, event, "tier"),    reply_text(arena, event, "policy"),
        reply_text(arena, evidence, "what"), reply_number(arena, evidence, "ima_entries"),
        reply_text(arena, event, "reason"),
    };
    struct table_row *row = table_add(table, cells);
    if (row) {
        row->tiers[1] = reply_tier(event, "verdict");
        row->tiers[2] = reply_tier(event, "tier");
    }
}

static int print(const struct cmd_line *line, struct gb_arena *arena, const struct json *reply)
{
    const struct json *events = json_get(reply, "events");
    struct table table;
    table_init(&table, arena, GB_ARRAY_LEN(headings), headings);
    for (size_t i = 0; i < json_count(events); i++)
        add_event(&table, arena, json_at(events, i));
    int code = table_print(line, &table, "Nothing is known of this node yet.");
    if (code == CMD_OK && json_count(events) > 0)
        printf("\nJudge any of them again: garboard verify --node %s --at TIME\n",
               reply_text(arena, reply, "node"));
    return code == CMD_OK ? output_flush() : code;
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    gb_cleanup(json_freep) struct json *reply = NULL;
    int r = server_get_named(line, arena, "/v1/nodes/", "/history", &reply, err);
    if (r != 0)
        return r;
    return line->json ? output_json(gb_take(reply)) : print(line, arena, reply);
}

static const struct cmd_option options[] = {
    CLIENT_CONF_OPTIONS,
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_node_history = {
    .name = "node history",
    .args = "NODE",
    .min_args = 1,
    .max_args = 1,
    .summary = "show a node's verdicts, and what evidence of them is kept",
    .examples = "  garboard node history worker-1\n"
                "  garboard node history worker-1 --format json\n",
    .options = options,
    .run = run,
};
