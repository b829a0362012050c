/* The libcrypto side of issuing. Private to crypto/. */
#ifndef GB_CRYPTO_ISSUE_OSSL_H
#define GB_CRYPTO_ISSUE_OSSL_H

#include <openssl/x509.h>

#include "crypto/issue.h"

/* SHA-256 over the TPMT_PUBLIC of the AK, 32 bytes in an OCTET STRING's place. The arc of UUIDs
 * (X.667) needs no registry. */
#define ISSUE_OID_AK "2.25.207812348157164820164953172640518843205"

/* The first certificate of a PEM; the caller frees. GB_ERR_INPUT, NOMEM. */
GB_MUST_USE int issue_read_pem(struct gb_bytes pem, X509 **ret_x, struct gb_err *err);
/* Writes all extensions of `what`. */
GB_MUST_USE int issue_extensions(X509 *x, X509 *issuer, const struct issue *what,
                                 struct gb_err *err);
/* SHA-256 over the SubjectPublicKeyInfo. */
GB_MUST_USE int issue_spki(const X509 *x, uint8_t out[32], struct gb_err *err);

#endif
