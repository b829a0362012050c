#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "../test.h"
#include "base/mem.h"
#include "crypto/key.h"

/* A signer of the test's own: what a TPM would hold. */
struct signer {
    EVP_PKEY *pkey;
    uint8_t n[512]; /* modulus, or x and y */
    size_t len;
    struct key *key;
};

static struct signer rsa, p256, p384, p521;

static void learn_number(EVP_PKEY *pkey, const char *name, uint8_t *out, size_t len)
{
    BIGNUM *bn = NULL;
    assert_int_equal(EVP_PKEY_get_bn_param(pkey, name, &bn), 1);
    assert_int_equal(BN_bn2binpad(bn, out, (int)len), (int)len);
    BN_free(bn);
}

static void make_rsa(struct signer *s, unsigned bits)
{
    s->pkey = EVP_RSA_gen(bits);
    s->len = bits / 8;
    learn_number(s->pkey, OSSL_PKEY_PARAM_RSA_N, s->n, s->len);
    assert_int_equal(key_from_rsa(gb_bytes(s->n, s->len), 0, &s->key, NULL), 0);
}

static void make_ec(struct signer *s, enum key_curve curve, const char *group, size_t field)
{
    s->pkey = EVP_EC_gen(group);
    s->len = field;
    learn_number(s->pkey, OSSL_PKEY_PARAM_EC_PUB_X, s->n, field);
    learn_number(s->pkey, OSSL_PKEY_PARAM_EC_PUB_Y, s->n + field, field);
    assert_int_equal(
        key_from_ec(curve, gb_bytes(s->n, field), gb_bytes(s->n + field, field), &s->key, NULL), 0);
}

static void drop(struct signer *s)
{
    EVP_PKEY_free(s->pkey);
    key_free(s->key);
}

static int setup(void **state)
{
    (void)state;
    make_rsa(&rsa, 2048);
    make_ec(&p256, KEY_P256, "P-256", 32);
    make_ec(&p384, KEY_P384, "P-384", 48);
    make_ec(&p521, KEY_P521, "P-521", 66);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    drop(&rsa);
    drop(&p256);
    drop(&p384);
    drop(&p521);
    return 0;
}

static const uint8_t digest[64] = {1, 2, 3};

static size_t sign(const struct signer *s, int padding, int salt, const char *hash, uint8_t *out)
{
    size_t len = 512;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(s->pkey, NULL);
    const EVP_MD *md = EVP_get_digestbyname(hash);
    assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
    if (padding)
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, padding), 1);
    if (padding == RSA_PKCS1_PSS_PADDING)
        assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, salt), 1);
    assert_int_equal(EVP_PKEY_CTX_set_signature_md(ctx, md), 1);
    assert_int_equal(EVP_PKEY_sign(ctx, out, &len, digest, (size_t)EVP_MD_get_size(md)), 1);
    EVP_PKEY_CTX_free(ctx);
    return len;
}

static bool valid(const struct key *key, enum key_scheme scheme, enum digest_alg alg,
                  struct gb_bytes sig, struct gb_bytes sig2)
{
    bool answer = true;
    struct gb_err err = {0};
    int r = key_verify(key, scheme, alg, digest, sig, sig2, &answer, &err);
    assert_int_equal(r, 0);
    return answer;
}

static const struct gb_bytes none;

