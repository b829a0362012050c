/* garboard node why: a node's last verdict, link by link. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/evidence/verdict_text.h"
#include "cli/output.h"
#include "cli/server_client.h"
#include "cli/watch.h"
#include "wire/json.h"

struct asking {
    const struct cmd_line *line;
    struct server_client *client;
    const char *path;
    struct watch watch;
};

static int print(const struct cmd_line *line, struct gb_arena *arena, struct json *verdict)
{
    int exit_code = verdict_text_exit(verdict);
    int code = CMD_OK;
    if (line->json) {
        code = output_json(verdict);
    } else {
        code = verdict_text_print(line, arena, verdict);
        json_free(verdict);
    }
    return code == CMD_OK ? exit_code : code;
}

/* Everything of the verdict but the time at which it was confirmed; owned. */
static int state_of(struct json *verdict, char **ret_state, struct gb_err *err)
{
    struct json *at = json_take(verdict, "verified_at");
    int r = json_print(verdict, ret_state, err);
    if (at)
        json_set(verdict, "verified_at", at);
    return r;
}

/* A node that was not judged yet is waited for; other refusals end the watch. */
static void not_yet(void *ctx, const struct server_refusal *refusal)
{
    struct watch *watch = ctx;
    bool wait = strcmp(refusal->code, "verdict-not-found") == 0;
    if (!wait || watch_changed(watch, "", refusal->code))
        server_print_refusal(refusal);
    watch->wait = wait;
}

static int watch_step(void *ctx, struct gb_arena *arena, struct gb_err *err)
{
    struct asking *asking = ctx;
    struct json *verdict = NULL;
    char *state = NULL;
    int r = server_send(asking->client, "GET", asking->path, NULL, gb_bytes(NULL, 0), not_yet,
                        &asking->watch, &verdict, err);
    if (r > 0 && asking->watch.wait)
        return 0;
    if (r == 0)
        r = state_of(verdict, &state, err);
    bool changed = r == 0 && watch_changed(&asking->watch, "", state);
    gb_free(state);
    if (!changed) {
        json_free(verdict);
        return r;
    }
    r = print(asking->line, arena, verdict);
    if (!asking->line->json)
        putchar('\n');
    /* A bad verdict is what one watches for, no reason to stop. */
    return r == CMD_CONTRAINDICATED || r == CMD_OK ? output_flush() : r;
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    gb_cleanup(server_client_freep) struct server_client *client = NULL;
    struct json *verdict = NULL;
    const char *path = server_path(arena, "/v1/nodes/", line->args[0], "/verdict");
    int r = path ? server_client_new(arena, line, &client, err) : gb_err_nomem(err);
    if (r != 0)
        return r;
    if (!cmd_has(line, "watch")) {
        r = server_get(client, path, &verdict, err);
        return r != 0 ? r : print(line, arena, verdict);
    }
    struct asking asking = {.line = line, .client = client, .path = path};
    r = watch_run(&asking.watch, watch_step, &asking, err);
    watch_done(&asking.watch);
    return r;
}

static const struct cmd_option options[] = {
    {"all", NULL, "show every finding: by default the first 10 of a code in each link", false, 0},
    {"watch", NULL, "go on, and print the verdict whenever it changes", false, 'w'},
    CLIENT_CONF_OPTIONS,
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_node_why = {
    .name = "node why",
    .args = "NODE",
    .min_args = 1,
    .max_args = 1,
    .summary = "show a node's verdict, link by link, and what to do",
    .examples = "  garboard node why worker-1\n"
                "  garboard node why worker-1 --watch\n",
    .options = options,
    .run = run,
};
