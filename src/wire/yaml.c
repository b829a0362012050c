#include "wire/yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/encode.h"
#include "base/text.h"

/* A sequence or mapping that is still open. */
struct level {
    struct yaml_node *node;
    struct yaml_node **tail;
    struct gb_bytes key; /* read, its value not yet; data is NULL otherwise */
    unsigned key_line;
    uint32_t key_at;
};

struct builder {
    struct gb_arena *arena;
    const char *name;
    struct gb_err *err;
    size_t nodes;
    size_t depth; /* of the innermost open level */
    struct level levels[GB_LIMIT_YAML_DEPTH + 1];
};

static unsigned line_of(yaml_mark_t mark)
{
    return (unsigned)mark.line + 1;
}

/* The input is no longer than GB_LIMIT_POLICY where anybody asks. */
static uint32_t place_of(yaml_mark_t mark)
{
    return (uint32_t)mark.index;
}

static int fail(struct builder *b, enum gb_err_code code, unsigned line, const char *what)
{
    return gb_err_set(b->err, code, "%.120s:%u: %s", b->name, line, what);
}

/* The same, with a word of the file behind it. */
static int fail_word(struct builder *b, unsigned line, const char *what, struct gb_bytes word)
{
    const char *shown = gb_text_escape(b->arena, word, 40);
    return gb_err_set(b->err, GB_ERR_CONFIG, "%.120s:%u: %s \"%s\"", b->name, line, what,
                      shown ? shown : "?");
}

static bool wants_key(const struct level *level)
{
    return level->node->kind == YAML_MAPPING && !level->key.data;
}

/* Hangs a new node into the innermost level. */
static int add(struct builder *b, enum yaml_kind kind, const yaml_event_t *event,
               struct yaml_node **ret_node)
{
    struct level *level = &b->levels[b->depth];
    unsigned line = line_of(event->start_mark);
    if (b->nodes++ == GB_LIMIT_YAML_NODES)
        return fail(b, GB_ERR_LIMIT, line, "more values than the ceiling allows");
    struct yaml_node *node = gb_arena_new_one(b->arena, struct yaml_node);
    if (!node)
        return gb_err_nomem(b->err);
    node->kind = kind;
    node->line = line;
    node->at = place_of(event->start_mark);
    node->end = place_of(event->end_mark);
    node->key = level->key;
    node->key_line = level->key_line;
    node->key_at = level->key_at;
    level->key = gb_bytes(NULL, 0);
    *level->tail = node;
    level->tail = &node->next;
    level->node->count++;
    *ret_node = node;
    return GB_OK;
}

/* What makes YAML surprising: one text that stands for another, or for a type that nobody sees. */
static int refuse_magic(struct builder *b, unsigned line, const void *anchor, const void *tag)
{
    if (anchor)
        return fail(b, GB_ERR_CONFIG, line, "anchors (&name) are not accepted");
    if (tag)
        return fail(b, GB_ERR_CONFIG, line, "tags (!name) are not accepted");
    return GB_OK;
}

static int on_key(struct builder *b, const yaml_event_t *event, struct gb_bytes text)
{
    struct level *level = &b->levels[b->depth];
    unsigned line = line_of(event->start_mark);
    if (text.len == 0)
        return fail(b, GB_ERR_CONFIG, line, "a key is empty");
    level->key = gb_arena_copy(b->arena, text);
    level->key_line = line;
    level->key_at = place_of(event->start_mark);
    return level->key.data ? GB_OK : gb_err_nomem(b->err);
}

static int on_scalar(struct builder *b, const yaml_event_t *event)
{
    unsigned line = line_of(event->start_mark);
    struct gb_bytes text = gb_bytes(event->data.scalar.value, event->data.scalar.length);
    int r = refuse_magic(b, line, event->data.scalar.anchor, event->data.scalar.tag);
    if (r < 0)
        return r;
    if (text.len > GB_LIMIT_YAML_SCALAR)
        return fail(b, GB_ERR_LIMIT, line, "a value is longer than the ceiling allows");
    if (text.len > 0 && memchr(text.data, 0, text.len))
        return fail(b, GB_ERR_CONFIG, line, "a value holds a NUL");
    if (wants_key(&b->levels[b->depth]))
        return on_key(b, event, text);
    struct yaml_node *node = NULL;
    r = add(b, YAML_SCALAR, event, &node);
    if (!node)
        return r;
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    node->text = gb_arena_copy(b->arena, text);
    return node->text.data ? GB_OK : gb_err_nomem(b->err);
}

static int on_open(struct builder *b, enum yaml_kind kind, const yaml_event_t *event,
                   const void *anchor, const void *tag)
{
    unsigned line = line_of(event->start_mark);
    int r = refuse_magic(b, line, anchor, tag);
    if (r < 0)
        return r;
    if (wants_key(&b->levels[b->depth]))
        return fail(b, GB_ERR_CONFIG, line, "a key must be a single word, not a list or mapping");
    if (b->depth == GB_LIMIT_YAML_DEPTH)
        return fail(b, GB_ERR_LIMIT, line, "nested deeper than the ceiling allows");
    struct yaml_node *node = NULL;
    r = add(b, kind, event, &node);
    if (!node)
        return r;
    b->levels[++b->depth] = (struct level){.node = node, .tail = &node->first};
    return GB_OK;
}

