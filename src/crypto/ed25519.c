#include "crypto/ed25519.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/mem.h"
#include "crypto/signer_evp.h"

struct ed25519 {
    EVP_PKEY *pkey; /* owned */
};

static void ctxp(EVP_MD_CTX **ctx)
{
    EVP_MD_CTX_free(*ctx);
}

static void pkeyp(EVP_PKEY **pkey)
{
    EVP_PKEY_free(*pkey);
}

static int bug(struct gb_err *err, const char *what)
{
    ERR_clear_error();
    return gb_err_set(err, GB_ERR_BUG, "libcrypto %s", what);
}

int ed25519_new(struct ed25519 **ret_key, struct gb_err *err)
{
    gb_cleanup(ed25519_freep) struct ed25519 *key = gb_calloc(1, sizeof *key);
    if (!key)
        return gb_err_nomem(err);
    key->pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    if (!key->pkey)
        return bug(err, "makes no Ed25519 key");
    *ret_key = gb_take(key);
    return GB_OK;
}

int ed25519_from_pem(struct gb_bytes pem, struct gb_bytes passphrase, struct ed25519 **ret_key,
                     struct gb_err *err)
{
    gb_cleanup(ed25519_freep) struct ed25519 *key = gb_calloc(1, sizeof *key);
    if (!key)
        return gb_err_nomem(err);
    int r = signer_pem_read(pem, passphrase, &key->pkey, err);
    if (r < 0)
        return r;
    if (!EVP_PKEY_is_a(key->pkey, "ED25519"))
        return gb_err_set(err, GB_ERR_CONFIG, "the private key is not one of Ed25519");
    *ret_key = gb_take(key);
    return GB_OK;
}

void ed25519_free(struct ed25519 *key)
{
    if (!key)
        return;
    EVP_PKEY_free(key->pkey);
    gb_free(key);
}

void ed25519_freep(struct ed25519 **key)
{
    ed25519_free(*key);
}

int ed25519_to_pem(const struct ed25519 *key, struct gb_bytes passphrase, struct gb_buf *out,
                   struct gb_err *err)
{
    return signer_pem_write(key->pkey, passphrase, out, err);
}

int ed25519_sign(const struct ed25519 *key, struct gb_bytes message, uint8_t out[ED25519_SIGNATURE],
                 struct gb_err *err)
{
    size_t len = ED25519_SIGNATURE;
    gb_cleanup(ctxp) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (!ctx)
        return gb_err_nomem(err);
    /* No hash is named: Ed25519 hashes itself (RFC 8032, 5.1.6). */
    if (EVP_DigestSignInit(ctx, NULL, NULL, NULL, key->pkey) != 1 ||
        EVP_DigestSign(ctx, out, &len, message.data, message.len) != 1 || len != ED25519_SIGNATURE)
        return bug(err, "does not sign");
    return GB_OK;
}

int ed25519_public(const struct ed25519 *key, uint8_t ret_public[ED25519_PUBLIC],
                   struct gb_err *err)
{
    size_t len = ED25519_PUBLIC;
    if (EVP_PKEY_get_raw_public_key(key->pkey, ret_public, &len) != 1 || len != ED25519_PUBLIC)
        return bug(err, "does not tell the public key");
    return GB_OK;
}

int ed25519_verify(const uint8_t public[ED25519_PUBLIC], struct gb_bytes message,
                   const uint8_t signature[ED25519_SIGNATURE], bool *ret_valid, struct gb_err *err)
{
    *ret_valid = false;
    gb_cleanup(pkeyp) EVP_PKEY *pkey =
        EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, public, ED25519_PUBLIC);
    gb_cleanup(ctxp) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (!pkey || !ctx)
        return gb_err_nomem(err);
    if (EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey) != 1)
        return bug(err, "does not verify with Ed25519");
    /* 0 and below both mean "does not verify": a public key that is no point is found here. */
    *ret_valid =
        EVP_DigestVerify(ctx, signature, ED25519_SIGNATURE, message.data, message.len) == 1;
    ERR_clear_error();
    return GB_OK;
}
