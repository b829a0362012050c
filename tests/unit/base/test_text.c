#include "../test.h"
#include "base/text.h"

static void lines_lose_their_ends_and_keep_their_numbers(void **state)
{
    (void)state;
    struct gb_lines lines;
    struct gb_bytes line;
    gb_lines_init(&lines, gb_bytes_str("one\r\n\ntwo\rx\nlast"));
    const char *const want[] = {"one", "", "two\rx", "last"};
    const size_t ends[] = {5, 6, 12, 16};
    for (size_t i = 0; i < GB_ARRAY_LEN(want); i++) {
        assert_true(gb_lines_next(&lines, &line));
        assert_true(gb_bytes_is(line, want[i]));
        assert_int_equal(lines.line, i + 1);
        assert_int_equal(lines.offset, ends[i]);
    }
    assert_false(gb_lines_next(&lines, &line));
    gb_lines_init(&lines, gb_bytes(NULL, 0));
    assert_false(gb_lines_next(&lines, &line));
    gb_lines_init(&lines, gb_bytes_str("\n"));
    assert_true(gb_lines_next(&lines, &line));
    assert_int_equal(line.len, 0);
    assert_false(gb_lines_next(&lines, &line));
}

static void words_are_cut_off_one_by_one(void **state)
{
    (void)state;
    struct gb_bytes rest = gb_bytes_str("  a\t bc  ");
    assert_true(gb_bytes_is(gb_text_word(&rest), "a"));
    assert_true(gb_bytes_is(gb_text_word(&rest), "bc"));
    assert_int_equal(gb_text_word(&rest).len, 0);
    assert_int_equal(rest.len, 0);
    assert_int_equal(gb_text_word(&rest).len, 0);
}

static void a_separator_cuts_and_is_dropped(void **state)
{
    (void)state;
    struct gb_bytes rest = gb_bytes_str("a::b");
    assert_true(gb_bytes_is(gb_text_until(&rest, ':'), "a"));
    assert_int_equal(gb_text_until(&rest, ':').len, 0);
    assert_true(gb_bytes_is(gb_text_until(&rest, ':'), "b"));
    assert_int_equal(rest.len, 0);
    assert_int_equal(gb_text_until(&rest, ':').len, 0);
    assert_true(gb_bytes_is(gb_text_trim(gb_bytes_str(" \ta b \r\n")), "a b"));
    assert_int_equal(gb_text_trim(gb_bytes_str(" \t")).len, 0);
}

static void numbers_have_a_ceiling_and_no_sign(void **state)
{
    (void)state;
    uint64_t value = 7;
    assert_true(gb_text_u64(gb_bytes_str("18446744073709551615"), UINT64_MAX, &value));
    assert_true(value == UINT64_MAX);
    assert_false(gb_text_u64(gb_bytes_str("18446744073709551616"), UINT64_MAX, &value));
    assert_false(gb_text_u64(gb_bytes_str("99999999999999999999"), UINT64_MAX, &value));
    assert_true(gb_text_u64(gb_bytes_str("00023"), 23, &value));
    assert_int_equal(value, 23);
    assert_false(gb_text_u64(gb_bytes_str("24"), 23, &value));
    assert_true(gb_text_u64(gb_bytes_str("0"), 0, &value));
    assert_false(gb_text_u64(gb_bytes_str("1"), 0, &value));
    assert_false(gb_text_u64(gb_bytes_str("9"), 5, &value));
    const char *const bad[] = {
        "", "-1", "+1", " 1", "1 ", "1x", "0x1", "1.0", "000000000000000000001"};
    for (size_t i = 0; i < GB_ARRAY_LEN(bad); i++)
        assert_false(gb_text_u64(gb_bytes_str(bad[i]), 1000, &value));
    assert_int_equal(value, 0);
}

static const char *near(const char *word)
{
    static const char *const names[] = {"verify", "eventlog", "ima", "reference capture"};
    const char *found = gb_text_nearest(gb_bytes_str(word), names, GB_ARRAY_LEN(names));
    return found ? found : "";
}

static void the_nearest_name_is_one_that_was_meant(void **state)
{
    (void)state;
    assert_string_equal(near("verfy"), "verify");
    assert_string_equal(near("VERIFY"), "verify");
    assert_string_equal(near("verifies"), "verify");
    assert_string_equal(near("event-log"), "eventlog");
    assert_string_equal(near("imo"), "ima");
    assert_string_equal(near("reference captre"), "reference capture");
    assert_string_equal(near("xyz"), ""); /* three edits make "ima" of anything that short */
    assert_string_equal(near("ix"), "");  /* half of its letters at most */
    assert_string_equal(near("attest"), "");
    assert_string_equal(near(""), "");
    assert_string_equal(near("a word that is much too long to be one of the names we know, really"),
                        "");
    assert_null(gb_text_nearest(gb_bytes_str("x"), NULL, 0));
    static const char *const sets[] = {"files-1-packages", "files-10-packages", "os-1-os"};
    const struct {
        const char *word, *near;
    } rows[] = {
        {"files-1-", "files-1-packages"}, {"files-1", NULL}, {"os-1", "os-1-os"}, {"os", NULL}};
    for (size_t i = 0; i < GB_ARRAY_LEN(rows); i++) {
        const char *found = gb_text_nearest(gb_bytes_str(rows[i].word), sets, GB_ARRAY_LEN(sets));
        assert_string_equal(found ? found : "", rows[i].near ? rows[i].near : "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_lose_their_ends_and_keep_their_numbers),
        cmocka_unit_test(words_are_cut_off_one_by_one),
        cmocka_unit_test(a_separator_cuts_and_is_dropped),
        cmocka_unit_test(numbers_have_a_ceiling_and_no_sign),
        cmocka_unit_test(the_nearest_name_is_one_that_was_meant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
