#include "../test.h"
#include "crypto/key.h"
#include "evidence/tpm_wire.h"

static const uint8_t ones[512] = {1, 1, 1, 1};

static struct tpm_attest sample(enum tpm_attest_type type)
{
    struct tpm_attest a = {
        .magic = TPM_GENERATED_VALUE,
        .type = (uint16_t)type,
        .qualified_signer = gb_bytes(ones, 34),
        .extra_data = gb_bytes_str("nonce"),
        .clock_ms = UINT64_C(0x0102030405060708),
        .reset_count = 3,
        .restart_count = 4,
        .safe = true,
        .firmware_version = UINT64_C(0x1122334455667788),
    };
    if (type == TPM_ST_ATTEST_QUOTE) {
        a.quote.selection =
            (struct pcr_selection){.count = 1, .banks = {{DIGEST_SHA256, 0x804bff}}};
        a.quote.pcr_digest = gb_bytes(ones, 32);
    } else if (type == TPM_ST_ATTEST_CERTIFY) {
        a.certify.name = gb_bytes(ones, 34);
        a.certify.qualified_name = gb_bytes(ones, 36);
    } else {
        a.nv.index_name = gb_bytes(ones, 34);
        a.nv.offset = 5;
        a.nv.contents = gb_bytes_str("tag");
    }
    return a;
}

static void attestations_come_back_as_written(void **state)
{
    (void)state;
    static const enum tpm_attest_type types[] = {TPM_ST_ATTEST_QUOTE, TPM_ST_ATTEST_CERTIFY,
                                                 TPM_ST_ATTEST_NV};
    for (size_t i = 0; i < 3; i++) {
        struct tpm_attest a = sample(types[i]);
        struct tpm_attest b;
        struct gb_buf first;
        struct gb_buf second;
        gb_buf_init(&first, 4096);
        gb_buf_init(&second, 4096);
        tpm_attest_write(&first, &a);
        assert_true(gb_buf_ok(&first));
        assert_int_equal(tpm_attest_read(gb_buf_bytes(&first), &b, NULL), GB_OK);
        assert_int_equal(b.clock_ms, a.clock_ms);
        assert_int_equal(b.reset_count, 3);
        assert_int_equal(b.restart_count, 4);
        assert_true(b.safe);
        assert_int_equal(b.firmware_version, a.firmware_version);
        assert_true(gb_bytes_is(b.extra_data, "nonce"));
        tpm_attest_write(&second, &b);
        assert_true(gb_bytes_equal(gb_buf_bytes(&first), gb_buf_bytes(&second)));
        gb_buf_done(&first);
        gb_buf_done(&second);
    }
}

static void T07_attestations_cut_or_extended_are_refused(void **state)
{
    (void)state;
    static const enum tpm_attest_type types[] = {TPM_ST_ATTEST_QUOTE, TPM_ST_ATTEST_CERTIFY,
                                                 TPM_ST_ATTEST_NV};
    for (size_t i = 0; i < 3; i++) {
        struct tpm_attest a = sample(types[i]);
        struct gb_err err;
        struct gb_buf buf;
        gb_buf_init(&buf, 4096);
        tpm_attest_write(&buf, &a);
        for (size_t len = 0; len < buf.len; len++)
            assert_int_equal(tpm_attest_read(gb_bytes(buf.data, len), &a, &err), GB_ERR_INPUT);
        size_t whole = buf.len;
        gb_buf_u8(&buf, 0);
        assert_int_equal(tpm_attest_read(gb_buf_bytes(&buf), &a, &err), GB_ERR_INPUT);
        assert_int_equal(err.offset, whole);
        assert_string_equal(err.text, "bytes are left over");
        gb_buf_done(&buf);
    }
}

static void T07_other_types_give_their_header_only(void **state)
{
    (void)state;
    struct tpm_attest a = sample(TPM_ST_ATTEST_QUOTE);
    struct gb_err err;
    struct gb_buf buf;
    gb_buf_init(&buf, 4096);
    tpm_attest_write(&buf, &a);
    buf.data[5] = 0x19; /* TPM_ST_ATTEST_TIME */
    assert_int_equal(tpm_attest_read(gb_buf_bytes(&buf), &a, &err), GB_ERR_INPUT);
    assert_int_equal(tpm_attest_read_header(gb_buf_bytes(&buf), &a, &err), GB_OK);
    assert_int_equal(a.type, 0x8019);
    assert_int_equal(a.quote.selection.count, 0);
    assert_int_equal(tpm_attest_read_header(gb_bytes(buf.data, 73), &a, &err), GB_ERR_INPUT);
    gb_buf_done(&buf);
}

static void signatures_come_back_as_written(void **state)
{
    (void)state;
    const struct tpm_signature rsa = {KEY_RSAPSS, DIGEST_SHA384, .rsa = gb_bytes(ones, 256)};
    const struct tpm_signature ecc = {KEY_ECDSA, DIGEST_SHA256, .ecc_r = gb_bytes(ones, 32),
                                      .ecc_s = gb_bytes(ones, 31)};
    struct tpm_signature s;
    struct gb_buf buf;
    gb_buf_init(&buf, 4096);
    tpm_signature_write(&buf, &rsa);
    assert_int_equal(tpm_signature_read(gb_buf_bytes(&buf), &s, NULL), GB_OK);
    assert_int_equal(s.scheme_id, KEY_RSAPSS);
    assert_int_equal(s.hash_id, DIGEST_SHA384);
    assert_int_equal(s.rsa.len, 256);
    for (size_t len = 0; len < buf.len; len++)
        assert_int_equal(tpm_signature_read(gb_bytes(buf.data, len), &s, NULL), GB_ERR_INPUT);
    gb_buf_u8(&buf, 0);
    assert_int_equal(tpm_signature_read(gb_buf_bytes(&buf), &s, NULL), GB_ERR_INPUT);
    buf.len = 0;
    tpm_signature_write(&buf, &ecc);
    assert_int_equal(tpm_signature_read(gb_buf_bytes(&buf), &s, NULL), GB_OK);
    assert_int_equal(s.ecc_r.len, 32);
    assert_int_equal(s.ecc_s.len, 31);
    gb_buf_done(&buf);
}

