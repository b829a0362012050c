#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum { FIRST_BLOCK = 16 << 10, LARGEST_STEP = 4 << 20, ALIGN = alignof(max_align_t) };

struct block {
    struct block *next; /* older */
    size_t size;        /* of data */
    size_t used;
    alignas(max_align_t) unsigned char data[];
};

struct gb_arena {
    struct block *top; /* the block being filled; larger and older ones behind it */
};

struct gb_arena *gb_arena_new(void)
{
    return gb_calloc(1, sizeof(struct gb_arena));
}

void gb_arena_free(struct gb_arena *arena)
{
    if (!arena)
        return;
    for (struct block *b = arena->top, *next; b; b = next) {
        next = b->next;
        gb_free(b);
    }
    gb_free(arena);
}

void gb_arena_freep(struct gb_arena **arena)
{
    gb_arena_free(*arena);
}

void gb_arena_reset(struct gb_arena *arena)
{
    while (arena->top && arena->top->next) {
        struct block *old = arena->top->next;
        arena->top->next = old->next;
        gb_free(old);
    }
    if (arena->top)
        arena->top->used = 0;
}

/* Blocks double up to a step, so that n bytes cost log n calls to the heap and one large input does
 * not make the next block larger still. */
static struct block *grow(struct gb_arena *arena, size_t need)
{
    size_t size = arena->top ? arena->top->size : FIRST_BLOCK / 2;
    size = size < LARGEST_STEP / 2 ? size * 2 : LARGEST_STEP;
    if (size < need)
        size = need;
    if (size > SIZE_MAX - sizeof(struct block))
        return NULL;
    struct block *b = gb_realloc(NULL, 1, sizeof *b + size);
    if (!b)
        return NULL;
    *b = (struct block){.size = size};
    /* What is filled at once goes behind the block that still has room. */
    struct block **link = size == need && arena->top ? &arena->top->next : &arena->top;
    b->next = *link;
    *link = b;
    return b;
}

void *gb_arena_alloc_raw(struct gb_arena *arena, size_t count, size_t size)
{
    size_t need;
    if (__builtin_mul_overflow(count, size, &need) || need > SIZE_MAX - ALIGN)
        return NULL;
    need = (need + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    struct block *b = arena->top;
    if (!b || b->size - b->used < need)
        b = grow(arena, need);
    if (!b)
        return NULL;
    void *out = b->data + b->used;
    b->used += need;
    return out;
}

void *gb_arena_alloc(struct gb_arena *arena, size_t count, size_t size)
{
    void *out = gb_arena_alloc_raw(arena, count, size);
    if (out)
        memset(out, 0, count * size);
    return out;
}

struct gb_bytes gb_arena_copy(struct gb_arena *arena, struct gb_bytes in)
{
    if (in.len == SIZE_MAX)
        return gb_bytes(NULL, 0);
    uint8_t *out = gb_arena_alloc_raw(arena, in.len + 1, 1);
    if (!out)
        return gb_bytes(NULL, 0);
    if (in.len > 0)
        memcpy(out, in.data, in.len);
    out[in.len] = 0;
    return gb_bytes(out, in.len);
}

char *gb_arena_printf(struct gb_arena *arena, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (len < 0)
        return NULL;
    char *out = gb_arena_alloc_raw(arena, (size_t)len + 1, 1);
    if (!out)
        return NULL;
    va_start(args, fmt);
    vsnprintf(out, (size_t)len + 1, fmt, args);
    va_end(args);
    return out;
}
