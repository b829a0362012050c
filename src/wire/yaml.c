#include "wire/yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/encode.h"
#include "base/text.h"
#include "wire/yaml_cut.h"

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
    const struct yaml_ways *ways;
    const struct yaml_cuts *cuts;
    size_t taken; /* of the cuts, in their order: those whose place libyaml gave back */
    size_t nodes;
    size_t depth; /* of the innermost open level */
    struct level levels[GB_LIMIT_YAML_DEPTH + 1];
};

/* The last block that was cut out above a line; NULL when there is none. */
static const struct yaml_cut *cut_above(const struct builder *b, size_t line)
{
    size_t low = 0, high = b->cuts->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (b->cuts->items[middle].line < line)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? &b->cuts->items[low - 1] : NULL;
}

static unsigned line_of(const struct builder *b, yaml_mark_t mark)
{
    const struct yaml_cut *cut = cut_above(b, mark.line);
    return (unsigned)(mark.line + (cut ? cut->more_lines : 0)) + 1;
}

/* The input is no longer than GB_LIMIT_POLICY where anybody asks. */
static uint32_t place_of(const struct builder *b, yaml_mark_t mark)
{
    const struct yaml_cut *cut = cut_above(b, mark.line);
    return (uint32_t)(mark.index + (cut ? cut->more_places : 0));
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
    unsigned line = line_of(b, event->start_mark);
    if (b->nodes++ == GB_LIMIT_YAML_NODES)
        return fail(b, GB_ERR_LIMIT, line, "more values than the ceiling allows");
    struct yaml_node *node = gb_arena_new_one(b->arena, struct yaml_node);
    if (!node)
        return gb_err_nomem(b->err);
    node->kind = kind;
    node->line = line;
    node->at = place_of(b, event->start_mark);
    node->end = place_of(b, event->end_mark);
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
    unsigned line = line_of(b, event->start_mark);
    if (text.len == 0)
        return fail(b, GB_ERR_CONFIG, line, "a key is empty");
    level->key = gb_arena_copy(b->arena, text);
    level->key_line = line;
    level->key_at = place_of(b, event->start_mark);
    return level->key.data ? GB_OK : gb_err_nomem(b->err);
}

/* The block that this scalar stands for: a whole literal of the one letter, in the block's place.
 */
static const struct yaml_cut *find_cut(const struct builder *b, const yaml_event_t *event)
{
    if (b->taken == b->cuts->count || wants_key(&b->levels[b->depth]) ||
        event->data.scalar.style != YAML_LITERAL_SCALAR_STYLE)
        return NULL;
    const struct yaml_cut *cut = &b->cuts->items[b->taken];
    struct gb_bytes raw = cut->literal.raw;
    const char *whole = raw.data[raw.len - 1] == '\n' ? "x\n" : "x";
    bool same = event->start_mark.line == cut->line &&
                gb_bytes_is(gb_bytes(event->data.scalar.value, event->data.scalar.length), whole);
    return same ? cut : NULL;
}

static struct gb_bytes text_of(struct gb_arena *arena, const struct yaml_node *node, size_t len)
{
    uint8_t *text = gb_arena_alloc_raw(arena, len + 1, 1);
    size_t at = 0;
    struct yaml_lines lines;
    struct gb_bytes line;
    if (!text)
        return gb_bytes(NULL, 0);
    yaml_lines_init(&lines, node);
    while (yaml_lines_next(&lines, &line)) {
        memcpy(text + at, line.data, line.len);
        at += line.len;
        if (at < len)
            text[at++] = '\n';
    }
    text[len] = 0;
    return gb_bytes(text, len);
}

static int on_cut(struct builder *b, const yaml_event_t *event, const struct yaml_cut *cut)
{
    struct yaml_node *node = NULL;
    struct yaml_literal *literal = gb_arena_new_one(b->arena, struct yaml_literal);
    int r = literal ? add(b, YAML_LITERAL, event, &node) : gb_err_nomem(b->err);
    if (!node)
        return r;
    b->taken++;
    *literal = cut->literal;
    node->literal = literal;
    if (literal->len > b->ways->literal_from)
        return GB_OK;
    node->text = text_of(b->arena, node, literal->len);
    node->kind = YAML_SCALAR;
    node->literal = NULL;
    return node->text.data ? GB_OK : gb_err_nomem(b->err);
}

static int on_scalar(struct builder *b, const yaml_event_t *event)
{
    const struct yaml_cut *cut = find_cut(b, event);
    if (cut)
        return on_cut(b, event, cut);
    unsigned line = line_of(b, event->start_mark);
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
    unsigned line = line_of(b, event->start_mark);
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
            return fail_word(b, sorted[i]->key_line,
                             gb_bytes_is(sorted[i]->key, "apiVersion") /* a document's first */
                                 ? "this key stands twice (is a line --- missing above it?):"
                                 : "this key stands twice:",
                             sorted[i]->key);
    return GB_OK;
}

static int on_close(struct builder *b, const yaml_event_t *event)
{
    struct yaml_node *node = b->levels[b->depth--].node;
    node->end = place_of(b, event->end_mark);
    return node->kind == YAML_MAPPING ? refuse_twice(b, node) : GB_OK;
}

