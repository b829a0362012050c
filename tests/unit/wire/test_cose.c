/* COSE_Sign1: what verifies, what does not and why. Messages are made here, byte by byte, and
 * signed by keys of libcrypto. */
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "../test.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "crypto/signer.h"
#include "wire/cbor.h"
#include "wire/cose.h"

enum { MOST = 4096 };

static struct digester *digester;

static int begin(void **state)
{
    (void)state;
    return digester_new(&digester, NULL);
}

static int end(void **state)
{
    (void)state;
    digester_free(digester);
    return 0;
}

static struct key *public_of(EVP_PKEY *pkey)
{
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(pkey, &der);
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_cleanup(gb_buf_done) struct gb_buf pem;
    gb_buf_init(&pem, MOST);
    gb_buf_printf(&pem, "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n",
                  gb_base64(arena, gb_bytes(der, (size_t)len)));
    struct key *key = NULL;
    assert_int_equal(key_from_pem(gb_buf_bytes(&pem), &key, NULL), GB_OK);
    OPENSSL_free(der);
    return key;
}

/* r || s of what libcrypto signs in DER. */
static size_t raw_of(const uint8_t *der, size_t len, size_t half, uint8_t *out)
{
    const unsigned char *at = der;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)len);
    assert_non_null(sig);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, (int)half), half);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + half, (int)half), half);
    ECDSA_SIG_free(sig);
    return 2 * half;
}

/* `half` 0: no ECDSA. `hash` NULL: Ed25519. */
static size_t sign(EVP_PKEY *pkey, const char *hash, size_t half, struct gb_bytes message,
                   uint8_t out[MOST])
{
    uint8_t der[MOST];
    size_t len = sizeof der;
    EVP_PKEY_CTX *ctx = NULL;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit_ex(md, &ctx, hash, NULL, NULL, pkey, NULL), 1);
    if (EVP_PKEY_is_a(pkey, "RSA")) {
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST), 1);
    }
    assert_int_equal(EVP_DigestSign(md, der, &len, message.data, message.len), 1);
    EVP_MD_CTX_free(md);
    if (half > 0)
        return raw_of(der, len, half, out);
    memcpy(out, der, len);
    return len;
}

static void put_message(struct gb_buf *out, struct gb_bytes header, struct gb_bytes unprotected,
                        const char *payload, struct gb_bytes signature)
{
    gb_buf_init(out, MOST);
    cbor_array(out, 4);
    cbor_bytes(out, header);
    gb_buf_add(out, unprotected.data, unprotected.len);
    if (payload)
        cbor_bytes(out, gb_bytes_str(payload));
    else
        cbor_null(out);
    cbor_bytes(out, signature);
}

#define BYTES(...) gb_bytes((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static int read_message(struct gb_bytes in, struct cose_sign1 *ret_message, struct gb_err *err)
{
    struct cbor_reader reader;
    cbor_reader_init(&reader, in);
    cose_sign1_read(&reader, ret_message);
    return cbor_finish(&reader, err);
}

/* Signs {1: alg}, "hello", and asks whether it verifies; then with one bit changed. */
static void holds(EVP_PKEY *pkey, int64_t alg, const char *hash, size_t half)
{
    gb_cleanup(gb_buf_done) struct gb_buf header;
    gb_cleanup(gb_buf_done) struct gb_buf signed_bytes;
    gb_cleanup(gb_buf_done) struct gb_buf message;
    uint8_t signature[MOST];
    struct cose_sign1 read;
    bool valid = false;
    const char *reason = NULL;
    gb_buf_init(&header, MOST);
    gb_buf_init(&signed_bytes, MOST);
    cbor_map(&header, 1);
    cbor_uint(&header, 1);
    cbor_int(&header, alg);
    cose_to_be_signed(&signed_bytes, gb_buf_bytes(&header), gb_bytes_str("hello"));
    size_t len = sign(pkey, hash, half, gb_buf_bytes(&signed_bytes), signature);
    put_message(&message, gb_buf_bytes(&header), BYTES(0xa0), "hello", gb_bytes(signature, len));
    struct key *key = public_of(pkey);
    assert_int_equal(read_message(gb_buf_bytes(&message), &read, NULL), GB_OK);
    assert_int_equal(cose_sign1_verify(&read, digester, key, &valid, &reason, NULL), GB_OK);
    assert_true(valid);
    assert_null(reason);
    signature[len / 2] ^= 1;
    read.signature = gb_bytes(signature, len);
    assert_int_equal(cose_sign1_verify(&read, digester, key, &valid, &reason, NULL), GB_OK);
    assert_false(valid);
    assert_non_null(strstr(reason, "not made with this key"));
    signature[len / 2] ^= 1;
    read.payload = gb_bytes_str("hallo");
    assert_int_equal(cose_sign1_verify(&read, digester, key, &valid, &reason, NULL), GB_OK);
    assert_false(valid);
    read.payload = gb_bytes_str("hello");
    read.signature = gb_bytes(signature, len - 1);
    assert_int_equal(cose_sign1_verify(&read, digester, key, &valid, &reason, NULL), GB_OK);
    assert_false(valid);
    key_free(key);
}

