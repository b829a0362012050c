#include "server/apply_lint.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "policy/lint/lint.h"
#include "server/apply.h"
#include "server/documents.h"
#include "server/nodes/facts.h"
#include "server/nodes/nodes.h"
#include "server/server.h"
#include "server/snapshot.h"
#include "store/store.h"
#include "verify/facts.h"
#include "wire/json.h"
#include "wire/yaml.h"

static int read_fleet(struct server *server, struct gb_arena *arena, struct lint_subject *subject,
                      struct gb_err *err)
{
    struct node_summary *nodes = NULL;
    size_t count = 0;
    uint64_t revision;
    int r = nodes_list(server->nodes, arena, 0, &nodes, &count, &revision, err);
    struct node_facts *facts =
        r < 0 ? NULL : gb_arena_new_array(arena, struct node_facts, count + 1);
    if (!facts)
        return r < 0 ? r : gb_err_nomem(err);
    for (size_t i = 0; r == GB_OK && i < count; i++)
        r = facts_read(arena, nodes[i].name, nodes[i].labels, &facts[i], err);
    subject->nodes = facts;
    subject->node_count = count;
    return r;
}

static int name_fresh(struct gb_arena *arena, const struct apply_plan *plan,
                      struct lint_subject *subject, struct gb_err *err)
{
    struct lint_name *names = gb_arena_new_array(arena, struct lint_name, plan->count + 1);
    if (!names)
        return gb_err_nomem(err);
    for (size_t i = 0; i < plan->count; i++)
        names[i] = (struct lint_name){plan->fresh[i].kind, plan->fresh[i].name};
    subject->fresh = names;
    subject->fresh_count = plan->count;
    return GB_OK;
}

/* The document that was read last: warnings of one follow each other. */
struct reading {
    const struct apply_plan *plan;
    struct gb_arena *arena; /* owned */
    const struct store_document *document;
    const struct yaml_node *yaml; /* NULL: it cannot be read now */
};

static void read_document(struct reading *reading, const struct store_document *document)
{
    struct yaml_node *docs = NULL;
    gb_arena_free(reading->arena);
    *reading =
        (struct reading){.plan = reading->plan, .arena = gb_arena_new(), .document = document};
    if (reading->arena && yaml_read(reading->arena, document->text, "", &docs, NULL) == GB_OK)
        reading->yaml = docs->first;
}

static unsigned find_line(struct reading *reading, const struct lint *lint)
{
    const struct apply_plan *plan = reading->plan;
    const struct store_document *document =
        documents_find(plan->fresh, plan->count, lint->kind, lint->name);
    if (document && document != reading->document)
        read_document(reading, document);
    return document && reading->yaml ? lint_line(reading->yaml, lint->path) : 1;
}

static struct json *lint_json(struct reading *reading, const struct lint *lint)
{
    struct json *json = json_new_object();
    json_set(json, "level", json_text(lint->is_note ? "note" : "warning"));
    json_set(json, "kind", json_text(lint->kind));
    json_set(json, "name", json_text(lint->name));
    json_set(json, "line", lint->kind ? json_number(find_line(reading, lint)) : json_text(NULL));
    json_set(json, "why", json_text(lint->why));
    json_set(json, "remedy", json_text(lint->remedy));
    return json;
}

static int lint_all(struct server *server, struct gb_arena *arena, const struct apply_plan *plan,
                    struct lints *ret_lints, struct gb_err *err)
{
    struct lint_subject subject = {.policy = &snapshot_trust(plan->snapshot)->policy,
                                   .now_s = gb_clock_s()};
    int r = read_fleet(server, arena, &subject, err);
    if (r == GB_OK)
        r = name_fresh(arena, plan, &subject, err);
    return r < 0 ? r : policy_lint(arena, &subject, ret_lints, err);
}

struct json *apply_lint(struct server *server, const struct apply_plan *plan)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct json *list = json_new_array();
    struct reading reading = {.plan = plan};
    struct lints lints = {0};
    struct gb_err err;
    if (!arena || lint_all(server, arena, plan, &lints, &err) < 0)
        return list;
    for (const struct lint *lint = lints.first; lint; lint = lint->next)
        json_push(list, lint_json(&reading, lint));
    if (lints.left_out > 0) {
        const struct lint rest = {
            .why = gb_arena_printf(arena, "%zu more warnings are left out", lints.left_out),
            .remedy = "mend these first"};
        json_push(list, lint_json(&reading, &rest));
    }
    gb_arena_free(reading.arena);
    return list;
}
