/* The libcrypto side of certificates. Private to crypto/. */
#ifndef GB_CRYPTO_X509_OSSL_H
#define GB_CRYPTO_X509_OSSL_H

#include <openssl/x509.h>

#include "crypto/x509.h"

struct x509_cert {
    X509 *x; /* owned */
};

struct x509_store {
    STACK_OF(X509) * certs; /* owned, with what is in it */
};

/* Decodes one certificate at the start of `der`; *ret_len: how many bytes it is. The caller frees
 * with X509_free. */
GB_MUST_USE int x509_decode(struct gb_bytes der, X509 **ret_x, size_t *ret_len, struct gb_err *err);
void x509_osslp(X509 **x);

/* "CN = swtpm-localca", printable, in the arena; NULL when out of memory. */
GB_MUST_USE const char *x509_subject(struct gb_arena *arena, const X509 *x);
/* "2020-01-01 to 2022-01-01"; NULL when out of memory. */
GB_MUST_USE const char *x509_validity(struct gb_arena *arena, const X509 *x);

#endif
