/* The libcrypto side of a signer. Private to crypto/. */
#ifndef GB_CRYPTO_SIGNER_EVP_H
#define GB_CRYPTO_SIGNER_EVP_H

#include <openssl/bio.h>
#include <openssl/evp.h>

#include "crypto/signer.h"

struct signer {
    EVP_PKEY *pkey; /* owned; P-256 */
};

/* Private keys of every kind as PKCS#8 PEM. GB_ERR_CONFIG when nothing opens. */
GB_MUST_USE int signer_pem_read(struct gb_bytes pem, struct gb_bytes passphrase,
                                EVP_PKEY **ret_pkey, struct gb_err *err);
GB_MUST_USE int signer_pem_write(const EVP_PKEY *pkey, struct gb_bytes passphrase,
                                 struct gb_buf *out, struct gb_err *err);
/* A copy of what was written into `bio`. GB_ERR_LIMIT past the buffer's ceiling, NOMEM. */
GB_MUST_USE int signer_drain(BIO *bio, struct gb_buf *out, struct gb_err *err);
void signer_biop(BIO **bio);

#endif
