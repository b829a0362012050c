/* garboard reference list, show: the reference sets in force. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/documents/in_force.h"
#include "cli/output.h"
#include "cli/reply.h"
#include "cli/server_client.h"
#include "cli/table.h"
#include "wire/yaml.h"

/* Events of a set; entries of a list of files, which may be a text of lines. */
static size_t count_of(const struct yaml_node *spec, const char *key, const char *within)
{
    const struct yaml_node *node = spec ? yaml_get(spec, key) : NULL;
    if (node && within)
        node = node->kind == YAML_MAPPING ? yaml_get(node, within) : NULL;
    if (!node || node->kind == YAML_SEQUENCE)
        return node ? node->count : 0;
    if (node->kind == YAML_LITERAL)
        return node->literal->lines;
    size_t count = 0;
    for (size_t i = 0; i < node->text.len; i++)
        count += node->text.data[i] == '\n';
    return count;
}

static size_t files_of(const struct yaml_node *spec)
{
    return count_of(spec, "files", "digests") + count_of(spec, "files", "list") +
           count_of(spec, "verityFiles", "digests") + count_of(spec, "verityFiles", "list");
}

static const struct yaml_node *spec_of(const struct yaml_node *document)
{
    const struct yaml_node *spec = yaml_get(document, "spec");
    return spec && spec->kind == YAML_MAPPING ? spec : NULL;
}

static int add_set(struct table *table, struct gb_arena *arena, const struct in_force_doc *doc,
                   struct gb_err *err)
{
    const struct yaml_node *yaml = NULL;
    int r = in_force_yaml(arena, doc, &yaml, err);
    if (r < 0)
        return r;
    const struct yaml_node *spec = spec_of(yaml);
    const char *const cells[] = {
        doc->name,
        reply_number(arena, doc->item, "version"),
        in_force_spec(arena, yaml, "class", "-"),
        in_force_spec(arena, yaml, "life", "accepted"),
        gb_arena_printf(arena, "%zu", count_of(spec, "events", NULL)),
        gb_arena_printf(arena, "%zu", files_of(spec)),
        in_force_spec(arena, yaml, "source", "written"),
    };
    table_add(table, cells);
    return GB_OK;
}

static int list_sets(const struct cmd_line *line, struct gb_arena *arena,
                     const struct in_force *in_force, struct gb_err *err)
{
    static const char *const headings[] = {"NAME",   "VERSION", "CLASS", "LIFE",
                                           "EVENTS", "FILES",   "SOURCE"};
    struct table table;
    table_init(&table, arena, GB_ARRAY_LEN(headings), headings);
    for (size_t i = 0; i < in_force->count; i++) {
        const struct in_force_doc *doc = &in_force->docs[i];
        if (strcmp(doc->kind, "ReferenceSet") != 0 || doc->deleted)
            continue;
        int r = add_set(&table, arena, doc, err);
        if (r < 0)
            return r;
    }
    return table_print(line, &table, "No reference sets. Make one: garboard reference predict");
}

static int run_list(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    gb_cleanup(server_client_freep) struct server_client *client = NULL;
    struct in_force in_force = {0};
    int r = server_client_new(arena, line, &client, err);
    if (r == 0)
        r = in_force_get(client, arena, &in_force, err);
    if (r != 0)
        return r;
    r = line->json ? output_json(gb_take(in_force.reply)) : list_sets(line, arena, &in_force, err);
    in_force_done(&in_force);
    return r;
}

static void say(const char *label, const char *text)
{
    printf("%-10s %s\n", label, text);
}

static void show_events(struct gb_arena *arena, const struct yaml_node *spec)
{
    static const char *const keys[] = {"link", "pcr", "about"};
    const struct yaml_node *events = spec ? yaml_get(spec, "events") : NULL;
    const struct yaml_node *event = events && events->kind == YAML_SEQUENCE ? events->first : NULL;
    if (event)
        puts("\nEvents");
    for (; event; event = event->next) {
        const char *cells[GB_ARRAY_LEN(keys)] = {"", "", ""};
        for (size_t i = 0; i < GB_ARRAY_LEN(keys); i++) {
            const struct yaml_node *node =
                event->kind == YAML_MAPPING ? yaml_get(event, keys[i]) : NULL;
            const char *text = node ? gb_text_escape(arena, node->text, 200) : NULL;
            cells[i] = text ? text : "-";
        }
        printf("  %-12s PCR %-3s %s\n", cells[0], cells[1], cells[2]);
    }
}

static int show(struct gb_arena *arena, const struct in_force_doc *doc, struct gb_err *err)
{
    const struct yaml_node *yaml = NULL;
    int r = in_force_yaml(arena, doc, &yaml, err);
    if (r < 0)
        return r;
    say("Set", doc->name);
    say("Version", reply_number(arena, doc->item, "version"));
    say("Class", in_force_spec(arena, yaml, "class", "-"));
    say("Life", in_force_spec(arena, yaml, "life", "accepted"));
    say("Source", in_force_spec(arena, yaml, "source", "written"));
    printf("%-10s %zu\n", "Files", files_of(spec_of(yaml)));
    printf("%-10s %s by %s\n", "Applied", reply_when(arena, doc->item, "applied_at", gb_clock_s()),
           reply_text(arena, doc->item, "applied_by"));
    say("Signed by", reply_list(arena, doc->item, "signed_by"));
    show_events(arena, spec_of(yaml));
    return output_flush();
}

static int run_show(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    gb_cleanup(server_client_freep) struct server_client *client = NULL;
    struct in_force in_force = {0};
    int r = server_client_new(arena, line, &client, err);
    if (r == 0)
        r = in_force_get(client, arena, &in_force, err);
    if (r != 0)
        return r;
    const struct in_force_doc *doc = in_force_find(&in_force, "ReferenceSet", line->args[0]);
    r = doc && !doc->deleted
            ? show(arena, doc, err)
            : in_force_missing(arena, &in_force, "ReferenceSet", line->args[0], err);
    in_force_done(&in_force);
    return r;
}

static const struct cmd_option options[] = {
    CLIENT_CONF_OPTIONS,
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_reference_list = {
    .name = "reference list",
    .args = "",
    .summary = "list the reference sets in force with their lives",
    .examples = "  garboard reference list\n",
    .options = options,
    .run = run_list,
};

const struct cmd cmd_reference_show = {
    .name = "reference show",
    .args = "NAME",
    .min_args = 1,
    .max_args = 1,
    .summary = "show a reference set in force",
    .examples = "  garboard reference show debian12-6.1.0-57\n",
    .options = options,
    .run = run_show,
};
