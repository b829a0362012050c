#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <string.h>

#include "../test.h"
#include "base/reader.h"
#include "crypto/key_evp.h"
#include "crypto/wrap.h"

/* libcrypto's own key derivations, which nothing in src/ uses: the independent answer. */
static void derive(const char *kdf_name, OSSL_PARAM *params, uint8_t *out, size_t len)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, kdf_name, NULL);
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
    assert_int_equal(EVP_KDF_derive(ctx, out, len, params), 1);
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
}

static OSSL_PARAM text(const char *key, const char *value)
{
    return OSSL_PARAM_construct_utf8_string(key, (char *)(uintptr_t)value, 0);
}

static OSSL_PARAM bytes(const char *key, const void *value, size_t len)
{
    return OSSL_PARAM_construct_octet_string(key, (void *)(uintptr_t)value, len);
}

static void kdfa_is_sp800_108_in_counter_mode(void **state)
{
    (void)state;
    for (size_t a = 0; a < DIGEST_ALGS; a++) {
        for (size_t len = 1; len <= 150; len += 7) {
            uint8_t want[160], got[160] = {0};
            OSSL_PARAM params[] = {text(OSSL_KDF_PARAM_MODE, "counter"),
                                   text(OSSL_KDF_PARAM_MAC, "HMAC"),
                                   text(OSSL_KDF_PARAM_DIGEST, digest_name(digest_algs[a])),
                                   bytes(OSSL_KDF_PARAM_KEY, "a key", 5),
                                   bytes(OSSL_KDF_PARAM_SALT, "LABEL", 5),
                                   bytes(OSSL_KDF_PARAM_INFO, "uuuvv", 5),
                                   OSSL_PARAM_construct_end()};
            derive("KBKDF", params, want, len);
            assert_int_equal(wrap_kdfa(digest_algs[a], gb_bytes_str("a key"), "LABEL",
                                       gb_bytes_str("uuu"), gb_bytes_str("vv"), 8 * len, got, NULL),
                             0);
            assert_memory_equal(got, want, len);
            assert_int_equal(got[len], 0);
        }
    }
}

static void kdfe_is_sp800_56a(void **state)
{
    (void)state;
    for (size_t a = 0; a < DIGEST_ALGS; a++) {
        for (size_t len = 1; len <= 150; len += 7) {
            uint8_t want[160], got[160] = {0};
            OSSL_PARAM params[] = {text(OSSL_KDF_PARAM_DIGEST, digest_name(digest_algs[a])),
                                   bytes(OSSL_KDF_PARAM_SECRET, "shared", 6),
                                   bytes(OSSL_KDF_PARAM_INFO, "LABEL\0uuuvv", 11),
                                   OSSL_PARAM_construct_end()};
            derive("SSKDF", params, want, len);
            assert_int_equal(wrap_kdfe(digest_algs[a], gb_bytes_str("shared"), "LABEL",
                                       gb_bytes_str("uuu"), gb_bytes_str("vv"), 8 * len, got, NULL),
                             0);
            assert_memory_equal(got, want, len);
            assert_int_equal(got[len], 0);
        }
    }
}

static void odd_lengths_and_unknown_hashes_are_refused(void **state)
{
    (void)state;
    uint8_t out[64];
    const struct gb_bytes none = gb_bytes(NULL, 0);
    assert_int_equal(wrap_kdfa(DIGEST_SHA256, none, "L", none, none, 0, out, NULL), GB_ERR_BUG);
    assert_int_equal(wrap_kdfa(DIGEST_SHA256, none, "L", none, none, 12, out, NULL), GB_ERR_BUG);
    assert_int_equal(wrap_kdfa(DIGEST_NONE, none, "L", none, none, 128, out, NULL), GB_ERR_BUG);
    assert_int_equal(wrap_kdfe(DIGEST_NONE, none, "L", none, none, 128, out, NULL), GB_ERR_BUG);
    assert_int_equal(wrap_hmac(DIGEST_NONE, none, none, out, NULL), GB_ERR_BUG);
    assert_int_equal(wrap_aes_cfb(gb_bytes(out, 15), none, out, NULL), GB_ERR_BUG);
}

/* RFC 4231, test case 2; and an empty key, of which libcrypto is wary. */
static void hmac_gives_the_known_answers(void **state)
{
    (void)state;
    const uint8_t want[] = {0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e, 0x6a, 0x04, 0x24,
                            0x26, 0x08, 0x95, 0x75, 0xc7, 0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27,
                            0x39, 0x83, 0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec, 0x38, 0x43};
    const uint8_t empty[] = {0xb6, 0x13, 0x67, 0x9a, 0x08, 0x14, 0xd9, 0xec};
    uint8_t got[64];
    assert_int_equal(wrap_hmac(DIGEST_SHA256, gb_bytes_str("Jefe"),
                               gb_bytes_str("what do ya want for nothing?"), got, NULL),
                     0);
    assert_memory_equal(got, want, sizeof want);
    assert_int_equal(wrap_hmac(DIGEST_SHA256, gb_bytes(NULL, 0), gb_bytes(NULL, 0), got, NULL), 0);
    assert_memory_equal(got, empty, sizeof empty);
}

