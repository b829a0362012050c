#include "policy/documents/sign_edit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "policy/documents/field.h"
#include "policy/documents/sign.h"
#include "policy/documents/signed.h"
#include "wire/yaml.h"

int sign_edits_new(struct sign_text *text, struct sign_edits *ret_edits, struct gb_err *err)
{
    struct sign_edits edits = {.text = text};
    edits.items = gb_arena_new_array(text->file.arena, struct sign_edit, 2 * text->count + 1);
    if (!edits.items)
        return gb_err_nomem(err);
    text->inserted_count = 0;
    *ret_edits = edits;
    return GB_OK;
}

static bool continues(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/* The byte at which a character stands; places are near each other, so the cursor goes on from the
 * last one. The text is UTF-8: yaml_read has taken it. */
static size_t byte_of(struct sign_edits *edits, size_t character)
{
    struct gb_bytes text = edits->text->text;
    while (edits->char_at < character && edits->byte_at < text.len) {
        edits->byte_at++;
        while (edits->byte_at < text.len && continues(text.data[edits->byte_at]))
            edits->byte_at++;
        edits->char_at++;
    }
    while (edits->char_at > character) {
        edits->byte_at--;
        while (edits->byte_at > 0 && continues(text.data[edits->byte_at]))
            edits->byte_at--;
        edits->char_at--;
    }
    return edits->byte_at;
}

static int add(struct sign_edits *edits, size_t at, size_t remove, const char *put,
               struct gb_err *err)
{
    if (!put)
        return gb_err_nomem(err);
    edits->items[edits->count] = (struct sign_edit){at, remove, edits->count, put};
    edits->count++;
    return GB_OK;
}

static void note_lines(struct sign_edits *edits, size_t before, size_t count)
{
    struct sign_text *text = edits->text;
    text->inserted[text->inserted_count++] = (struct sign_inserted){before, count};
}

/* Blanks before a place in its line; false when anything else stands there. */
static bool indent_of(struct gb_bytes text, size_t at, size_t *ret_indent)
{
    size_t start = at;
    while (start > 0 && text.data[start - 1] == ' ')
        start--;
    *ret_indent = at - start;
    return start == 0 || text.data[start - 1] == '\n';
}

static int no_room(struct sign_edits *edits, const struct yaml_node *node, struct gb_err *err)
{
    return field_wrong(&edits->text->file, node->line, err,
                       "no room for a signature: write each field of metadata on a line of its "
                       "own, or metadata in braces");
}

static bool is_flow(struct sign_edits *edits, const struct yaml_node *node)
{
    size_t at = byte_of(edits, node->at);
    uint8_t first = at < edits->text->text.len ? edits->text->text.data[at] : 0;
    return first == '{' || first == '[';
}

/* Puts a member into metadata: `flow` in braces, else `block` (its lines, each with a newline but
 * the last, for an indent of `%*s`) behind the line of the name. */
static int add_member(struct sign_edits *edits, const struct yaml_node *document, const char *flow,
                      const char *(*block)(struct gb_arena *, size_t, const void *),
                      const void *what, size_t lines, struct gb_err *err)
{
    struct gb_bytes text = edits->text->text;
    const struct yaml_node *metadata = yaml_get(document, "metadata");
    const struct yaml_node *name = yaml_get(metadata, "name");
    size_t indent = 0;
    if (is_flow(edits, metadata))
        return add(edits, byte_of(edits, metadata->at) + 1, 0, flow, err);
    if (!indent_of(text, byte_of(edits, name->key_at), &indent))
        return no_room(edits, name, err);
    size_t at = byte_of(edits, name->end);
    while (at < text.len && text.data[at] != '\n')
        at++;
    const char *put = block(edits->text->file.arena, indent, what);
    if (put)
        put = gb_arena_printf(edits->text->file.arena, "\n%s", put);
    note_lines(edits, (size_t)name->line + 1, lines);
    return add(edits, at, 0, put, err);
}

static const char *block_version(struct gb_arena *arena, size_t indent, const void *what)
{
    return gb_arena_printf(arena, "%*sversion: %" PRIu64, (int)indent, "", *(const uint64_t *)what);
}

int sign_edit_version(struct sign_edits *edits, const struct yaml_node *document, uint64_t version,
                      struct gb_err *err)
{
    const char *flow =
        gb_arena_printf(edits->text->file.arena, "\"version\": %" PRIu64 ", ", version);
    return flow ? add_member(edits, document, flow, block_version, &version, 1, err)
                : gb_err_nomem(err);
}

struct words {
    const char *key;
    const char *value;
};

static const char *block_signatures(struct gb_arena *arena, size_t indent, const void *what)
{
    const struct words *words = what;
    int n = (int)indent;
    return gb_arena_printf(arena, "%*ssignatures:\n%*s  - key: \"%s\"\n%*s    value: \"%s\"", n, "",
                           n, "", words->key, n, "", words->value);
}

/* The value of the signature that this key made before; NULL when there is none. */
static const struct yaml_node *find_own(const struct yaml_node *list, const uint8_t *key)
{
    uint8_t other[SIGNATURE_KEY_LEN];
    for (const struct yaml_node *item = list->first; item; item = item->next) {
        const struct yaml_node *id = yaml_get(item, "key");
        if (id && gb_hex_decode(id->text, other, sizeof other) &&
            memcmp(other, key, sizeof other) == 0)
            return yaml_get(item, "value");
    }
    return NULL;
}

static int replace(struct sign_edits *edits, const struct yaml_node *value,
                   const struct words *words, struct gb_err *err)
{
    size_t at = byte_of(edits, value->at);
    size_t end = byte_of(edits, value->end);
    return add(edits, at, end - at,
               gb_arena_printf(edits->text->file.arena, "\"%s\"", words->value), err);
}

/* One more in a list that stands there: as its first. */
static int add_item(struct sign_edits *edits, const struct yaml_node *list,
                    const struct words *words, struct gb_err *err)
{
    struct gb_arena *arena = edits->text->file.arena;
    bool flow = is_flow(edits, list);
    size_t at = byte_of(edits, list->at);
    size_t indent = 0;
    if (flow)
        return add(edits, at + 1, 0,
                   gb_arena_printf(arena, "{\"key\": \"%s\", \"value\": \"%s\"}%s", words->key,
                                   words->value, list->count > 0 ? ", " : ""),
                   err);
    if (!indent_of(edits->text->text, at, &indent))
        return no_room(edits, list, err);
    note_lines(edits, list->line, 2);
    return add(edits, at, 0,
               gb_arena_printf(arena, "- key: \"%s\"\n%*s  value: \"%s\"\n%*s", words->key,
                               (int)indent, "", words->value, (int)indent, ""),
               err);
}

int sign_edit_signature(struct sign_edits *edits, const struct yaml_node *document,
                        const struct signature *signature, struct gb_err *err)
{
    struct gb_arena *arena = edits->text->file.arena;
    const struct yaml_node *list = yaml_get(yaml_get(document, "metadata"), "signatures");
    const struct words words = {gb_hex(arena, gb_bytes(signature->key, SIGNATURE_KEY_LEN)),
                                gb_base64(arena, gb_bytes(signature->value, SIGNATURE_LEN))};
    if (!words.key || !words.value)
        return gb_err_nomem(err);
    const struct yaml_node *own = list ? find_own(list, signature->key) : NULL;
    if (own)
        return replace(edits, own, &words, err);
    if (list)
        return add_item(edits, list, &words, err);
    const char *flow = gb_arena_printf(
        arena, "\"signatures\": [{\"key\": \"%s\", \"value\": \"%s\"}], ", words.key, words.value);
    return flow ? add_member(edits, document, flow, block_signatures, &words, 3, err)
                : gb_err_nomem(err);
}

static int by_place(const void *a, const void *b)
{
    const struct sign_edit *x = a;
    const struct sign_edit *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

/* As lines follow each other in the text. */
static int by_line(const void *a, const void *b)
{
    const struct sign_inserted *x = a;
    const struct sign_inserted *y = b;
    return (x->before > y->before) - (x->before < y->before);
}

void sign_edits_write(struct sign_edits *edits, struct gb_buf *out)
{
    struct gb_bytes text = edits->text->text;
    size_t from = 0;
    qsort(edits->text->inserted, edits->text->inserted_count, sizeof *edits->text->inserted,
          by_line);
    qsort(edits->items, edits->count, sizeof *edits->items, by_place);
    for (size_t i = 0; i < edits->count; i++) {
        const struct sign_edit *edit = &edits->items[i];
        gb_buf_add(out, text.data + from, edit->at - from);
        gb_buf_puts(out, edit->put);
        from = edit->at + edit->remove;
    }
    gb_buf_add(out, text.data + from, text.len - from);
}
