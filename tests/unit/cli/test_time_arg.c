#include "../test.h"
#include "cli/time_arg.h"

static int64_t read_it(const char *text)
{
    int64_t at = -1;
    assert_true(time_arg_read(text, &at));
    return at;
}

static void reads_utc_and_offsets(void **state)
{
    (void)state;
    assert_int_equal(read_it("1970-01-01T00:00:00Z"), 0);
    assert_int_equal(read_it("2026-11-20T21:30:00Z"), 1795210200);
    assert_int_equal(read_it("2026-11-20T22:30:00+01:00"), 1795210200);
    assert_int_equal(read_it("2026-11-20T18:00:00-03:30"), 1795210200);
    assert_int_equal(read_it("2024-02-29T12:00:00Z"), 1709208000);
    assert_int_equal(read_it("9999-12-31T23:59:59Z"), INT64_C(253402300799));
}

static void refuses_what_is_no_time(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "2026-11-20",
        "2026-11-20T21:30Z",
        "2026-11-20 21:30:00Z",
        "2026-11-20T21:30:00",
        "2026-11-20T21:30:00z",
        "2026-11-20T21:30:00Zx",
        "2026-11-20T21:30:00+1:00",
        "2026-11-20T21:30:00+24:00",
        "2026-11-20T21:30:00+00:60",
        "2026-11-20T24:00:00Z",
        "2026-11-20T21:60:00Z",
        "2026-13-20T21:30:00Z",
        "2026-00-20T21:30:00Z",
        "2026-06-31T21:30:00Z",
        "2026-02-29T21:30:00Z",
        "-026-11-20T21:30:00Z",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int64_t at = 7;
        assert_false(time_arg_read(wrong[i], &at));
        assert_int_equal(at, 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_utc_and_offsets),
        cmocka_unit_test(refuses_what_is_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
