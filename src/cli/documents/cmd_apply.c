/* garboard apply: policies and reference sets for the server, all of them or none. */
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/documents/apply_files.h"
#include "cli/documents/apply_send.h"
#include "cli/output.h"
#include "cli/server_client.h"

static int apply(const struct cmd_line *line, struct gb_arena *arena, struct apply_files *files,
                 struct gb_err *err)
{
    gb_cleanup(server_client_freep) struct server_client *client = NULL;
    int r = apply_files_read(arena, line, files, err);
    if (r == 0)
        r = server_client_new(arena, line, &client, err);
    return r != 0 ? r : apply_send(line, arena, client, files, err);
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
    APPLY_SEND_OPTIONS,
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
