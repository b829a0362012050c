/* garboard node show: all that the server knows of one node. */
#include <stdio.h>

#include "base/clock.h"
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/output.h"
#include "cli/reply.h"
#include "cli/server_named.h"
#include "wire/json.h"

enum { LABEL = 14 };

static void say(const char *label, const char *text)
{
    printf("%-*s %s\n", LABEL, label, text);
}

static void say_tier(const struct cmd_line *line, struct gb_arena *arena, const char *label,
                     const struct json *object, const char *key)
{
    printf("%-*s %s%s%s\n", LABEL, label, output_colour(line, reply_tier(object, key)),
           reply_text(arena, object, key), output_reset(line));
}

static void say_when(struct gb_arena *arena, const char *label, const struct json *node,
                     const char *key)
{
    printf("%-*s %s", LABEL, label, reply_text(arena, node, key));
    if (!json_absent(json_get(node, key)))
        printf(" (%s)", reply_when(arena, node, key, gb_clock_s()));
    putchar('\n');
}

static void say_links(const struct cmd_line *line, struct gb_arena *arena, const struct json *links)
{
    puts("\nLinks");
    for (int i = GB_LINK_NONE + 1; i < GB_LINK_COUNT; i++) {
        const char *name = gb_link_name((enum gb_link)i);
        if (json_get(links, name) && !reply_is(links, name, "none"))
            printf("  %-*s %s%s%s\n", LABEL, name, output_colour(line, reply_tier(links, name)),
                   reply_text(arena, links, name), output_reset(line));
    }
}

static int print(const struct cmd_line *line, struct gb_arena *arena, const struct json *node)
{
    say("Node", reply_text(arena, node, "name"));
    say("Id", reply_text(arena, node, "id"));
    say("Labels", reply_list(arena, node, "labels"));
    say_tier(line, arena, "Verdict", node, "verdict");
    say_tier(line, arena, "Liveness", node, "liveness");
    say_when(arena, "Verified", node, "verified_at");
    say_when(arena, "Enrolled", node, "enrolled_at");
    say("Policy", reply_text(arena, node, "policy"));
    say("TPM", reply_text(arena, node, "tpm"));
    const struct json *eks = json_get(node, "eks");
    for (size_t i = 0; i < json_count(eks); i++)
        say(i == 0 ? "EK" : "", reply_item(arena, json_at(eks, i)));
    say("Transport key", reply_text(arena, node, "transport"));
    say("IMA entries", reply_number(arena, node, "ima_entries"));
    say("Reset count", reply_number(arena, node, "reset_count"));
    say_links(line, arena, json_get(node, "links"));
    if (!json_absent(json_get(node, "reason")))
        printf("\n%s\n  -> garboard node why %s\n", reply_text(arena, node, "reason"),
               reply_text(arena, node, "name"));
    return output_flush();
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    gb_cleanup(json_freep) struct json *reply = NULL;
    int r = server_get_named(line, arena, "/v1/nodes/", "", &reply, err);
    if (r != 0)
        return r;
    return line->json ? output_json(gb_take(reply)) : print(line, arena, reply);
}

static const struct cmd_option options[] = {
    CLIENT_CONF_OPTIONS,
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_node_show = {
    .name = "node show",
    .args = "NODE",
    .min_args = 1,
    .max_args = 1,
    .summary = "show what the server knows of a node",
    .examples = "  garboard node show worker-1\n",
    .options = options,
    .run = run,
};