static void each_algorithm_verifies_with_its_own_key(void **state)
{
    (void)state;
    EVP_PKEY *p256 = EVP_EC_gen("P-256"), *p384 = EVP_EC_gen("P-384"), *p521 = EVP_EC_gen("P-521");
    EVP_PKEY *rsa = EVP_RSA_gen(2048), *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    holds(p256, COSE_ES256, "SHA256", 32);
    holds(p256, COSE_ESP256, "SHA256", 32);
    holds(p384, COSE_ES384, "SHA384", 48);
    holds(p384, COSE_ESP384, "SHA384", 48);
    holds(p521, COSE_ES512, "SHA512", 66);
    holds(p521, COSE_ESP512, "SHA512", 66);
    holds(rsa, COSE_PS256, "SHA256", 0);
    holds(rsa, COSE_PS384, "SHA384", 0);
    holds(rsa, COSE_PS512, "SHA512", 0);
    holds(ed, COSE_EDDSA, NULL, 0);
    holds(ed, COSE_ED25519, NULL, 0);
    EVP_PKEY_free(p256);
    EVP_PKEY_free(p384);
    EVP_PKEY_free(p521);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ed);
}

static void an_algorithm_that_the_key_cannot_have_is_told(void **state)
{
    (void)state;
    static const struct {
        int64_t alg;
        const char *says;
    } wrong[] = {{COSE_ES384, "different curves"}, {COSE_PS256, "RSA"},    {COSE_EDDSA, "Ed25519"},
                 {-65535, "none of ES256"},        {-47, "none of ES256"}, {5, "none of ES256"}};
    EVP_PKEY *pkey = EVP_EC_gen("P-256");
    struct key *key = public_of(pkey);
    for (size_t i = 0; i < GB_ARRAY_LEN(wrong); i++) {
        struct cose_sign1 message = {.payload = gb_bytes_str("x"), .signature = gb_bytes_str("y")};
        bool valid = true;
        const char *reason = NULL;
        message.alg = (enum cose_alg)wrong[i].alg;
        assert_int_equal(cose_sign1_verify(&message, digester, key, &valid, &reason, NULL), GB_OK);
        assert_false(valid);
        assert_non_null(strstr(reason, wrong[i].says));
    }
    key_free(key);
    EVP_PKEY_free(pkey);
}

static void refuses(struct gb_bytes header, struct gb_bytes unprotected, const char *why)
{
    gb_cleanup(gb_buf_done) struct gb_buf message;
    struct cose_sign1 read;
    struct gb_err err = {0};
    put_message(&message, header, unprotected, "x", gb_bytes_str("y"));
    assert_int_equal(read_message(gb_buf_bytes(&message), &read, &err), GB_ERR_INPUT);
    assert_non_null(strstr(err.text, why));
}

static void critical_headers_that_are_not_known_are_refused(void **state)
{
    (void)state;
    /* {1: -7, 2: [99], 99: 0}; {2: []}; {2: ["x"]}; {2: [8]} is one that is known */
    refuses(BYTES(0xa3, 1, 0x26, 2, 0x81, 0x18, 99, 0x18, 99, 0), BYTES(0xa0),
            "the header 99 is critical");
    refuses(BYTES(0xa1, 2, 0x80), BYTES(0xa0), "an empty list");
    refuses(BYTES(0xa1, 2, 0x81, 0x61, 'x'), BYTES(0xa0), "a named header is critical");
    refuses(BYTES(0xa0), BYTES(0xa1, 2, 0x81, 8), "the header 2 is not protected");
    gb_cleanup(gb_buf_done) struct gb_buf message;
    struct cose_sign1 read;
    put_message(&message, BYTES(0xa1, 2, 0x81, 8), BYTES(0xa0), "x", gb_bytes_str("y"));
    assert_int_equal(read_message(gb_buf_bytes(&message), &read, NULL), GB_OK);
}

static void labels_stand_once_and_what_counts_is_protected(void **state)
{
    (void)state;
    refuses(BYTES(0xa2, 1, 0x26, 1, 0x26), BYTES(0xa0), "a map's key comes twice");
    refuses(BYTES(0xa1, 4, 0x41, 'a'), BYTES(0xa1, 4, 0x41, 'b'), "a map's key comes twice");
    refuses(BYTES(0xa0), BYTES(0xa1, 1, 0x26), "the header 1 is not protected");
    refuses(BYTES(0xa0), BYTES(0xa1, 8, 0x40), "the header 8 is not protected");
    refuses(BYTES(0xa1, 0x41, 'a', 0), BYTES(0xa0), "neither a number nor text");
    refuses(BYTES(0xa1, 1, 0x26, 0), BYTES(0xa0), "protected header: bytes are left over");
    refuses(BYTES(0xbf, 1, 0x26, 0xff), BYTES(0xa0), "something else where a map belongs");
}

