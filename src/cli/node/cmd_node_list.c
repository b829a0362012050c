/* garboard node list: what each node is, and who waits for approval. */
#include <stdio.h>

#include "base/clock.h"
#include "base/labels.h"
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/output.h"
#include "cli/reply.h"
#include "cli/server_client.h"
#include "cli/table.h"
#include "cli/watch.h"
#include "wire/json.h"

static const char *const headings[] = {"NODE",   "VERDICT", "LIVENESS", "VERIFIED",
                                       "LABELS", "BROKEN",  "WHY"};

struct listing {
    const struct cmd_line *line;
    struct server_client *client;
    struct gb_labels selector;
    struct watch watch;
    uint64_t revision; /* of the last answer */
    bool headed;       /* the first table was printed */
};

/* -l: nodes that have all of these labels. CMD_OK or CMD_USAGE. */
static int read_selector(const struct cmd_line *line, struct gb_arena *arena,
                         struct gb_labels *ret_selector)
{
    struct gb_labels selector = {0};
    struct gb_err err;
    size_t at = 0;
    for (const char *text; (text = cmd_next(line, "selector", &at));) {
        struct gb_labels labels;
        int r = gb_labels_read(arena, gb_bytes_str(text), &labels, &err);
        for (size_t i = 0; r == GB_OK && i < labels.count; i++) {
            const char *one =
                gb_arena_printf(arena, "%s=%s", labels.items[i].key, labels.items[i].value);
            r = one ? gb_labels_change(arena, &selector, gb_bytes_str(one), &selector, &err)
                    : gb_err_nomem(&err);
        }
        if (r < 0)
            return output_usage(line, "-l: %s", err.text);
    }
    *ret_selector = selector;
    return CMD_OK;
}

static bool is_selected(struct gb_arena *arena, const struct gb_labels *selector,
                        const struct json *node)
{
    const struct json *list = json_get(node, "labels");
    struct gb_labels labels = {0};
    for (size_t i = 0; selector->count > 0 && i < json_count(list); i++) {
        struct gb_bytes text;
        if (json_as_text(json_at(list, i), &text) &&
            gb_labels_change(arena, &labels, text, &labels, NULL) < 0)
            return false;
    }
    return gb_labels_match(&labels, selector);
}

/* Only those that are selected. */
static struct json *select_nodes(struct gb_arena *arena, const struct gb_labels *selector,
                                 struct json *nodes)
{
    struct json *selected = json_new_array();
    for (struct json *node; (node = json_take_at(nodes, 0));) {
        if (is_selected(arena, selector, node))
            json_push(selected, node);
        else
            json_free(node);
    }
    json_free(nodes);
    return selected;
}

static void add_node(struct table *table, struct gb_arena *arena, const struct json *node)
{
    const char *const cells[] = {
        reply_text(arena, node, "name"),     reply_text(arena, node, "verdict"),
        reply_text(arena, node, "liveness"), reply_when(arena, node, "verified_at", gb_clock_s()),
        reply_list(arena, node, "labels"),   reply_list(arena, node, "broken"),
        reply_text(arena, node, "reason"),
    };
    struct table_row *row = table_add(table, cells);
    if (row) {
        row->tiers[1] = reply_tier(node, "verdict");
        row->tiers[2] = reply_tier(node, "liveness");
    }
}

static int print_waiting(const struct cmd_line *line, struct gb_arena *arena,
                         const struct json *waiting)
{
    static const char *const waiting_headings[] = {"WAITING", "EK", "TPM", "FROM", "ASKED"};
    struct table table;
    if (json_count(waiting) == 0)
        return CMD_OK;
    table_init(&table, arena, GB_ARRAY_LEN(waiting_headings), waiting_headings);
    for (size_t i = 0; i < json_count(waiting); i++) {
        const struct json *node = json_at(waiting, i);
        const char *const cells[] = {
            reply_text(arena, node, "name"),
            reply_text(arena, node, "ek"),
            reply_text(arena, node, "tpm"),
            reply_text(arena, node, "remote"),
            reply_when(arena, node, "asked_at", gb_clock_s()),
        };
        table_add(&table, cells);
    }
    putchar('\n');
    int code = table_print(line, &table, "");
    puts("\nLet one in, when its EK is that of your machine: garboard node approve NODE --ek EK");
    return code == CMD_OK ? output_flush() : code;
}

static int print_text(const struct cmd_line *line, struct gb_arena *arena, const struct json *reply,
                      const struct json *waiting)
{
    const struct json *nodes = json_get(reply, "nodes");
    struct table table;
    table_init(&table, arena, GB_ARRAY_LEN(headings), headings);
    for (size_t i = 0; i < json_count(nodes); i++)
        add_node(&table, arena, json_at(nodes, i));
    int code =
        table_print(line, &table,
                    cmd_has(line, "selector") ? "No node has these labels."
                                              : "No nodes. Let one join: garboard token create");
    return code == CMD_OK ? print_waiting(line, arena, json_get(waiting, "waiting")) : code;
}

