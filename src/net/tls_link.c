#include "net/tls_link.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"

enum { ANSWER_HEAD = 8 << 10, WAIT_S = 60 };

struct tls_hub {
    SSL_CTX *ctx;
    char host[128]; /* as it stands in Host: */
    struct sockaddr_storage address;
    socklen_t address_len;
};

struct tls_link {
    struct tls_hub *hub;
    X509 *cert;
    EVP_PKEY *key;
    SSL_SESSION *session;
    SSL *ssl; /* NULL: not connected */
    int fd;
};

static int fail(struct gb_err *err, const char *what)
{
    int sys = errno;
    const char *why = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    return gb_err_sys(err, sys, "%s: %s", what, why ? why : strerrordesc_np(sys));
}

/* TLS 1.3 hands sessions out after the handshake. */
static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    struct tls_link *link = SSL_get_app_data(ssl);
    SSL_SESSION_free(link->session);
    link->session = session;
    return 1;
}

static int resolve(struct tls_hub *hub, const char *host, const char *port, struct gb_err *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    int code = getaddrinfo(host, port, &hints, &found);
    if (code != 0)
        return gb_err_set(err, GB_ERR_IO, "%s: %s", host, gai_strerror(code));
    memcpy(&hub->address, found->ai_addr, found->ai_addrlen);
    hub->address_len = found->ai_addrlen;
    freeaddrinfo(found);
    snprintf(hub->host, sizeof hub->host, "%s:%s", host, port);
    return GB_OK;
}

static int trust(SSL_CTX *ctx, struct gb_bytes ca_pem, struct gb_err *err)
{
    BIO *bio = BIO_new_mem_buf(ca_pem.data, (int)ca_pem.len);
    X509 *x = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    bool good = x && X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), x) == 1;
    X509_free(x);
    BIO_free(bio);
    return good ? GB_OK : gb_err_set(err, GB_ERR_CONFIG, "the CA is no PEM certificate");
}

