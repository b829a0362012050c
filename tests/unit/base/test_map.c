#include <string.h>

#include "../test.h"
#include "base/map.h"
#include "base/mem.h"

enum { KEY = 32, MANY = 20000 };

static uint8_t keys[MANY][KEY];

/* Keys that differ in `at` alone; the rest is the same for all. */
static void fill(size_t at)
{
    memset(keys, 0x5a, sizeof keys);
    for (uint32_t i = 0; i < MANY; i++)
        memcpy(keys[i] + at, &i, sizeof i);
}

static void every_key_is_found_and_no_other(size_t at, uint64_t seed)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct gb_map map;
    uint8_t other[KEY];
    fill(at);
    assert_true(gb_map_build(arena, keys[0], KEY, MANY, seed, &map));
    assert_int_equal(map.count, MANY);
    assert_true(MANY * 4 <= (map.mask + 1) * 3);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(gb_map_find(&map, keys[i]), i);
    for (size_t i = 0; i < MANY; i += 100) {
        memcpy(other, keys[i], KEY);
        other[KEY - 1] ^= 1; /* the same hash where the first bytes make it */
        assert_int_equal(gb_map_find(&map, other), -1);
    }
}

static void finds_what_is_there(void **state)
{
    (void)state;
    every_key_is_found_and_no_other(0, 0);
    every_key_is_found_and_no_other(4, UINT64_C(0x123456789abcdef));
}

/* All in one slot: slow, and still right. */
static void keys_that_collide_are_told_apart(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct gb_map map;
    fill(16); /* the first eight bytes are the hash */
    assert_true(gb_map_build(arena, keys[0], KEY, 500, 7, &map));
    for (size_t i = 0; i < 500; i++)
        assert_int_equal(gb_map_find(&map, keys[i]), i);
    for (size_t i = 500; i < 600; i++)
        assert_int_equal(gb_map_find(&map, keys[i]), -1);
}

static void of_equal_keys_the_first_wins(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct gb_map map;
    fill(0);
    memcpy(keys[7], keys[3], KEY);
    memcpy(keys[9], keys[3], KEY);
    assert_true(gb_map_build(arena, keys[0], KEY, 10, 1, &map));
    assert_int_equal(map.count, 8);
    assert_int_equal(gb_map_find(&map, keys[9]), 3);
}

static void nothing_is_found_in_nothing(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct gb_map map = {0};
    fill(0);
    assert_int_equal(gb_map_find(&map, keys[0]), -1); /* never built */
    assert_true(gb_map_build(arena, NULL, KEY, 0, 1, &map));
    assert_int_equal(gb_map_find(&map, keys[0]), -1);
}

static void what_cannot_be_built_is_refused(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct gb_map map = {.count = 77};
    assert_false(gb_map_build(arena, keys[0], 7, 1, 0, &map));
    assert_false(gb_map_build(arena, keys[0], KEY, UINT32_MAX, 0, &map));
    gb_mem_fail_nth(1);
    assert_false(gb_map_build(arena, keys[0], KEY, 10, 0, &map));
    gb_mem_fail_nth(0);
    assert_int_equal(map.count, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_is_there),
        cmocka_unit_test(keys_that_collide_are_told_apart),
        cmocka_unit_test(of_equal_keys_the_first_wins),
        cmocka_unit_test(nothing_is_found_in_nothing),
        cmocka_unit_test(what_cannot_be_built_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
