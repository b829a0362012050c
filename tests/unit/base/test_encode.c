#include <string.h>

#include "../test.h"
#include "base/encode.h"
#include "base/mem.h"
#include "base/utf8.h"

static struct gb_arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = gb_arena_new();
    return arena ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    gb_arena_free(arena);
    return 0;
}

static void hex_both_ways(void **state)
{
    (void)state;
    uint8_t out[4] = {0};
    assert_string_equal(gb_hex(arena, gb_bytes("\x00\x1f\xab\xff", 4)), "001fabff");
    assert_string_equal(gb_hex(arena, gb_bytes(NULL, 0)), "");
    assert_true(gb_hex_decode(gb_bytes_str("001FabfF"), out, 4));
    assert_memory_equal(out, "\x00\x1f\xab\xff", 4);
    assert_true(gb_hex_decode(gb_bytes(NULL, 0), out, 0));
    const char *const bad[] = {"001fabf",  "001fabff0", "001fabf ", "001fabfg",
                               "0x1fabff", "001fab",    "001fab-1", "001fab/0",
                               "001fab:0", "001fab@0",  "001fab`0"};
    for (size_t i = 0; i < GB_ARRAY_LEN(bad); i++)
        assert_false(gb_hex_decode(gb_bytes_str(bad[i]), out, 4));
}

static void escape(const char *in, size_t len, const char *want)
{
    assert_string_equal(gb_text_escape(arena, gb_bytes(in, len), 100), want);
}

static void what_could_rewrite_a_terminal_is_escaped(void **state)
{
    (void)state;
    escape("plain text", 10, "plain text");
    escape("gr\xc3\xbc\xc3\x9f \xe6\xbc\xa2 \xf0\x9f\x94\x92", 15,
           "gr\xc3\xbc\xc3\x9f \xe6\xbc\xa2 \xf0\x9f\x94\x92");
    escape("a\\x", 3, "a\\\\x"); /* so that no text can pretend to be an escape */
    escape("a\n\t\0\x1b\x7f", 6, "a\\x0a\\x09\\x00\\x1b\\x7f");
    escape("\xc2\x85\xc2\x9b", 4, "\\xc2\\x85\\xc2\\x9b"); /* C1 */
    escape("\xe2\x80\xae", 3, "\\xe2\\x80\\xae");          /* right-to-left override */
    escape("\xe2\x81\xa6", 3, "\\xe2\\x81\\xa6");          /* isolate */
    escape("\xe2\x80\x8b\xef\xbb\xbf", 6, "\\xe2\\x80\\x8b\\xef\\xbb\\xbf"); /* no width */
    escape("\xe2\x80\xa8", 3, "\\xe2\\x80\\xa8");                            /* line separator */
    escape("\xd8\x9c\xc2\xad", 4, "\\xd8\\x9c\\xc2\\xad"); /* Arabic mark, soft hyphen */
    escape("\xf3\xa0\x80\x81", 4, "\\xf3\\xa0\\x80\\x81"); /* tag */
}

static void invalid_utf8_is_escaped_byte_by_byte(void **state)
{
    (void)state;
    escape("a\xff\x62", 3, "a\\xffb");
    escape("\xc0\x80", 2, "\\xc0\\x80");          /* overlong NUL */
    escape("\xe0\x80\xaf", 3, "\\xe0\\x80\\xaf"); /* overlong slash */
    escape("\xf0\x80\x80\xaf", 4, "\\xf0\\x80\\x80\\xaf");
    escape("\xed\xa0\x80", 3, "\\xed\\xa0\\x80");          /* surrogate */
    escape("\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80"); /* above U+10FFFF */
    escape("\xf8\x88\x80\x80\x80", 5, "\\xf8\\x88\\x80\\x80\\x80");
    escape("\x80", 1, "\\x80");
    escape("\xe6\xbc", 2, "\\xe6\\xbc"); /* cut */
    escape("\xe6\xbc\x41", 3,
           "\\xe6\\xbc"
           "A");
}

static void long_text_is_cut_and_says_so(void **state)
{
    (void)state;
    assert_string_equal(gb_text_escape(arena, gb_bytes_str("abcdef"), 6), "abcdef");
    assert_string_equal(gb_text_escape(arena, gb_bytes_str("abcdefg"), 6), "abcdef...");
    assert_string_equal(gb_text_escape(arena, gb_bytes_str("abc\xe6\xbc\xa2"), 4), "abc\\xe6...");
    assert_string_equal(gb_text_escape(arena, gb_bytes(NULL, 0), 4), "");
    assert_string_equal(gb_text_escape(arena, gb_bytes_str("a"), 0), "...");
    assert_string_equal(gb_text_escape(arena, gb_bytes("\xff\xff\xff", 3), 2), "\\xff\\xff...");
}

