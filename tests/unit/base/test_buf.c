#include "../test.h"
#include "base/buf.h"
#include "base/mem.h"

static void numbers_have_the_order_their_names_say(void **state)
{
    (void)state;
    struct gb_buf buf;
    gb_buf_init(&buf, 100);
    gb_buf_u8(&buf, 0x01);
    gb_buf_u16be(&buf, 0x0203);
    gb_buf_u32be(&buf, 0x04050607);
    gb_buf_u64be(&buf, UINT64_C(0x08090a0b0c0d0e0f));
    gb_buf_u16le(&buf, 0x1110);
    gb_buf_u32le(&buf, 0x15141312);
    gb_buf_tpm2b(&buf, gb_bytes("xy", 2));
    const uint8_t want[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09,
                            0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11, 0x12,
                            0x13, 0x14, 0x15, 0,    2,    'x',  'y'};
    assert_true(gb_buf_ok(&buf));
    assert_true(gb_bytes_equal(gb_buf_bytes(&buf), gb_bytes(want, sizeof want)));
    gb_buf_done(&buf);
}

static void the_ceiling_is_exact_and_failure_sticks(void **state)
{
    (void)state;
    struct gb_buf buf;
    gb_buf_init(&buf, 4);
    gb_buf_add(&buf, NULL, 0); /* nothing, into nothing */
    assert_int_equal(buf.len, 0);
    gb_buf_puts(&buf, "abcd");
    assert_true(gb_buf_ok(&buf));
    gb_buf_add(&buf, "", 0);
    assert_true(gb_buf_ok(&buf));
    gb_buf_puts(&buf, "e");
    assert_false(gb_buf_ok(&buf));
    assert_int_equal(buf.len, 4);
    gb_buf_add(&buf, "", 0);
    gb_buf_printf(&buf, "%d", 1);
    assert_false(gb_buf_ok(&buf));
    gb_buf_done(&buf);
    assert_null(buf.data);
}

static void text_grows_past_every_block(void **state)
{
    (void)state;
    struct gb_buf buf;
    gb_buf_init(&buf, 1 << 20);
    for (int i = 0; i < 10000; i++)
        gb_buf_printf(&buf, "%04d,", i);
    assert_true(gb_buf_ok(&buf));
    assert_int_equal(buf.len, 50000);
    assert_memory_equal(buf.data, "0000,0001,", 10);
    assert_memory_equal(buf.data + 49995, "9999,", 5);
    gb_buf_done(&buf);
}

static void a_tpm2b_that_is_too_long_fails(void **state)
{
    (void)state;
    static const uint8_t long_run[UINT16_MAX + 1];
    struct gb_buf buf;
    gb_buf_init(&buf, 1 << 20);
    gb_buf_tpm2b(&buf, gb_bytes(long_run, UINT16_MAX));
    assert_true(gb_buf_ok(&buf));
    gb_buf_tpm2b(&buf, gb_bytes(long_run, UINT16_MAX + 1));
    assert_false(gb_buf_ok(&buf));
    gb_buf_done(&buf);
}

static void a_failed_allocation_marks_the_buffer(void **state)
{
    (void)state;
    struct gb_buf buf;
    gb_buf_init(&buf, 1 << 20);
    gb_mem_fail_nth(1);
    gb_buf_printf(&buf, "%s", "text");
    gb_mem_fail_nth(0);
    assert_false(gb_buf_ok(&buf));
    gb_buf_puts(&buf, "more");
    assert_false(gb_buf_ok(&buf));
    assert_int_equal(buf.len, 0);
    gb_buf_done(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_have_the_order_their_names_say),
        cmocka_unit_test(the_ceiling_is_exact_and_failure_sticks),
        cmocka_unit_test(text_grows_past_every_block),
        cmocka_unit_test(a_tpm2b_that_is_too_long_fails),
        cmocka_unit_test(a_failed_allocation_marks_the_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
