#include "crypto/key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/key_evp.h"

static const struct {
    enum key_curve curve;
    size_t bits;
    const char *group;
    const char *sn; /* as libcrypto's decoders name it */
} curves[] = {
    {KEY_P256, 256, "P-256", "prime256v1"},
    {KEY_P384, 384, "P-384", "secp384r1"},
    {KEY_P521, 521, "P-521", "secp521r1"},
};

size_t key_curve_bits(enum key_curve curve)
{
    for (size_t i = 0; i < GB_ARRAY_LEN(curves); i++)
        if (curves[i].curve == curve)
            return curves[i].bits;
    return 0;
}

size_t key_field_size(enum key_curve curve)
{
    return (key_curve_bits(curve) + 7) / 8;
}

enum key_curve key_curve_of(const char *group)
{
    for (size_t i = 0; i < GB_ARRAY_LEN(curves); i++)
        if (strcmp(group, curves[i].group) == 0 || strcmp(group, curves[i].sn) == 0)
            return curves[i].curve;
    return KEY_CURVE_NONE;
}

const char *key_group(enum key_curve curve)
{
    for (size_t i = 0; i < GB_ARRAY_LEN(curves); i++)
        if (curves[i].curve == curve)
            return curves[i].group;
    return NULL;
}

bool key_pad(struct gb_bytes in, uint8_t *out, size_t len)
{
    while (in.len > 0 && in.data[0] == 0)
        in = gb_bytes_from(in, 1);
    if (in.len > len)
        return false;
    memset(out, 0, len - in.len);
    if (in.len > 0)
        memcpy(out + len - in.len, in.data, in.len);
    return true;
}

int key_adopt(EVP_PKEY *pkey, const struct key *facts, struct key **ret_key, struct gb_err *err)
{
    gb_cleanup(key_freep) struct key *key = gb_calloc(1, sizeof *key);
    if (!key) {
        EVP_PKEY_free(pkey);
        return gb_err_nomem(err);
    }
    *key = *facts;
    key->pkey = pkey;
    key->ready = gb_calloc(1, sizeof *key->ready);
    if (!key->ready)
        return gb_err_nomem(err);
    *ret_key = gb_take(key);
    return GB_OK;
}

static int from_data(const char *type, OSSL_PARAM *params, const struct key *facts,
                     struct key **ret_key, struct gb_err *err)
{
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    bool ready = ctx && EVP_PKEY_fromdata_init(ctx) == 1;
    bool made = ready && EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) == 1;
    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();
    if (!ready)
        return gb_err_set(err, GB_ERR_BUG, "libcrypto makes no %s key", type);
    if (!made)
        return gb_err_set(err, GB_ERR_INPUT, "the numbers make no %s key", type);
    return key_adopt(pkey, facts, ret_key, err);
}

/* `in` begins with a byte that is not zero. */
static size_t bits_of(struct gb_bytes in)
{
    return 8 * in.len - (size_t)(__builtin_clz(in.data[0]) - 24);
}

int key_from_rsa(struct gb_bytes modulus, uint32_t exponent, struct key **ret_key,
                 struct gb_err *err)
{
    while (modulus.len > 0 && modulus.data[0] == 0)
        modulus = gb_bytes_from(modulus, 1);
    if (modulus.len > GB_LIMIT_RSA_BITS / 8)
        return gb_err_set(err, GB_ERR_LIMIT, "RSA modulus of %zu bytes, the ceiling is %d",
                          modulus.len, GB_LIMIT_RSA_BITS / 8);
    if (modulus.len < 64)
        return gb_err_set(err, GB_ERR_INPUT, "RSA modulus of %zu bytes is none", modulus.len);
    if (modulus.data[modulus.len - 1] % 2 == 0) /* libcrypto takes it and fails only later */
        return gb_err_set(err, GB_ERR_INPUT, "the RSA modulus is even");
    if (exponent == 0) /* Part 2, 12.2.3.5: zero stands for 2^16 + 1 */
        exponent = 65537;
    uint8_t n[GB_LIMIT_RSA_BITS / 8]; /* OSSL_PARAM wants the machine's byte order */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    for (size_t i = 0; i < modulus.len; i++)
        n[i] = modulus.data[modulus.len - 1 - i];
#else
    memcpy(n, modulus.data, modulus.len);
#endif
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, n, modulus.len),
        OSSL_PARAM_construct_uint32(OSSL_PKEY_PARAM_RSA_E, &exponent),
        OSSL_PARAM_construct_end(),
    };
    const struct key facts = {.kind = KEY_RSA, .bits = bits_of(modulus), .exponent = exponent};
    return from_data("RSA", params, &facts, ret_key, err);
}

int key_from_ec(enum key_curve curve, struct gb_bytes x, struct gb_bytes y, struct key **ret_key,
                struct gb_err *err)
{
    uint8_t point[1 + 2 * KEY_MAX_FIELD] = {POINT_CONVERSION_UNCOMPRESSED};
    size_t field = key_field_size(curve);
    const char *name = key_group(curve);
    if (!name)
        return gb_err_set(err, GB_ERR_INPUT, "curve 0x%04x is not known", (unsigned)curve);
    if (!key_pad(x, point + 1, field) || !key_pad(y, point + 1 + field, field))
        return gb_err_set(err, GB_ERR_INPUT, "coordinate is longer than %s allows", name);
    char group[8];
    snprintf(group, sizeof group, "%s", name);
    /* libcrypto refuses a point off the curve; these curves have cofactor 1, so any other is good.
     */
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * field),
        OSSL_PARAM_construct_end(),
    };
    const struct key facts = {.kind = KEY_EC, .curve = curve, .bits = key_curve_bits(curve)};
    return from_data("EC", params, &facts, ret_key, err);
}

void key_free(struct key *key)
{
    if (!key)
        return;
    if (key->ready)
        EVP_PKEY_CTX_free(key->ready->ctx);
    gb_free(key->ready);
    EVP_PKEY_free(key->pkey);
    gb_free(key);
}

void key_freep(struct key **key)
{
    key_free(*key);
}
