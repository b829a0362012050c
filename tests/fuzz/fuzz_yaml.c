/*
 * Aims at yaml_read, and at yaml_write_scalar: every scalar that was read is written and read back
 * the same. And at yaml_cut: with every literal block cut out, each document is what libyaml makes
 * of it, to the last line and place, or an error as there.
 */
#include <stdlib.h>

#include "base/arena.h"
#include "base/limits.h"
#include "wire/yaml.h"
#include "wire/yaml_cut.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_scalar(struct gb_arena *arena, struct gb_bytes text)
{
    struct gb_buf buf;
    struct yaml_node *docs = NULL;
    gb_buf_init(&buf, 16 * GB_LIMIT_YAML_SCALAR);
    gb_buf_puts(&buf, "k: ");
    if (!yaml_write_scalar(&buf, text) ||
        yaml_read(arena, gb_buf_bytes(&buf), "again", &docs, NULL) != 0)
        abort();
    const struct yaml_node *back = yaml_get(docs->first, "k");
    if (!back || !gb_bytes_equal(back->text, text))
        abort();
    gb_buf_done(&buf);
}

/* Depth is bounded by the reader. */
static size_t walk(struct gb_arena *arena, const struct yaml_node *node)
{
    size_t count = 0;
    if (node->kind == YAML_SCALAR)
        check_scalar(arena, node->text);
    if (node->key.data)
        check_scalar(arena, node->key);
    for (const struct yaml_node *c = node->first; c; c = c->next, count++)
        if (c->line == 0 || walk(arena, c) != c->count)
            abort();
    return count;
}

static bool same_text(const struct yaml_node *a, const struct yaml_node *b)
{
    struct yaml_lines x, y;
    struct gb_bytes one, two;
    if (b->kind == YAML_SCALAR)
        return gb_bytes_equal(a->text, b->text);
    if (a->text.len != b->literal->len)
        return false;
    yaml_lines_init(&x, a);
    yaml_lines_init(&y, b);
    while (yaml_lines_next(&x, &one))
        if (!yaml_lines_next(&y, &two) || !gb_bytes_equal(one, two))
            return false;
    return !yaml_lines_next(&y, &two);
}

/* `b` is of the tree whose blocks were cut out. */
static void compare(const struct yaml_node *a, const struct yaml_node *b)
{
    bool same_kind = a->kind == b->kind || (a->kind == YAML_SCALAR && b->kind == YAML_LITERAL);
    if (!same_kind || a->line != b->line || a->key_line != b->key_line || a->at != b->at ||
        a->end != b->end || a->key_at != b->key_at || a->plain != b->plain ||
        a->count != b->count || !gb_bytes_equal(a->key, b->key))
        abort();
    if (a->kind == YAML_SCALAR && !same_text(a, b))
        abort();
    const struct yaml_node *y = b->first;
    for (const struct yaml_node *x = a->first; x; x = x->next, y = y->next)
        compare(x, y);
}

static void check_cut(struct gb_arena *arena, struct gb_bytes in)
{
    static const struct yaml_ways all = {0, 0}, none = {SIZE_MAX, GB_LIMIT_YAML_SCALAR};
    struct yaml_node *plain = NULL, *cut = NULL;
    struct gb_err e1 = {0}, e2 = {0};
    int r1 = yaml_read_in_ways(arena, in, "fuzz", &none, &plain, &e1);
    int r2 = yaml_read_in_ways(arena, in, "fuzz", &all, &cut, &e2);
    if (r1 == 0 && r2 == 0)
        compare(plain, cut);
    else if ((r1 == 0) != (r2 == 0) && r1 != GB_ERR_LIMIT) /* one value of more than the ceiling */
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gb_arena *arena = gb_arena_new();
    if (!arena)
        abort();
    struct yaml_node *docs = NULL;
    if (yaml_read(arena, gb_bytes(data, size), "fuzz", &docs, NULL) == 0)
        walk(arena, docs);
    check_cut(arena, gb_bytes(data, size));
    gb_arena_free(arena);
    return 0;
}
