/* garboard apply: policies and reference sets for the server, all of them or none. */
#include <stdio.h>

#include "cli/apply_files.h"
#include "cli/apply_sign.h"
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/output.h"
#include "cli/reply.h"
#include "cli/server_client.h"
#include "cli/table.h"
#include "wire/json.h"

struct telling {
    struct gb_arena *arena;
    const struct apply_files *files;
};

/* The server saw one body; people know files. */
static void tell(void *ctx, const struct server_refusal *refusal)
{
    const struct telling *telling = ctx;
    struct server_refusal here = *refusal;
    here.message = apply_files_locate(telling->arena, telling->files, refusal->message);
    server_print_refusal(&here);
}

static int print(const struct cmd_line *line, struct gb_arena *arena, const struct json *applied)
{
    static const char *const headings[] = {"KIND", "NAME", "VERSION", "CHANGE"};
    struct table table;
    table_init(&table, arena, GB_ARRAY_LEN(headings), headings);
    for (size_t i = 0; i < json_count(applied); i++) {
        const struct json *document = json_at(applied, i);
        const char *const cells[] = {
            reply_text(arena, document, "kind"),
            reply_text(arena, document, "name"),
            reply_number(arena, document, "version"),
            reply_text(arena, document, "change"),
        };
        table_add(&table, cells);
    }
    int code = table_print(line, &table, "no documents");
    if (code == CMD_OK && cmd_has(line, "dry-run"))
        puts("\nNothing was applied (--dry-run).");
    return code == CMD_OK ? output_flush() : code;
}

static int apply(const struct cmd_line *line, struct gb_arena *arena, struct apply_files *files,
                 struct gb_err *err)
{
    gb_cleanup(server_client_freep) struct server_client *client = NULL;
    gb_cleanup(json_freep) struct json *reply = NULL;
    struct telling telling = {arena, files};
    const char *path = cmd_has(line, "dry-run") ? "/v1/policy?dry_run=1" : "/v1/policy";
    int r = apply_files_read(arena, line, files, err);
    if (r == 0)
        r = server_client_new(arena, line, &client, err);
    if (r == 0 && !cmd_has(line, "no-sign"))
        r = apply_sign(arena, line, client, files, err);
    if (r == 0)
        r = server_send(client, "POST", path, "application/yaml", gb_buf_bytes(&files->body), tell,
                        &telling, &reply, err);
    if (r != 0)
        return r;
    if (json_get(reply, "warning"))
        fprintf(stderr, "garboard: warning: %s\n", reply_text(arena, reply, "warning"));
    return line->json ? output_json(gb_take(reply))
                      : print(line, arena, json_get(reply, "applied"));
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    struct apply_files files = {0};
    if (!cmd_has(line, "filename"))
        return output_usage(line, "needs -f FILE");
    int r = apply(line, arena, &files, err);
    apply_files_done(&files);
    return r;
}

static const struct cmd_option options[] = {
    {"filename", "FILE", "policy documents; - is standard input", true, 'f'},
    {"dry-run", NULL, "say what would change, and change nothing", false, 0},
    {"no-sign", NULL, "send the documents as they are", false, 0},
    CLIENT_OFFICER_OPTIONS,
    CLIENT_CONF_OPTIONS,
    SERVER_WHY_OPTION,
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_apply = {
    .name = "apply",
    .args = "",
    .summary = "give the server policies and reference sets, all or none",
    .examples = "  garboard apply -f predicted.yaml -f platform.yaml --dry-run\n"
                "  garboard apply -f predicted.yaml -f platform.yaml\n",
    .options = options,
    .run = run,
};
