/* The server's side: TLS 1.3, client certificates in the handshake, sessions kept here and not in
 * tickets. */
#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "net/tls_ossl.h"
#include "net/tls_peer.h"

enum {
    CERT_LIST_BYTES = 16 << 10, /* a client's chain is one leaf of 1 KB and perhaps its CA */
    SESSION_S = 2 * 3600,       /* an agent speaks every minute or so; it resumes within a few */
};

struct tls_server {
    SSL_CTX *ctx;
};

static const struct tls_peer nobody; /* the peer of a connection without a certificate */

/* Where a session keeps its peer's facts, and an SSL whether its peer's certificate had expired. */
static int peer_index = -1;
static int expired_index = -1;
static pthread_once_t index_once = PTHREAD_ONCE_INIT;

static void free_peer(void *parent, void *ptr, CRYPTO_EX_DATA *data, int index, long n, void *p)
{
    (void)parent, (void)data, (void)index, (void)n, (void)p;
    gb_free(ptr);
}

/* A resumed session is a copy of the first. */
static int copy_peer(CRYPTO_EX_DATA *to, const CRYPTO_EX_DATA *from, void **data, int index, long n,
                     void *p)
{
    (void)to, (void)from, (void)index, (void)n, (void)p;
    if (!*data)
        return 1;
    struct tls_peer *peer = gb_calloc(1, sizeof *peer);
    if (!peer)
        return 0;
    *peer = *(const struct tls_peer *)*data;
    *data = peer;
    return 1;
}

static void make_indexes(void)
{
    peer_index = SSL_SESSION_get_ex_new_index(0, NULL, NULL, copy_peer, free_peer);
    expired_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

void tls_complaint(char *out, size_t len)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    snprintf(out, len, "%s", reason ? reason : "");
    ERR_clear_error();
}

static int fail(struct gb_err *err, enum gb_err_code code, const char *what)
{
    char why[128];
    tls_complaint(why, sizeof why);
    return gb_err_set(err, code, "%s%s%s", what, why[0] ? ": " : "", why);
}

/* A node whose certificate ran out while it slept must reach renewal, so the leaf's last day is
 * judged at each request and not here. Nothing else is forgiven. */
static int forgive_expiry(int ok, X509_STORE_CTX *store)
{
    if (ok || X509_STORE_CTX_get_error_depth(store) != 0 ||
        X509_STORE_CTX_get_error(store) != X509_V_ERR_CERT_HAS_EXPIRED)
        return ok;
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return ssl && SSL_set_ex_data(ssl, expired_index, ssl) == 1;
}

/* Judges the client's chain, then notes who it is with the session, before that goes to the cache.
 */
static int verify_client(X509_STORE_CTX *store, void *ctx)
{
    (void)ctx;
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    if (X509_verify_cert(store) != 1)
        return 0;
    struct tls_peer *peer = gb_calloc(1, sizeof *peer);
    if (peer && tls_peer_read(X509_STORE_CTX_get0_cert(store), peer)) {
        peer->expired = SSL_get_ex_data(ssl, expired_index) != NULL;
        if (SSL_SESSION_set_ex_data(SSL_get_session(ssl), peer_index, peer) == 1)
            return 1;
    }
    gb_free(peer);
    X509_STORE_CTX_set_error(store, X509_V_ERR_UNSPECIFIED);
    return 0;
}

static int no_passphrase(char *buf, int size, int writing, void *ctx)
{
    (void)buf, (void)size, (void)writing, (void)ctx;
    return -1; /* or OpenSSL would ask the terminal */
}

static BIO *borrow(struct gb_bytes pem)
{
    return pem.len <= GB_LIMIT_CERT * 4 ? BIO_new_mem_buf(pem.data, (int)pem.len) : NULL;
}

static int use_chain(SSL_CTX *ctx, struct gb_bytes pem, struct gb_err *err)
{
    BIO *bio = borrow(pem);
    X509 *leaf = bio ? PEM_read_bio_X509(bio, NULL, no_passphrase, NULL) : NULL;
    bool ok = leaf && SSL_CTX_use_certificate(ctx, leaf) == 1;
    X509_free(leaf);
    for (X509 *next = NULL; ok && (next = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL));)
        if (SSL_CTX_add0_chain_cert(ctx, next) != 1) {
            X509_free(next);
            ok = false;
        }
    BIO_free(bio);
    if (!ok)
        return fail(err, GB_ERR_CONFIG, "the TLS certificate cannot be used");
    ERR_clear_error(); /* the end of the file was one */
    return GB_OK;
}