static void rsa_signatures_verify_and_every_flip_is_refused(void **state)
{
    (void)state;
    const struct {
        int padding, salt;
        enum key_scheme scheme;
    } kinds[] = {
        {RSA_PKCS1_PADDING, 0, KEY_RSASSA},
        {RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_DIGEST, KEY_RSAPSS},
        {RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_MAX, KEY_RSAPSS},
        {RSA_PKCS1_PSS_PADDING, 0, KEY_RSAPSS},
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(kinds); i++) {
        uint8_t sig[512];
        size_t len = sign(&rsa, kinds[i].padding, kinds[i].salt, "SHA256", sig);
        assert_true(valid(rsa.key, kinds[i].scheme, DIGEST_SHA256, gb_bytes(sig, len), none));
        for (size_t bit = 0; bit < len * 8; bit++) {
            sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_false(valid(rsa.key, kinds[i].scheme, DIGEST_SHA256, gb_bytes(sig, len), none));
            sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        assert_true(valid(rsa.key, kinds[i].scheme, DIGEST_SHA256, gb_bytes(sig, len), none));
    }
}

static void other_schemes_hashes_and_lengths_are_refused(void **state)
{
    (void)state;
    uint8_t sig[513] = {0};
    size_t len = sign(&rsa, RSA_PKCS1_PADDING, 0, "SHA256", sig + 1);
    struct gb_bytes good = gb_bytes(sig + 1, len);
    assert_true(valid(rsa.key, KEY_RSASSA, DIGEST_SHA256, good, none));
    assert_false(valid(rsa.key, KEY_RSAPSS, DIGEST_SHA256, good, none));
    assert_false(valid(rsa.key, KEY_ECDSA, DIGEST_SHA256, good, good));
    assert_false(valid(rsa.key, KEY_SCHEME_NONE, DIGEST_SHA256, good, none));
    assert_false(valid(rsa.key, KEY_RSASSA, DIGEST_SHA384, good, none));
    assert_false(valid(rsa.key, KEY_RSASSA, DIGEST_NONE, good, none));
    assert_false(valid(rsa.key, KEY_RSASSA, DIGEST_SHA256, gb_bytes(sig, len + 1), none));
    assert_false(valid(rsa.key, KEY_RSASSA, DIGEST_SHA256, gb_bytes(sig + 1, len - 1), none));
    assert_false(valid(rsa.key, KEY_RSASSA, DIGEST_SHA256, none, none));
    assert_false(valid(p256.key, KEY_RSASSA, DIGEST_SHA256, good, none));
    memset(sig, 0xff, sizeof sig); /* above the modulus */
    assert_false(valid(rsa.key, KEY_RSASSA, DIGEST_SHA256, gb_bytes(sig, len), none));
    assert_false(valid(rsa.key, KEY_RSAPSS, DIGEST_SHA256, gb_bytes(sig, len), none));
    memset(sig, 0, sizeof sig);
    assert_false(valid(rsa.key, KEY_RSASSA, DIGEST_SHA256, gb_bytes(sig, len), none));
}

/* libcrypto takes a PSS signature for a number: without its leading zero it is the same one. */
static void a_signature_has_the_length_of_its_key(void **state)
{
    (void)state;
    uint8_t sig[512];
    size_t len = 0;
    for (int i = 0; i < 1 << 13 && (len == 0 || sig[0] != 0); i++) /* one in 256 */
        len = sign(&rsa, RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_DIGEST, "SHA256", sig);
    assert_int_equal(sig[0], 0);
    assert_true(valid(rsa.key, KEY_RSAPSS, DIGEST_SHA256, gb_bytes(sig, len), none));
    assert_false(valid(rsa.key, KEY_RSAPSS, DIGEST_SHA256, gb_bytes(sig + 1, len - 1), none));
}

static void a_sha1_signature_never_counts(void **state)
{
    (void)state;
    uint8_t sig[512];
    size_t len = sign(&rsa, RSA_PKCS1_PADDING, 0, "SHA1", sig);
    assert_false(valid(rsa.key, KEY_RSASSA, DIGEST_SHA1, gb_bytes(sig, len), none));
}

static void sign_ec(const struct signer *s, const char *hash, uint8_t r[66], uint8_t v[66])
{
    uint8_t der[512];
    const uint8_t *at = der;
    size_t len = sign(s, 0, 0, hash, der);
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)len);
    assert_non_null(sig);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(sig), r, (int)s->len), (int)s->len);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(sig), v, (int)s->len), (int)s->len);
    ECDSA_SIG_free(sig);
}

