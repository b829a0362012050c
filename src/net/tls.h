/* TLS 1.3 only, with client certificates. The only room but crypto to see OpenSSL. */
#ifndef GB_NET_TLS_H
#define GB_NET_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

/* Who speaks at the other end, from its certificate; fixed at the handshake, so that a round need
 * not look again. */
struct tls_peer {
    bool has_cert;
    char spiffe_id[256];     /* "" when none */
    uint8_t fingerprint[32]; /* SHA-256 over the SubjectPublicKeyInfo */
    int64_t not_after_s;
    bool expired; /* it was, at the handshake; later requests look at not_after_s themselves */
};

enum tls_auth {
    TLS_AUTH_NONE,        /* enrolment: the client has no certificate yet */
    TLS_AUTH_CLIENT_CERT, /* required in the handshake, must chain to `client_ca_pem` */
};

struct tls_server_conf {
    struct gb_bytes cert_pem; /* leaf first, then the CA, so that agents can pin it */
    struct gb_bytes key_pem;
    struct gb_bytes client_ca_pem;
    enum tls_auth auth;
    size_t sessions; /* size of the session cache (no tickets: resumed in 219 us instead of 550) */
};

struct tls_server;
GB_MUST_USE int tls_server_new(const struct tls_server_conf *conf, struct tls_server **ret_server,
                               struct gb_err *err);
/* Another that shares what `server` holds, for a further thread: a session that one of them began
 * is resumed by all. */
GB_MUST_USE int tls_server_share(const struct tls_server *server, struct tls_server **ret_server,
                                 struct gb_err *err);
void tls_server_free(struct tls_server *server);
/* Exchanges what two of the same `auth` hold, so that new handshakes of a listener use a new
 * certificate; connections that are open keep theirs. On the listener's loop. */
void tls_server_swap(struct tls_server *a, struct tls_server *b);

/* A client's private key that lives elsewhere, in a TPM: called once a handshake with the SHA-256
 * digest that is to be signed by ECDSA P-256. Returns 0 with r and s, or a negative code. */
struct tls_external_key {
    int (*sign)(void *ctx, const uint8_t digest[32], uint8_t ret_r[32], uint8_t ret_s[32]);
    void *ctx;
    uint8_t x[32]; /* the public point */
    uint8_t y[32];
};

#endif