static int use_key(SSL_CTX *ctx, struct gb_bytes pem, struct gb_err *err)
{
    BIO *bio = borrow(pem);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
    bool ok = key && SSL_CTX_use_PrivateKey(ctx, key) == 1 && SSL_CTX_check_private_key(ctx) == 1;
    EVP_PKEY_free(key);
    BIO_free(bio);
    if (!ok)
        return fail(err, GB_ERR_CONFIG, "the TLS key cannot be used, or is not its certificate's");
    return GB_OK;
}

static int use_client_ca(SSL_CTX *ctx, struct gb_bytes pem, struct gb_err *err)
{
    BIO *bio = borrow(pem);
    size_t count = 0;
    bool ok = bio != NULL;
    for (X509 *ca = NULL; ok && (ca = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL));) {
        ok = X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), ca) == 1 &&
             SSL_CTX_add_client_CA(ctx, ca) == 1;
        X509_free(ca);
        count++;
    }
    BIO_free(bio);
    if (!ok || count == 0)
        return fail(err, GB_ERR_CONFIG, "the CA of client certificates cannot be used");
    ERR_clear_error();
    return GB_OK;
}

static void set_up_sessions(SSL_CTX *ctx, size_t sessions)
{
    if (sessions == 0) {
        SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
        (void)SSL_CTX_set_num_tickets(ctx, 0);
        return;
    }
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_SERVER);
    SSL_CTX_sess_set_cache_size(ctx, (long)sessions);
    SSL_CTX_set_timeout(ctx, SESSION_S);
    (void)SSL_CTX_set_num_tickets(ctx, 1); /* each would take a place of its own */
}

static int set_up(SSL_CTX *ctx, const struct tls_server_conf *conf, struct gb_err *err)
{
    static const unsigned char context[] = "garboard"; /* sessions of other contexts: not ours */
    /* A peer that vanishes without a goodbye would take its session along. Nothing is lost by
     * forgiving it: a cut request is shorter than its Content-Length. */
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(ctx, 1); /* one read(2) a record instead of two */
    SSL_CTX_set_max_cert_list(ctx, CERT_LIST_BYTES);
    SSL_CTX_set_security_level(ctx, 2);
    set_up_sessions(ctx, conf->sessions);
    if (SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_session_id_context(ctx, context, sizeof context - 1) != 1)
        return fail(err, GB_ERR_BUG, "TLS 1.3 is not to be had");
    if (conf->auth == TLS_AUTH_CLIENT_CERT) {
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, forgive_expiry);
        SSL_CTX_set_cert_verify_callback(ctx, verify_client, NULL);
        int r = use_client_ca(ctx, conf->client_ca_pem, err);
        if (r < 0)
            return r;
    }
    int r = use_chain(ctx, conf->cert_pem, err);
    return r < 0 ? r : use_key(ctx, conf->key_pem, err);
}

int tls_server_new(const struct tls_server_conf *conf, struct tls_server **ret_server,
                   struct gb_err *err)
{
    pthread_once(&index_once, make_indexes);
    struct tls_server *server = gb_calloc(1, sizeof *server);
    if (!server)
        return gb_err_nomem(err);
    server->ctx = SSL_CTX_new(TLS_server_method());
    if (!server->ctx || peer_index < 0 || expired_index < 0) {
        tls_server_free(server);
        return gb_err_nomem(err);
    }
    int r = set_up(server->ctx, conf, err);
    if (r < 0) {
        tls_server_free(server);
        return r;
    }
    *ret_server = server;
    return GB_OK;
}

int tls_server_share(const struct tls_server *server, struct tls_server **ret_server,
                     struct gb_err *err)
{
    struct tls_server *other = gb_calloc(1, sizeof *other);
    if (!other)
        return gb_err_nomem(err);
    SSL_CTX_up_ref(server->ctx);
    other->ctx = server->ctx;
    *ret_server = other;
    return GB_OK;
}

void tls_server_free(struct tls_server *server)
{
    if (!server)
        return;
    SSL_CTX_free(server->ctx);
    gb_free(server);
}

void tls_server_swap(struct tls_server *a, struct tls_server *b)
{
    SSL_CTX *ctx = a->ctx;
    a->ctx = b->ctx;
    b->ctx = ctx;
}

SSL *tls_server_accept(struct tls_server *server)
{
    SSL *ssl = SSL_new(server->ctx);
    if (ssl)
        SSL_set_accept_state(ssl);
    return ssl;
}

const struct tls_peer *tls_peer_of(const SSL *ssl)
{
    const SSL_SESSION *session = SSL_get_session(ssl);
    const struct tls_peer *peer = session ? SSL_SESSION_get_ex_data(session, peer_index) : NULL;
    return peer ? peer : &nobody;
}
