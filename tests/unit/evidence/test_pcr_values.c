#include <stdio.h>

#include "../test.h"
#include "base/buf.h"
#include "evidence/pcr.h"

#define HEX20 "000102030405060708090a0b0c0d0e0f10111213"
#define HEX32 "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F"

/* Bytes 0, 1, 2, ...: what HEX20 and HEX32 say. */
static void assert_counts_up(const uint8_t *value, size_t len)
{
    for (size_t i = 0; i < len; i++)
        assert_int_equal(value[i], i);
}

static int read_text(const char *text, struct pcr_values *ret, struct gb_err *err)
{
    return pcr_values_read_text(gb_bytes_str(text), ret, err);
}

static void text_of_tpm2_pcrread_is_read(void **state)
{
    (void)state;
    struct pcr_values v;
    assert_int_equal(read_text("  sha1:\n  sha256:\n    0 : 0x" HEX32 "\n    23: 0x" HEX32
                               "\n  sm3_256:\n    0 : 0x" HEX32 "\n",
                               &v, NULL),
                     GB_OK);
    assert_int_equal(v.count, 2);
    assert_int_equal(pcr_bank_get(&v, DIGEST_SHA1)->mask, 0);
    const struct pcr_bank *bank = pcr_bank_get(&v, DIGEST_SHA256);
    assert_int_equal(bank->mask, 0x800001);
    assert_counts_up(bank->value[0], 32);
    assert_counts_up(bank->value[23], 32);
}

static void bad_text_names_line_and_offset(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t offset;
        const char *message;
    } cases[] = {
        {"  sha256:\n    0 : 0x00\n", 10, "line 2: value is not a digest of its bank"},
        {"  sha256:\n\n    0 : " HEX32 "\n", 11, "line 3: value does not start with 0x"},
        {"  sha256:\n 24: 0x" HEX32 "\n", 10, "line 2: not a PCR number"},
        {"  sha256:\n -1: 0x" HEX32 "\n", 10, "line 2: not a PCR number"},
        {"  sha256:\n  sha256:\n", 10, "line 2: bank is given twice"},
        {"0: 0x" HEX32 "\n", 0, "line 1: a value before any bank"},
        {"nonsense\n", 0, "line 1: not a PCR number"},
        {"  sha1:\n 0: 0x" HEX20 "\n 0: 0x" HEX20 "\n", 55, "line 3: PCR is given twice"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pcr_values v = {.count = 3};
        struct gb_err err;
        assert_int_equal(read_text(cases[i].text, &v, &err), GB_ERR_INPUT);
        assert_string_equal(err.text, cases[i].message);
        assert_int_equal(err.offset, cases[i].offset);
        assert_int_equal(v.count, 3);
    }
}

/* The memory of TPML_PCR_SELECTION and TPML_DIGEST as tpm2 quote writes it, with SHA-1 PCR 4 and
 * SHA-256 PCRs 0-8; value i begins with byte i. */
static void serialized(struct gb_buf *buf)
{
    static const uint8_t zeros[64];
    gb_buf_init(buf, 1 << 16);
    gb_buf_u32le(buf, 2);
    gb_buf_add(buf, (const uint8_t[]){4, 0, 3, 0x10, 0, 0, 0, 0}, 8);
    gb_buf_add(buf, (const uint8_t[]){0xb, 0, 3, 0xff, 1, 0, 0, 0}, 8);
    for (int i = 2; i < 16; i++)
        gb_buf_add(buf, zeros, 8);
    gb_buf_u32le(buf, 2);
    for (uint8_t i = 0; i < 16; i++) {
        if (i % 8 == 0)
            gb_buf_u32le(buf, i == 0 ? 8 : 2);
        gb_buf_u16le(buf, i == 0 ? 20 : i < 10 ? 32 : 0);
        gb_buf_u8(buf, i);
        gb_buf_add(buf, zeros, 63);
    }
    assert_true(gb_buf_ok(buf));
    assert_int_equal(buf->len, 1200);
}

