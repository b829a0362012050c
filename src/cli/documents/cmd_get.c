/* garboard get KIND [NAME]: the documents of one kind that the server judges by. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/documents/doc_json.h"
#include "cli/documents/doc_kind.h"
#include "cli/documents/in_force.h"
#include "cli/output.h"
#include "cli/reply.h"
#include "cli/server_client.h"
#include "cli/table.h"
#include "os/file.h"
#include "wire/json.h"
#include "wire/yaml.h"

struct getting {
    const struct cmd_line *line;
    struct gb_arena *arena;
    const struct doc_kind *kind;
    const char *name; /* NULL: all */
    struct in_force in_force;
};

/* Tombstones only for who asks for them. */
static bool is_wanted(const struct getting *g, const struct in_force_doc *doc)
{
    return strcmp(doc->kind, g->kind->kind) == 0 && (!g->name || strcmp(doc->name, g->name) == 0) &&
           (!doc->deleted || cmd_has(g->line, "deleted"));
}

/* A reference set's class and life; a policy's mode. */
static const char *says(struct getting *g, const struct in_force_doc *doc)
{
    const struct yaml_node *yaml = NULL;
    const char *text = NULL;
    if (doc->deleted)
        return "deleted";
    if (in_force_yaml(g->arena, doc, &yaml, NULL) < 0)
        return "-";
    if (strcmp(doc->kind, "ReferenceSet") == 0)
        text = gb_arena_printf(g->arena, "%s, %s", in_force_spec(g->arena, yaml, "class", "-"),
                               in_force_spec(g->arena, yaml, "life", "accepted"));
    else if (strcmp(doc->kind, "NodePolicy") == 0)
        text = in_force_spec(g->arena, yaml, "mode", "enforce");
    return text ? text : "-";
}

static int print_table(struct getting *g)
{
    static const char *const headings[] = {"NAME", "VERSION", "SAYS", "APPLIED", "BY"};
    struct table table;
    int64_t now_s = gb_clock_s();
    table_init(&table, g->arena, GB_ARRAY_LEN(headings), headings);
    for (size_t i = 0; i < g->in_force.count; i++) {
        const struct in_force_doc *doc = &g->in_force.docs[i];
        if (!is_wanted(g, doc))
            continue;
        const char *const cells[] = {
            doc->name,
            reply_number(g->arena, doc->item, "version"),
            says(g, doc),
            reply_when(g->arena, doc->item, "applied_at", now_s),
            reply_text(g->arena, doc->item, "applied_by"),
        };
        table_add(&table, cells);
    }
    return table_print(g->line, &table, "None is in force. Apply one: garboard apply -f FILE");
}

/* As they were applied, signatures and all: apply says "unchanged" to it. */
static int print_yaml(struct getting *g, struct gb_err *err)
{
    gb_cleanup(gb_buf_done) struct gb_buf out;
    gb_buf_init(&out, GB_LIMIT_POLICY);
    for (size_t i = 0; i < g->in_force.count; i++) {
        struct gb_bytes text = g->in_force.docs[i].text;
        if (!is_wanted(g, &g->in_force.docs[i]))
            continue;
        if (!gb_bytes_starts(text, gb_bytes_str("---")))
            gb_buf_puts(&out, "---\n");
        gb_buf_add(&out, text.data, text.len);
        if (text.len > 0 && text.data[text.len - 1] != '\n')
            gb_buf_puts(&out, "\n");
    }
    if (!gb_buf_ok(&out))
        return gb_err_set(err, GB_ERR_LIMIT, "out of memory, or more than %d MB of documents",
                          GB_LIMIT_POLICY >> 20);
    return file_write("-", gb_buf_bytes(&out), err);
}

static int print_json(struct getting *g, struct gb_err *err)
{
    struct json *items = json_new_array();
    for (size_t i = 0; i < g->in_force.count; i++) {
        const struct yaml_node *yaml = NULL;
        if (!is_wanted(g, &g->in_force.docs[i]))
            continue;
        int r = in_force_yaml(g->arena, &g->in_force.docs[i], &yaml, err);
        if (r < 0) {
            json_free(items);
            return r;
        }
        json_push(items, doc_json(g->arena, yaml));
    }
    if (!g->name)
        return output_json(items);
    struct json *one = json_take_at(items, 0);
    json_free(items);
    return output_json(one);
}

static int print_names(struct getting *g)
{
    for (size_t i = 0; i < g->in_force.count; i++)
        if (is_wanted(g, &g->in_force.docs[i]))
            printf("%s/%s\n", g->kind->kind, g->in_force.docs[i].name);
    return output_flush();
}

enum form { FORM_TABLE, FORM_YAML, FORM_JSON, FORM_NAME };

static int read_form(const struct cmd_line *line, enum form *ret_form)
{
    static const char *const words[] = {"yaml", "json", "name"};
    const char *word = cmd_value(line, "output");
    *ret_form = line->json ? FORM_JSON : FORM_TABLE;
    for (size_t i = 0; word && i < GB_ARRAY_LEN(words); i++)
        if (strcmp(word, words[i]) == 0)
            *ret_form = (enum form)(i + 1);
    if (!word || *ret_form != FORM_TABLE)
        return CMD_OK;
    const char *near = gb_text_nearest(gb_bytes_str(word), words, GB_ARRAY_LEN(words));
    return output_usage(line, "-o is yaml, json or name, not \"%s\"%s%s%s", word,
                        near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}

static int print(struct getting *g, enum form form, struct gb_err *err)
{
    const struct in_force_doc *doc =
        g->name ? in_force_find(&g->in_force, g->kind->kind, g->name) : NULL;
    if (g->name && (!doc || !is_wanted(g, doc)))
        return in_force_missing(g->arena, &g->in_force, g->kind->kind, g->name, err);
    switch (form) {
    case FORM_YAML:
        return print_yaml(g, err);
    case FORM_JSON:
        return print_json(g, err);
    case FORM_NAME:
        return print_names(g);
    case FORM_TABLE:
        break;
    }
    return print_table(g);
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    gb_cleanup(server_client_freep) struct server_client *client = NULL;
    struct getting g = {
        .line = line, .arena = arena, .name = line->arg_count > 1 ? line->args[1] : NULL};
    enum form form = FORM_TABLE;
    int r = doc_kind_arg(line, line->args[0], &g.kind);
    if (r == 0)
        r = read_form(line, &form);
    if (r == 0)
        r = server_client_new(arena, line, &client, err);
    if (r == 0)
        r = in_force_get(client, arena, &g.in_force, err);
    if (r == 0)
        r = print(&g, form, err);
    in_force_done(&g.in_force);
    return r;
}

static const struct cmd_option options[] = {
    {"output", "FORM", "yaml (as applied), json or name", false, 'o'},
    {"deleted", NULL, "those that were deleted, too", false, 0},
    CLIENT_CONF_OPTIONS,
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_get = {
    .name = "get",
    .args = "KIND [NAME]",
    .min_args = 1,
    .max_args = 2,
    .summary = "list the documents of one kind, or print them",
    .examples = "  garboard get referencesets\n"
                "  garboard get nodepolicy workers -o yaml\n"
                "  garboard get rs -o name\n",
    .options = options,
    .run = run,
};
