/* garboard diff: what apply would change, field by field. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/documents/apply_files.h"
#include "cli/documents/doc_diff.h"
#include "cli/documents/in_force.h"
#include "cli/output.h"
#include "cli/server_client.h"
#include "policy/documents/field.h"
#include "policy/policy.h"
#include "wire/json.h"
#include "wire/yaml.h"

struct comparing {
    const struct cmd_line *line;
    struct gb_arena *arena;
    struct in_force in_force;
    struct json *list; /* for --format json */
    size_t different;
    size_t refused;
};

struct head {
    const char *kind;
    const char *name;
    uint64_t version; /* 0: none is given */
    bool deleted;
};

/* As the server will read it: what it would refuse has no differences worth a look. */
static int read_head(const struct field_file *file, struct yaml_node *document,
                     struct head *ret_head, struct gb_err *err)
{
    int r = policy_check(file, document, err);
    if (r < 0)
        return r;
    const struct yaml_node *metadata = yaml_get(document, "metadata");
    const struct yaml_node *version = yaml_get(metadata, "version");
    struct head head = {.deleted = yaml_get(metadata, "deleted") != NULL};
    r = field_printable(file, yaml_get(document, "kind"), &head.kind, err);
    if (r == GB_OK)
        r = field_name(file, yaml_get(metadata, "name"), &head.name, err);
    if (r == GB_OK && version)
        r = field_number(file, version, 1, INT64_MAX, &head.version, err);
    if (r == GB_OK)
        *ret_head = head;
    return r;
}

/* Why apply would not take it, as its version stands (T17); NULL: it would. */
static const char *refusal_of(struct gb_arena *arena, const struct head *head,
                              const struct in_force_doc *old, const struct doc_diff *diff)
{
    if (!old || head->version == 0 || head->version > old->version || diff->count == 0)
        return NULL;
    const char *why = head->version < old->version
                          ? gb_arena_printf(arena,
                                            "version %" PRIu64 " is older than the applied "
                                            "%" PRIu64,
                                            head->version, old->version)
                          : gb_arena_printf(arena,
                                            "version %" PRIu64 " is applied already, and "
                                            "says something else",
                                            head->version);
    return gb_arena_printf(arena, "%s: write version: %" PRIu64, why ? why : "", old->version + 1);
}

static const char *word_of(const struct head *head, const struct in_force_doc *old,
                           const struct doc_diff *diff)
{
    if (old && diff->count == 0)
        return "unchanged";
    if (head->deleted)
        return "deleted";
    return !old ? "created" : old->deleted ? "back again" : "configured";
}

static void tell(struct comparing *c, const struct head *head, const struct in_force_doc *old,
                 const struct doc_diff *diff)
{
    const char *word = word_of(head, old, diff);
    const char *refusal = refusal_of(c->arena, head, old, diff);
    c->refused += refusal != NULL;
    if (c->line->json) {
        struct json *item = json_new_object();
        json_set(item, "kind", json_text(head->kind));
        json_set(item, "name", json_text(head->name));
        json_set(item, "change", json_text(word));
        json_set(item, "fields", doc_diff_json(diff));
        json_set(item, "refused", json_text(refusal));
        json_push(c->list, item);
        return;
    }
    printf("%s %s: %s\n", head->kind, head->name, word);
    doc_diff_print(diff);
    if (refusal)
        printf("  apply would refuse this: %s\n", refusal);
}

static int compare(struct comparing *c, const struct field_file *file, struct yaml_node *document,
                   struct gb_err *err)
{
    struct head head = {0};
    struct doc_diff diff = {0};
    const struct yaml_node *before = NULL;
    int r = read_head(file, document, &head, err);
    if (r < 0)
        return r;
    const struct in_force_doc *old = in_force_find(&c->in_force, head.kind, head.name);
    if (old)
        r = in_force_yaml(c->arena, old, &before, err);
    if (r == GB_OK)
        r = doc_diff(c->arena, before, document, head.version == 0, &diff, err);
    if (r < 0)
        return r;
    c->different += !old || diff.count > 0;
    tell(c, &head, old, &diff);
    return GB_OK;
}

static int compare_file(struct comparing *c, const struct apply_file *in, struct gb_err *err)
{
    const struct field_file file = {.arena = c->arena, .name = in->name};
    struct yaml_node *docs = NULL;
    int r = yaml_read(c->arena, in->text, in->name, &docs, err);
    for (struct yaml_node *node = r == GB_OK ? docs->first : NULL; node && r == GB_OK;
         node = node->next)
        if (node->kind != YAML_SCALAR || node->text.len > 0)
            r = compare(c, &file, node, err);
    return r;
}

static int compare_all(struct comparing *c, const struct apply_files *files, struct gb_err *err)
{
    int r = GB_OK;
    c->list = json_new_array();
    for (size_t i = 0; r == GB_OK && i < files->count; i++)
        r = compare_file(c, &files->items[i], err);
    if (r < 0 || !c->line->json) {
        json_free(c->list);
        if (r == GB_OK)
            r = output_flush();
    } else {
        r = output_json(c->list);
    }
    return r != 0             ? r
           : c->refused > 0   ? CMD_REFUSED
           : c->different > 0 ? CMD_CONTRAINDICATED
                              : CMD_OK;
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    gb_cleanup(server_client_freep) struct server_client *client = NULL;
    struct comparing c = {.line = line, .arena = arena};
    struct apply_files files = {0};
    if (!cmd_has(line, "filename"))
        return output_usage(line, "needs -f FILE");
    int r = apply_files_read(arena, line, &files, err);
    if (r == 0)
        r = server_client_new(arena, line, &client, err);
    if (r == 0)
        r = in_force_get(client, arena, &c.in_force, err);
    if (r == 0)
        r = compare_all(&c, &files, err);
    in_force_done(&c.in_force);
    apply_files_done(&files);
    return r;
}

static const struct cmd_option options[] = {
    {"filename", "FILE", "documents to compare; - is standard input", true, 'f'},
    CLIENT_CONF_OPTIONS,
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_diff = {
    .name = "diff",
    .args = "",
    .summary = "say field by field what apply would change",
    .examples = "  garboard diff -f policy.yaml\n",
    .options = options,
    .run = run,
};
