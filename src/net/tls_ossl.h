/* What the room needs of TLS that only OpenSSL's types can say. Private to src/net. */
#ifndef GB_NET_TLS_OSSL_H
#define GB_NET_TLS_OSSL_H

#include <openssl/ssl.h>

#include "net/tls.h"

/* The server's side of a connection to be; NULL when out of memory. The caller frees it. */
SSL *tls_server_accept(struct tls_server *server);

/* Who the peer is, after the handshake. Valid as long as `ssl`. Never NULL. */
const struct tls_peer *tls_peer_of(const SSL *ssl);

/* The library's last complaint in words; "" when there is none. */
void tls_complaint(char *out, size_t len);

#endif
