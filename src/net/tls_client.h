/* The client's side of TLS: whom it believes, and how it shows who it is. Private to src/net. */
#ifndef GB_NET_TLS_CLIENT_H
#define GB_NET_TLS_CLIENT_H

#include <openssl/ssl.h>

#include "base/buf.h"
#include "net/http_client.h"

struct tls_client {
    STACK_OF(X509) * cas; /* NULL: only the pin speaks */
    bool has_ca_pin;
    uint8_t ca_pin[32];
    bool ignore_validity;
    bool tls12_ok;
    X509 *cert; /* NULL: none to show */
    EVP_PKEY *key;
    X509 *recognised; /* the root that the last handshake ended at */
    int fault;        /* X509_V_..., of the last handshake */
    bool unpinned;    /* no certificate of the last chain had the pin */
};

/* GB_ERR_CONFIG when a certificate or the key cannot be used, or nobody would be believed. */
GB_MUST_USE int tls_client_init(struct tls_client *client, const struct http_client_conf *conf,
                                struct gb_err *err);
void tls_client_done(struct tls_client *client);
/* Sets up a context for one connection; borrows `client` for its life. */
GB_MUST_USE bool tls_client_apply(struct tls_client *client, SSL_CTX *ctx);
/* PEM of the root that was recognised; nothing when there was none yet. */
void tls_client_ca(const struct tls_client *client, struct gb_buf *out);

#endif
