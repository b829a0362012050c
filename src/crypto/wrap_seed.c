#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <openssl/rsa.h>
#include <string.h>

#include "crypto/digest.h"
#include "crypto/key.h"
#include "crypto/key_evp.h"
#include "crypto/wrap.h"

/* Part 1, 24.4 and B.4: the label of credentials; its NUL belongs to it under OAEP. */
static const char label[] = "IDENTITY";

static int failed(struct gb_err *err, const char *what)
{
    ERR_clear_error();
    return gb_err_set(err, GB_ERR_BUG, "libcrypto cannot %s", what);
}

static bool set_oaep(EVP_PKEY_CTX *ctx, enum digest_alg alg)
{
    if (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) != 1 ||
        EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, digest_name(alg), NULL) != 1 ||
        EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, digest_name(alg), NULL) != 1)
        return false;
    void *copy = OPENSSL_memdup(label, sizeof label); /* the context takes it over */
    if (copy && EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, copy, sizeof label) == 1)
        return true;
    OPENSSL_free(copy);
    return false;
}

int wrap_seed_rsa(const struct key *ek, enum digest_alg alg, struct gb_bytes seed,
                  struct gb_buf *out, struct gb_err *err)
{
    uint8_t cipher[GB_LIMIT_RSA_BITS / 8];
    size_t len = sizeof cipher;
    if (ek->kind != KEY_RSA || digest_size(alg) == 0)
        return gb_err_set(err, GB_ERR_INPUT, "%s is no RSA storage key", key_name(ek));
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(ek->pkey, NULL);
    bool ok = ctx && EVP_PKEY_encrypt_init(ctx) == 1 && set_oaep(ctx, alg) &&
              EVP_PKEY_encrypt(ctx, cipher, &len, seed.data, seed.len) == 1;
    EVP_PKEY_CTX_free(ctx);
    if (!ok)
        return failed(err, "encrypt a seed with OAEP");
    gb_buf_tpm2b(out, gb_bytes(cipher, len));
    return gb_buf_ok(out) ? GB_OK : gb_err_nomem(err);
}

/* One ECDH: d is ours, the EK's point is the other side. */
struct exchange {
    EC_GROUP *group;
    BN_CTX *bn;
    BIGNUM *d;
    EC_POINT *ek, *own, *shared;
    size_t field;
    uint8_t ek_x[KEY_MAX_FIELD], own_x[KEY_MAX_FIELD], own_y[KEY_MAX_FIELD], z[KEY_MAX_FIELD];
};

static void exchange_done(struct exchange *e)
{
    EC_POINT_free(e->ek);
    EC_POINT_free(e->own);
    EC_POINT_clear_free(e->shared);
    BN_clear_free(e->d);
    BN_CTX_free(e->bn);
    EC_GROUP_free(e->group);
    OPENSSL_cleanse(e->z, sizeof e->z);
}

static int nid_of(enum key_curve curve)
{
    return curve == KEY_P256   ? NID_X9_62_prime256v1
           : curve == KEY_P384 ? NID_secp384r1
                               : NID_secp521r1;
}

static bool exchange_new(struct exchange *e, const struct key *ek)
{
    uint8_t point[1 + 2 * KEY_MAX_FIELD];
    size_t len = 0;
    e->field = key_field_size(ek->curve);
    e->group = EC_GROUP_new_by_curve_name(nid_of(ek->curve));
    e->bn = BN_CTX_secure_new();
    if (!e->group || !e->bn)
        return false;
    e->ek = EC_POINT_new(e->group);
    e->own = EC_POINT_new(e->group);
    e->shared = EC_POINT_new(e->group);
    return e->ek && e->own && e->shared &&
           EVP_PKEY_get_octet_string_param(ek->pkey, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point,
                                           &len) == 1 &&
           EC_POINT_oct2point(e->group, e->ek, point, len, e->bn) == 1;
}

static bool coordinates(const struct exchange *e, const EC_POINT *point, uint8_t *x, uint8_t *y)
{
    BIGNUM *bx = BN_new();
    BIGNUM *by = BN_new();
    int field = (int)e->field;
    bool ok = bx && by && EC_POINT_get_affine_coordinates(e->group, point, bx, by, e->bn) == 1 &&
              BN_bn2binpad(bx, x, field) == field && (!y || BN_bn2binpad(by, y, field) == field);
    BN_clear_free(bx);
    BN_clear_free(by);
    return ok;
}

/* Curves of cofactor 1, and a point that was checked to be on its curve: the product of a scalar
 * from 1 to the order less one is never the point at infinity. */
static bool exchange_run(struct exchange *e)
{
    BN_set_flags(e->d, BN_FLG_CONSTTIME);
    return EC_POINT_mul(e->group, e->own, e->d, NULL, NULL, e->bn) == 1 &&
           EC_POINT_mul(e->group, e->shared, NULL, e->ek, e->d, e->bn) == 1 &&
           coordinates(e, e->own, e->own_x, e->own_y) && coordinates(e, e->ek, e->ek_x, NULL) &&
           coordinates(e, e->shared, e->z, NULL);
}

static bool scalar_fits(const struct exchange *e)
{
    return !BN_is_zero(e->d) && BN_cmp(e->d, EC_GROUP_get0_order(e->group)) < 0;
}

/* TPM2B_ENCRYPTED_SECRET around a TPMS_ECC_POINT (Part 2, 11.4.33 and 11.2.5.2). */
static void write_point(struct gb_buf *out, const struct exchange *e)
{
    gb_buf_u16be(out, (uint16_t)(2 * (2 + e->field)));
    gb_buf_tpm2b(out, gb_bytes(e->own_x, e->field));
    gb_buf_tpm2b(out, gb_bytes(e->own_y, e->field));
}

int wrap_seed_ecc(const struct key *ek, enum digest_alg alg, struct gb_bytes scalar,
                  struct gb_buf *out, uint8_t *ret_seed, struct gb_err *err)
{
    gb_cleanup(exchange_done) struct exchange e = {0};
    uint8_t seed[GB_LIMIT_DIGEST];
    if (ek->kind != KEY_EC || ek->curve == KEY_CURVE_NONE || digest_size(alg) == 0)
        return gb_err_set(err, GB_ERR_INPUT, "%s is no ECC storage key", key_name(ek));
    if (!exchange_new(&e, ek))
        return failed(err, "prepare ECDH");
    if (scalar.len != e.field)
        return gb_err_set(err, GB_ERR_BUG, "the ephemeral scalar has %zu bytes, not %zu",
                          scalar.len, e.field);
    e.d = BN_secure_new();
    if (!e.d || !BN_bin2bn(scalar.data, (int)scalar.len, e.d))
        return gb_err_nomem(err);
    if (!scalar_fits(&e))
        return gb_err_set(err, GB_ERR_INPUT, "the ephemeral scalar is 0 or above the order");
    if (!exchange_run(&e))
        return failed(err, "run ECDH");
    int r = wrap_kdfe(alg, gb_bytes(e.z, e.field), label, gb_bytes(e.own_x, e.field),
                      gb_bytes(e.ek_x, e.field), 8 * digest_size(alg), seed, err);
    if (r < 0)
        return r;
    write_point(out, &e);
    if (!gb_buf_ok(out))
        return gb_err_nomem(err);
    memcpy(ret_seed, seed, digest_size(alg));
    OPENSSL_cleanse(seed, sizeof seed);
    return GB_OK;
}
