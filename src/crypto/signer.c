#include "crypto/signer.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/signer_evp.h"

static void ctxp(EVP_MD_CTX **ctx)
{
    EVP_MD_CTX_free(*ctx);
}

static void sigp(ECDSA_SIG **sig)
{
    ECDSA_SIG_free(*sig);
}

static void bnp(BIGNUM **bn)
{
    BN_free(*bn);
}

static void derp(unsigned char **der)
{
    OPENSSL_free(*der);
}

static int bug(struct gb_err *err, const char *what)
{
    ERR_clear_error();
    return gb_err_set(err, GB_ERR_BUG, "libcrypto %s", what);
}

int signer_new(struct signer **ret_signer, struct gb_err *err)
{
    gb_cleanup(signer_freep) struct signer *signer = gb_calloc(1, sizeof *signer);
    if (!signer)
        return gb_err_nomem(err);
    signer->pkey = EVP_EC_gen("P-256");
    if (!signer->pkey)
        return bug(err, "makes no P-256 key");
    *ret_signer = gb_take(signer);
    return GB_OK;
}

void signer_free(struct signer *signer)
{
    if (!signer)
        return;
    EVP_PKEY_free(signer->pkey);
    gb_free(signer);
}

void signer_freep(struct signer **signer)
{
    signer_free(*signer);
}

/* ECDSA-Sig-Value to the fixed form. */
static int flatten(const unsigned char *der, size_t len, uint8_t out[64], struct gb_err *err)
{
    gb_cleanup(sigp) ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
    if (!sig || BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, 32) != 32 ||
        BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + 32, 32) != 32)
        return bug(err, "made a signature that it cannot read");
    return GB_OK;
}

int signer_sign(const struct signer *signer, struct gb_bytes message, uint8_t out[64],
                struct gb_err *err)
{
    unsigned char der[80]; /* two integers of 33 bytes with their headers: 72 */
    size_t len = sizeof der;
    gb_cleanup(ctxp) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (!ctx)
        return gb_err_nomem(err);
    if (EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, signer->pkey) != 1 ||
        EVP_DigestSign(ctx, der, &len, message.data, message.len) != 1)
        return bug(err, "does not sign");
    return flatten(der, len, out, err);
}

/* One coordinate of the public point. */
static int coordinate(const struct signer *signer, const char *name, uint8_t out[32],
                      struct gb_err *err)
{
    gb_cleanup(bnp) BIGNUM *bn = NULL;
    if (EVP_PKEY_get_bn_param(signer->pkey, name, &bn) != 1 || BN_bn2binpad(bn, out, 32) != 32)
        return bug(err, "does not tell the public point");
    return GB_OK;
}

int signer_public(const struct signer *signer, uint8_t ret_x[32], uint8_t ret_y[32],
                  uint8_t ret_fingerprint[32], struct gb_err *err)
{
    uint8_t x[32];
    uint8_t y[32];
    int r = coordinate(signer, OSSL_PKEY_PARAM_EC_PUB_X, x, err);
    if (r == 0)
        r = coordinate(signer, OSSL_PKEY_PARAM_EC_PUB_Y, y, err);
    if (r < 0)
        return r;
    gb_cleanup(derp) unsigned char *der = NULL;
    int len = i2d_PUBKEY(signer->pkey, &der);
    if (len <= 0 || EVP_Digest(der, (size_t)len, ret_fingerprint, NULL, EVP_sha256(), NULL) != 1)
        return bug(err, "does not write the public key");
    memcpy(ret_x, x, sizeof x);
    memcpy(ret_y, y, sizeof y);
    return GB_OK;
}
