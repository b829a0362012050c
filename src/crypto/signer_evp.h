/* The libcrypto side of a signer. Private to crypto/. */
#ifndef GB_CRYPTO_SIGNER_EVP_H
#define GB_CRYPTO_SIGNER_EVP_H

#include <openssl/bio.h>
#include <openssl/evp.h>

#include "crypto/signer.h"

struct signer {
    EVP_PKEY *pkey; /* owned; P-256 */
};

/* A copy of what was written into `bio`. GB_ERR_LIMIT past the buffer's ceiling, NOMEM. */
GB_MUST_USE int signer_drain(BIO *bio, struct gb_buf *out, struct gb_err *err);
void signer_biop(BIO **bio);

#endif
