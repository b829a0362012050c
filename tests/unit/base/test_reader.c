#include "../test.h"
#include "base/reader.h"

static void reads_both_byte_orders(void **state)
{
    (void)state;
    const uint8_t in[] = {1, 2, 3, 4, 1, 2, 3, 4};
    struct gb_reader r;
    gb_reader_init(&r, gb_bytes(in, sizeof in));
    uint32_t little = gb_read_u32le(&r);
    uint32_t big = gb_read_u32be(&r);
    assert_int_equal(little, 0x04030201);
    assert_int_equal(big, 0x01020304);
    assert_int_equal(gb_reader_finish(&r, NULL), 0);
}

static void failure_sticks_and_names_the_first_offset(void **state)
{
    (void)state;
    const uint8_t in[] = {1, 2, 3};
    struct gb_reader r;
    struct gb_err err;
    gb_reader_init(&r, gb_bytes(in, sizeof in));
    assert_int_equal(gb_read_u8(&r), 1);
    assert_int_equal(gb_read_u32le(&r), 0);
    assert_int_equal(gb_read_u8(&r), 0);
    assert_int_equal(gb_reader_finish(&r, &err), GB_ERR_INPUT);
    assert_int_equal(err.offset, 1);
}

static void a_count_that_cannot_fit_is_refused(void **state)
{
    (void)state;
    const uint8_t in[] = {0xff, 0xff, 0xff, 0x0f, 0, 0, 0, 0};
    struct gb_reader r;
    gb_reader_init(&r, gb_bytes(in, sizeof in));
    assert_int_equal(gb_read_count_u32le(&r, 4, UINT32_MAX), 0);
    assert_false(gb_reader_ok(&r));
}

static void left_over_bytes_are_an_error(void **state)
{
    (void)state;
    const uint8_t in[] = {1, 2};
    struct gb_reader r;
    struct gb_err err;
    gb_reader_init(&r, gb_bytes(in, sizeof in));
    assert_int_equal(gb_read_u8(&r), 1);
    assert_int_equal(gb_reader_finish(&r, &err), GB_ERR_INPUT);
    assert_int_equal(err.offset, 1);
}

static void windows_report_offsets_of_the_whole(void **state)
{
    (void)state;
    const uint8_t in[] = {9, 9, 1, 2, 3};
    struct gb_reader r;
    struct gb_err err;
    gb_reader_init(&r, gb_bytes(in, sizeof in));
    assert_int_equal(gb_read_bytes(&r, 2).len, 2);
    struct gb_reader sub = gb_read_sub(&r, 2);
    assert_int_equal(gb_read_u32le(&sub), 0);
    assert_int_equal(gb_reader_finish(&sub, &err), GB_ERR_INPUT);
    assert_int_equal(err.offset, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_both_byte_orders),
        cmocka_unit_test(failure_sticks_and_names_the_first_offset),
        cmocka_unit_test(a_count_that_cannot_fit_is_refused),
        cmocka_unit_test(left_over_bytes_are_an_error),
        cmocka_unit_test(windows_report_offsets_of_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
