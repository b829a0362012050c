/* Packed bytes: what comes back is what went in, of the size that was said, or nothing. */
#include <string.h>

#include "../test.h"
#include "wire/pack.h"

enum { SIZE = 100000 };

static void what_is_packed_comes_back(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    uint8_t *in = gb_arena_new_array(arena, uint8_t, SIZE);
    struct gb_bytes packed, out;
    assert_non_null(in);
    for (size_t i = 0; i < SIZE; i++)
        in[i] = (uint8_t)(i / 100);
    for (size_t len = 0; len <= SIZE; len += SIZE / 4) {
        assert_int_equal(pack(arena, gb_bytes(in, len), &packed, NULL), GB_OK);
        assert_int_equal(unpack(arena, packed, len, &out, NULL), GB_OK);
        assert_true(gb_bytes_equal(out, gb_bytes(in, len)));
    }
    assert_true(packed.len < SIZE / 10);
}

static void another_size_and_any_damage_are_refused(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    static const char text[] = "some text that is some text that is some text";
    struct gb_bytes packed, out;
    assert_int_equal(pack(arena, gb_bytes_str(text), &packed, NULL), GB_OK);
    assert_int_equal(unpack(arena, packed, strlen(text) - 1, &out, NULL), GB_ERR_INPUT);
    assert_int_equal(unpack(arena, packed, strlen(text) + 1, &out, NULL), GB_ERR_INPUT);
    for (size_t i = 0; i < packed.len; i++) {
        uint8_t *bad = gb_arena_new_array(arena, uint8_t, packed.len);
        assert_non_null(bad);
        memcpy(bad, packed.data, packed.len);
        assert_int_equal(unpack(arena, gb_bytes(bad, i), strlen(text), &out, NULL), GB_ERR_INPUT);
        bad[i] ^= 0x10;
        /* whatever a flipped bit does to the frame, it does not come back as other bytes */
        if (unpack(arena, gb_bytes(bad, packed.len), strlen(text), &out, NULL) == GB_OK)
            assert_true(gb_bytes_is(out, text));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_packed_comes_back),
        cmocka_unit_test(another_size_and_any_damage_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
