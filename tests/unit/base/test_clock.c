#include "../test.h"
#include "base/clock.h"

static int64_t read_it(const char *text)
{
    int64_t at = -1;
    assert_true(gb_clock_parse(gb_bytes_str(text), &at));
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
        assert_false(gb_clock_parse(gb_bytes_str(wrong[i]), &at));
        assert_int_equal(at, 7);
    }
}

static void text_is_what_parse_reads(void **state)
{
    (void)state;
    char text[GB_CLOCK_TEXT];
    gb_clock_text(1795210200, text);
    assert_string_equal(text, "2026-11-20T21:30:00Z");
    gb_clock_text(-5, text);
    assert_string_equal(text, "1970-01-01T00:00:00Z");
    gb_clock_text(INT64_MAX, text);
    assert_string_equal(text, "9999-12-31T23:59:59Z");
    /* The text need not end with a NUL. */
    int64_t at = 0;
    assert_true(gb_clock_parse(gb_bytes("2026-11-20T21:30:00Z99", 20), &at));
    assert_int_equal(at, 1795210200);
}

static void spans_have_a_unit_and_a_ceiling(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t s;
    } good[] = {{"0s", 0},
                {"90s", 90},
                {"15m", 900},
                {"2h", 7200},
                {"7d", 604800},
                {"3650d", INT64_C(315360000)},
                {"315360000s", INT64_C(315360000)}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t s = -1;
        assert_true(gb_clock_span(gb_bytes_str(good[i].text), &s));
        assert_int_equal(s, good[i].s);
    }
    static const char *const wrong[] = {"",      "s",    "90",  "-1s",
                                        "+1s",   "1.5h", "1 s", "90 s",
                                        "3651d", "1w",   "1S",  "99999999999999999999s"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int64_t s = 7;
        assert_false(gb_clock_span(gb_bytes_str(wrong[i]), &s));
        assert_int_equal(s, 7);
    }
}

static void the_steady_clock_goes_forward(void **state)
{
    (void)state;
    int64_t before = gb_clock_ms();
    assert_true(gb_clock_ms() >= before);
    assert_true(gb_clock_s() > 1600000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_utc_and_offsets),
        cmocka_unit_test(refuses_what_is_no_time),
        cmocka_unit_test(text_is_what_parse_reads),
        cmocka_unit_test(spans_have_a_unit_and_a_ceiling),
        cmocka_unit_test(the_steady_clock_goes_forward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
