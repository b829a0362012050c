/* garboard simulate: what changed documents would do to the whole fleet, before they are applied.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/documents/apply_files.h"
#include "cli/output.h"
#include "cli/reply.h"
#include "cli/server_client.h"
#include "wire/json.h"

enum { FIRST_MS = 100, MOST_MS = 2000 };

struct simulating {
    const struct cmd_line *line;
    struct gb_arena *arena;
    struct server_client *client;
    struct apply_files *files;
    const char *path;    /* "/v1/simulations/..." */
    struct json *result; /* owned */
};

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

static void tell(void *ctx, const struct server_refusal *refusal)
{
    const struct simulating *s = ctx;
    struct server_refusal here = *refusal;
    here.message = apply_files_locate(s->arena, s->files, refusal->message);
    server_print_refusal(&here);
}

static int begin(struct simulating *s, struct gb_err *err)
{
    gb_cleanup(json_freep) struct json *reply = NULL;
    struct gb_bytes id;
    int r = server_send(s->client, "POST", "/v1/simulations", "application/yaml",
                        gb_buf_bytes(&s->files->body), tell, s, &reply, err);
    if (r != 0)
        return r;
    if (!json_get_text(reply, "id", &id))
        return gb_err_set(err, GB_ERR_INPUT, "the server's answer names no simulation");
    const char *name = (const char *)gb_arena_copy(s->arena, id).data;
    s->path = name ? server_path(s->arena, "/v1/simulations/", name, "") : NULL;
    return s->path ? GB_OK : gb_err_nomem(err);
}

static void show_progress(const struct json *reply, bool last)
{
    uint64_t nodes = 0, done = 0;
    if (!isatty(STDERR_FILENO) || !json_get_number(reply, "nodes", &nodes) ||
        !json_get_number(reply, "done", &done))
        return;
    fprintf(stderr, "\rgarboard: %" PRIu64 " of %" PRIu64 " nodes%s", done, nodes,
            last ? "\n" : "");
    (void)fflush(stderr);
}

static void pause_ms(int64_t ms)
{
    struct timespec left = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&left, NULL); /* an interruption ends it */
}

/* The server need not go on for nobody. */
static int cancel(const struct simulating *s)
{
    struct gb_err err;
    if (server_delete(s->client, s->path, &err) == 0)
        fputs("garboard: the simulation is cancelled\n", stderr);
    return CMD_SYSTEM;
}

/* Each asking is an entry of the ledger, so the pauses grow. */
static int wait_for(struct simulating *s, struct gb_err *err)
{
    for (int64_t ms = FIRST_MS;; ms = ms * 2 < MOST_MS ? ms * 2 : MOST_MS) {
        pause_ms(ms);
        if (interrupted)
            return cancel(s);
        struct json *reply = NULL;
        int r = server_get(s->client, s->path, &reply, err);
        if (r != 0)
            return r;
        bool running = reply_is(reply, "state", "running");
        show_progress(reply, !running);
        if (!running) {
            s->result = reply;
            return CMD_OK;
        }
        json_free(reply);
    }
}

/* ---- text ---- */

static void print_findings(const struct simulating *s, const struct json *findings)
{
    enum { MARGIN = 6 };
    for (size_t i = 0; i < json_count(findings); i++) {
        const struct json *finding = json_at(findings, i);
        fputs("      ", stdout);
        output_wrapped(reply_text(s->arena, finding, "message"), MARGIN);
        if (!json_absent(json_get(finding, "remedy"))) {
            fputs("      -> ", stdout);
            output_wrapped(reply_text(s->arena, finding, "remedy"), MARGIN + 3);
        }
    }
}

static void print_change(const struct simulating *s, const struct json *change)
{
    const struct json *from = json_get(change, "from"), *to = json_get(change, "to");
    const struct json *links = json_get(change, "links");
    printf("%s  %s -> %s%s%s (%s -> %s; %s)\n", reply_text(s->arena, change, "node"),
           reply_text(s->arena, from, "verdict"), output_colour(s->line, reply_tier(to, "verdict")),
           reply_text(s->arena, to, "verdict"), output_reset(s->line),
           reply_text(s->arena, from, "tier"), reply_text(s->arena, to, "tier"),
           reply_text(s->arena, to, "policy"));
    print_findings(s, json_get(change, "findings"));
    for (size_t i = 0; i < json_count(links); i++) {
        const struct json *link = json_at(links, i);
        printf("    %-14s %s -> %s\n", reply_text(s->arena, link, "link"),
               reply_text(s->arena, link, "from"), reply_text(s->arena, link, "to"));
        print_findings(s, json_get(link, "findings"));
        const struct json *was = json_get(link, "was");
        for (size_t k = 0; k < json_count(was); k++)
            printf("      (was: %s)\n", reply_item(s->arena, json_at(was, k)));
    }
}

