#include "../test.h"
#include "policy/rules/cmdline.h"

static void words_are_cut_as_the_kernel_cuts_them(void **state)
{
    (void)state;
    struct gb_bytes rest = gb_bytes_str("  a\tb=\"c d\"e\n\"f g");
    assert_true(gb_bytes_is(cmdline_word(&rest), "a"));
    assert_true(gb_bytes_is(cmdline_word(&rest), "b=\"c d\"e"));
    assert_true(gb_bytes_is(cmdline_word(&rest), "\"f g"));
    assert_int_equal(cmdline_word(&rest).len, 0);
}

static void differences_show_the_words(void **state)
{
    (void)state;
    static const struct {
        const char *accepted, *found, *says;
    } rows[] = {
        {"a b", "a b debug", "added: debug"},
        {"a quiet b", "a b", "removed: quiet"},
        {"a b", "x a c", "added: x c; removed: b"},
        {"a", "a a", "added: a"},
        {"a b", "b a", "the order of its words, or blanks"},
        {"a b", "a  b", "the order of its words, or blanks"},
        {"", "single", "added: single"},
        {"a", "a x=\x1b[2J", "added: x=\\x1b[2J"},
    };
    struct gb_arena *arena = gb_arena_new();
    for (size_t i = 0; i < GB_ARRAY_LEN(rows); i++)
        assert_string_equal(
            cmdline_difference(arena, gb_bytes_str(rows[i].accepted), gb_bytes_str(rows[i].found)),
            rows[i].says);
    gb_arena_free(arena);
}

/* A hostile text costs no more than a real one. */
static void long_texts_are_not_compared(void **state)
{
    (void)state;
    struct gb_arena *arena = gb_arena_new();
    char text[16384];
    memset(text, 'a', sizeof text);
    assert_string_equal(cmdline_difference(arena, gb_bytes_str("a"), gb_bytes(text, sizeof text)),
                        "a text too long to compare word by word");
    gb_arena_free(arena);
}

static void T15_only_a_policy_that_measures_counts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool names;
    } rows[] = {
        {"console=ttyS0 ima_policy=tcb", true},
        {"ima_policy=appraise_tcb|tcb quiet", true},
        {"ima_tcb", true},
        {"ima_policy=appraise_tcb", false},
        {"ima_policy=", false},
        {"xima_policy=tcb", false},
        {"ima_tcb=0", false},
        {"ima_policy=tcbx", false},
        {"quiet -- ima_policy=tcb", false},
        {"a=\"b ima_policy=tcb\"", false},
        {"", false},
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(rows); i++)
        assert_int_equal(cmdline_names_ima_policy(gb_bytes_str(rows[i].text)), rows[i].names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_cut_as_the_kernel_cuts_them),
        cmocka_unit_test(differences_show_the_words),
        cmocka_unit_test(long_texts_are_not_compared),
        cmocka_unit_test(T15_only_a_policy_that_measures_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
