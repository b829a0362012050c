#include <errno.h>
#include <string.h>

#include "../test.h"
#include "base/err.h"

static void each_maker_fills_what_it_says(void **state)
{
    (void)state;
    struct gb_err err;
    memset(&err, 0xff, sizeof err);
    assert_int_equal(gb_err_set(&err, GB_ERR_CONFIG, "%s %d", "line", 3), GB_ERR_CONFIG);
    assert_int_equal(err.code, GB_ERR_CONFIG);
    assert_int_equal(err.sys, 0);
    assert_int_equal(err.offset, GB_NO_OFFSET);
    assert_string_equal(err.text, "line 3");
    assert_int_equal(gb_err_at(&err, GB_ERR_INPUT, 17, "bad"), GB_ERR_INPUT);
    assert_int_equal(err.offset, 17);
    assert_int_equal(gb_err_sys(&err, EACCES, "open %s", "x"), GB_ERR_IO);
    assert_int_equal(err.sys, EACCES);
    assert_int_equal(err.offset, GB_NO_OFFSET);
    assert_string_equal(err.text, "open x");
    assert_int_equal(gb_err_nomem(&err), GB_ERR_NOMEM);
    assert_int_equal(err.sys, 0);
}

static void nobody_has_to_listen(void **state)
{
    (void)state;
    assert_int_equal(gb_err_set(NULL, GB_ERR_LIMIT, "x"), GB_ERR_LIMIT);
    assert_int_equal(gb_err_at(NULL, GB_ERR_INPUT, 1, "x"), GB_ERR_INPUT);
    assert_int_equal(gb_err_sys(NULL, EIO, "x"), GB_ERR_IO);
    assert_int_equal(gb_err_nomem(NULL), GB_ERR_NOMEM);
    gb_err_prefix(NULL, "x: ");
    gb_err_shift(NULL, 5);
}

static void context_grows_at_the_front_and_is_cut_at_the_end(void **state)
{
    (void)state;
    struct gb_err err;
    gb_err_at(&err, GB_ERR_INPUT, 5, "too short");
    gb_err_prefix(&err, "digest %d: ", 2);
    gb_err_prefix(&err, "event %d: ", 41);
    assert_int_equal(err.code, GB_ERR_INPUT);
    assert_string_equal(err.text, "event 41: digest 2: too short");
    assert_int_equal(err.offset, 5);
    for (int i = 0; i < 100; i++)
        gb_err_prefix(&err, "level %d: ", i);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    assert_memory_equal(err.text, "level 99: level 98: ", 20);
}

static void offsets_follow_their_window(void **state)
{
    (void)state;
    struct gb_err err;
    gb_err_at(&err, GB_ERR_INPUT, 5, "x");
    gb_err_shift(&err, 100);
    assert_int_equal(err.offset, 105);
    gb_err_set(&err, GB_ERR_INPUT, "x");
    gb_err_shift(&err, 100);
    assert_int_equal(err.offset, GB_NO_OFFSET);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_maker_fills_what_it_says),
        cmocka_unit_test(nobody_has_to_listen),
        cmocka_unit_test(context_grows_at_the_front_and_is_cut_at_the_end),
        cmocka_unit_test(offsets_follow_their_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
