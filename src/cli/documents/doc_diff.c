#include "cli/documents/doc_diff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/encode.h"
#include "base/limits.h"
#include "base/text.h"
#include "wire/json.h"
#include "wire/yaml.h"

enum {
    ITEM = 400,  /* bytes of an item that are shown: a digest, a path */
    SHOWN = 8,   /* items of a list for people */
    KEPT = 1000, /* items of a list that JSON gets */
};

struct walk {
    struct gb_arena *arena;
    struct doc_diff diff;
    bool any_version;
    bool failed; /* out of memory */
};

/* ---- items as one line ---- */

static void flow(struct gb_buf *out, struct gb_arena *arena, const struct yaml_node *node)
{
    const char *between = "";
    if (node->kind == YAML_SCALAR) {
        const char *text = gb_text_escape(arena, node->text, ITEM);
        gb_buf_puts(out, text ? text : "");
        return;
    }
    gb_buf_puts(out, node->kind == YAML_MAPPING ? "{" : "[");
    for (const struct yaml_node *child = node->first; child; child = child->next) {
        const char *key = gb_text_escape(arena, child->key, ITEM);
        gb_buf_puts(out, between);
        if (node->kind == YAML_MAPPING)
            gb_buf_printf(out, "%s: ", key ? key : "");
        flow(out, arena, child);
        between = ", ";
    }
    gb_buf_puts(out, node->kind == YAML_MAPPING ? "}" : "]");
}

static const char *line_of(struct walk *w, const struct yaml_node *node)
{
    gb_cleanup(gb_buf_done) struct gb_buf out;
    gb_buf_init(&out, GB_LIMIT_YAML_SCALAR * 4);
    flow(&out, w->arena, node);
    struct gb_bytes copy = gb_arena_copy(w->arena, gb_buf_bytes(&out));
    if (gb_buf_ok(&out) && copy.data)
        return (const char *)copy.data;
    w->failed = true;
    return "";
}

/* ---- lists: sequences, and texts of several lines ---- */

struct items {
    const char **lines;
    size_t count;
};

static bool has_lines(const struct yaml_node *node)
{
    return node->kind == YAML_SCALAR && node->text.len > 0 &&
           memchr(node->text.data, '\n', node->text.len);
}

static bool is_list(const struct yaml_node *node)
{
    return node->kind == YAML_SEQUENCE || has_lines(node);
}

static size_t count_lines(struct gb_bytes text)
{
    size_t count = 1;
    for (size_t i = 0; i < text.len; i++)
        count += text.data[i] == '\n';
    return count;
}