static void another_signature_scheme_is_named_not_an_error(void **state)
{
    (void)state;
    const uint8_t in[] = {0, 0x1a, 0, 0x0b, 1, 2, 3};
    struct tpm_signature s;
    assert_int_equal(tpm_signature_read(gb_bytes(in, sizeof in), &s, NULL), GB_OK);
    assert_int_equal(s.scheme_id, 0x1a);
    assert_int_equal(s.hash_id, 0);
}

static struct tpm_public sample_ecc(void)
{
    return (struct tpm_public){
        .type = TPM_ALG_ECC,
        .name_alg = DIGEST_SHA256,
        .attributes = TPMA_FIXED_TPM | TPMA_SIGN,
        .auth_policy = gb_bytes(ones, 32),
        .symmetric_alg = TPM_ALG_AES,
        .symmetric_bits = 128,
        .symmetric_mode = TPM_ALG_CFB,
        .scheme = KEY_ECDSA,
        .scheme_hash = DIGEST_SHA256,
        .ecc_curve = KEY_P256,
        .ecc_x = gb_bytes(ones, 32),
        .ecc_y = gb_bytes(ones, 32),
    };
}

static struct tpm_public sample_rsa(void)
{
    return (struct tpm_public){
        .type = TPM_ALG_RSA,
        .name_alg = DIGEST_SHA256,
        .attributes = TPMA_RESTRICTED,
        .symmetric_alg = TPM_ALG_NULL,
        .scheme = TPM_ALG_NULL,
        .rsa_bits = 2048,
        .rsa_modulus = gb_bytes(ones, 256),
    };
}

static void publics_come_back_as_written(void **state)
{
    (void)state;
    const struct tpm_public areas[] = {sample_rsa(), sample_ecc()};
    for (size_t i = 0; i < 2; i++) {
        struct tpm_public p;
        struct gb_buf first;
        struct gb_buf second;
        gb_buf_init(&first, 4096);
        gb_buf_init(&second, 4096);
        tpm_public_write(&first, &areas[i]);
        assert_true(gb_buf_ok(&first));
        assert_int_equal(tpm_public_read(gb_buf_bytes(&first), &p, NULL), GB_OK);
        assert_int_equal(p.attributes, areas[i].attributes);
        assert_int_equal(p.encoded.len, first.len - 2);
        tpm_public_write(&second, &p);
        assert_true(gb_bytes_equal(gb_buf_bytes(&first), gb_buf_bytes(&second)));
        for (size_t len = 0; len < first.len; len++)
            assert_int_equal(tpm_public_read(gb_bytes(first.data, len), &p, NULL), GB_ERR_INPUT);
        gb_buf_done(&first);
        gb_buf_done(&second);
    }
}

static void a_public_area_must_be_used_up(void **state)
{
    (void)state;
    const struct tpm_public area = sample_rsa();
    struct tpm_public p;
    struct gb_err err;
    struct gb_buf buf;
    gb_buf_init(&buf, 4096);
    tpm_public_write(&buf, &area);
    gb_buf_u8(&buf, 0);
    assert_int_equal(tpm_public_read(gb_buf_bytes(&buf), &p, &err), GB_ERR_INPUT);
    assert_int_equal(err.offset, buf.len - 1);
    buf.data[1]++; /* the area now claims the byte, but has no use for it */
    assert_int_equal(tpm_public_read(gb_buf_bytes(&buf), &p, &err), GB_ERR_INPUT);
    assert_int_equal(err.offset, buf.len - 1);
    buf.data[3] = 8; /* TPM_ALG_KEYEDHASH */
    assert_int_equal(tpm_public_read(gb_buf_bytes(&buf), &p, &err), GB_ERR_INPUT);
    assert_string_equal(err.text, "neither an RSA nor an ECC key");
    gb_buf_done(&buf);
}

static void a_name_is_the_hash_of_the_area(void **state)
{
    (void)state;
    /* SHA-256 of nothing (FIPS 180-4 examples). */
    static const uint8_t expected[] = {0x00, 0x0b, 0xe3, 0xb0, 0xc4, 0x42};
    struct tpm_public p = {.name_alg = DIGEST_SHA256};
    struct digester *d = NULL;
    uint8_t name[2 + GB_LIMIT_DIGEST];
    size_t len = 0;
    assert_int_equal(digester_new(&d, NULL), GB_OK);
    assert_int_equal(tpm_public_name(d, &p, name, &len, NULL), GB_OK);
    assert_int_equal(len, 34);
    assert_memory_equal(name, expected, sizeof expected);
    p.name_alg = 0x12;
    assert_int_equal(tpm_public_name(d, &p, name, &len, NULL), GB_ERR_INPUT);
    digester_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attestations_come_back_as_written),
        cmocka_unit_test(T07_attestations_cut_or_extended_are_refused),
        cmocka_unit_test(T07_other_types_give_their_header_only),
        cmocka_unit_test(signatures_come_back_as_written),
        cmocka_unit_test(another_signature_scheme_is_named_not_an_error),
        cmocka_unit_test(publics_come_back_as_written),
        cmocka_unit_test(a_public_area_must_be_used_up),
        cmocka_unit_test(a_name_is_the_hash_of_the_area),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
