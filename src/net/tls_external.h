/* A private key that lives elsewhere, as OpenSSL's type. Private to src/net. */
#ifndef GB_NET_TLS_EXTERNAL_H
#define GB_NET_TLS_EXTERNAL_H

#include <openssl/evp.h>

#include "net/tls.h"

/* Signs by `key->sign`; borrows `key` for its life. NULL when the point is not on P-256, or out of
 * memory. The caller frees. */
EVP_PKEY *tls_external_pkey(const struct tls_external_key *key);

#endif
