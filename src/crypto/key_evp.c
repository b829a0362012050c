#include "crypto/key_evp.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>

#include "crypto/key.h"

static void bn_freep(BIGNUM **bn)
{
    BN_free(*bn);
}

/* An exponent longer than 64 bits stays 0. */
static int learn_rsa(const EVP_PKEY *pkey, struct key *key, struct gb_err *err)
{
    gb_cleanup(bn_freep) BIGNUM *n = NULL;
    gb_cleanup(bn_freep) BIGNUM *e = NULL;
    if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n) != 1 ||
        EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) != 1)
        return gb_err_set(err, GB_ERR_INPUT, "the RSA key lacks a number");
    if (key->bits > GB_LIMIT_RSA_BITS)
        return gb_err_set(err, GB_ERR_LIMIT, "RSA key of %zu bits, the ceiling is %d", key->bits,
                          GB_LIMIT_RSA_BITS);
    /* libcrypto takes an even modulus and fails only later. */
    if (!BN_is_odd(n))
        return gb_err_set(err, GB_ERR_INPUT, "the RSA modulus is even");
    key->exponent = BN_num_bits(e) <= 64 ? BN_get_word(e) : 0;
    return GB_OK;
}

static void learn_ec(const EVP_PKEY *pkey, struct key *key)
{
    char name[32];
    size_t len = 0;
    if (EVP_PKEY_get_group_name(pkey, name, sizeof name, &len) == 1)
        key->curve = key_curve_of(name);
}

static int learn(const EVP_PKEY *pkey, struct key *key, struct gb_err *err)
{
    int bits = EVP_PKEY_get_bits(pkey);
    key->bits = bits > 0 ? (size_t)bits : 0;
    int r = GB_OK;
    /* "RSA-PSS" keys are another type: no TPM makes them. */
    if (EVP_PKEY_is_a(pkey, "RSA")) {
        key->kind = KEY_RSA;
        r = learn_rsa(pkey, key, err);
    } else if (EVP_PKEY_is_a(pkey, "EC")) {
        key->kind = KEY_EC;
        learn_ec(pkey, key);
    }
    ERR_clear_error(); /* a group without a name leaves one */
    return r;
}

int key_from_evp(EVP_PKEY *pkey, struct key **ret_key, struct gb_err *err)
{
    struct key facts = {0};
    int r = learn(pkey, &facts, err);
    if (r < 0) {
        EVP_PKEY_free(pkey);
        return r;
    }
    return key_adopt(pkey, &facts, ret_key, err);
}
