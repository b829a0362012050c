#include "policy/lint/lint.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "policy/lint/lint_parts.h"
#include "policy/policy.h"
#include "policy/sets/refval.h"
#include "wire/yaml.h"

/* ---- the list ---- */

static bool is_wanted(const struct lint_subject *subject, const char *kind, const char *name)
{
    bool found = !subject->fresh || !kind;
    for (size_t i = 0; !found && i < subject->fresh_count; i++)
        found =
            strcmp(subject->fresh[i].kind, kind) == 0 && strcmp(subject->fresh[i].name, name) == 0;
    return found;
}

/* `lint` but for its sentence, which is made of `why`. */
GB_PRINTF(3, 0)
static struct lint *add(struct lints *lints, const struct lint *lint, const char *why, va_list args)
{
    char text[GB_LIMIT_ERR_TEXT];
    if (!is_wanted(lints->subject, lint->kind, lint->name))
        return NULL;
    if (lints->count == GB_LIMIT_LINTS) {
        lints->left_out++;
        return NULL;
    }
    vsnprintf(text, sizeof text, why, args);
    struct lint *copy = gb_arena_new_one(lints->arena, struct lint);
    const char *sentence = (const char *)gb_arena_copy(lints->arena, gb_bytes_str(text)).data;
    if (!copy || !sentence || !lint->path) {
        lints->failed = true;
        return NULL;
    }
    *copy = *lint;
    copy->why = sentence;
    if (lints->last)
        lints->last->next = copy;
    else
        lints->first = copy;
    lints->last = copy;
    lints->count++;
    return copy;
}

void lint_policy(struct lints *lints, const struct node_policy *node, const char *path,
                 const char *remedy, const char *why, ...)
{
    const struct lint lint = {
        .kind = "NodePolicy", .name = node->name, .path = path, .remedy = remedy};
    va_list args;
    va_start(args, why);
    add(lints, &lint, why, args);
    va_end(args);
}

void lint_set(struct lints *lints, const struct ref_set *set, const char *path, const char *remedy,
              const char *why, ...)
{
    const struct lint lint = {
        .kind = "ReferenceSet", .name = set->name, .path = path, .remedy = remedy};
    va_list args;
    va_start(args, why);
    add(lints, &lint, why, args);
    va_end(args);
}

void lint_all(struct lints *lints, const char *remedy, const char *why, ...)
{
    const struct lint lint = {.path = "", .remedy = remedy};
    va_list args;
    va_start(args, why);
    add(lints, &lint, why, args);
    va_end(args);
}

const char *lint_item(struct lints *lints, const char *list, size_t index)
{
    return gb_arena_printf(lints->arena, "%s/%zu", list, index);
}

/* ---- all of them ---- */

/* By the strictest mode of all. */
static void lint_modes(struct lints *lints)
{
    static const char *const remedy = "give one NodePolicy mode: enforce";
    bool warns = false;
    for (const struct node_policy *node = lints->subject->policy->policies; node;
         node = node->next) {
        if (node->mode == POLICY_ENFORCE && node->version > 0)
            return;
        if (node->version == 0) { /* implied */
            lint_all(lints, "write a NodePolicy",
                     "there is no NodePolicy: no link is required, and Secure Boot may be off");
            return;
        }
        warns |= node->mode == POLICY_WARN;
    }
    if (warns)
        lint_all(lints, remedy,
                 "no NodePolicy enforces: what is refused is told, and still trusted");
    else if (lints->subject->policy->policies)
        lint_all(lints, remedy,
                 "no NodePolicy enforces, all run in the shadow: no node is trusted");
}

int policy_lint(struct gb_arena *arena, const struct lint_subject *subject, struct lints *ret_lints,
                struct gb_err *err)
{
    struct lints lints = {.arena = arena, .subject = subject};
    for (const struct node_policy *node = subject->policy->policies; node; node = node->next) {
        if (node->version == 0)
            continue;
        lint_rules(&lints, node);
        lint_cmdline(&lints, node);
        lint_ima(&lints, node);
        lint_links(&lints, node);
    }
    lint_sets(&lints);
    lint_modes(&lints);
    lint_fleet(&lints);
    if (lints.failed)
        return gb_err_nomem(err);
    *ret_lints = lints;
    return GB_OK;
}

/* ---- places ---- */

static const struct yaml_node *child(const struct yaml_node *node, struct gb_bytes step)
{
    uint64_t index = 0;
    bool by_number = node->kind == YAML_SEQUENCE && gb_text_u64(step, GB_LIMIT_RULES, &index);
    for (const struct yaml_node *item = node->first; item; item = item->next) {
        if (by_number ? index == 0 : gb_bytes_equal(item->key, step))
            return item;
        index -= by_number;
    }
    return NULL;
}

unsigned lint_line(const struct yaml_node *document, const char *path)
{
    struct gb_bytes rest = gb_bytes_str(path);
    const struct yaml_node *node = document;
    unsigned line = document->line;
    while (node && rest.len > 0) {
        node = child(node, gb_text_until(&rest, '/'));
        if (node)
            line = node->key.len > 0 ? node->key_line : node->line;
    }
    return line;
}