static void ecdsa_on(const struct signer *s, const char *hash, enum digest_alg alg)
{
    /* Enough signatures that r and s with leading zeros and with the sign bit are among them. */
    for (int round = 0; round < 300; round++) {
        uint8_t r[66], v[66];
        sign_ec(s, hash, r, v);
        assert_true(valid(s->key, KEY_ECDSA, alg, gb_bytes(r, s->len), gb_bytes(v, s->len)));
        if (r[0] == 0) /* some TPMs leave the zeros out */
            assert_true(
                valid(s->key, KEY_ECDSA, alg, gb_bytes(r + 1, s->len - 1), gb_bytes(v, s->len)));
        assert_false(valid(s->key, KEY_ECDSA, alg, gb_bytes(v, s->len), gb_bytes(r, s->len)));
    }
    uint8_t r[66], v[66];
    sign_ec(s, hash, r, v);
    for (size_t bit = 0; bit < s->len * 16; bit += 7) {
        uint8_t *part = bit < s->len * 8 ? r : v;
        uint8_t mask = (uint8_t)(1 << bit % 8);
        part[bit / 8 % s->len] ^= mask;
        assert_false(valid(s->key, KEY_ECDSA, alg, gb_bytes(r, s->len), gb_bytes(v, s->len)));
        part[bit / 8 % s->len] ^= mask;
    }
}

static void ecdsa_signatures_verify_and_flips_are_refused(void **state)
{
    (void)state;
    ecdsa_on(&p256, "SHA256", DIGEST_SHA256);
    ecdsa_on(&p384, "SHA384", DIGEST_SHA384);
    ecdsa_on(&p521, "SHA512", DIGEST_SHA512);
}

static void r_and_s_out_of_range_are_refused(void **state)
{
    (void)state;
    uint8_t r[67] = {0}, v[67] = {0}, ones[67], zeros[67] = {0};
    memset(ones, 0xff, sizeof ones);
    sign_ec(&p256, "SHA256", r + 1, v);
    struct gb_bytes good = gb_bytes(v, 32);
    assert_true(valid(p256.key, KEY_ECDSA, DIGEST_SHA256, gb_bytes(r, 33), good)); /* a zero more */
    assert_false(valid(p256.key, KEY_ECDSA, DIGEST_SHA256, gb_bytes(zeros, 32), good));
    assert_false(valid(p256.key, KEY_ECDSA, DIGEST_SHA256, gb_bytes(r, 33), gb_bytes(zeros, 32)));
    assert_false(valid(p256.key, KEY_ECDSA, DIGEST_SHA256, gb_bytes(ones, 32), good));
    assert_false(valid(p256.key, KEY_ECDSA, DIGEST_SHA256, gb_bytes(ones, 67), good));
    assert_false(valid(p256.key, KEY_ECDSA, DIGEST_SHA256, none, good));
    assert_false(valid(p256.key, KEY_ECDSA, DIGEST_SHA256, good, none));
}

/* The prepared context is kept: changing scheme and hash between calls must not mix them up. */
static void a_kept_context_follows_scheme_and_hash(void **state)
{
    (void)state;
    uint8_t ssa[512], pss[512];
    struct gb_bytes a = gb_bytes(ssa, sign(&rsa, RSA_PKCS1_PADDING, 0, "SHA256", ssa));
    struct gb_bytes b =
        gb_bytes(pss, sign(&rsa, RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_DIGEST, "SHA512", pss));
    for (int i = 0; i < 3; i++) {
        assert_true(valid(rsa.key, KEY_RSASSA, DIGEST_SHA256, a, none));
        assert_true(valid(rsa.key, KEY_RSAPSS, DIGEST_SHA512, b, none));
        assert_false(valid(rsa.key, KEY_RSAPSS, DIGEST_SHA256, b, none));
        assert_false(valid(rsa.key, KEY_RSASSA, DIGEST_SHA512, a, none));
    }
}

