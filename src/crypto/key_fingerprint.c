#include <openssl/evp.h>
#include <openssl/x509.h>

#include "crypto/key.h"
#include "crypto/key_evp.h"

int key_fingerprint(const struct key *key, uint8_t out[32], struct gb_err *err)
{
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(key->pkey, &der);
    if (len <= 0)
        return gb_err_nomem(err);
    int made = EVP_Digest(der, (size_t)len, out, NULL, EVP_sha256(), NULL);
    OPENSSL_free(der);
    return made == 1 ? GB_OK : gb_err_set(err, GB_ERR_BUG, "libcrypto gives no SHA-256");
}
