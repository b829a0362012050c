/*
 * The only doors to the heap. Each call can be made to fail, one after the other, so that tests
 * walk every way out (tests/faults). The countdown is thread-local and off unless a test sets it.
 */
#ifndef GB_BASE_MEM_H
#define GB_BASE_MEM_H

#include <stddef.h>

#include "base/check.h"

/* Zeroed memory, or NULL. `count * size` is checked. */
GB_MUST_USE void *gb_calloc(size_t count, size_t size);
/* As realloc(3) with a checked product; the old block stays valid on failure. */
GB_MUST_USE void *gb_realloc(void *old, size_t count, size_t size);
void gb_free(void *ptr);

/* Tests only: the nth allocation from now (counting from 1) fails, once; 0 switches off. */
void gb_mem_fail_nth(unsigned long nth);
/* Tests only: whether the armed failure has happened. */
int gb_mem_failed(void);

#endif