static void numbers_that_make_no_key_are_refused(void **state)
{
    (void)state;
    struct key *key = NULL;
    struct gb_err err;
    uint8_t n[GB_LIMIT_RSA_BITS / 8 + 1];
    memset(n, 0xff, sizeof n);
    memcpy(n, rsa.n, rsa.len);
    n[rsa.len - 1] &= 0xfe;
    assert_int_equal(key_from_rsa(gb_bytes(n, rsa.len), 0, &key, &err), GB_ERR_INPUT);
    assert_string_equal(err.text, "the RSA modulus is even");
    assert_int_equal(key_from_rsa(gb_bytes(NULL, 0), 0, &key, &err), GB_ERR_INPUT);
    memset(n, 0, 256);
    assert_int_equal(key_from_rsa(gb_bytes(n, 256), 0, &key, &err), GB_ERR_INPUT);
    memset(n, 0xff, sizeof n);
    assert_int_equal(key_from_rsa(gb_bytes(n, sizeof n), 0, &key, &err), GB_ERR_LIMIT);
    uint8_t y[66];
    memcpy(y, p256.n + 32, 32);
    y[31] ^= 1; /* off the curve */
    assert_int_equal(key_from_ec(KEY_P256, gb_bytes(p256.n, 32), gb_bytes(y, 32), &key, &err),
                     GB_ERR_INPUT);
    memset(y, 0, sizeof y);
    assert_int_equal(key_from_ec(KEY_P256, gb_bytes(y, 32), gb_bytes(y, 32), &key, &err),
                     GB_ERR_INPUT);
    memset(y, 0xff, sizeof y); /* above the field */
    assert_int_equal(key_from_ec(KEY_P256, gb_bytes(y, 32), gb_bytes(y, 32), &key, &err),
                     GB_ERR_INPUT);
    assert_int_equal(key_from_ec(KEY_P256, gb_bytes(y, 33), gb_bytes(y, 32), &key, &err),
                     GB_ERR_INPUT);
    assert_int_equal(
        key_from_ec((enum key_curve)0x10, gb_bytes(y, 32), gb_bytes(y, 32), &key, &err),
        GB_ERR_INPUT);
    assert_null(key);
}

static void weakness_of_rsa(unsigned bits, uint32_t exponent, const char *want, const char *name)
{
    uint8_t n[512];
    memset(n, 0xff, sizeof n);
    struct key *key = NULL;
    assert_int_equal(key_from_rsa(gb_bytes(n, bits / 8), exponent, &key, NULL), 0);
    assert_int_equal(key_bits(key), bits);
    assert_string_equal(key_name(key), name);
    const char *got = key_weakness(key);
    assert_string_equal(got ? got : "fine", want);
    key_free(key);
}

static void T06_weak_keys_are_named(void **state)
{
    (void)state;
    const char *exponent = "an RSA exponent that is even or not from 65537 to 2^32";
    weakness_of_rsa(2048, 0, "fine", "RSA-2048");
    weakness_of_rsa(4096, 65537, "fine", "RSA-4096");
    weakness_of_rsa(3072, UINT32_MAX, "fine", "RSA-3072");
    weakness_of_rsa(1024, 65537, "an RSA key of less than 2048 bits", "RSA-1024");
    weakness_of_rsa(2040, 65537, "an RSA key of less than 2048 bits", "RSA");
    weakness_of_rsa(2048, 1, exponent, "RSA-2048");
    weakness_of_rsa(2048, 3, exponent, "RSA-2048");
    weakness_of_rsa(2048, 65538, exponent, "RSA-2048");
    assert_null(key_weakness(p256.key));
    assert_null(key_weakness(p384.key));
    assert_null(key_weakness(p521.key));
    assert_string_equal(key_name(p384.key), "P-384");
    assert_int_equal(key_curve(p384.key), KEY_P384);
    assert_int_equal(key_kind(p384.key), KEY_EC);
    assert_int_equal(key_bits(p521.key), 521);
}

static char *pem_of(EVP_PKEY *pkey)
{
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PUBKEY(bio, pkey), 1);
    char *text = NULL;
    long len = BIO_get_mem_data(bio, &text);
    char *out = calloc((size_t)len + 1, 1);
    assert_non_null(out);
    memcpy(out, text, (size_t)len);
    BIO_free(bio);
    return out;
}

static struct key *from_pem(EVP_PKEY *pkey)
{
    struct key *key = NULL;
    char *pem = pem_of(pkey);
    assert_int_equal(key_from_pem(gb_bytes_str(pem), &key, NULL), 0);
    free(pem);
    return key;
}

