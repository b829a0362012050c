#include <openssl/err.h>
#include <openssl/rsa.h>
#include <string.h>

#include "crypto/digest.h"
#include "crypto/key.h"
#include "crypto/key_evp.h"

/* One INTEGER of DER: no leading zeros but one where the sign bit would be set. */
static size_t put_integer(struct gb_bytes in, uint8_t *out)
{
    while (in.len > 1 && in.data[0] == 0)
        in = gb_bytes_from(in, 1);
    size_t at = 0;
    bool sign = in.data[0] >= 0x80;
    out[at++] = 0x02;
    out[at++] = (uint8_t)(in.len + sign);
    if (sign)
        out[at++] = 0;
    memcpy(out + at, in.data, in.len);
    return at + in.len;
}

/* ECDSA-Sig-Value (RFC 3279, 2.2.3), which libcrypto wants. 0 when r or s is too long for the curve
 * or absent. */
static size_t encode_ecdsa(struct gb_bytes r, struct gb_bytes s, size_t field,
                           uint8_t out[KEY_MAX_DER])
{
    uint8_t padded[2][KEY_MAX_FIELD];
    if (field == 0 || r.len == 0 || s.len == 0 || !key_pad(r, padded[0], field) ||
        !key_pad(s, padded[1], field))
        return 0;
    uint8_t body[2 * (3 + KEY_MAX_FIELD)];
    size_t len = put_integer(gb_bytes(padded[0], field), body);
    len += put_integer(gb_bytes(padded[1], field), body + len);
    size_t at = 0;
    out[at++] = 0x30;
    if (len >= 0x80) /* P-521 only */
        out[at++] = 0x81;
    out[at++] = (uint8_t)len;
    memcpy(out + at, body, len);
    return at + len;
}

static bool scheme_fits(const struct key *key, enum key_scheme scheme)
{
    switch (scheme) {
    case KEY_RSASSA:
    case KEY_RSAPSS:
        return key->kind == KEY_RSA;
    case KEY_ECDSA:
        return key->kind == KEY_EC && key->curve != KEY_CURVE_NONE;
    case KEY_SCHEME_NONE:
        break;
    }
    return false;
}

static bool set_padding(EVP_PKEY_CTX *ctx, enum key_scheme scheme)
{
    if (scheme == KEY_RSASSA)
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
    /* MGF1 takes the signature's hash by itself. */
    return scheme != KEY_RSAPSS ||
           (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_AUTO) == 1);
}

static bool set_hash(EVP_PKEY_CTX *ctx, enum digest_alg alg)
{
    EVP_MD *md = EVP_MD_fetch(NULL, digest_name(alg), NULL);
    bool ok = md && EVP_PKEY_CTX_set_signature_md(ctx, md) == 1;
    EVP_MD_free(md);
    return ok;
}

static int make_ready(const struct key *key, enum key_scheme scheme, enum digest_alg alg,
                      struct gb_err *err)
{
    struct key_ready *ready = key->ready;
    if (ready->ctx && ready->scheme == scheme && ready->alg == alg)
        return GB_OK;
    EVP_PKEY_CTX_free(ready->ctx);
    ready->ctx = EVP_PKEY_CTX_new(key->pkey, NULL);
    ready->scheme = scheme;
    ready->alg = alg;
    if (ready->ctx && EVP_PKEY_verify_init(ready->ctx) == 1 && set_padding(ready->ctx, scheme) &&
        set_hash(ready->ctx, alg))
        return GB_OK;
    EVP_PKEY_CTX_free(ready->ctx);
    ready->ctx = NULL;
    ERR_clear_error();
    return gb_err_set(err, GB_ERR_BUG, "libcrypto cannot verify %s signatures with %s",
                      key_name(key), digest_name(alg));
}

int key_verify(const struct key *key, enum key_scheme scheme, enum digest_alg alg,
               const uint8_t *digest, struct gb_bytes sig, struct gb_bytes sig2, bool *ret_valid,
               struct gb_err *err)
{
    *ret_valid = false;
    if (!scheme_fits(key, scheme) || !digest_strong(alg))
        return GB_OK;
    uint8_t der[KEY_MAX_DER];
    if (scheme == KEY_ECDSA) {
        sig = gb_bytes(der, encode_ecdsa(sig, sig2, key_field_size(key->curve), der));
        if (sig.len == 0)
            return GB_OK;
    } else if (sig.len != (key->bits + 7) / 8) { /* RFC 8017, 8.1.2 step 1 and 8.2.2 step 1 */
        return GB_OK;
    }
    int r = make_ready(key, scheme, alg, err);
    if (r < 0)
        return r;
    r = EVP_PKEY_verify(key->ready->ctx, sig.data, sig.len, digest, digest_size(alg));
    ERR_clear_error();
    if (r < 0)
        return gb_err_set(err, GB_ERR_BUG, "libcrypto failed to verify a signature");
    *ret_valid = r == 1;
    return GB_OK;
}