/* What stands in the shadow changes no verdict: what it would do is told apart. */
static void print_shadow(const struct simulating *s, const struct json *shadow)
{
    const struct json *nodes = json_get(shadow, "untrusted_nodes");
    printf("In the shadow: %s version %s is for %s nodes, and would not trust %s%s\n",
           reply_text(s->arena, shadow, "policy"), reply_number(s->arena, shadow, "version"),
           reply_number(s->arena, shadow, "nodes"), reply_number(s->arena, shadow, "untrusted"),
           json_count(nodes) > 0 ? ":" : ".");
    for (size_t i = 0; i < json_count(nodes); i++) {
        const struct json *node = json_at(nodes, i);
        printf("    %s  %s", reply_text(s->arena, node, "node"),
               reply_text(s->arena, node, "tier"));
        if (!json_absent(json_get(node, "reason")))
            printf(": %s", reply_text(s->arena, node, "reason"));
        putchar('\n');
    }
}

static int print_text(const struct simulating *s)
{
    const struct json *changes = json_get(s->result, "changes");
    const struct json *without = json_get(s->result, "without_evidence");
    for (size_t i = 0; i < json_count(changes); i++)
        print_change(s, json_at(changes, i));
    if (json_count(changes) > 0)
        putchar('\n');
    printf(
        "%s nodes: %s unchanged, %s worse, %s better, %s otherwise changed, %s without evidence\n",
        reply_number(s->arena, s->result, "nodes"), reply_number(s->arena, s->result, "unchanged"),
        reply_number(s->arena, s->result, "worse"), reply_number(s->arena, s->result, "better"),
        reply_number(s->arena, s->result, "other"),
        reply_number(s->arena, s->result, "without_evidence_count"));
    if (json_count(without) > 0)
        printf("Without evidence, and so not judged: %s\n",
               reply_list(s->arena, s->result, "without_evidence"));
    const struct json *shadows = json_get(s->result, "shadow");
    for (size_t i = 0; i < json_count(shadows); i++)
        print_shadow(s, json_at(shadows, i));
    puts("Nothing was applied.");
    return output_flush();
}

static int print(struct simulating *s)
{
    uint64_t worse = 0;
    if (!reply_is(s->result, "state", "done")) {
        fprintf(stderr, "garboard: the simulation was not finished: %s\n",
                reply_text(s->arena, s->result, "error"));
        return CMD_SYSTEM;
    }
    if (!json_get_number(s->result, "worse", &worse))
        worse = 1; /* not a word of it is not a yes */
    int code = s->line->json ? output_json(gb_take(s->result)) : print_text(s);
    return code != CMD_OK ? code : worse > 0 ? CMD_CONTRAINDICATED : CMD_OK;
}

static int simulate(struct simulating *s, struct gb_err *err)
{
    struct sigaction catch = {.sa_handler = interrupt};
    sigaction(SIGINT, &catch, NULL);
    sigaction(SIGTERM, &catch, NULL);
    int r = apply_files_read(s->arena, s->line, s->files, err);
    if (r == 0)
        r = server_client_new(s->arena, s->line, &s->client, err);
    if (r == 0)
        r = begin(s, err);
    if (r == 0)
        r = wait_for(s, err);
    return r != 0 ? r : print(s);
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    struct apply_files files = {0};
    struct simulating s = {.line = line, .arena = arena, .files = &files};
    if (!cmd_has(line, "filename"))
        return output_usage(line, "needs -f FILE");
    int r = simulate(&s, err);
    json_free(s.result);
    server_client_freep(&s.client);
    apply_files_done(&files);
    return r;
}

static const struct cmd_option options[] = {
    {"filename", "FILE", "documents that would replace or join those in force; - is standard input",
     true, 'f'},
    CLIENT_CONF_OPTIONS,
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_simulate = {
    .name = "simulate",
    .args = "",
    .summary = "say which nodes would change under changed policy, before it is applied",
    .examples = "  garboard simulate -f stricter.yaml\n"
                "  garboard simulate -f policy.yaml -f kernel-57.yaml --format json\n",
    .options = options,
    .run = run,
};
