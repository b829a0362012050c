/* What the tests of src/net share: certificates, a server on a thread of its own, and a client that
 * sends raw bytes over TLS. */
#ifndef GB_TESTS_NET_KIT_H
#define GB_TESTS_NET_KIT_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdbool.h>

#include "net/http_server.h"
#include "net/loop.h"
#include "net/tls.h"

struct kit_id { /* a certificate with its key */
    X509 *cert;
    EVP_PKEY *key;
};
/* Signed by `ca` (NULL: by itself, a CA). `san`: in OpenSSL's words, or NULL. 0: long valid. */
struct kit_id kit_id(const struct kit_id *ca, const char *san, int64_t not_after_s);
void kit_id_done(struct kit_id *id);
/* PEM of the certificate, of `next` too when not NULL; static for the next 15 calls. */
struct gb_bytes kit_cert_pem(const struct kit_id *id, const struct kit_id *next);
struct gb_bytes kit_key_pem(const struct kit_id *id);

/* The usual people; made once a program, freed at its end. */
struct kit_people {
    struct kit_id ca, server, node, operator, stranger_ca, stranger;
};
const struct kit_people *kit_people(void);

struct kit_server {
    struct http_server_conf conf; /* fill before kit_start; kit_conf gives generous ones */
    enum tls_auth auth;
    size_t sessions;
    http_handler *handler;
    void *ctx;

    struct loop *loop;
    struct tls_server *tls;
    struct http_server *http;
    uint16_t port;
    pthread_t thread;
};
struct kit_server kit_conf(http_handler *handler, void *ctx);
void kit_start(struct kit_server *server);
/* The same with a certificate (and key) of the caller's choice. */
void kit_start_with(struct kit_server *server, const struct tls_server_conf *conf);
/* The same with what `first` has, on a thread of its own. */
void kit_start_shared(struct kit_server *server, const struct kit_server *first);
/* Stops without grace. */
void kit_stop(struct kit_server *server);
struct http_server_count kit_counts(const struct kit_server *server);
/* Waits until `count` of what the server counts is at least `wanted`; false after ten seconds. */
bool kit_wait(const struct kit_server *server, size_t offset, uint64_t wanted);
#define kit_wait_for(server, member, wanted)                                                       \
    kit_wait((server), offsetof(struct http_server_count, member), (wanted))
/* Until no connection is open. */
bool kit_wait_closed(const struct kit_server *server);

/* A TLS client; blocking, ten seconds at most a read. */
struct kit_client {
    int fd;
    SSL_CTX *ctx;
    SSL *ssl;
    SSL_SESSION *session; /* the last that the server gave, owned */
};
/* A TCP connection only. */
int kit_dial(uint16_t port);
/* `id` NULL: no certificate. `session` NULL: a full handshake. `version`: TLS1_3_VERSION. True when
 * the client's side of the handshake is through; kit_client_done either way. */
bool kit_connect(struct kit_client *client, uint16_t port, const struct kit_id *id,
                 SSL_SESSION *session, int version);
void kit_client_done(struct kit_client *client);
bool kit_send(struct kit_client *client, const char *bytes, size_t len);
#define kit_say(client, text) kit_send((client), (text), strlen(text))
/* One whole answer; its status, 0 when the connection ended first. Body (NUL behind) in `body` when
 * not NULL. */
int kit_answer(struct kit_client *client, char *body, size_t size);
/* True when the peer ends the connection, whatever comes before. */
bool kit_ended(struct kit_client *client);

#endif
