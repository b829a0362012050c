#include "cli/documents/apply_send.h"

#include <stdio.h>

#include "base/buf.h"
#include "cli/cmd.h"
#include "cli/documents/apply_files.h"
#include "cli/documents/apply_sign.h"
#include "cli/documents/apply_warn.h"
#include "cli/output.h"
#include "cli/reply.h"
#include "cli/server_client.h"
#include "cli/table.h"
#include "os/file.h"
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

/* Kubernetes' words, which people know. */
static const char *change_word(struct gb_arena *arena, const struct json *document)
{
    static const char *const words[][2] = {
        {"new", "created"}, {"changed", "configured"}, {"same", "unchanged"}};
    for (size_t i = 0; i < GB_ARRAY_LEN(words); i++)
        if (reply_is(document, "change", words[i][0]))
            return words[i][1];
    return reply_text(arena, document, "change");
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
            change_word(arena, document),
        };
        table_add(&table, cells);
    }
    int code = table_print(line, &table, "no documents");
    if (code == CMD_OK && cmd_has(line, "dry-run"))
        puts("\nNothing was applied (--dry-run).");
    return code == CMD_OK ? output_flush() : code;
}

/* For another officer, who signs it, too, and applies it. */
static int write_out(const struct cmd_line *line, const struct apply_files *files,
                     struct gb_err *err)
{
    const char *path = cmd_value(line, "output");
    int r = file_write(path, gb_buf_bytes(&files->body), err);
    if (r == GB_OK)
        fprintf(stderr,
                "written, and not applied\n  -> the other officer: garboard sign -f FILE --key KEY "
                "-o FILE; then: garboard apply --no-sign -f FILE\n");
    return r < 0 ? r : CMD_OK;
}

int apply_send(const struct cmd_line *line, struct gb_arena *arena, struct server_client *client,
               struct apply_files *files, struct gb_err *err)
{
    gb_cleanup(json_freep) struct json *reply = NULL;
    struct telling telling = {arena, files};
    const char *path =
        cmd_has(line, "dry-run")
            ? (cmd_has(line, "force") ? "/v1/policy?dry_run=1&force=1" : "/v1/policy?dry_run=1")
            : (cmd_has(line, "force") ? "/v1/policy?force=1" : "/v1/policy");
    int r = cmd_has(line, "no-sign") ? 0 : apply_sign(arena, line, client, files, err);
    if (r == 0 && cmd_has(line, "output"))
        return write_out(line, files, err);
    if (r == 0)
        r = server_send(client, "POST", path, "application/yaml", gb_buf_bytes(&files->body), tell,
                        &telling, &reply, err);
    if (r != 0)
        return r;
    if (json_get(reply, "warning"))
        fprintf(stderr, "garboard: warning: %s\n", reply_text(arena, reply, "warning"));
    json_set(reply, "warnings",
             apply_warn(arena, files, json_take(reply, "warnings"), cmd_has(line, "dry-run")));
    return line->json ? output_json(gb_take(reply))
                      : print(line, arena, json_get(reply, "applied"));
}