int tls_hub_new(const char *host, const char *port, struct gb_bytes ca_pem,
                struct tls_hub **ret_hub, struct gb_err *err)
{
    gb_cleanup(tls_hub_freep) struct tls_hub *hub = gb_calloc(1, sizeof *hub);
    if (!hub)
        return gb_err_nomem(err);
    hub->ctx = SSL_CTX_new(TLS_client_method());
    if (!hub->ctx)
        return gb_err_nomem(err);
    SSL_CTX_set_min_proto_version(hub->ctx, TLS1_3_VERSION);
    SSL_CTX_set_verify(hub->ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_session_cache_mode(hub->ctx,
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    SSL_CTX_sess_set_new_cb(hub->ctx, keep_session);
    SSL_CTX_set_mode(hub->ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
    int r = trust(hub->ctx, ca_pem, err);
    if (r == GB_OK)
        r = resolve(hub, host, port, err);
    if (r == GB_OK)
        *ret_hub = gb_take(hub);
    return r;
}

void tls_hub_free(struct tls_hub *hub)
{
    if (!hub)
        return;
    SSL_CTX_free(hub->ctx);
    gb_free(hub);
}

void tls_hub_freep(struct tls_hub **hub)
{
    tls_hub_free(*hub);
}

int tls_link_new(struct tls_hub *hub, struct gb_bytes cert_pem, struct gb_bytes key_pem,
                 struct tls_link **ret_link, struct gb_err *err)
{
    gb_cleanup(tls_link_freep) struct tls_link *link = gb_calloc(1, sizeof *link);
    if (!link)
        return gb_err_nomem(err);
    link->hub = hub;
    link->fd = -1;
    if (cert_pem.len > 0) {
        BIO *cert = BIO_new_mem_buf(cert_pem.data, (int)cert_pem.len);
        BIO *key = BIO_new_mem_buf(key_pem.data, (int)key_pem.len);
        link->cert = cert ? PEM_read_bio_X509(cert, NULL, NULL, NULL) : NULL;
        link->key = key ? PEM_read_bio_PrivateKey(key, NULL, NULL, NULL) : NULL;
        BIO_free(cert);
        BIO_free(key);
        if (!link->cert || !link->key)
            return gb_err_set(err, GB_ERR_CONFIG, "a certificate or key is no PEM");
    }
    *ret_link = gb_take(link);
    return GB_OK;
}

void tls_link_close(struct tls_link *link)
{
    if (link->ssl) {
        SSL_set_shutdown(link->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        SSL_free(link->ssl); /* the session stays good */
    }
    if (link->fd >= 0)
        close(link->fd);
    link->ssl = NULL;
    link->fd = -1;
}

void tls_link_free(struct tls_link *link)
{
    if (!link)
        return;
    tls_link_close(link);
    SSL_SESSION_free(link->session);
    X509_free(link->cert);
    EVP_PKEY_free(link->key);
    gb_free(link);
}

void tls_link_freep(struct tls_link **link)
{
    tls_link_free(*link);
}

bool tls_link_resumed(const struct tls_link *link)
{
    return link->ssl && SSL_session_reused(link->ssl);
}

static int open_socket(struct tls_link *link, struct gb_err *err)
{
    const struct timeval wait = {.tv_sec = WAIT_S};
    link->fd = socket(link->hub->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (link->fd < 0)
        return fail(err, "socket");
    setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    setsockopt(link->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    setsockopt(link->fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    /* a client that ends its connections first would run out of ports: no TIME_WAIT */
    setsockopt(link->fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
    if (connect(link->fd, (const struct sockaddr *)&link->hub->address, link->hub->address_len) !=
        0)
        return fail(err, "cannot connect");
    return GB_OK;
}

static int open_tls(struct tls_link *link, struct gb_err *err)
{
    link->ssl = SSL_new(link->hub->ctx);
    if (!link->ssl)
        return gb_err_nomem(err);
    SSL_set_app_data(link->ssl, link);
    if (link->cert && (SSL_use_certificate(link->ssl, link->cert) != 1 ||
                       SSL_use_PrivateKey(link->ssl, link->key) != 1))
        return fail(err, "the certificate does not fit its key");
    if (link->session)
        SSL_set_session(link->ssl, link->session);
    if (SSL_set_fd(link->ssl, link->fd) != 1 || SSL_connect(link->ssl) != 1)
        return fail(err, "no TLS connection");
    return GB_OK;
}

static int send_request(struct tls_link *link, const char *method, const char *path,
                        const char *content_type, struct gb_bytes body, struct gb_err *err)
{
    gb_cleanup(gb_buf_done) struct gb_buf out;
    gb_buf_init(&out, body.len + 1024);
    gb_buf_printf(&out, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, path, link->hub->host);
    if (content_type)
        gb_buf_printf(&out, "Content-Type: %s\r\n", content_type);
    gb_buf_printf(&out, "Content-Length: %zu\r\n\r\n", body.len);
    gb_buf_add(&out, body.data, body.len);
    if (!gb_buf_ok(&out))
        return gb_err_nomem(err);
    size_t sent;
    if (SSL_write_ex(link->ssl, out.data, out.len, &sent) != 1)
        return fail(err, "cannot send");
    return GB_OK;
}

/* "HTTP/1.1 200 ..." and the length of the body; our own servers always say it. */
static int read_head(const char *head, int *ret_status, size_t *ret_len, struct gb_err *err)
{
    static const char protocol[] = "HTTP/1.1 ";
    static const char field[] = "\r\ncontent-length:";
    const char *length = strcasestr(head, field);
    const char *number = head + sizeof protocol - 1;
    char *end = NULL;
    if (strncmp(head, protocol, sizeof protocol - 1) != 0)
        return gb_err_set(err, GB_ERR_IO, "the answer is no HTTP");
    unsigned long status = strtoul(number, &end, 10);
    if (end != number + 3 || status < 100)
        return gb_err_set(err, GB_ERR_IO, "the answer has no status");
    *ret_len = 0;
    if (length) {
        number = length + sizeof field - 1;
        errno = 0;
        *ret_len = strtoull(number, &end, 10);
        if (end == number || *end != '\r' || errno != 0)
            return gb_err_set(err, GB_ERR_IO, "the answer's length is no number");
    }
    *ret_status = (int)status;
    return GB_OK;
}

static int read_body(struct tls_link *link, size_t len, struct gb_buf *body, struct gb_err *err)
{
    uint8_t piece[4096];
    while (body->len < len) {
        size_t want = len - body->len < sizeof piece ? len - body->len : sizeof piece, got;
        if (SSL_read_ex(link->ssl, piece, want, &got) != 1)
            return fail(err, "the answer ends early");
        gb_buf_add(body, piece, got);
        if (!gb_buf_ok(body))
            return gb_err_nomem(err);
    }
    return GB_OK;
}

static int read_answer(struct tls_link *link, int *ret_status, struct gb_buf *body,
                       struct gb_err *err)
{
    char head[ANSWER_HEAD + 1];
    size_t len = 0, got, body_len = 0;
    const char *end = NULL;
    while (!end) {
        if (len == ANSWER_HEAD || SSL_read_ex(link->ssl, head + len, ANSWER_HEAD - len, &got) != 1)
            return fail(err, "no answer");
        len += got;
        head[len] = '\0';
        end = strstr(head, "\r\n\r\n");
    }
    int r = read_head(head, ret_status, &body_len, err);
    size_t head_len = (size_t)(end + 4 - head);
    if (r < 0)
        return r;
    if (len - head_len > body_len)
        return gb_err_set(err, GB_ERR_IO, "the answer is longer than it says");
    gb_buf_add(body, head + head_len, len - head_len);
    r = read_body(link, body_len, body, err);
    if (r == GB_OK && strcasestr(head, "\r\nconnection: close"))
        tls_link_close(link);
    return r;
}

int tls_link_ask(struct tls_link *link, const char *method, const char *path,
                 const char *content_type, struct gb_bytes body, int *ret_status,
                 struct gb_buf *ret_body, struct gb_err *err)
{
    int r = GB_OK;
    ret_body->len = 0;
    if (!link->ssl) {
        r = open_socket(link, err);
        if (r == GB_OK)
            r = open_tls(link, err);
    }
    if (r == GB_OK)
        r = send_request(link, method, path, content_type, body, err);
    if (r == GB_OK)
        r = read_answer(link, ret_status, ret_body, err);
    if (r < 0)
        tls_link_close(link);
    return r;
}
