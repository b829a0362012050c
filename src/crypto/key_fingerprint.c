#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "crypto/key.h"
#include "crypto/key_evp.h"

static void pkey_freep(EVP_PKEY **pkey)
{
    EVP_PKEY_free(*pkey);
}

/* A point may be written compressed, and a curve by its numbers: whoever has the key chooses, and
 * would be somebody else each time. So it is written in one form. NULL when out of memory. */
static EVP_PKEY *in_one_form(const struct key *key)
{
    if (key->kind != KEY_EC)
        return EVP_PKEY_up_ref(key->pkey) == 1 ? key->pkey : NULL;
    gb_cleanup(pkey_freep) EVP_PKEY *copy = EVP_PKEY_dup(key->pkey);
    if (!copy ||
        EVP_PKEY_set_utf8_string_param(copy, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                       OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED) != 1 ||
        EVP_PKEY_set_utf8_string_param(copy, OSSL_PKEY_PARAM_EC_ENCODING,
                                       OSSL_PKEY_EC_ENCODING_GROUP) != 1)
        return NULL;
    return gb_take(copy);
}

int key_fingerprint(const struct key *key, uint8_t out[32], struct gb_err *err)
{
    gb_cleanup(pkey_freep) EVP_PKEY *pkey = in_one_form(key);
    unsigned char *der = NULL;
    int len = pkey ? i2d_PUBKEY(pkey, &der) : 0;
    if (len <= 0)
        return gb_err_nomem(err);
    int made = EVP_Digest(der, (size_t)len, out, NULL, EVP_sha256(), NULL);
    OPENSSL_free(der);
    return made == 1 ? GB_OK : gb_err_set(err, GB_ERR_BUG, "libcrypto gives no SHA-256");
}
