#include <string.h>

#include "../test.h"
#include "cli/opt.h"

static const struct cmd_option options[] = {
    {"output", "FILE", "where", false, 'o'},
    {"quick", NULL, "fast", false, 0},
    {"with", "WHAT", "more", true, 0},
    {NULL, NULL, NULL, false, 0},
};

static const struct cmd cmd = {
    .name = "try", .args = "DIR", .min_args = 1, .max_args = 2, .options = options};

static enum opt_answer parse(struct cmd_line *line, size_t count, const char *const *words)
{
    char *argv[16];
    for (size_t i = 0; i < count; i++)
        argv[i] = (char *)(uintptr_t)words[i];
    return opt_parse(&cmd, (int)count, argv, line);
}

#define PARSE(line, ...)                                                                           \
    parse((line), sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *),                     \
          (const char *const[]){__VA_ARGS__})

static void a_value_stands_behind_its_option_or_in_it(void **state)
{
    (void)state;
    struct cmd_line line;
    assert_int_equal(PARSE(&line, "dir", "--output", "x"), OPT_RUN);
    assert_string_equal(cmd_value(&line, "output"), "x");
    assert_int_equal(PARSE(&line, "--output=x=y", "dir"), OPT_RUN);
    assert_string_equal(cmd_value(&line, "output"), "x=y");
    assert_int_equal(PARSE(&line, "-o", "x", "dir"), OPT_RUN);
    assert_string_equal(cmd_value(&line, "output"), "x");
    assert_int_equal(PARSE(&line, "-ox", "dir"), OPT_RUN);
    assert_string_equal(cmd_value(&line, "output"), "x");
    assert_int_equal(PARSE(&line, "-o", "-", "dir"), OPT_RUN);
    assert_string_equal(cmd_value(&line, "output"), "-");
    assert_int_equal(line.arg_count, 1);
    assert_string_equal(line.args[0], "dir");
}

static void faults_are_usage(void **state)
{
    (void)state;
    struct cmd_line line;
    assert_int_equal(PARSE(&line, "dir", "-o"), OPT_USAGE);
    assert_int_equal(PARSE(&line, "dir", "-x"), OPT_USAGE);
    assert_int_equal(PARSE(&line, "dir", "-o", "a", "--output", "b"), OPT_USAGE);
    assert_int_equal(PARSE(&line, "dir", "--quick=1"), OPT_USAGE);
    assert_int_equal(PARSE(&line, "dir", "--outptu", "x"), OPT_USAGE);
    assert_int_equal(PARSE(&line, "--output", "x"), OPT_USAGE);
    assert_int_equal(PARSE(&line, "a", "b", "c"), OPT_USAGE);
    assert_int_equal(PARSE(&line, "a", "--format", "xml"), OPT_USAGE);
}

static void repeated_values_keep_their_order(void **state)
{
    (void)state;
    struct cmd_line line;
    size_t at = 0;
    assert_int_equal(PARSE(&line, "--with", "a", "dir", "--with=b", "--quick"), OPT_RUN);
    assert_string_equal(cmd_next(&line, "with", &at), "a");
    assert_string_equal(cmd_next(&line, "with", &at), "b");
    assert_null(cmd_next(&line, "with", &at));
    assert_true(cmd_has(&line, "quick"));
}

static void two_dashes_end_the_options(void **state)
{
    (void)state;
    struct cmd_line line;
    assert_int_equal(PARSE(&line, "--", "-o", "--quick"), OPT_RUN);
    assert_int_equal(line.arg_count, 2);
    assert_false(cmd_has(&line, "quick"));
}

static void an_id_may_begin_with_a_dash_where_that_is_said(void **state)
{
    (void)state;
    struct cmd dashed = cmd;
    dashed.dashed = true;
    struct cmd_line line;
    char *argv[] = {(char[]){"-_Su"}, (char[]){"--quick"}, (char[]){"--Su"}};
    assert_int_equal(opt_parse(&dashed, 3, argv, &line), OPT_RUN);
    assert_int_equal(line.arg_count, 2);
    assert_string_equal(line.args[0], "-_Su");
    assert_string_equal(line.args[1], "--Su");
    assert_true(cmd_has(&line, "quick"));
    assert_int_equal(opt_parse(&cmd, 1, argv, &line), OPT_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_stands_behind_its_option_or_in_it),
        cmocka_unit_test(faults_are_usage),
        cmocka_unit_test(repeated_values_keep_their_order),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(an_id_may_begin_with_a_dash_where_that_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