static void a_key_is_equal_however_it_came(void **state)
{
    (void)state;
    const struct signer *all[] = {&rsa, &p256, &p384, &p521};
    for (size_t i = 0; i < GB_ARRAY_LEN(all); i++) {
        struct key *key = from_pem(all[i]->pkey);
        for (size_t k = 0; k < GB_ARRAY_LEN(all); k++)
            assert_int_equal(key_equal(key, all[k]->key), i == k);
        assert_string_equal(key_name(key), key_name(all[i]->key));
        assert_int_equal(key_curve(key), key_curve(all[i]->key));
        key_free(key);
    }
}

static void keys_of_other_kinds_are_read_but_weak(void **state)
{
    (void)state;
    EVP_PKEY *pkeys[] = {EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"),
                         EVP_PKEY_Q_keygen(NULL, NULL, "EC", "secp256k1")};
    const char *const why[] = {"neither an RSA nor an EC key",
                               "a curve other than P-256, P-384 and P-521"};
    for (size_t i = 0; i < 2; i++) {
        struct key *key = from_pem(pkeys[i]);
        assert_string_equal(key_weakness(key), why[i]);
        assert_string_equal(key_name(key), "unknown");
        uint8_t sig[32] = {1};
        assert_false(valid(key, KEY_ECDSA, DIGEST_SHA256, gb_bytes(sig, 32), gb_bytes(sig, 32)));
        key_free(key);
        EVP_PKEY_free(pkeys[i]);
    }
}

static void refuse_pem(const char *pem)
{
    struct key *key = NULL;
    assert_int_equal(key_from_pem(gb_bytes_str(pem), &key, NULL), GB_ERR_INPUT);
    assert_null(key);
}

static void pem_that_is_not_one_public_key_is_refused(void **state)
{
    (void)state;
    char *one = pem_of(p256.pkey);
    char two[2048];
    snprintf(two, sizeof two, "%s%s", one, one);
    refuse_pem("");
    refuse_pem("no key at all");
    refuse_pem(two);
    refuse_pem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
    refuse_pem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    struct key *key = NULL;
    snprintf(two, sizeof two, "words before\n%swords after\n", one);
    assert_int_equal(key_from_pem(gb_bytes_str(two), &key, NULL), 0);
    key_free(key);
    free(one);
}

static void fingerprint_is_that_of(const struct signer *s)
{
    unsigned char *der = NULL;
    uint8_t want[32], found[32];
    int len = i2d_PUBKEY(s->pkey, &der);
    assert_true(len > 0);
    assert_int_equal(EVP_Digest(der, (size_t)len, want, NULL, EVP_sha256(), NULL), 1);
    OPENSSL_free(der);
    assert_int_equal(key_fingerprint(s->key, found, NULL), 0);
    assert_memory_equal(found, want, 32);
}

static void a_key_made_of_numbers_has_the_fingerprint_of_its_der(void **state)
{
    (void)state;
    fingerprint_is_that_of(&rsa);
    fingerprint_is_that_of(&p256);
    fingerprint_is_that_of(&p384);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (unsigned long nth = 1;; nth++) {
        struct key *key = NULL;
        gb_mem_fail_nth(nth);
        int r = key_from_rsa(gb_bytes(rsa.n, rsa.len), 0, &key, NULL);
        int failed = gb_mem_failed();
        gb_mem_fail_nth(0);
        key_free(key);
        assert_int_equal(r, failed ? GB_ERR_NOMEM : 0);
        if (!failed)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rsa_signatures_verify_and_every_flip_is_refused),
        cmocka_unit_test(other_schemes_hashes_and_lengths_are_refused),
        cmocka_unit_test(a_signature_has_the_length_of_its_key),
        cmocka_unit_test(a_sha1_signature_never_counts),
        cmocka_unit_test(ecdsa_signatures_verify_and_flips_are_refused),
        cmocka_unit_test(r_and_s_out_of_range_are_refused),
        cmocka_unit_test(a_kept_context_follows_scheme_and_hash),
        cmocka_unit_test(numbers_that_make_no_key_are_refused),
        cmocka_unit_test(T06_weak_keys_are_named),
        cmocka_unit_test(a_key_is_equal_however_it_came),
        cmocka_unit_test(keys_of_other_kinds_are_read_but_weak),
        cmocka_unit_test(pem_that_is_not_one_public_key_is_refused),
        cmocka_unit_test(a_key_made_of_numbers_has_the_fingerprint_of_its_der),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