static void what_is_detached_or_a_digest_is_seen(void **state)
{
    (void)state;
    gb_cleanup(gb_buf_done) struct gb_buf detached;
    gb_cleanup(gb_buf_done) struct gb_buf envelope;
    struct cose_sign1 read;
    bool valid = true;
    const char *reason = NULL;
    EVP_PKEY *pkey = EVP_EC_gen("P-256");
    struct key *key = public_of(pkey);
    put_message(&detached, BYTES(0xa1, 1, 0x26), BYTES(0xa0), NULL, gb_bytes_str("y"));
    assert_int_equal(read_message(gb_buf_bytes(&detached), &read, NULL), GB_OK);
    assert_null(read.payload.data);
    assert_int_equal(cose_sign1_verify(&read, digester, key, &valid, &reason, NULL), GB_OK);
    assert_false(valid);
    assert_string_equal(reason, "its payload is detached");
    put_message(&envelope, BYTES(0xa2, 1, 0x26, 0x19, 1, 2, 0x2f), BYTES(0xa0), "x",
                gb_bytes_str("y"));
    assert_int_equal(read_message(gb_buf_bytes(&envelope), &read, NULL), GB_OK);
    assert_true(read.is_hash_envelope);
    key_free(key);
    EVP_PKEY_free(pkey);
}

static void what_is_signed_has_known_bytes(void **state)
{
    (void)state;
    /* RFC 9052, 4.4: ["Signature1", protected, external_aad, payload]. */
    static const uint8_t known[] = {0x84, 0x6a, 'S', 'i', 'g',  'n',  'a',  't',
                                    'u',  'r',  'e', '1', 0x43, 0xa1, 0x01, 0x26,
                                    0x40, 0x45, 'h', 'e', 'l',  'l',  'o'};
    gb_cleanup(gb_buf_done) struct gb_buf out;
    gb_buf_init(&out, MOST);
    cose_to_be_signed(&out, BYTES(0xa1, 0x01, 0x26), gb_bytes_str("hello"));
    assert_true(gb_bytes_equal(gb_buf_bytes(&out), gb_bytes(known, sizeof known)));
}

static void what_we_sign_reads_back_and_verifies(void **state)
{
    (void)state;
    gb_cleanup(signer_freep) struct signer *signer = NULL;
    gb_cleanup(gb_buf_done) struct gb_buf out;
    gb_cleanup(gb_buf_done) struct gb_buf pem;
    struct cbor_reader reader;
    struct cose_sign1 read;
    struct key *key = NULL;
    bool valid = false;
    const char *reason = NULL;
    const struct cose_said said = {"application/rim+cbor", gb_bytes_str("kid"), BYTES(0xa0),
                                   BYTES(0xa0), gb_bytes_str("hello")};
    gb_buf_init(&out, MOST);
    gb_buf_init(&pem, MOST);
    assert_int_equal(signer_new(&signer, NULL), GB_OK);
    assert_int_equal(cose_sign1_write(&said, signer, &out, NULL), GB_OK);
    assert_int_equal(signer_public_pem(signer, &pem, NULL), GB_OK);
    assert_int_equal(key_from_pem(gb_buf_bytes(&pem), &key, NULL), GB_OK);
    cbor_reader_init(&reader, gb_buf_bytes(&out));
    assert_int_equal(cbor_read_tag(&reader), COSE_TAG_SIGN1);
    cose_sign1_read(&reader, &read);
    assert_int_equal(cbor_finish(&reader, NULL), GB_OK);
    assert_int_equal(read.alg, COSE_ES256);
    assert_true(gb_bytes_is(read.content_type, "application/rim+cbor"));
    assert_true(gb_bytes_is(read.kid, "kid"));
    assert_int_equal(read.corim_meta.len, 1);
    assert_int_equal(read.cwt_claims.len, 1);
    assert_int_equal(cose_sign1_verify(&read, digester, key, &valid, &reason, NULL), GB_OK);
    assert_true(valid);
    key_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_algorithm_verifies_with_its_own_key),
        cmocka_unit_test(an_algorithm_that_the_key_cannot_have_is_told),
        cmocka_unit_test(critical_headers_that_are_not_known_are_refused),
        cmocka_unit_test(labels_stand_once_and_what_counts_is_protected),
        cmocka_unit_test(what_is_detached_or_a_digest_is_seen),
        cmocka_unit_test(what_is_signed_has_known_bytes),
        cmocka_unit_test(what_we_sign_reads_back_and_verifies),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