static int on_document(struct builder *b, const yaml_event_t *event)
{
    if (event->data.document_start.tag_directives.start !=
        event->data.document_start.tag_directives.end)
        return fail(b, GB_ERR_CONFIG, line_of(b, event->start_mark), "%TAG is not accepted");
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
        return fail(b, GB_ERR_CONFIG, line_of(b, event->start_mark),
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
    yaml_mark_t mark = parser->problem_mark.line ? parser->problem_mark : parser->mark;
    if (parser->problem &&
        strcmp(parser->problem, "found character that cannot start any token") == 0)
        return fail(b, GB_ERR_CONFIG, line_of(b, mark),
                    "found a character that cannot start any token (is it a tab? YAML indents with "
                    "blanks)");
    return fail(b, GB_ERR_CONFIG, line_of(b, mark), parser->problem ? parser->problem : "not YAML");
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
static int refuse_directives(struct builder *b)
{
    struct gb_lines lines;
    struct gb_bytes line;
    gb_lines_init(&lines, b->cuts->text);
    while (gb_lines_next(&lines, &line))
        if (gb_bytes_starts(line, gb_bytes_str("%TAG")))
            return fail(b, GB_ERR_CONFIG, line_of(b, (yaml_mark_t){.line = lines.line - 1}),
                        "%TAG is not accepted");
    return GB_OK;
}

/*
 * Whether what came of the parse would have come of the input itself. Up to the first block that
 * was not given back as it was cut, it would: libyaml's state there depends on nothing but the text
 * before, which says the same. A byte that is no YAML is none wherever it stands.
 */
static bool is_certain(const struct builder *b, const yaml_parser_t *parser, bool failed)
{
    if (b->taken == b->cuts->count || parser->error == YAML_READER_ERROR ||
        parser->error == YAML_MEMORY_ERROR)
        return true;
    return failed && parser->mark.line < b->cuts->items[b->taken].line;
}

/* Parses the text that is left without the cuts. */
static int read_cut(struct builder *b, struct yaml_node **ret_docs, bool *ret_certain)
{
    *ret_certain = true;
    int r = refuse_directives(b);
    if (r < 0)
        return r;
    struct yaml_node *docs = gb_arena_new_one(b->arena, struct yaml_node);
    yaml_parser_t parser;
    if (!docs || !yaml_parser_initialize(&parser))
        return gb_err_nomem(b->err);
    docs->kind = YAML_SEQUENCE;
    docs->line = 1;
    b->levels[0] = (struct level){.node = docs, .tail = &docs->first};
    struct gb_bytes in = b->cuts->text;
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING); /* not what a byte order mark says */
    yaml_parser_set_input_string(&parser, in.data ? in.data : (const uint8_t *)"", in.len);
    r = parse(b, &parser);
    *ret_certain = r == GB_ERR_NOMEM || is_certain(b, &parser, r < 0);
    yaml_parser_delete(&parser);
    if (r == GB_OK)
        *ret_docs = docs;
    return r;
}

int yaml_read_in_ways(struct gb_arena *arena, struct gb_bytes in, const char *name,
                      const struct yaml_ways *ways, struct yaml_node **ret_docs, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *scratch = gb_arena_new();
    const struct yaml_cuts none = {.text = in};
    struct yaml_cuts cuts;
    struct builder b = {.arena = arena, .name = name, .err = err, .ways = ways, .cuts = &cuts};
    struct builder whole = b;
    bool certain;
    if (!scratch || !yaml_cut(scratch, in, ways->cut_from, &cuts))
        return gb_err_nomem(err);
    int r = read_cut(&b, ret_docs, &certain);
    if (certain)
        return r;
    whole.cuts = &none;
    return read_cut(&whole, ret_docs, &certain);
}

int yaml_read(struct gb_arena *arena, struct gb_bytes in, const char *name,
              struct yaml_node **ret_docs, struct gb_err *err)
{
    static const struct yaml_ways ways = {GB_LIMIT_YAML_SCALAR + 1, GB_LIMIT_YAML_SCALAR};
    return yaml_read_in_ways(arena, in, name, &ways, ret_docs, err);
}

void yaml_lines_init(struct yaml_lines *lines, const struct yaml_node *node)
{
    if (node->kind == YAML_LITERAL)
        *lines = (struct yaml_lines){node->literal->raw, node->literal->indent, node->line};
    else
        *lines = (struct yaml_lines){node->text, 0, 0};
}

bool yaml_lines_next(struct yaml_lines *lines, struct gb_bytes *ret_line)
{
    if (lines->rest.len == 0)
        return false;
    const uint8_t *start = lines->rest.data;
    const uint8_t *end = memchr(start, '\n', lines->rest.len);
    size_t len = end ? (size_t)(end - start) : lines->rest.len;
    *ret_line = gb_bytes(start + lines->indent, len - lines->indent);
    lines->rest = gb_bytes_from(lines->rest, len + (end != NULL));
    lines->line++;
    return true;
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
