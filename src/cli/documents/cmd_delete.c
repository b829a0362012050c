/* garboard delete: a signed tombstone in place of a document, so that no old one comes back. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/documents/apply_files.h"
#include "cli/documents/apply_send.h"
#include "cli/documents/doc_kind.h"
#include "cli/documents/in_force.h"
#include "cli/output.h"
#include "cli/server_client.h"
#include "wire/yaml.h"

struct deleting {
    const struct cmd_line *line;
    struct gb_arena *arena;
    struct in_force in_force;
    struct gb_buf text; /* all tombstones */
    size_t count;
};

/* It keeps the name, under the next version. */
static int write_tombstone(struct deleting *d, const char *kind, const char *name,
                           struct gb_err *err)
{
    const struct in_force_doc *doc = in_force_find(&d->in_force, kind, name);
    if (!doc || doc->deleted)
        return in_force_missing(d->arena, &d->in_force, kind, name, err);
    if (strcmp(kind, "AccessPolicy") == 0)
        return gb_err_set(err, GB_ERR_CONFIG,
                          "an AccessPolicy cannot be deleted: nobody would have a role; apply a "
                          "higher version of it");
    gb_buf_printf(&d->text,
                  "---\napiVersion: garboard.dev/v1alpha1\nkind: %s\nmetadata:\n  name: %s\n"
                  "  version: %" PRIu64 "\n  deleted: true\n",
                  doc->kind, doc->name, doc->version + 1);
    d->count++;
    return GB_OK;
}

static const char *text_of(struct gb_arena *arena, const struct yaml_node *mapping, const char *key)
{
    const struct yaml_node *node =
        mapping && mapping->kind == YAML_MAPPING ? yaml_get(mapping, key) : NULL;
    if (!node || node->kind != YAML_SCALAR)
        return NULL;
    return (const char *)gb_arena_copy(arena, node->text).data;
}

/* Whatever else a file says of a document: this name goes. */
static int delete_file(struct deleting *d, const struct apply_file *file, struct gb_err *err)
{
    struct yaml_node *docs = NULL;
    int r = yaml_read(d->arena, file->text, file->name, &docs, err);
    for (const struct yaml_node *node = r == GB_OK ? docs->first : NULL; r == GB_OK && node;
         node = node->next) {
        if (node->kind == YAML_SCALAR && node->text.len == 0)
            continue;
        const char *kind = text_of(d->arena, node, "kind");
        const char *name = text_of(
            d->arena, node->kind == YAML_MAPPING ? yaml_get(node, "metadata") : NULL, "name");
        r = kind && name ? write_tombstone(d, kind, name, err)
                         : gb_err_set(err, GB_ERR_CONFIG, "%s:%u: no kind, or no metadata.name",
                                      file->name, node->line);
    }
    return r;
}

static int collect(struct deleting *d, const struct apply_files *files, struct gb_err *err)
{
    const struct doc_kind *kind = NULL;
    int r = 0;
    if (d->line->arg_count == 2) {
        r = doc_kind_arg(d->line, d->line->args[0], &kind);
        if (r == 0)
            r = write_tombstone(d, kind->kind, d->line->args[1], err);
    }
    for (size_t i = 0; r == 0 && i < files->count; i++)
        r = delete_file(d, &files->items[i], err);
    if (r == 0 && !gb_buf_ok(&d->text))
        r = gb_err_nomem(err);
    return r;
}

static int send(struct deleting *d, struct server_client *client, struct gb_err *err)
{
    struct apply_files files = {.count = 1};
    files.items[0] = (struct apply_file){.name = "tombstone", .text = gb_buf_bytes(&d->text)};
    gb_buf_init(&files.body, GB_LIMIT_POLICY);
    int r = apply_files_join(&files, err);
    if (r == GB_OK)
        r = apply_send(d->line, d->arena, client, &files, err);
    apply_files_done(&files);
    return r;
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    gb_cleanup(server_client_freep) struct server_client *client = NULL;
    struct deleting d = {.line = line, .arena = arena};
    struct apply_files files = {0};
    if (line->arg_count == 1 || (line->arg_count == 0) != cmd_has(line, "filename"))
        return output_usage(line, "needs KIND NAME, or -f FILE");
    gb_buf_init(&d.text, GB_LIMIT_POLICY);
    int r = apply_files_read(arena, line, &files, err);
    if (r == 0)
        r = server_client_new(arena, line, &client, err);
    if (r == 0)
        r = in_force_get(client, arena, &d.in_force, err);
    if (r == 0)
        r = collect(&d, &files, err);
    if (r == 0)
        r = send(&d, client, err);
    in_force_done(&d.in_force);
    apply_files_done(&files);
    gb_buf_done(&d.text);
    return r;
}

static const struct cmd_option options[] = {
    {"filename", "FILE", "the documents that it holds; - is standard input", true, 'f'},
    APPLY_SEND_OPTIONS,
    APPLY_OUTPUT_OPTION,
    CLIENT_OFFICER_OPTIONS,
    CLIENT_CONF_OPTIONS,
    SERVER_WHY_OPTION,
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_delete = {
    .name = "delete",
    .args = "[KIND NAME]",
    .max_args = 2,
    .summary = "delete policy documents; their names come back only with a higher version",
    .examples = "  garboard delete referenceset debian12-6.1.0-56\n"
                "  garboard delete -f old.yaml --dry-run\n",
    .options = options,
    .run = run,
};