/* Of zeros, CFB under a zero IV makes E(0), then E(E(0)). */
static void aes_cfb_runs_in_place_with_a_zero_iv(void **state)
{
    (void)state;
    const uint8_t key[16] = {0};
    const uint8_t first[] = {0x66, 0xe9, 0x4b, 0xd4, 0xef, 0x8a, 0x2c, 0x3b, /* E(0) */
                             0x88, 0x4c, 0xfa, 0x59, 0xca, 0x34, 0x2b, 0x2e};
    uint8_t data[20] = {0};
    assert_int_equal(wrap_aes_cfb(gb_bytes(key, 16), gb_bytes(data, sizeof data), data, NULL), 0);
    assert_memory_equal(data, first, sizeof first);
    const uint8_t second[] = {0xf7, 0x95, 0xbd, 0x4a}; /* E(E(0)) */
    assert_memory_equal(data + 16, second, sizeof second);
    uint8_t three[3] = {1, 2, 3};
    assert_int_equal(wrap_aes_cfb(gb_bytes(key, 16), gb_bytes(three, 3), three, NULL), 0);
    assert_int_equal(three[0], 0x66 ^ 1);
    assert_int_equal(three[2], 0x4b ^ 3);
}

/* The EK's owner: what the TPM does in ActivateCredential. */
static void rsa_opens(EVP_PKEY *pkey, enum digest_alg alg, struct gb_bytes secret, bool want,
                      const uint8_t *seed)
{
    struct gb_reader r;
    gb_reader_init(&r, secret);
    struct gb_bytes cipher = gb_read_tpm2b(&r, 512);
    assert_int_equal(gb_reader_finish(&r, NULL), 0);
    uint8_t plain[512];
    size_t len = sizeof plain;
    const EVP_MD *md = EVP_get_digestbyname(digest_name(alg));
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
    assert_int_equal(EVP_PKEY_decrypt_init(ctx), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_oaep_md(ctx, md), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md), 1);
    assert_int_equal(EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, OPENSSL_memdup("IDENTITY", 9), 9), 1);
    int opened = EVP_PKEY_decrypt(ctx, plain, &len, cipher.data, cipher.len);
    assert_int_equal(opened == 1, want);
    if (want) {
        assert_int_equal(len, digest_size(alg));
        assert_memory_equal(plain, seed, len);
    }
    EVP_PKEY_CTX_free(ctx);
}

static struct key *public_of(EVP_PKEY *pkey)
{
    struct key *key = NULL;
    EVP_PKEY_up_ref(pkey);
    assert_int_equal(key_from_evp(pkey, &key, NULL), 0);
    return key;
}

static void an_rsa_ek_opens_its_seed_and_no_other(void **state)
{
    (void)state;
    EVP_PKEY *pkey = EVP_RSA_gen(2048);
    EVP_PKEY *other = EVP_RSA_gen(2048);
    struct key *ek = public_of(pkey);
    const uint8_t seed[64] = {7, 8, 9};
    const enum digest_alg algs[] = {DIGEST_SHA256, DIGEST_SHA384};
    for (size_t i = 0; i < 2; i++) {
        struct gb_buf out;
        gb_buf_init(&out, 1024);
        assert_int_equal(
            wrap_seed_rsa(ek, algs[i], gb_bytes(seed, digest_size(algs[i])), &out, NULL), 0);
        assert_int_equal(out.len, 2 + 256);
        rsa_opens(pkey, algs[i], gb_buf_bytes(&out), true, seed);
        rsa_opens(other, algs[i], gb_buf_bytes(&out), false, seed);
        rsa_opens(pkey, algs[1 - i], gb_buf_bytes(&out), false, seed);
        gb_buf_done(&out);
    }
    key_free(ek);
    EVP_PKEY_free(pkey);
    EVP_PKEY_free(other);
}

static void x_of(EVP_PKEY *pkey, uint8_t *x, size_t field)
{
    BIGNUM *bn = NULL;
    assert_int_equal(EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_EC_PUB_X, &bn), 1);
    assert_int_equal(BN_bn2binpad(bn, x, (int)field), (int)field);
    BN_free(bn);
}

/* ECDH by EVP_PKEY_derive from the EK's private side, KDFe by SSKDF. */
static void ecc_opens(EVP_PKEY *pkey, enum key_curve curve, enum digest_alg alg,
                      struct gb_bytes secret, uint8_t *seed)
{
    size_t field = key_field_size(curve);
    struct gb_reader r;
    gb_reader_init(&r, secret);
    assert_int_equal(gb_read_u16be(&r), 2 * (2 + field));
    struct gb_bytes x = gb_read_tpm2b(&r, field);
    struct gb_bytes y = gb_read_tpm2b(&r, field);
    assert_int_equal(gb_reader_finish(&r, NULL), 0);
    assert_int_equal(x.len + y.len, 2 * field);
    struct key *own = NULL;
    assert_int_equal(key_from_ec(curve, x, y, &own, NULL), 0);
    uint8_t z[66], info[9 + 2 * 66] = "IDENTITY";
    size_t len = sizeof z;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
    assert_int_equal(EVP_PKEY_derive_init(ctx), 1);
    assert_int_equal(EVP_PKEY_derive_set_peer(ctx, own->pkey), 1);
    assert_int_equal(EVP_PKEY_derive(ctx, z, &len), 1);
    assert_int_equal(len, field);
    memcpy(info + 9, x.data, field);
    x_of(pkey, info + 9 + field, field);
    OSSL_PARAM params[] = {
        text(OSSL_KDF_PARAM_DIGEST, digest_name(alg)), bytes(OSSL_KDF_PARAM_SECRET, z, field),
        bytes(OSSL_KDF_PARAM_INFO, info, 9 + 2 * field), OSSL_PARAM_construct_end()};
    derive("SSKDF", params, seed, digest_size(alg));
    EVP_PKEY_CTX_free(ctx);
    key_free(own);
}