static void serialized_values_of_tpm2_quote_are_read(void **state)
{
    (void)state;
    struct gb_buf buf;
    struct pcr_values v;
    const struct pcr_selection none = {0};
    serialized(&buf);
    assert_int_equal(pcr_values_read_tools(gb_buf_bytes(&buf), &none, &v, NULL), GB_OK);
    assert_int_equal(v.count, 2);
    assert_int_equal(pcr_bank_get(&v, DIGEST_SHA1)->mask, 0x10);
    assert_int_equal(pcr_bank_get(&v, DIGEST_SHA256)->mask, 0x1ff);
    assert_int_equal(pcr_bank_get(&v, DIGEST_SHA256)->value[0][0], 1);
    assert_int_equal(pcr_bank_get(&v, DIGEST_SHA256)->value[8][0], 9);
    gb_buf_done(&buf);
}

static void assert_refused(struct gb_buf *buf, size_t len, const char *message)
{
    struct pcr_values v = {.count = 3};
    struct gb_err err;
    const struct pcr_selection none = {0};
    assert_int_equal(pcr_values_read_tools(gb_bytes(buf->data, len), &none, &v, &err),
                     GB_ERR_INPUT);
    if (message)
        assert_string_equal(err.text, message);
    assert_int_equal(v.count, 3);
}

static void bad_serialized_values_are_refused(void **state)
{
    (void)state;
    struct gb_buf buf;
    serialized(&buf);
    for (size_t len = 0; len < buf.len; len++)
        if (len != 0) /* no bytes at all are the values of no PCR */
            assert_refused(&buf, len, NULL);
    buf.data[12 + 3] = 0x7f;
    assert_refused(&buf, buf.len, "more digests than PCRs selected");
    buf.data[12 + 3] = 0xff;
    buf.data[12 + 5] = 0x80;
    assert_refused(&buf, buf.len, "fewer digests than PCRs selected");
    buf.data[12 + 5] = 0;
    buf.data[12] = 4;
    assert_refused(&buf, buf.len, "PCR bank is selected twice");
    buf.data[12] = 0xb;
    buf.data[140] = 32; /* SHA-1 value of 32 bytes */
    assert_refused(&buf, buf.len, "value is not as long as its bank's digests");
    buf.data[140] = 20;
    buf.data[132] = 3;
    assert_refused(&buf, buf.len, "count does not fit in what is left");
    gb_buf_done(&buf);
}

static void bare_values_follow_the_quoted_selection(void **state)
{
    (void)state;
    const struct pcr_selection s = {
        .count = 2,
        .banks = {{DIGEST_SHA1, 1u << 4}, {DIGEST_SHA256, 1u << 2 | 1u << 7}},
    };
    uint8_t in[20 + 32 + 32] = {0};
    in[0] = 1;
    in[20] = 2;
    in[52] = 3;
    struct pcr_values v;
    assert_int_equal(pcr_values_read_tools(gb_bytes(in, sizeof in), &s, &v, NULL), GB_OK);
    assert_int_equal(pcr_bank_get(&v, DIGEST_SHA1)->value[4][0], 1);
    assert_int_equal(pcr_bank_get(&v, DIGEST_SHA256)->mask, 1u << 2 | 1u << 7);
    assert_int_equal(pcr_bank_get(&v, DIGEST_SHA256)->value[2][0], 2);
    assert_int_equal(pcr_bank_get(&v, DIGEST_SHA256)->value[7][0], 3);
    assert_int_equal(pcr_values_read_tools(gb_bytes(in, sizeof in - 1), &s, &v, NULL),
                     GB_ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_of_tpm2_pcrread_is_read),
        cmocka_unit_test(bad_text_names_line_and_offset),
        cmocka_unit_test(serialized_values_of_tpm2_quote_are_read),
        cmocka_unit_test(bad_serialized_values_are_refused),
        cmocka_unit_test(bare_values_follow_the_quoted_selection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
