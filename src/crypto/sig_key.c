#include "crypto/sig_key.h"

#include <limits.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/limits.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "crypto/x509_ossl.h"

static void bnp(BIGNUM **number)
{
    BN_free(*number);
}

static void biop(BIO **bio)
{
    BIO_free(*bio);
}

/* One number of the key, big-endian; `len` 0: as long as it is. */
static int number(struct gb_arena *arena, EVP_PKEY *pkey, const char *name, size_t len,
                  struct gb_bytes *ret_bytes, struct gb_err *err)
{
    gb_cleanup(bnp) BIGNUM *value = NULL;
    if (EVP_PKEY_get_bn_param(pkey, name, &value) != 1)
        return gb_err_set(err, GB_ERR_INPUT, "the certificate's key cannot be read");
    if (len == 0)
        len = (size_t)BN_num_bytes(value);
    uint8_t *out = gb_arena_alloc_raw(arena, len + 1, 1);
    if (!out)
        return gb_err_nomem(err);
    if (BN_bn2binpad(value, out, (int)len) < 0)
        return gb_err_set(err, GB_ERR_INPUT, "the certificate's key cannot be read");
    *ret_bytes = gb_bytes(out, len);
    return GB_OK;
}

static int read_rsa(struct gb_arena *arena, EVP_PKEY *pkey, struct sig_key *key, struct gb_err *err)
{
    struct gb_bytes exponent = {0};
    key->kind = KEY_RSA;
    int r = number(arena, pkey, OSSL_PKEY_PARAM_RSA_N, 0, &key->modulus, err);
    if (r == GB_OK)
        r = number(arena, pkey, OSSL_PKEY_PARAM_RSA_E, 0, &exponent, err);
    if (r == GB_OK && (exponent.len > 4 || key->modulus.len > GB_LIMIT_RSA_BITS / 8))
        r = gb_err_set(err, GB_ERR_INPUT, "the certificate's RSA key is not of a usual size");
    for (size_t i = 0; r == GB_OK && i < exponent.len; i++)
        key->exponent = key->exponent << 8 | exponent.data[i];
    return r;
}

static int read_ec(struct gb_arena *arena, EVP_PKEY *pkey, struct sig_key *key, struct gb_err *err)
{
    size_t len = (size_t)(EVP_PKEY_get_bits(pkey) + 7) / 8;
    key->kind = KEY_EC;
    key->curve = len == 32 ? KEY_P256 : KEY_P384;
    int r = number(arena, pkey, OSSL_PKEY_PARAM_EC_PUB_X, len, &key->x, err);
    return r < 0 ? r : number(arena, pkey, OSSL_PKEY_PARAM_EC_PUB_Y, len, &key->y, err);
}

static int make(const struct sig_key *key, struct key **ret_key, struct gb_err *err)
{
    return key->kind == KEY_RSA ? key_from_rsa(key->modulus, key->exponent, ret_key, err)
                                : key_from_ec(key->curve, key->x, key->y, ret_key, err);
}

/* That it is one that we would believe. */
static int check(struct sig_key *key, struct gb_err *err)
{
    gb_cleanup(key_freep) struct key *made = NULL;
    int r = make(key, &made, err);
    const char *weakness = r == GB_OK ? key_weakness(made) : NULL;
    if (weakness)
        return gb_err_set(err, GB_ERR_INPUT, "the certificate's key is too weak: %s", weakness);
    return r < 0 ? r : key_fingerprint(made, key->fingerprint, err);
}

static int read_key_id(X509 *x, struct sig_key *key, struct gb_err *err)
{
    uint8_t hash[SHA_DIGEST_LENGTH];
    const ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr(x);
    const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(x);
    if (id && ASN1_STRING_length(id) >= (int)sizeof key->key_id) {
        memcpy(key->key_id, ASN1_STRING_get0_data(id) + ASN1_STRING_length(id) - sizeof key->key_id,
               sizeof key->key_id);
        return GB_OK;
    }
    if (EVP_Digest(ASN1_STRING_get0_data(bits), (size_t)ASN1_STRING_length(bits), hash, NULL,
                   EVP_sha1(), NULL) != 1)
        return gb_err_set(err, GB_ERR_BUG, "sha1 failed");
    memcpy(key->key_id, hash + sizeof hash - sizeof key->key_id, sizeof key->key_id);
    return GB_OK;
}

