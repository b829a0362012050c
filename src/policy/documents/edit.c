#include "policy/documents/edit.h"

#include <inttypes.h>
#include <string.h>

#include "policy/documents/field.h"
#include "policy/documents/signed.h"
#include "wire/yaml.h"

enum { MAX_PIECES = 3 };

struct piece {
    size_t at;
    size_t remove;
    const char *put;
};

struct editing {
    struct field_file file;
    struct gb_bytes text;
    const struct yaml_node *document;
    struct piece pieces[MAX_PIECES]; /* in no order */
    size_t count;
};

/* The byte at which a character stands; the text is UTF-8: yaml_read has taken it. */
static size_t byte_of(const struct editing *e, size_t character)
{
    size_t at = 0;
    for (size_t seen = 0; at < e->text.len; at++) {
        if ((e->text.data[at] & 0xc0) == 0x80)
            continue;
        if (seen++ == character)
            break;
    }
    return at;
}

static bool is_flow(const struct editing *e, const struct yaml_node *node)
{
    size_t at = byte_of(e, node->at);
    return at < e->text.len && (e->text.data[at] == '{' || e->text.data[at] == '[');
}

static void put(struct editing *e, size_t at, size_t remove, const char *text)
{
    e->pieces[e->count++] = (struct piece){at, remove, text};
}

static size_t line_start(const struct editing *e, size_t at)
{
    while (at > 0 && e->text.data[at - 1] != '\n')
        at--;
    return at;
}

/* Behind the newline. */
static size_t line_end(const struct editing *e, size_t at)
{
    while (at < e->text.len && e->text.data[at] != '\n')
        at++;
    return at < e->text.len ? at + 1 : at;
}

static int no_way(const struct editing *e, const struct yaml_node *node, struct gb_err *err)
{
    return field_wrong(&e->file, node->line, err,
                       "cannot be edited here: write each field on a line of its own");
}

/* A new member of `mapping`, beside `member`, which stands there. */
static int insert(struct editing *e, const struct yaml_node *mapping,
                  const struct yaml_node *member, const char *key, const char *value,
                  struct gb_err *err)
{
    struct gb_arena *arena = e->file.arena;
    if (is_flow(e, mapping)) {
        const char *flow = gb_arena_printf(arena, "\"%s\": %s, ", key, value);
        put(e, byte_of(e, mapping->at) + 1, 0, flow);
        return flow ? GB_OK : gb_err_nomem(err);
    }
    size_t at = byte_of(e, member->key_at), start = line_start(e, at);
    for (size_t i = start; i < at; i++)
        if (e->text.data[i] != ' ')
            return no_way(e, member, err);
    const char *block = gb_arena_printf(arena, "%*s%s: %s\n", (int)(at - start), "", key, value);
    put(e, start, 0, block);
    return block ? GB_OK : gb_err_nomem(err);
}

static int set(struct editing *e, const char *section, const char *key, const char *beside,
               const char *value, struct gb_err *err)
{
    const struct yaml_node *mapping = yaml_get(e->document, section);
    const struct yaml_node *member =
        mapping && mapping->kind == YAML_MAPPING ? yaml_get(mapping, key) : NULL;
    const struct yaml_node *other =
        mapping && mapping->kind == YAML_MAPPING ? yaml_get(mapping, beside) : NULL;
    if (member && member->kind == YAML_SCALAR) {
        size_t at = byte_of(e, member->at);
        put(e, at, byte_of(e, member->end) - at, value);
        return GB_OK;
    }
    if (member || !other)
        return no_way(e, mapping ? mapping : e->document, err);
    return insert(e, mapping, other, key, value, err);
}

/* The last character of what is in block style: `end` of such a node may lie beyond. */
static size_t end_of(const struct editing *e, const struct yaml_node *node)
{
    while (!is_flow(e, node) && node->kind != YAML_SCALAR && node->first) {
        node = node->first;
        while (node->next)
            node = node->next;
    }
    return byte_of(e, node->end);
}

static void drop_signatures(struct editing *e)
{
    const struct yaml_node *metadata = yaml_get(e->document, "metadata");
    const struct yaml_node *list = yaml_get(metadata, "signatures");
    if (!list)
        return;
    size_t at = byte_of(e, list->key_at), end = end_of(e, list);
    if (!is_flow(e, metadata)) {
        at = line_start(e, at);
        end = line_end(e, end);
    } else { /* with the comma that parts it */
        while (end < e->text.len && strchr(" \n,", e->text.data[end]))
            end++;
        bool last = end < e->text.len && e->text.data[end] == '}';
        while (last && at > 0 && strchr(" \n,", e->text.data[at - 1]))
            at--;
    }
    put(e, at, end - at, "");
}

