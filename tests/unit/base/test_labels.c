#include <string.h>

#include "../test.h"
#include "base/arena.h"
#include "base/labels.h"
#include "base/limits.h"

static int setup(void **state)
{
    *state = gb_arena_new();
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    gb_arena_free(*state);
    return 0;
}

#define WITH_ARENA(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static void keys_and_values_are_those_of_kubernetes(void **state)
{
    (void)state;
    static const char *const keys[] = {"site", "a", "A.b_c-9", "example.com/role", "a-b.c/x"};
    static const char *const no_keys[] = {"",    "/x",    "a/",       "-a",     "a-",
                                          "a b", "A.b/x", "a..b/x",   "-a.b/x", "a/b/c",
                                          "a=b", "a,b",   "\xc3\xa4", "a-.b/x"};
    static const char *const values[] = {"", "fra-2", "V1.0_x"};
    static const char *const no_values[] = {"-x", "x-", "a/b", "a b", "a,b", "a=b"};
    for (size_t i = 0; i < GB_ARRAY_LEN(keys); i++)
        assert_true(gb_label_key_ok(gb_bytes_str(keys[i])));
    for (size_t i = 0; i < GB_ARRAY_LEN(no_keys); i++)
        assert_false(gb_label_key_ok(gb_bytes_str(no_keys[i])));
    for (size_t i = 0; i < GB_ARRAY_LEN(values); i++)
        assert_true(gb_label_value_ok(gb_bytes_str(values[i])));
    for (size_t i = 0; i < GB_ARRAY_LEN(no_values); i++)
        assert_false(gb_label_value_ok(gb_bytes_str(no_values[i])));
}

static void a_name_of_63_is_the_longest(void **state)
{
    (void)state;
    char text[300];
    memset(text, 'a', sizeof text);
    assert_true(gb_label_key_ok(gb_bytes(text, 63)));
    assert_false(gb_label_key_ok(gb_bytes(text, 64)));
    assert_true(gb_label_value_ok(gb_bytes(text, 63)));
    assert_false(gb_label_value_ok(gb_bytes(text, 64)));
    text[253] = '/';
    assert_true(gb_label_key_ok(gb_bytes(text, 253 + 2)));
    text[253] = 'a';
    text[254] = '/';
    assert_false(gb_label_key_ok(gb_bytes(text, 254 + 2)));
}

static void text_is_sorted_and_read_back(void **state)
{
    struct gb_arena *arena = *state;
    struct gb_labels labels;
    assert_int_equal(gb_labels_read(arena, gb_bytes_str("site=fra-2,rack=7,a.b/c="), &labels, NULL),
                     GB_OK);
    assert_int_equal(labels.count, 3);
    assert_string_equal(gb_labels_text(arena, &labels), "a.b/c=,rack=7,site=fra-2");
    assert_string_equal(gb_labels_get(&labels, "rack"), "7");
    assert_null(gb_labels_get(&labels, "racks"));
    assert_int_equal(gb_labels_read(arena, gb_bytes_str(""), &labels, NULL), GB_OK);
    assert_string_equal(gb_labels_text(arena, &labels), "");
}

static void what_is_no_label_is_named(void **state)
{
    struct gb_arena *arena = *state;
    static const char *const bad[] = {"site", "=x", "a=b,", ",a=b", "a=b,a=c", "a=b c"};
    for (size_t i = 0; i < GB_ARRAY_LEN(bad); i++) {
        struct gb_labels labels;
        struct gb_err err = {0};
        bool trailing = bad[i][strlen(bad[i]) - 1] == ',';
        int r = gb_labels_read(arena, gb_bytes_str(bad[i]), &labels, &err);
        assert_int_equal(r, trailing ? GB_OK : GB_ERR_INPUT);
        if (!trailing)
            assert_non_null(strstr(err.text, "label \""));
    }
}

static void a_change_sets_or_takes_away(void **state)
{
    struct gb_arena *arena = *state;
    struct gb_labels labels = {0};
    static const char *const changes[] = {"b=1", "a=2", "b=3", "c=4", "a-", "none-"};
    for (size_t i = 0; i < GB_ARRAY_LEN(changes); i++)
        assert_int_equal(gb_labels_change(arena, &labels, gb_bytes_str(changes[i]), &labels, NULL),
                         GB_OK);
    assert_string_equal(gb_labels_text(arena, &labels), "b=3,c=4");
    static const char *const bad[] = {"", "-", "b", "b c-", "b=c d"};
    for (size_t i = 0; i < GB_ARRAY_LEN(bad); i++)
        assert_int_equal(gb_labels_change(arena, &labels, gb_bytes_str(bad[i]), &labels, NULL),
                         GB_ERR_INPUT);
}

static void there_are_at_most_as_many_as_the_ceiling(void **state)
{
    struct gb_arena *arena = *state;
    struct gb_labels labels = {0};
    for (int i = 0; i <= GB_LIMIT_LABELS; i++) {
        const char *text = gb_arena_printf(arena, "k%d=v", i);
        assert_int_equal(gb_labels_change(arena, &labels, gb_bytes_str(text), &labels, NULL),
                         i < GB_LIMIT_LABELS ? GB_OK : GB_ERR_LIMIT);
    }
    assert_int_equal(labels.count, GB_LIMIT_LABELS);
}

static void a_selector_needs_all_of_its_labels(void **state)
{
    struct gb_arena *arena = *state;
    struct gb_labels labels, selector;
    assert_int_equal(gb_labels_read(arena, gb_bytes_str("a=1,b=2"), &labels, NULL), GB_OK);
    static const struct {
        const char *text;
        bool match;
    } rows[] = {{"", true}, {"a=1", true}, {"b=2,a=1", true}, {"a=2", false}, {"a=1,c=", false}};
    for (size_t i = 0; i < GB_ARRAY_LEN(rows); i++) {
        assert_int_equal(gb_labels_read(arena, gb_bytes_str(rows[i].text), &selector, NULL), GB_OK);
        assert_int_equal(gb_labels_match(&labels, &selector), rows[i].match);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_and_values_are_those_of_kubernetes),
        cmocka_unit_test(a_name_of_63_is_the_longest),
        WITH_ARENA(text_is_sorted_and_read_back),
        WITH_ARENA(what_is_no_label_is_named),
        WITH_ARENA(a_change_sets_or_takes_away),
        WITH_ARENA(there_are_at_most_as_many_as_the_ceiling),
        WITH_ARENA(a_selector_needs_all_of_its_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
