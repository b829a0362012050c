#include <string.h>

#include "../test.h"
#include "base/mem.h"

static void the_nth_allocation_fails_once(void **state)
{
    (void)state;
    gb_mem_fail_nth(3);
    void *a = gb_calloc(1, 8);
    void *b = gb_realloc(NULL, 1, 8);
    assert_non_null(a);
    assert_non_null(b);
    assert_int_equal(gb_mem_failed(), 0);
    assert_null(gb_calloc(1, 8));
    assert_int_equal(gb_mem_failed(), 1);
    void *c = gb_calloc(1, 8);
    assert_non_null(c);
    gb_mem_fail_nth(0);
    assert_int_equal(gb_mem_failed(), 0);
    gb_free(a);
    gb_free(b);
    gb_free(c);
    gb_free(NULL);
}

static void a_failed_realloc_keeps_the_old_block(void **state)
{
    (void)state;
    char *block = gb_calloc(4, 1);
    assert_non_null(block);
    memcpy(block, "abc", 4);
    gb_mem_fail_nth(1);
    assert_null(gb_realloc(block, 100, 1));
    gb_mem_fail_nth(0);
    assert_null(gb_realloc(block, SIZE_MAX / 2, 3));
    assert_string_equal(block, "abc");
    gb_free(block);
}

static void products_are_checked_and_memory_is_zeroed(void **state)
{
    (void)state;
    volatile size_t half = SIZE_MAX / 2; /* volatile: the compiler would warn of what we test */
    assert_null(gb_calloc(half, 3));
    unsigned char *block = gb_calloc(16, 16);
    assert_non_null(block);
    for (size_t i = 0; i < 256; i++)
        assert_int_equal(block[i], 0);
    gb_free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nth_allocation_fails_once),
        cmocka_unit_test(a_failed_realloc_keeps_the_old_block),
        cmocka_unit_test(products_are_checked_and_memory_is_zeroed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
