#include "wire/yaml_cut.h"

#include <string.h>

#include "base/utf8.h"
#include "wire/yaml.h"

struct cutter {
    struct gb_arena *arena;
    struct gb_bytes in;
    size_t at_least;
    uint8_t *out; /* the text without blocks; NULL until something is cut */
    size_t out_len;
    size_t copied;   /* of `in`, into `out` */
    size_t out_line; /* lines of `out` before `copied`, from 0 */
    size_t lines;    /* lines of `in` since then */
    size_t room;
    struct yaml_cuts cuts;
};

/* The line at `at`, without its newline. `at` is below in.len. */
static struct gb_bytes line_at(struct gb_bytes in, size_t at)
{
    struct gb_bytes rest = gb_bytes_from(in, at);
    const uint8_t *end = memchr(rest.data, '\n', rest.len);
    return gb_bytes(rest.data, end ? (size_t)(end - rest.data) : rest.len);
}

static size_t blanks(struct gb_bytes line)
{
    size_t n = 0;
    while (n < line.len && line.data[n] == ' ')
        n++;
    return n;
}

/* "  key: |", and nothing else. */
static bool begins_block(struct gb_bytes line)
{
    if (line.len < 4 || memcmp(line.data + line.len - 3, ": |", 3) != 0)
        return false;
    size_t at = blanks(line), end = line.len - 3;
    for (size_t i = at; i < end; i++) {
        uint8_t c = line.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
            return false;
    }
    return end > at;
}

/* A character that is nothing but itself in YAML 1.1 and 1.2, and no end of a line in either. */
static bool is_plain(uint32_t code)
{
    if (code < 0xa0)
        return code >= 0x20 && code < 0x7f;
    return code != 0x2028 && code != 0x2029 && code != 0xfeff && code != 0xfffe && code != 0xffff;
}

/* Printable ASCII, eight bytes at a time. May say no to what is. */
static bool is_ascii(struct gb_bytes line)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    size_t i = 0;
    for (; i + 8 <= line.len; i += 8) {
        uint64_t v;
        memcpy(&v, line.data + i, sizeof v);
        if (((v | ((v - 0x20 * ones) & ~v) | (v + ones)) & tops) != 0)
            return false;
    }
    for (; i < line.len; i++)
        if (line.data[i] < 0x20 || line.data[i] >= 0x7f)
            return false;
    return true;
}

/* Whether all is plain, and how many characters it is. */
static bool count_plain(struct gb_bytes line, size_t *ret_places)
{
    size_t places = 0;
    if (is_ascii(line)) {
        *ret_places = line.len;
        return true;
    }
    for (size_t i = 0, n; i < line.len; i += n, places++) {
        uint32_t code = 0;
        n = gb_utf8_at(line, i, &code);
        if (n == 0 || !is_plain(code))
            return false;
    }
    *ret_places = places;
    return true;
}

/* A block from `start` on. */
struct block {
    struct yaml_literal literal;
    size_t places; /* its characters, newlines too */
    bool plain;    /* it may be cut */
};

/* What follows a block: an empty line that more of it follows would be part of it, so then it is no
 * block for us. */
static bool goes_on(struct gb_bytes in, size_t at, size_t indent)
{
    while (at < in.len) {
        struct gb_bytes line = line_at(in, at);
        size_t n = blanks(line);
        if (n < line.len)
            return n >= indent;
        if (n > indent)
            return true;
        at += line.len + 1;
    }
    return false;
}

/* Takes the lines that are indented as the first is. */
static struct block take_block(struct gb_bytes in, size_t start, size_t key_indent)
{
    size_t at = start, indent = start < in.len ? blanks(line_at(in, start)) : 0;
    struct block block = {.plain = indent > key_indent};
    while (block.plain && at < in.len) {
        struct gb_bytes line = line_at(in, at);
        size_t n = blanks(line), places = 0;
        if (n < indent || n == line.len)
            break;
        block.plain = count_plain(line, &places);
        block.places += places + 1;
        block.literal.lines++;
        at += line.len + 1;
    }
    if (at > in.len) { /* the last line has no newline */
        at = in.len;
        block.places--;
    }
    block.literal.raw = gb_bytes(in.data + start, at - start);
    block.literal.indent = indent;
    block.literal.len = block.literal.raw.len - block.literal.lines * indent;
    block.plain = block.plain && block.literal.lines > 0 && !goes_on(in, at, indent);
    return block;
}

static struct yaml_cut *add_cut(struct cutter *c)
{
    struct yaml_cuts *cuts = &c->cuts;
    if (cuts->count == c->room) {
        size_t room = c->room ? 2 * c->room : 8;
        struct yaml_cut *grown = gb_arena_new_array(c->arena, struct yaml_cut, room);
        if (!grown)
            return NULL;
        if (cuts->count > 0)
            memcpy(grown, cuts->items, cuts->count * sizeof *grown);
        cuts->items = grown;
        c->room = room;
    }
    return &cuts->items[cuts->count++];
}

static void copy_until(struct cutter *c, size_t at)
{
    memcpy(c->out + c->out_len, c->in.data + c->copied, at - c->copied);
    c->out_len += at - c->copied;
    c->out_line += c->lines;
    c->copied = at;
    c->lines = 0;
}

/* Puts one line, the letter with the block's indentation, in the block's place. */
static bool cut(struct cutter *c, size_t start, const struct block *block)
{
    struct yaml_cut *item = add_cut(c);
    size_t indent = block->literal.indent;
    bool newline = block->literal.raw.data[block->literal.raw.len - 1] == '\n';
    if (!c->out) /* what stands in a block's place is not longer */
        c->out = gb_arena_alloc_raw(c->arena, c->in.len, 1);
    if (!item || !c->out)
        return false;
    copy_until(c, start);
    const struct yaml_cut none = {0}, *before = c->cuts.count > 1 ? item - 1 : &none;
    *item = (struct yaml_cut){.line = c->out_line - 1,
                              .more_lines = before->more_lines + block->literal.lines - 1,
                              .more_places =
                                  before->more_places + block->places - (indent + 1 + newline),
                              .literal = block->literal};
    memset(c->out + c->out_len, ' ', indent);
    c->out_len += indent;
    c->out[c->out_len++] = 'x';
    if (newline)
        c->out[c->out_len++] = '\n';
    c->copied = start + block->literal.raw.len;
    c->out_line++;
    return true;
}

bool yaml_cut(struct gb_arena *arena, struct gb_bytes in, size_t at_least,
              struct yaml_cuts *ret_cuts)
{
    struct cutter c = {.arena = arena, .in = in, .at_least = at_least, .cuts = {.text = in}};
    for (size_t at = 0; at < in.len;) {
        struct gb_bytes line = line_at(in, at);
        at += line.len + 1;
        c.lines++;
        if (at >= in.len || !begins_block(line))
            continue;
        /* Whatever becomes of it, no block is looked for within one: the work stays linear. */
        const struct block block = take_block(in, at, blanks(line));
        if (!block.plain || block.literal.raw.len < at_least)
            c.lines += block.literal.lines;
        else if (!cut(&c, at, &block))
            return false;
        at += block.literal.raw.len;
    }
    if (c.cuts.count > 0) {
        copy_until(&c, in.len);
        c.cuts.text = gb_bytes(c.out, c.out_len);
    }
    *ret_cuts = c.cuts;
    return true;
}