static struct items text_items(struct walk *w, struct gb_bytes text)
{
    struct gb_lines lines;
    struct gb_bytes line;
    struct items items = {gb_arena_new_array(w->arena, const char *, count_lines(text)), 0};
    gb_lines_init(&lines, text);
    while (items.lines && gb_lines_next(&lines, &line)) {
        const char *shown = gb_text_escape(w->arena, gb_text_trim(line), ITEM);
        w->failed = w->failed || !shown;
        if (shown && *shown)
            items.lines[items.count++] = shown;
    }
    return items;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted; of an absent list none. */
static struct items items_of(struct walk *w, const struct yaml_node *node)
{
    struct items items = {0};
    if (!node)
        return items;
    if (node->kind == YAML_SCALAR) {
        items = text_items(w, node->text);
    } else {
        items.lines = gb_arena_new_array(w->arena, const char *, node->count + 1);
        for (const struct yaml_node *child = node->first; items.lines && child; child = child->next)
            items.lines[items.count++] = line_of(w, child);
    }
    w->failed = w->failed || !items.lines;
    if (items.lines && items.count > 1)
        qsort(items.lines, items.count, sizeof *items.lines, by_text);
    return items;
}

static struct doc_field *add(struct walk *w, const char *path)
{
    struct doc_field *field = gb_arena_new_one(w->arena, struct doc_field);
    if (!field) {
        w->failed = true;
        return NULL;
    }
    field->path = path;
    *w->diff.tail = field;
    w->diff.tail = &field->next;
    w->diff.count++;
    return field;
}

/* What stands in one and not in the other, by walking both in order. */
static void part(struct items old, struct items fresh, struct doc_field *field)
{
    size_t i = 0, k = 0;
    while (i < old.count || k < fresh.count) {
        int order = i == old.count     ? 1
                    : k == fresh.count ? -1
                                       : strcmp(old.lines[i], fresh.lines[k]);
        if (order < 0)
            field->removed[field->removed_count++] = old.lines[i];
        else if (order > 0)
            field->added[field->added_count++] = fresh.lines[k];
        i += order <= 0;
        k += order >= 0;
    }
}

static bool same_order(const struct yaml_node *old, const struct yaml_node *fresh, struct walk *w)
{
    if (old->kind != YAML_SEQUENCE || fresh->kind != YAML_SEQUENCE)
        return true; /* lines of a list of digests: their order says nothing */
    const struct yaml_node *b = fresh->first;
    for (const struct yaml_node *a = old->first; a && b; a = a->next, b = b->next)
        if (strcmp(line_of(w, a), line_of(w, b)) != 0)
            return false;
    return true;
}

static void walk_lists(struct walk *w, const char *path, const struct yaml_node *old,
                       const struct yaml_node *fresh)
{
    struct items a = items_of(w, old), b = items_of(w, fresh);
    struct doc_field found = {.is_list = true, .path = path};
    found.added = gb_arena_new_array(w->arena, const char *, b.count + 1);
    found.removed = gb_arena_new_array(w->arena, const char *, a.count + 1);
    if (w->failed || !found.added || !found.removed) {
        w->failed = true;
        return;
    }
    part(a, b, &found);
    bool moved =
        old && fresh && found.added_count + found.removed_count == 0 && !same_order(old, fresh, w);
    if (found.added_count + found.removed_count == 0 && !moved)
        return;
    struct doc_field *field = add(w, path);
    struct doc_field *next = NULL;
    if (!field)
        return;
    if (moved) {
        field->from = "in one order";
        field->to = "in another";
        return;
    }
    *field = found;
    field->next = next;
}

/* ---- fields ---- */

static bool is_left_out(const struct walk *w, const char *path)
{
    return strcmp(path, "metadata.signatures") == 0 ||
           (w->any_version && strcmp(path, "metadata.version") == 0);
}

static void walk_value(struct walk *w, const char *path, const struct yaml_node *old,
                       const struct yaml_node *fresh);

static void walk_member(struct walk *w, const char *path, const struct yaml_node *old,
                        const struct yaml_node *fresh)
{
    const char *key = gb_text_escape(w->arena, (old ? old : fresh)->key, ITEM);
    const char *whole =
        key ? gb_arena_printf(w->arena, "%s%s%s", path, *path ? "." : "", key) : NULL;
    if (!whole)
        w->failed = true;
    else if (!is_left_out(w, whole))
        walk_value(w, whole, old, fresh);
}

static const struct yaml_node *same_key(const struct yaml_node *mapping,
                                        const struct yaml_node *member)
{
    for (const struct yaml_node *node = mapping ? mapping->first : NULL; node; node = node->next)
        if (gb_bytes_equal(node->key, member->key))
            return node;
    return NULL;
}

static void walk_mappings(struct walk *w, const char *path, const struct yaml_node *old,
                          const struct yaml_node *fresh)
{
    for (const struct yaml_node *node = old ? old->first : NULL; node; node = node->next)
        walk_member(w, path, node, same_key(fresh, node));
    for (const struct yaml_node *node = fresh ? fresh->first : NULL; node; node = node->next)
        if (!same_key(old, node))
            walk_member(w, path, NULL, node);
}

static bool both(const struct yaml_node *old, const struct yaml_node *fresh,
                 bool (*is)(const struct yaml_node *node))
{
    return (!old || is(old)) && (!fresh || is(fresh));
}

static bool is_mapping(const struct yaml_node *node)
{
    return node->kind == YAML_MAPPING;
}

/* At least one of them is there. */
static void walk_value(struct walk *w, const char *path, const struct yaml_node *old,
                       const struct yaml_node *fresh)
{
    if (both(old, fresh, is_mapping)) {
        walk_mappings(w, path, old, fresh);
        return;
    }
    if (both(old, fresh, is_list)) {
        walk_lists(w, path, old, fresh);
        return;
    }
    const char *from = old ? line_of(w, old) : NULL, *to = fresh ? line_of(w, fresh) : NULL;
    if (from && to && strcmp(from, to) == 0)
        return;
    struct doc_field *field = add(w, path);
    if (field) {
        field->from = from;
        field->to = to;
    }
}

int doc_diff(struct gb_arena *arena, const struct yaml_node *old, const struct yaml_node *fresh,
             bool any_version, struct doc_diff *ret_diff, struct gb_err *err)
{
    struct walk w = {.arena = arena, .any_version = any_version};
    w.diff.tail = &w.diff.first;
    walk_value(&w, "", old, fresh);
    if (w.failed)
        return gb_err_nomem(err);
    *ret_diff = w.diff;
    return GB_OK;
}

/* ---- for people and programs ---- */

static void print_items(const char *sign, const char *const *items, size_t count)
{
    for (size_t i = 0; i < count && i < SHOWN; i++)
        printf("    %s %s\n", sign, items[i]);
    if (count > SHOWN)
        printf("    %s ... and %zu more\n", sign, count - SHOWN);
}

void doc_diff_print(const struct doc_diff *diff)
{
    for (const struct doc_field *field = diff->first; field; field = field->next) {
        if (!field->is_list) {
            printf("  %s: %s -> %s\n", field->path, field->from ? field->from : "(none)",
                   field->to ? field->to : "(none)");
            continue;
        }
        printf("  %s: %zu more, %zu less\n", field->path, field->added_count, field->removed_count);
        print_items("+", field->added, field->added_count);
        print_items("-", field->removed, field->removed_count);
    }
}

static struct json *items_json(const char *const *items, size_t count)
{
    struct json *list = json_new_array();
    for (size_t i = 0; i < count && i < KEPT; i++)
        json_push(list, json_text(items[i]));
    return list;
}

struct json *doc_diff_json(const struct doc_diff *diff)
{
    struct json *list = json_new_array();
    for (const struct doc_field *field = diff->first; field; field = field->next) {
        struct json *item = json_new_object();
        json_set(item, "path", json_text(field->path));
        if (field->is_list) {
            json_set(item, "added_count", json_number(field->added_count));
            json_set(item, "removed_count", json_number(field->removed_count));
            json_set(item, "added", items_json(field->added, field->added_count));
            json_set(item, "removed", items_json(field->removed, field->removed_count));
        } else {
            json_set(item, "from", json_text(field->from));
            json_set(item, "to", json_text(field->to));
        }
        json_push(list, item);
    }
    return list;
}
