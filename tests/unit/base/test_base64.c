#include "../test.h"
#include "base/arena.h"
#include "base/encode.h"

static const struct {
    const char *bytes;
    size_t len;
    const char *standard;
    const char *url;
} known[] = {
    /* RFC 4648, section 10, and the two digits in which the alphabets differ. */
    {"", 0, "", ""},
    {"f", 1, "Zg==", "Zg"},
    {"fo", 2, "Zm8=", "Zm8"},
    {"foo", 3, "Zm9v", "Zm9v"},
    {"foob", 4, "Zm9vYg==", "Zm9vYg"},
    {"fooba", 5, "Zm9vYmE=", "Zm9vYmE"},
    {"foobar", 6, "Zm9vYmFy", "Zm9vYmFy"},
    {"\xfb\xff\xfe", 3, "+//+", "-__-"},
    {"\x00\x00", 2, "AAA=", "AAA"},
};

static void known_answers_both_ways(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    for (size_t i = 0; i < GB_ARRAY_LEN(known); i++) {
        struct gb_bytes in = gb_bytes(known[i].bytes, known[i].len);
        struct gb_bytes back = {0};
        assert_string_equal(gb_base64(arena, in), known[i].standard);
        assert_string_equal(gb_base64url(arena, in), known[i].url);
        assert_true(gb_base64_decode(arena, gb_bytes_str(known[i].standard), &back));
        assert_true(gb_bytes_equal(back, in));
        assert_non_null(back.data);
        assert_true(gb_base64url_decode(arena, gb_bytes_str(known[i].url), &back));
        assert_true(gb_bytes_equal(back, in));
    }
}

static void every_byte_survives(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    uint8_t all[256];
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (uint8_t)i;
    for (size_t len = 250; len <= sizeof all; len++) {
        struct gb_bytes back = {0};
        assert_true(
            gb_base64_decode(arena, gb_bytes_str(gb_base64(arena, gb_bytes(all, len))), &back));
        assert_true(gb_bytes_equal(back, gb_bytes(all, len)));
    }
}

static void second_spellings_are_refused(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    static const char *const wrong[] = {
        "Zg",       "Zg=",  "Zg===",  "Zh==", "Zm9=",  "Z===", "====",  "=",
        "Zg==Zg==", "Zm 9", "Zm9v\n", "-__-", "Zm9v=", "Z=g=", "Zm9vY", "\x80mmm"};
    struct gb_bytes out = gb_bytes("kept", 4);
    for (size_t i = 0; i < GB_ARRAY_LEN(wrong); i++)
        assert_false(gb_base64_decode(arena, gb_bytes_str(wrong[i]), &out));
    static const char *const wrong_url[] = {"Zg==", "Zh", "Zm9", "Z", "+//+", "Zm9vY", "Zg "};
    for (size_t i = 0; i < GB_ARRAY_LEN(wrong_url); i++)
        assert_false(gb_base64url_decode(arena, gb_bytes_str(wrong_url[i]), &out));
    assert_true(gb_bytes_is(out, "kept"));
}

static void an_exact_length_needs_no_memory(void **state)
{
    (void)state;
    uint8_t out[4];
    assert_true(gb_base64_decode_exact(gb_bytes_str("Zm9vYg=="), out, 4));
    assert_memory_equal(out, "foob", 4);
    assert_int_equal(gb_base64_len(gb_bytes_str("Zm9vYg==")), 4);
    assert_int_equal(gb_base64_len(gb_bytes_str("Zm9v")), 3);
    assert_int_equal(gb_base64_len(gb_bytes_str("Zm9vYg=")), 0);
    const char *bad[] = {
        "", "Zm9v", "Zm9vYg", "Zm9vYg=", "Zm9vYh==", "Zm9vYmE=", "Zm9v!g==", "Zm9vY==="};
    for (size_t i = 0; i < GB_ARRAY_LEN(bad); i++)
        assert_false(gb_base64_decode_exact(gb_bytes_str(bad[i]), out, 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers_both_ways),
        cmocka_unit_test(every_byte_survives),
        cmocka_unit_test(second_spellings_are_refused),
        cmocka_unit_test(an_exact_length_needs_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
