/*
 * Memory with one life: everything that belongs to one attestation, one policy, one log. Freed at
 * once; a failed parse frees nothing by hand. Not thread-safe: an arena has one user at a time.
 */
#ifndef GB_BASE_ARENA_H
#define GB_BASE_ARENA_H

#include <stddef.h>

#include "base/bytes.h"
#include "base/check.h"

struct gb_arena;

/* NULL when out of memory. */
GB_MUST_USE struct gb_arena *gb_arena_new(void);
/* NULL is fine. */
void gb_arena_free(struct gb_arena *arena);
/* For gb_cleanup. */
void gb_arena_freep(struct gb_arena **arena);
/* Forgets all that was allocated but keeps the first block: a loop over many attestations reuses
 * one arena. */
void gb_arena_reset(struct gb_arena *arena);

/* Zeroed, aligned for any type; NULL when out of memory or when count * size overflows. */
GB_MUST_USE void *gb_arena_alloc(struct gb_arena *arena, size_t count, size_t size);
/* As gb_arena_alloc, but the bytes are undefined: for large arrays that the caller fills at once.
 */
GB_MUST_USE void *gb_arena_alloc_raw(struct gb_arena *arena, size_t count, size_t size);

#define gb_arena_new_array(arena, type, count)                                                     \
    ((type *)gb_arena_alloc((arena), (count), sizeof(type)))
#define gb_arena_new_one(arena, type) gb_arena_new_array(arena, type, 1)

/* Copies; the result has a NUL behind it that is not counted. data is NULL when out of memory. */
GB_MUST_USE struct gb_bytes gb_arena_copy(struct gb_arena *arena, struct gb_bytes in);
/* Formatted text; NULL when out of memory. */
GB_MUST_USE char *gb_arena_printf(struct gb_arena *arena, const char *fmt, ...) GB_PRINTF(2, 3);

#endif
