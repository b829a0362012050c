#include <string.h>

#include "../test.h"
#include "base/arena.h"
#include "base/mem.h"

static void memory_is_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    assert_non_null(arena);
    uint8_t *last = NULL;
    for (size_t n = 1; n < 5000; n += 37) {
        uint8_t *at = gb_arena_alloc(arena, n, 1);
        assert_non_null(at);
        assert_int_equal((uintptr_t)at % _Alignof(max_align_t), 0);
        assert_true(gb_bytes_all(gb_bytes(at, n), 0));
        memset(at, 0xee, n); /* an overlap would show in the next block, or to the sanitizers */
        assert_ptr_not_equal(at, last);
        last = at;
    }
}

static void products_that_overflow_are_refused(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    assert_null(gb_arena_alloc(arena, SIZE_MAX / 2, 3));
    assert_null(gb_arena_alloc(arena, SIZE_MAX, 1));
    assert_null(gb_arena_alloc_raw(arena, SIZE_MAX - 8, 1));
    assert_null(gb_arena_copy(arena, gb_bytes("x", SIZE_MAX)).data);
}

static void reset_hands_out_clean_memory_again(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 100; i++) {
            uint8_t *at = gb_arena_alloc(arena, 1000, 1);
            assert_non_null(at);
            assert_true(gb_bytes_all(gb_bytes(at, 1000), 0));
            memset(at, 0xff, 1000);
        }
        gb_arena_reset(arena);
    }
    /* After a reset the kept block serves: no call to the heap. */
    gb_mem_fail_nth(1);
    assert_non_null(gb_arena_alloc(arena, 1000, 1));
    assert_int_equal(gb_mem_failed(), 0);
    gb_mem_fail_nth(0);
}

static void copies_end_with_a_nul(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct gb_bytes copy = gb_arena_copy(arena, gb_bytes("abcd", 3));
    assert_int_equal(copy.len, 3);
    assert_string_equal((const char *)copy.data, "abc");
    copy = gb_arena_copy(arena, gb_bytes(NULL, 0));
    assert_int_equal(copy.len, 0);
    assert_non_null(copy.data); /* NULL is kept for "out of memory" */
    assert_int_equal(copy.data[0], 0);
    assert_string_equal(gb_arena_printf(arena, "%s-%d", "x", 7), "x-7");
}

static void failure_of_the_heap_is_told(void **state)
{
    (void)state;
    gb_mem_fail_nth(1);
    assert_null(gb_arena_new());
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_mem_fail_nth(1);
    assert_null(gb_arena_alloc(arena, 1, 1));
    gb_mem_fail_nth(1);
    assert_null(gb_arena_copy(arena, gb_bytes_str("x")).data);
    gb_mem_fail_nth(1);
    assert_null(gb_arena_printf(arena, "%d", 1));
    gb_mem_fail_nth(0);
    assert_string_equal(gb_arena_printf(arena, "%d", 1), "1"); /* and it goes on */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_aligned_and_apart),
        cmocka_unit_test(products_that_overflow_are_refused),
        cmocka_unit_test(reset_hands_out_clean_memory_again),
        cmocka_unit_test(copies_end_with_a_nul),
        cmocka_unit_test(failure_of_the_heap_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