/* Of a refusal of /v1/waiting. */
struct hidden {
    bool roles; /* their holder may not see who waits; anything else is told */
};

static void not_shown(void *ctx, const struct server_refusal *refusal)
{
    struct hidden *hidden = ctx;
    hidden->roles = refusal->status == 403;
    if (!hidden->roles)
        server_print_refusal(refusal);
}

/* NULL for who may see the nodes and not who waits: docs/roles.md. */
static int get_waiting(struct server_client *client, struct json **ret_waiting, struct gb_err *err)
{
    struct hidden hidden = {0};
    int r = server_send(client, "GET", "/v1/waiting", NULL, gb_bytes(NULL, 0), not_shown, &hidden,
                        ret_waiting, err);
    return hidden.roles ? CMD_OK : r;
}

static int list_once(const struct cmd_line *line, struct gb_arena *arena,
                     struct server_client *client, const struct gb_labels *selector,
                     struct gb_err *err)
{
    gb_cleanup(json_freep) struct json *reply = NULL;
    gb_cleanup(json_freep) struct json *waiting = NULL;
    int r = server_get(client, "/v1/nodes", &reply, err);
    if (r == 0 && selector->count == 0)
        r = get_waiting(client, &waiting, err);
    if (r != 0)
        return r;
    if (selector->count > 0)
        json_set(reply, "nodes", select_nodes(arena, selector, json_take(reply, "nodes")));
    if (!line->json)
        return print_text(line, arena, reply, waiting);
    if (waiting)
        json_set(reply, "waiting", json_take(waiting, "waiting"));
    return output_json(gb_take(reply));
}

/* What of a node is worth a line when it changes; a further good round is not. */
static bool changed(struct listing *listing, struct gb_arena *arena, const struct json *node)
{
    const char *state =
        gb_arena_printf(arena, "%s|%s|%s|%s", reply_text(arena, node, "verdict"),
                        reply_text(arena, node, "liveness"), reply_list(arena, node, "broken"),
                        reply_text(arena, node, "reason"));
    return !state || watch_changed(&listing->watch, reply_text(arena, node, "id"), state);
}

static int watch_step(void *ctx, struct gb_arena *arena, struct gb_err *err)
{
    struct listing *listing = ctx;
    gb_cleanup(json_freep) struct json *reply = NULL;
    const char *path =
        gb_arena_printf(arena, "/v1/nodes?since=%llu", (unsigned long long)listing->revision);
    int r = path ? server_get(listing->client, listing->headed ? path : "/v1/nodes", &reply, err)
                 : gb_err_nomem(err);
    if (r != 0)
        return r;
    if (listing->selector.count > 0)
        json_set(reply, "nodes",
                 select_nodes(arena, &listing->selector, json_take(reply, "nodes")));
    const struct json *nodes = json_get(reply, "nodes");
    struct table table;
    table_init(&table, arena, GB_ARRAY_LEN(headings), headings);
    for (size_t i = 0; i < json_count(nodes); i++)
        if (changed(listing, arena, json_at(nodes, i)))
            add_node(&table, arena, json_at(nodes, i));
    json_get_number(reply, "revision", &listing->revision);
    bool first = !listing->headed;
    listing->headed = true;
    if (!first && table.count == 0)
        return CMD_OK;
    if (listing->line->json)
        return output_json(gb_take(reply));
    return first ? table_print(listing->line, &table, "No nodes yet.")
                 : table_print_rows(listing->line, &table, NULL);
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    gb_cleanup(server_client_freep) struct server_client *client = NULL;
    struct gb_labels selector = {0};
    int r = read_selector(line, arena, &selector);
    if (r == 0)
        r = server_client_new(arena, line, &client, err);
    if (r != 0)
        return r;
    if (!cmd_has(line, "watch"))
        return list_once(line, arena, client, &selector, err);
    struct listing listing = {.line = line, .client = client, .selector = selector};
    r = watch_run(&listing.watch, watch_step, &listing, err);
    watch_done(&listing.watch);
    return r;
}

static const struct cmd_option options[] = {
    {"selector", "KEY=VALUE", "only nodes with this label", true, 'l'},
    {"watch", NULL, "go on, and print the nodes that change", false, 'w'},
    CLIENT_CONF_OPTIONS,
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_node_list = {
    .name = "node list",
    .args = "",
    .summary = "list the nodes with their verdicts, and those that wait to join",
    .examples = "  garboard node list\n"
                "  garboard node list -l site=fra-2\n"
                "  garboard node list --watch\n",
    .options = options,
    .run = run,
};
