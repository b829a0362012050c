/* garboard node attest: asks a node for proof that is younger than this request. */
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/evidence/verdict_text.h"
#include "cli/output.h"
#include "cli/reply.h"
#include "cli/server_client.h"
#include "wire/json.h"

/* The server says whether the proof came that was asked for; one that was restarted meanwhile has
 * forgotten, and the time says it then. */
static bool has_answered(const struct json *node, int64_t asked_s)
{
    bool asked = true;
    int64_t verified_s = 0;
    return json_get_bool(node, "asked", &asked) && !asked &&
           reply_time(node, "verified_at", &verified_s) && verified_s >= asked_s;
}

/* Each asking is an entry of the ledger: once a second is enough. Asks until the node's last proof
 * is not older than `asked_s`. CMD_REFUSED when the time is over.
 */
static int wait_for(struct server_client *client, const char *path, int64_t asked_s,
                    int64_t limit_ms, struct gb_err *err)
{
    const struct timespec pause = {.tv_sec = 1};
    for (;;) {
        gb_cleanup(json_freep) struct json *node = NULL;
        int r = server_get(client, path, &node, err);
        if (r != 0)
            return r;
        if (has_answered(node, asked_s))
            return CMD_OK;
        if (gb_clock_ms() >= limit_ms)
            break;
        nanosleep(&pause, NULL);
    }
    fputs("garboard: the node has not answered yet\n"
          "  -> it answers at its next round; see garboard node show\n",
          stderr);
    return CMD_REFUSED;
}

static int print_verdict(const struct cmd_line *line, struct gb_arena *arena,
                         struct server_client *client, const char *path, struct gb_err *err)
{
    struct json *verdict = NULL;
    int r = server_get(client, path, &verdict, err);
    if (r != 0)
        return r;
    int exit_code = verdict_text_exit(verdict);
    r = line->json ? CMD_OK : verdict_text_print(line, arena, verdict);
    if (line->json)
        r = output_json(verdict);
    else
        json_free(verdict);
    return r == CMD_OK ? exit_code : r;
}

static int print_asked(const struct cmd_line *line, struct gb_arena *arena, struct json *reply)
{
    if (line->json)
        return output_json(reply);
    printf("asked at %s; see: garboard node show %s\n", reply_text(arena, reply, "asked_at"),
           line->args[0]);
    json_free(reply);
    return output_flush();
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    gb_cleanup(server_client_freep) struct server_client *client = NULL;
    struct json *reply = NULL;
    const char *wait = cmd_value(line, "wait");
    const char *node = server_path(arena, "/v1/nodes/", line->args[0], "");
    const char *attest = server_path(arena, "/v1/nodes/", line->args[0], "/attest");
    const char *verdict = server_path(arena, "/v1/nodes/", line->args[0], "/verdict");
    int64_t wait_s = 0;
    int64_t asked_s = 0;
    if (wait && !gb_clock_span(gb_bytes_str(wait), &wait_s))
        return output_usage(line, "--wait is like 90s or 5m, not \"%s\"", wait);
    int r = node && attest && verdict ? server_client_new(arena, line, &client, err)
                                      : gb_err_nomem(err);
    if (r == 0)
        r = server_post(client, attest, json_new_object(), &reply, err);
    if (r != 0)
        return r;
    if (!wait || !reply_time(reply, "asked_at", &asked_s))
        return print_asked(line, arena, reply);
    json_free(reply);
    r = wait_for(client, node, asked_s, gb_clock_ms() + wait_s * 1000, err);
    return r != 0 ? r : print_verdict(line, arena, client, verdict, err);
}

static const struct cmd_option options[] = {
    {"all", NULL, "show every finding: by default the first 10 of a code in each link", false, 0},
    {"wait", "SPAN", "wait that long for the answer, and print the verdict", false, 0},
    CLIENT_CONF_OPTIONS,
    SERVER_WHY_OPTION,
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_node_attest = {
    .name = "node attest",
    .args = "NODE",
    .min_args = 1,
    .max_args = 1,
    .summary = "ask a node for proof younger than this request",
    .examples = "  garboard node attest worker-1 --wait 2m\n",
    .options = options,
    .run = run,
};
