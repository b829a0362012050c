/* Private to src/net: see tls_peer.c. */
#ifndef GB_NET_TLS_PEER_H
#define GB_NET_TLS_PEER_H

#include <openssl/x509.h>

#include "net/tls.h"

/* False when the certificate cannot be used: its key cannot be encoded, its dates mean nothing. */
GB_MUST_USE bool tls_peer_read(const X509 *cert, struct tls_peer *ret_peer);

#endif