/* Every byte pair: what comes out is printable and never longer than promised. */
static void nothing_unprintable_ever_leaves(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 65536; n++) {
        const uint8_t in[] = {(uint8_t)(n >> 8), (uint8_t)n};
        struct gb_bytes out = gb_bytes_str(gb_text_escape(arena, gb_bytes(in, 2), 2));
        assert_true(out.len <= 8);
        for (size_t i = 0, step; i < out.len; i += step) {
            uint32_t code = 0;
            step = gb_utf8_at(out, i, &code);
            assert_true(step > 0 && gb_utf8_printable(code));
        }
        if (n % 1024 == 0)
            gb_arena_reset(arena);
    }
}

static void code_points_go_both_ways(void **state)
{
    (void)state;
    for (uint32_t code = 0; code < 0x110000; code++) {
        uint8_t out[4];
        uint32_t back = 0;
        if (code >= 0xd800 && code < 0xe000)
            continue;
        size_t len = gb_utf8_put(code, out);
        if (gb_utf8_at(gb_bytes(out, len), 0, &back) != len || back != code)
            fail_msg("U+%04X", (unsigned)code);
    }
}

static void utf16_becomes_utf8(void **state)
{
    (void)state;
    struct gb_bytes out = gb_utf16_decode(arena, gb_bytes("a\0\xfc\0\x22\x6f\x3d\xd8\x12\xdd", 10));
    assert_true(gb_bytes_is(out, "a\xc3\xbc\xe6\xbc\xa2\xf0\x9f\x94\x92"));
    out = gb_utf16_decode(arena, gb_bytes("a\0\0\0b\0", 6));
    assert_true(gb_bytes_is(out, "a")); /* stops at the NUL */
    out = gb_utf16_decode(arena, gb_bytes("a\0b", 3));
    assert_true(gb_bytes_is(out, "a")); /* half a unit is none */
    /* Lone surrogates, in each position. */
    out = gb_utf16_decode(arena, gb_bytes("\x3d\xd8\x41\0\x12\xdd\x3d\xd8", 8));
    assert_true(gb_bytes_is(out, "\xef\xbf\xbd"
                                 "A\xef\xbf\xbd\xef\xbf\xbd"));
    assert_int_equal(gb_utf16_decode(arena, gb_bytes(NULL, 0)).len, 0);
}

static void utf8_becomes_utf16_with_a_nul(void **state)
{
    (void)state;
    struct gb_bytes out;
    assert_true(gb_utf16_encode(arena, gb_bytes_str("a\xe6\xbc\xa2\xf0\x9f\x94\x92"), &out));
    assert_true(gb_bytes_equal(out, gb_bytes("a\0\x22\x6f\x3d\xd8\x12\xdd\0\0", 10)));
    assert_true(gb_utf16_encode(arena, gb_bytes(NULL, 0), &out));
    assert_true(gb_bytes_equal(out, gb_bytes("\0\0", 2)));
    assert_false(gb_utf16_encode(arena, gb_bytes_str("a\xff"), &out));
}

static void failure_of_the_heap_is_told(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *empty = gb_arena_new();
    struct gb_bytes out;
    gb_mem_fail_nth(1);
    assert_null(gb_hex(empty, gb_bytes_str("x")));
    gb_mem_fail_nth(1);
    assert_null(gb_text_escape(empty, gb_bytes_str("x"), 9));
    gb_mem_fail_nth(1);
    assert_null(gb_utf16_decode(empty, gb_bytes("x", 2)).data);
    gb_mem_fail_nth(1);
    assert_false(gb_utf16_encode(empty, gb_bytes_str("x"), &out));
    gb_mem_fail_nth(0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(hex_both_ways),
        T(what_could_rewrite_a_terminal_is_escaped),
        T(invalid_utf8_is_escaped_byte_by_byte),
        T(long_text_is_cut_and_says_so),
        T(nothing_unprintable_ever_leaves),
        T(code_points_go_both_ways),
        T(utf16_becomes_utf8),
        T(utf8_becomes_utf16_with_a_nul),
        T(failure_of_the_heap_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
