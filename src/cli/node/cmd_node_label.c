/* garboard node label: key=value sets a label, key- takes it away. */
#include <stdio.h>

#include "base/labels.h"
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/output.h"
#include "cli/reply.h"
#include "cli/server_client.h"
#include "wire/json.h"

/* What is no label is said here, before anything is sent; the server looks again. */
static int read_changes(const struct cmd_line *line, struct gb_arena *arena, struct json *changes)
{
    struct gb_labels labels = {0};
    struct gb_err err;
    for (size_t i = 1; i < line->arg_count; i++) {
        int r = gb_labels_change(arena, &labels, gb_bytes_str(line->args[i]), &labels, &err);
        if (r < 0)
            return output_usage(line, "%s", err.text);
        json_push(changes, json_text(line->args[i]));
    }
    return CMD_OK;
}

static int print(const struct cmd_line *line, struct gb_arena *arena, struct json *reply)
{
    if (line->json)
        return output_json(reply);
    printf("%s: %s\n", line->args[0], reply_list(arena, reply, "labels"));
    json_free(reply);
    return output_flush();
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    gb_cleanup(server_client_freep) struct server_client *client = NULL;
    struct json *reply = NULL;
    struct json *body = json_new_object();
    struct json *changes = json_new_array();
    const char *path = server_path(arena, "/v1/nodes/", line->args[0], "/labels");
    int r = read_changes(line, arena, changes);
    json_set(body, "changes", changes);
    if (r == CMD_OK)
        r = path ? server_client_new(arena, line, &client, err) : gb_err_nomem(err);
    if (r != 0) {
        json_free(body);
        return r;
    }
    r = server_post(client, path, body, &reply, err);
    return r != 0 ? r : print(line, arena, reply);
}

static const struct cmd_option options[] = {
    CLIENT_CONF_OPTIONS,
    SERVER_WHY_OPTION,
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_node_label = {
    .name = "node label",
    .args = "NODE KEY=VALUE|KEY-...",
    .min_args = 2,
    .max_args = CMD_MAX_ARGS,
    .summary = "give a node labels, or take them away",
    .examples = "  garboard node label worker-1 site=fra-2 rack=7\n"
                "  garboard node label worker-1 rack-\n",
    .options = options,
    .run = run,
};
