/* Aims at yaml_read, and at yaml_write_scalar: every scalar that was read is written and read back
 * the same. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/limits.h"
#include "wire/yaml.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gb_arena *arena = gb_arena_new();
    if (!arena)
        abort();
    struct yaml_node *docs = NULL;
    if (yaml_read(arena, gb_bytes(data, size), "fuzz", &docs, NULL) == 0)
        walk(arena, docs);
    gb_arena_free(arena);
    return 0;
}