static void an_ecc_ek_derives_the_same_seed(void **state)
{
    (void)state;
    const struct {
        enum key_curve curve;
        const char *group;
        enum digest_alg alg;
    } kinds[] = {{KEY_P256, "P-256", DIGEST_SHA256},
                 {KEY_P384, "P-384", DIGEST_SHA384},
                 {KEY_P521, "P-521", DIGEST_SHA512}};
    for (size_t i = 0; i < GB_ARRAY_LEN(kinds); i++) {
        EVP_PKEY *pkey = EVP_EC_gen(kinds[i].group);
        struct key *ek = public_of(pkey);
        size_t field = key_field_size(kinds[i].curve);
        uint8_t scalar[66] = {0}, seed[64], want[64];
        /* Small scalars give points whose coordinates begin with zeros now and then. */
        for (unsigned n = 1; n <= 300; n++) {
            scalar[field - 1] = (uint8_t)n;
            scalar[field - 2] = (uint8_t)(n >> 8);
            struct gb_buf out;
            gb_buf_init(&out, 1024);
            assert_int_equal(
                wrap_seed_ecc(ek, kinds[i].alg, gb_bytes(scalar, field), &out, seed, NULL), 0);
            if (n % 10 == 1) {
                ecc_opens(pkey, kinds[i].curve, kinds[i].alg, gb_buf_bytes(&out), want);
                assert_memory_equal(seed, want, digest_size(kinds[i].alg));
            }
            gb_buf_done(&out);
        }
        key_free(ek);
        EVP_PKEY_free(pkey);
    }
}

static void refuse_scalar(const struct key *ek, const uint8_t *scalar, size_t len, int code)
{
    uint8_t seed[64] = {0xaa};
    struct gb_buf out;
    gb_buf_init(&out, 1024);
    assert_int_equal(wrap_seed_ecc(ek, DIGEST_SHA256, gb_bytes(scalar, len), &out, seed, NULL),
                     code);
    assert_int_equal(out.len, 0);
    assert_int_equal(seed[0], 0xaa);
    gb_buf_done(&out);
}

static void scalars_out_of_range_and_wrong_keys_are_refused(void **state)
{
    (void)state;
    /* The order of P-256 (FIPS 186). */
    uint8_t n[32] = {0xff, 0xff, 0xff, 0xff, 0,    0,    0,    0,    0xff, 0xff, 0xff,
                     0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                     0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
    const uint8_t zero[32] = {0};
    EVP_PKEY *ec = EVP_EC_gen("P-256");
    EVP_PKEY *rsa = EVP_RSA_gen(2048);
    struct key *ek = public_of(ec);
    struct key *rsa_ek = public_of(rsa);
    refuse_scalar(ek, n, 32, GB_ERR_INPUT);
    refuse_scalar(ek, zero, 32, GB_ERR_INPUT);
    refuse_scalar(ek, n, 31, GB_ERR_BUG);
    refuse_scalar(rsa_ek, n, 32, GB_ERR_INPUT);
    n[31]--; /* the order less one is a scalar */
    uint8_t seed[32];
    struct gb_buf out;
    gb_buf_init(&out, 1024);
    assert_int_equal(wrap_seed_ecc(ek, DIGEST_SHA256, gb_bytes(n, 32), &out, seed, NULL), 0);
    gb_buf_done(&out);
    gb_buf_init(&out, 1024);
    assert_int_equal(wrap_seed_rsa(ek, DIGEST_SHA256, gb_bytes(n, 32), &out, NULL), GB_ERR_INPUT);
    gb_buf_done(&out);
    key_free(ek);
    key_free(rsa_ek);
    EVP_PKEY_free(ec);
    EVP_PKEY_free(rsa);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kdfa_is_sp800_108_in_counter_mode),
        cmocka_unit_test(kdfe_is_sp800_56a),
        cmocka_unit_test(odd_lengths_and_unknown_hashes_are_refused),
        cmocka_unit_test(hmac_gives_the_known_answers),
        cmocka_unit_test(aes_cfb_runs_in_place_with_a_zero_iv),
        cmocka_unit_test(an_rsa_ek_opens_its_seed_and_no_other),
        cmocka_unit_test(an_ecc_ek_derives_the_same_seed),
        cmocka_unit_test(scalars_out_of_range_and_wrong_keys_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