static int by_key_and_line(const void *a, const void *b)
{
    const struct yaml_node *x = *(const struct yaml_node *const *)a;
    const struct yaml_node *y = *(const struct yaml_node *const *)b;
    size_t len = x->key.len < y->key.len ? x->key.len : y->key.len;
    int order = memcmp(x->key.data, y->key.data, len);
    if (order == 0 && x->key.len != y->key.len)
        order = x->key.len < y->key.len ? -1 : 1;
    return order ? order : (x->key_line > y->key_line) - (x->key_line < y->key_line);
}

static int refuse_twice(struct builder *b, const struct yaml_node *mapping)
{
    if (mapping->count < 2)
        return GB_OK;
    const struct yaml_node **sorted =
        gb_arena_new_array(b->arena, const struct yaml_node *, mapping->count);
    if (!sorted)
        return gb_err_nomem(b->err);
    size_t n = 0;
    for (const struct yaml_node *c = mapping->first; c; c = c->next)
        sorted[n++] = c;
    qsort(sorted, n, sizeof(struct yaml_node *), by_key_and_line);
    for (size_t i = 1; i < n; i++)
        if (gb_bytes_equal(sorted[i - 1]->key, sorted[i]->key))
            return fail_word(b, sorted[i]->key_line, "this key stands twice:", sorted[i]->key);
    return GB_OK;
}

static int on_close(struct builder *b, const yaml_event_t *event)
{
    struct yaml_node *node = b->levels[b->depth--].node;
    node->end = place_of(event->end_mark);
    return node->kind == YAML_MAPPING ? refuse_twice(b, node) : GB_OK;
}

static int on_document(struct builder *b, const yaml_event_t *event)
{
    if (event->data.document_start.tag_directives.start !=
        event->data.document_start.tag_directives.end)
        return fail(b, GB_ERR_CONFIG, line_of(event->start_mark), "%TAG is not accepted");
    return GB_OK;
}

static int on_event(struct builder *b, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return on_scalar(b, event);
    case YAML_SEQUENCE_START_EVENT:
        return on_open(b, YAML_SEQUENCE, event, event->data.sequence_start.anchor,
                       event->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
        return on_open(b, YAML_MAPPING, event, event->data.mapping_start.anchor,
                       event->data.mapping_start.tag);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return on_close(b, event);
    case YAML_ALIAS_EVENT:
        return fail(b, GB_ERR_CONFIG, line_of(event->start_mark),
                    "aliases (*name) are not accepted");
    case YAML_DOCUMENT_START_EVENT:
        return on_document(b, event);
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
    return GB_OK;
}

/* libyaml's words are literals. */
static int parse_error(struct builder *b, const yaml_parser_t *parser)
{
    if (parser->error == YAML_MEMORY_ERROR)
        return gb_err_nomem(b->err);
    size_t line = parser->problem_mark.line ? parser->problem_mark.line : parser->mark.line;
    return gb_err_set(b->err, GB_ERR_CONFIG, "%.120s:%zu: %s", b->name, line + 1,
                      parser->problem ? parser->problem : "not YAML");
}

static int parse(struct builder *b, yaml_parser_t *parser)
{
    for (bool end = false; !end;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event))
            return parse_error(b, parser);
        int r = on_event(b, &event);
        end = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
        if (r < 0)
            return r;
    }
    return GB_OK;
}

/* Our documents need no tags, and libyaml takes quadratic time over many of these. */
static int refuse_directives(struct builder *b, struct gb_bytes in)
{
    struct gb_lines lines;
    struct gb_bytes line;
    gb_lines_init(&lines, in);
    while (gb_lines_next(&lines, &line))
        if (gb_bytes_starts(line, gb_bytes_str("%TAG")))
            return fail(b, GB_ERR_CONFIG, (unsigned)lines.line, "%TAG is not accepted");
    return GB_OK;
}

int yaml_read(struct gb_arena *arena, struct gb_bytes in, const char *name,
              struct yaml_node **ret_docs, struct gb_err *err)
{
    struct builder b = {.arena = arena, .name = name, .err = err};
    int refused = refuse_directives(&b, in);
    if (refused < 0)
        return refused;
    struct yaml_node *docs = gb_arena_new_one(arena, struct yaml_node);
    yaml_parser_t parser;
    if (!docs || !yaml_parser_initialize(&parser))
        return gb_err_nomem(err);
    docs->kind = YAML_SEQUENCE;
    docs->line = 1;
    b.levels[0] = (struct level){.node = docs, .tail = &docs->first};
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING); /* not what a byte order mark says */
    yaml_parser_set_input_string(&parser, in.data ? in.data : (const uint8_t *)"", in.len);
    int r = parse(&b, &parser);
    yaml_parser_delete(&parser);
    if (r < 0)
        return r;
    *ret_docs = docs;
    return GB_OK;
}

const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key)
{
    if (!mapping || mapping->kind != YAML_MAPPING)
        return NULL;
    for (const struct yaml_node *c = mapping->first; c; c = c->next)
        if (gb_bytes_is(c->key, key))
            return c;
    return NULL;
}
