#include "base/mem.h"

#include <stdlib.h>

static _Thread_local unsigned long countdown;
static _Thread_local int fired;

void gb_mem_fail_nth(unsigned long nth)
{
    countdown = nth;
    fired = 0;
}

int gb_mem_failed(void)
{
    return fired;
}

static int must_fail(void)
{
    if (countdown == 0 || --countdown != 0)
        return 0;
    fired = 1;
    return 1;
}

/* The C library checks the product too, but the sanitizers' one ends the program instead. */
static int may_allocate(size_t count, size_t size)
{
    size_t product;
    return !__builtin_mul_overflow(count, size, &product) && !must_fail();
}

void *gb_calloc(size_t count, size_t size)
{
    return may_allocate(count, size) ? calloc(count, size) : NULL;
}

void *gb_realloc(void *old, size_t count, size_t size)
{
    return may_allocate(count, size) ? reallocarray(old, count, size) : NULL;
}

void gb_free(void *ptr)
{
    free(ptr);
}
