/* garboard get policy: the documents that the server judges by, as a list or themselves. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/documents/doc_json.h"
#include "cli/output.h"
#include "cli/reply.h"
#include "cli/server_client.h"
#include "cli/table.h"
#include "os/file.h"
#include "wire/json.h"
#include "wire/yaml.h"

/* The ids are long, and their beginnings tell them apart; --format json has them whole. */
static const char *signers(struct gb_arena *arena, const struct json *document)
{
    const struct json *list = json_get(document, "signed_by");
    const char *text = "";
    for (size_t i = 0; text && i < json_count(list); i++)
        text = gb_arena_printf(arena, "%s%s%.16s", text, i > 0 ? ", " : "",
                               reply_item(arena, json_at(list, i)));
    return text && *text ? text : "nobody";
}

static bool is_deleted(const struct json *document)
{
    bool deleted = false;
    return json_get_bool(document, "deleted", &deleted) && deleted;
}

/* What judges, or why nothing does. */
static void print_judges(struct gb_arena *arena, const struct json *reply, size_t in_force)
{
    const bool faulty = !json_absent(json_get(reply, "fault"));
    if (!json_absent(json_get(reply, "policy")))
        printf("Nodes are judged under policy %s.\n\n", reply_text(arena, reply, "policy"));
    else if (in_force > 0 && !faulty)
        puts("No policy: every node is untrusted. Apply one: garboard apply -f FILE\n");
    if (faulty)
        printf("No document counts, and every node is untrusted: %s.\n  -> sign the documents and "
               "apply them again (garboard sign, garboard apply)\n\n",
               reply_text(arena, reply, "fault"));
}

static int print(const struct cmd_line *line, struct gb_arena *arena, const struct json *reply)
{
    static const char *const headings[] = {"KIND", "NAME", "VERSION", "APPLIED", "BY", "SIGNED BY"};
    const struct json *documents = json_get(reply, "documents");
    struct table table;
    size_t deleted = 0;
    int64_t now_s = gb_clock_s();
    table_init(&table, arena, GB_ARRAY_LEN(headings), headings);
    for (size_t i = 0; i < json_count(documents); i++) {
        const struct json *document = json_at(documents, i);
        if (is_deleted(document)) {
            deleted++;
            continue;
        }
        const char *const cells[] = {
            reply_text(arena, document, "kind"),
            reply_text(arena, document, "name"),
            reply_number(arena, document, "version"),
            reply_when(arena, document, "applied_at", now_s),
            reply_text(arena, document, "applied_by"),
            signers(arena, document),
        };
        table_add(&table, cells);
    }
    print_judges(arena, reply, table.count);
    int code = table_print(line, &table,
                           "No policy: every node is untrusted. Apply one: garboard apply -f FILE");
    if (code == CMD_OK && deleted > 0)
        printf("\n%zu deleted document%s not listed: garboard get KIND --deleted\n", deleted,
               deleted == 1 ? " is" : "s are");
    return code;
}

static bool is_wanted(const struct cmd_line *line, const struct json *document)
{
    struct gb_bytes name;
    return line->arg_count == 0 ||
           (json_get_text(document, "name", &name) && gb_bytes_is(name, line->args[0]));
}

/* As they were applied, signatures and all: apply says "same" to it. */
static int write_documents(const struct cmd_line *line, const struct json *documents,
                           const char *path, struct gb_err *err)
{
    gb_cleanup(gb_buf_done) struct gb_buf out;
    size_t count = 0;
    gb_buf_init(&out, GB_LIMIT_POLICY);
    for (size_t i = 0; i < json_count(documents); i++) {
        const struct json *document = json_at(documents, i);
        struct gb_bytes text;
        if (!is_wanted(line, document) || !json_get_text(document, "text", &text))
            continue;
        count++;
        if (!gb_bytes_starts(text, gb_bytes_str("---")))
            gb_buf_puts(&out, "---\n");
        gb_buf_add(&out, text.data, text.len);
        if (text.len > 0 && text.data[text.len - 1] != '\n')
            gb_buf_puts(&out, "\n");
    }
    if (!gb_buf_ok(&out))
        return gb_err_set(err, GB_ERR_LIMIT, "out of memory, or more than %d MB of documents",
                          GB_LIMIT_POLICY >> 20);
    if (count == 0)
        return gb_err_set(err, GB_ERR_NOTFOUND,
                          "no such document is in force (garboard get policy)");
    return file_write(path, gb_buf_bytes(&out), err);
}

static int print_names(const struct cmd_line *line, struct gb_arena *arena,
                       const struct json *documents)
{
    for (size_t i = 0; i < json_count(documents); i++)
        if (is_wanted(line, json_at(documents, i)))
            printf("%s/%s\n", reply_text(arena, json_at(documents, i), "kind"),
                   reply_text(arena, json_at(documents, i), "name"));
    return output_flush();
}

/* The documents themselves, as `get KIND -o json` has them. */
static int print_json(const struct cmd_line *line, struct gb_arena *arena,
                      const struct json *documents, struct gb_err *err)
{
    gb_cleanup(json_freep) struct json *items = json_new_array();
    for (size_t i = 0; i < json_count(documents); i++) {
        struct yaml_node *yaml = NULL;
        struct gb_bytes text;
        if (!is_wanted(line, json_at(documents, i)) ||
            !json_get_text(json_at(documents, i), "text", &text))
            continue;
        int r = yaml_read(arena, text, "document", &yaml, err);
        if (r < 0)
            return r;
        json_push(items, doc_json(arena, yaml->first));
    }
    if (line->arg_count == 0 || json_count(items) > 1)
        return output_json(gb_take(items));
    struct json *one = json_take_at(items, 0);
    return one ? output_json(one)
               : gb_err_set(err, GB_ERR_NOTFOUND,
                            "no such document is in force (garboard get policy)");
}

/* -o takes the forms of `get KIND`; anything else is a file, as it always was. */
static int write_as(const struct cmd_line *line, struct gb_arena *arena,
                    const struct json *documents, struct gb_err *err)
{
    const char *output = cmd_value(line, "output");
    if (strcmp(output, "json") == 0)
        return print_json(line, arena, documents, err);
    if (strcmp(output, "name") == 0)
        return print_names(line, arena, documents);
    return write_documents(line, documents, strcmp(output, "yaml") == 0 ? "-" : output, err);
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    gb_cleanup(server_client_freep) struct server_client *client = NULL;
    gb_cleanup(json_freep) struct json *reply = NULL;
    const bool whole = cmd_has(line, "output");
    if (line->arg_count > 0 && !whole)
        return output_usage(
            line, "NAME needs -o yaml, json or name, or -o FILE, where the document goes");
    int r = server_client_new(arena, line, &client, err);
    if (r == 0)
        r = server_get(client, whole ? "/v1/policy?text=1" : "/v1/policy", &reply, err);
    if (r != 0)
        return r;
    if (whole)
        return write_as(line, arena, json_get(reply, "documents"), err);
    return line->json ? output_json(gb_take(reply)) : print(line, arena, reply);
}

static const struct cmd_option options[] = {
    {"output", "FORM", "yaml, json or name; else the file to write them to, with their signatures",
     false, 'o'},
    CLIENT_CONF_OPTIONS,
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_get_policy = {
    .name = "get policy",
    .args = "[NAME]",
    .max_args = 1,
    .summary = "list the policy documents that the server judges by, or write them to a file",
    .examples = "  garboard get policy\n"
                "  garboard get policy workers -o yaml\n"
                "  garboard get policy -o in-force.yaml\n",
    .options = options,
    .run = run,
};