static int read_certificate(struct gb_arena *arena, X509 *x, struct sig_key *key,
                            struct gb_err *err)
{
    EVP_PKEY *pkey = X509_get0_pubkey(x);
    char group[32] = "";
    int r;
    if (pkey && EVP_PKEY_is_a(pkey, "RSA"))
        r = read_rsa(arena, pkey, key, err);
    else if (pkey && EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL) == 1 &&
             (strcmp(group, "prime256v1") == 0 || strcmp(group, "secp384r1") == 0))
        r = read_ec(arena, pkey, key, err);
    else
        r = gb_err_set(err, GB_ERR_INPUT,
                       "the certificate's key is neither RSA nor of P-256 or P-384");
    if (r == GB_OK)
        r = check(key, err);
    return r < 0 ? r : read_key_id(x, key, err);
}

int sig_key_from_pem(struct gb_arena *arena, struct gb_bytes pem, struct sig_key *ret_key,
                     struct gb_err *err)
{
    struct sig_key key = {0};
    if (pem.len > GB_LIMIT_CERT)
        return gb_err_set(err, GB_ERR_LIMIT, "certificate of %zu bytes, the ceiling is %d", pem.len,
                          GB_LIMIT_CERT);
    gb_cleanup(biop) BIO *bio =
        BIO_new_mem_buf(pem.len > 0 ? (const void *)pem.data : "", (int)pem.len);
    if (!bio)
        return gb_err_nomem(err);
    gb_cleanup(x509_osslp) X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    ERR_clear_error();
    if (!x)
        return gb_err_set(err, GB_ERR_INPUT, "not a certificate in PEM");
    int r = read_certificate(arena, x, &key, err);
    ERR_clear_error();
    if (r == GB_OK)
        *ret_key = key;
    return r;
}

/* A positive INTEGER of DER, of at most `len` bytes, padded to that in `out`. */
static bool read_integer(struct gb_bytes *in, size_t len, uint8_t *out)
{
    if (in->len < 2 || in->data[0] != 0x02 || in->data[1] > in->len - 2 || in->data[1] == 0 ||
        in->data[1] >= 0x80)
        return false;
    struct gb_bytes value = gb_bytes(in->data + 2, in->data[1]);
    *in = gb_bytes_from(*in, 2 + value.len);
    if (value.data[0] >= 0x80 ||
        (value.len > 1 && value.data[0] == 0 && value.data[1] < 0x80)) /* negative, not shortest */
        return false;
    if (value.data[0] == 0)
        value = gb_bytes_from(value, 1);
    if (value.len > len)
        return false;
    memset(out, 0, len - value.len);
    if (value.len > 0)
        memcpy(out + len - value.len, value.data, value.len);
    return true;
}

/* X9.62: SEQUENCE { r, s } with nothing behind it; of our curves it has a short length. */
static bool read_pair(struct gb_bytes der, size_t len, uint8_t *r, uint8_t *s)
{
    if (der.len < 2 || der.data[0] != 0x30 || der.data[1] >= 0x80 || der.data[1] != der.len - 2)
        return false;
    struct gb_bytes rest = gb_bytes_from(der, 2);
    return read_integer(&rest, len, r) && read_integer(&rest, len, s) && rest.len == 0;
}

int sig_key_verify(const struct sig_key *key, enum digest_alg alg, const uint8_t *digest,
                   struct gb_bytes value, bool *ret_valid, struct gb_err *err)
{
    gb_cleanup(key_freep) struct key *made = NULL;
    uint8_t r[48], s[48];
    *ret_valid = false;
    if (key->kind == KEY_EC && !read_pair(value, key->x.len, r, s))
        return GB_OK;
    int result = make(key, &made, err);
    if (result < 0)
        return result;
    if (key->kind == KEY_RSA)
        return key_verify(made, KEY_RSASSA, alg, digest, value, gb_bytes(NULL, 0), ret_valid, err);
    return key_verify(made, KEY_ECDSA, alg, digest, gb_bytes(r, key->x.len),
                      gb_bytes(s, key->x.len), ret_valid, err);
}
