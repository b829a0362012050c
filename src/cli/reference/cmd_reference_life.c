/* garboard reference accept, shadow, retire: another life for reference sets that are in force,
 * under the next version, signed by the officer. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/documents/apply_files.h"
#include "cli/documents/apply_send.h"
#include "cli/documents/in_force.h"
#include "cli/server_client.h"
#include "policy/documents/edit.h"
#include "wire/yaml.h"

struct turning {
    const struct cmd_line *line;
    struct gb_arena *arena;
    const char *life;
    struct in_force in_force;
    struct apply_files files;
};

static int edit_set(struct turning *t, const char *name, struct gb_err *err)
{
    gb_cleanup(gb_buf_done) struct gb_buf out;
    const struct in_force_doc *doc = in_force_find(&t->in_force, "ReferenceSet", name);
    struct apply_file *file = &t->files.items[t->files.count];
    if (!doc || doc->deleted)
        return in_force_missing(t->arena, &t->in_force, "ReferenceSet", name, err);
    const struct document_edit edit = {.version = doc->version + 1, .life = t->life};
    file->name = gb_arena_printf(t->arena, "ReferenceSet/%s", doc->name);
    if (!file->name)
        return gb_err_nomem(err);
    gb_buf_init(&out, GB_LIMIT_POLICY);
    int r = document_edit(t->arena, file->name, doc->text, &edit, &out, err);
    if (r < 0)
        return r;
    file->text = gb_arena_copy(t->arena, gb_buf_bytes(&out));
    t->files.count++;
    return file->text.data ? GB_OK : gb_err_nomem(err);
}

/* A set of that life already is left alone. */
static int edit_all(struct turning *t, struct gb_err *err)
{
    int r = GB_OK;
    for (size_t i = 0; r == GB_OK && i < t->line->arg_count; i++) {
        const char *name = t->line->args[i];
        const struct in_force_doc *doc = in_force_find(&t->in_force, "ReferenceSet", name);
        const struct yaml_node *yaml = NULL;
        if (doc && !doc->deleted)
            r = in_force_yaml(t->arena, doc, &yaml, err);
        if (r == GB_OK && yaml &&
            strcmp(in_force_spec(t->arena, yaml, "life", "accepted"), t->life) == 0) {
            fprintf(stderr, "%s is %s already (version %" PRIu64 ")\n", name, t->life,
                    doc->version);
            continue;
        }
        if (r == GB_OK)
            r = edit_set(t, name, err);
    }
    return r;
}

static int turn(struct turning *t, struct gb_err *err)
{
    gb_cleanup(server_client_freep) struct server_client *client = NULL;
    int r = server_client_new(t->arena, t->line, &client, err);
    if (r == 0)
        r = in_force_get(client, t->arena, &t->in_force, err);
    if (r == 0)
        r = edit_all(t, err);
    if (r == 0 && t->files.count == 0)
        return CMD_OK;
    if (r == 0)
        r = apply_files_join(&t->files, err);
    return r != 0 ? r : apply_send(t->line, t->arena, client, &t->files, err);
}

static int run_to(const struct cmd_line *line, struct gb_arena *arena, const char *life,
                  struct gb_err *err)
{
    struct turning t = {.line = line, .arena = arena, .life = life};
    gb_buf_init(&t.files.body, GB_LIMIT_POLICY);
    int r = turn(&t, err);
    in_force_done(&t.in_force);
    apply_files_done(&t.files);
    return r;
}

static int accept(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    return run_to(line, arena, "accepted", err);
}

static int shadow(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    return run_to(line, arena, "shadow", err);
}

static int retire(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    return run_to(line, arena, "retired", err);
}

static const struct cmd_option options[] = {
    {"dry-run", NULL, "say what would change, and change nothing", false, 0},
    APPLY_FORCE_OPTION,
    APPLY_OUTPUT_OPTION,
    CLIENT_OFFICER_OPTIONS,
    CLIENT_CONF_OPTIONS,
    SERVER_WHY_OPTION,
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_reference_accept = {
    .name = "reference accept",
    .args = "NAME...",
    .min_args = 1,
    .max_args = CMD_MAX_ARGS,
    .summary = "let reference sets count from now on",
    .examples = "  garboard reference accept debian12-6.1.0-57 debian12-6.1.0-57-files\n",
    .options = options,
    .run = accept,
};

const struct cmd cmd_reference_shadow = {
    .name = "reference shadow",
    .args = "NAME...",
    .min_args = 1,
    .max_args = CMD_MAX_ARGS,
    .summary = "compare reference sets and tell, without letting them count",
    .examples = "  garboard reference shadow debian12-6.1.0-57\n",
    .options = options,
    .run = shadow,
};

const struct cmd cmd_reference_retire = {
    .name = "reference retire",
    .args = "NAME...",
    .min_args = 1,
    .max_args = CMD_MAX_ARGS,
    .summary = "let reference sets count no more, unless trusted nodes rest on them",
    .examples = "  garboard reference retire debian12-6.1.0-56\n",
    .options = options,
    .run = retire,
};
