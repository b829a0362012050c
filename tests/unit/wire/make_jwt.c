#include "make_jwt.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <string.h>

#include "../test.h"
#include "base/encode.h"

EVP_PKEY *make_jwt_key(enum jwt_alg alg, unsigned rsa_bits)
{
    EVP_PKEY *key = alg == JWT_ES256   ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")
                    : alg == JWT_ES384 ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384")
                                       : EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)rsa_bits);
    assert_non_null(key);
    return key;
}

/* A number of `len` bytes (0: as long as it is) in base64url. */
static const char *number(struct gb_arena *arena, EVP_PKEY *key, const char *name, size_t len)
{
    BIGNUM *value = NULL;
    uint8_t bytes[1024];
    assert_int_equal(EVP_PKEY_get_bn_param(key, name, &value), 1);
    int have = BN_num_bytes(value);
    int want = len > 0 ? (int)len : have;
    assert_int_equal(BN_bn2binpad(value, bytes, want), want);
    BN_free(value);
    const char *text = gb_base64url(arena, gb_bytes(bytes, (size_t)want));
    assert_non_null(text);
    return text;
}

const char *make_jwk(struct gb_arena *arena, EVP_PKEY *key, const char *more)
{
    bool rsa = EVP_PKEY_is_a(key, "RSA");
    size_t field = ((size_t)EVP_PKEY_get_bits(key) + 7) / 8;
    const char *jwk =
        rsa ? gb_arena_printf(arena, "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"%s}",
                              number(arena, key, OSSL_PKEY_PARAM_RSA_N, 0),
                              number(arena, key, OSSL_PKEY_PARAM_RSA_E, 0), more)
            : gb_arena_printf(
                  arena, "{\"kty\":\"EC\",\"crv\":\"P-%d\",\"x\":\"%s\",\"y\":\"%s\"%s}",
                  EVP_PKEY_get_bits(key), number(arena, key, OSSL_PKEY_PARAM_EC_PUB_X, field),
                  number(arena, key, OSSL_PKEY_PARAM_EC_PUB_Y, field), more);
    assert_non_null(jwk);
    return jwk;
}

/* DER's SEQUENCE of r and s as r || s. */
static size_t raw_ecdsa(uint8_t *sig, size_t len, size_t field)
{
    const unsigned char *at = sig;
    ECDSA_SIG *parsed = d2i_ECDSA_SIG(NULL, &at, (long)len);
    assert_non_null(parsed);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(parsed), sig, (int)field), field);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(parsed), sig + field, (int)field), field);
    ECDSA_SIG_free(parsed);
    return 2 * field;
}

const char *make_jwt(struct gb_arena *arena, EVP_PKEY *key, enum jwt_alg alg, const char *header,
                     const char *payload)
{
    uint8_t sig[1024];
    size_t len = sizeof sig;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *how = NULL;
    const char *text = gb_arena_printf(arena, "%s.%s", gb_base64url(arena, gb_bytes_str(header)),
                                       gb_base64url(arena, gb_bytes_str(payload)));
    assert_non_null(ctx);
    assert_int_equal(EVP_DigestSignInit_ex(ctx, &how, alg == JWT_ES384 ? "SHA384" : "SHA256", NULL,
                                           NULL, key, NULL),
                     1);
    if (alg == JWT_PS256) {
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST), 1);
    }
    assert_int_equal(EVP_DigestSign(ctx, sig, &len, (const unsigned char *)text, strlen(text)), 1);
    EVP_MD_CTX_free(ctx);
    if (alg == JWT_ES256 || alg == JWT_ES384)
        len = raw_ecdsa(sig, len, alg == JWT_ES256 ? 32 : 48);
    const char *jwt =
        gb_arena_printf(arena, "%s.%s", text, gb_base64url(arena, gb_bytes(sig, len)));
    assert_non_null(jwt);
    return jwt;
}