static void put_together(struct editing *e, struct gb_buf *out)
{
    size_t from = 0;
    for (size_t done = 0; done < e->count; done++) {
        const struct piece *next = NULL;
        for (size_t i = 0; i < e->count; i++)
            if (e->pieces[i].at >= from && (!next || e->pieces[i].at < next->at) &&
                e->pieces[i].put)
                next = &e->pieces[i];
        if (!next)
            break;
        gb_buf_add(out, e->text.data + from, next->at - from);
        gb_buf_puts(out, next->put);
        from = next->at + next->remove;
        ((struct piece *)(uintptr_t)next)->put = NULL;
    }
    gb_buf_add(out, e->text.data + from, e->text.len - from);
}

static int read_one(struct gb_arena *arena, const char *name, struct gb_bytes text,
                    struct yaml_node **ret_document, struct gb_err *err)
{
    const struct field_file file = {.arena = arena, .name = name};
    struct yaml_node *docs = NULL;
    int r = yaml_read(arena, text, name, &docs, err);
    if (r < 0)
        return r;
    struct yaml_node *document = docs->first;
    if (!document || document->next || document->kind != YAML_MAPPING)
        return field_wrong(&file, 1, err, "one document belongs here");
    if (!yaml_get(document, "metadata") || yaml_get(document, "metadata")->kind != YAML_MAPPING)
        return field_wrong(&file, document->line, err, "missing field \"metadata\"");
    *ret_document = document;
    return GB_OK;
}

/* The tree as it is meant: signatures do not count. */
static int mean(struct gb_arena *arena, struct yaml_node *document, const char *section,
                const char *key, const char *value, struct gb_err *err)
{
    struct yaml_node *mapping = (struct yaml_node *)(uintptr_t)yaml_get(document, section);
    struct yaml_node *member =
        mapping ? (struct yaml_node *)(uintptr_t)yaml_get(mapping, key) : NULL;
    if (member) {
        member->text = gb_bytes_str(value);
        return GB_OK;
    }
    struct yaml_node *fresh = gb_arena_new_one(arena, struct yaml_node);
    if (!fresh || !mapping)
        return gb_err_nomem(err);
    *fresh = (struct yaml_node){.kind = YAML_SCALAR,
                                .key = gb_bytes_str(key),
                                .text = gb_bytes_str(value),
                                .next = mapping->first};
    mapping->first = fresh;
    mapping->count++;
    return GB_OK;
}

static int prove(struct editing *e, struct yaml_node *meant, const char *version, const char *life,
                 struct gb_bytes out, struct gb_err *err)
{
    struct yaml_node *document = NULL;
    uint8_t want[32] = {0}, have[32] = {1};
    int r = mean(e->file.arena, meant, "metadata", "version", version, err);
    if (r == GB_OK && life)
        r = mean(e->file.arena, meant, "spec", "life", life, err);
    if (r == GB_OK)
        r = signed_digest(e->file.arena, meant, want, err);
    if (r == GB_OK)
        r = read_one(e->file.arena, e->file.name, out, &document, err);
    if (r == GB_OK)
        r = signed_digest(e->file.arena, document, have, err);
    if (r < 0)
        return r;
    return memcmp(want, have, sizeof want) == 0 ? GB_OK : no_way(e, meant, err);
}

int document_edit(struct gb_arena *arena, const char *name, struct gb_bytes text,
                  const struct document_edit *edit, struct gb_buf *out, struct gb_err *err)
{
    struct editing e = {.file = {.arena = arena, .name = name}, .text = text};
    struct yaml_node *document = NULL;
    const char *version = gb_arena_printf(arena, "%" PRIu64, edit->version);
    if (!version)
        return gb_err_nomem(err);
    int r = read_one(arena, name, text, &document, err);
    if (r < 0 || !document)
        return r;
    e.document = document;
    r = set(&e, "metadata", "version", "name", version, err);
    if (r == GB_OK && edit->life)
        r = set(&e, "spec", "life", "class", edit->life, err);
    if (r < 0)
        return r;
    drop_signatures(&e);
    put_together(&e, out);
    if (!gb_buf_ok(out))
        return gb_err_set(err, GB_ERR_LIMIT, "%s: out of memory, or too long", name);
    return prove(&e, document, version, edit->life, gb_buf_bytes(out), err);
}
