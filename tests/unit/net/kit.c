#include "kit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static void need(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "kit: %s\n", what);
    ERR_print_errors_fp(stderr);
    abort();
}

static void add(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    need(ext && X509_add_ext(cert, ext, -1) == 1, value);
    X509_EXTENSION_free(ext);
}

struct kit_id kit_id(const struct kit_id *ca, const char *san, int64_t not_after_s)
{
    static long serial = 100;
    struct kit_id id = {.cert = X509_new(), .key = EVP_EC_gen("P-256")};
    need(id.cert && id.key, "new");
    char name[32];
    snprintf(name, sizeof name, "kit %ld", serial);
    need(X509_set_version(id.cert, X509_VERSION_3) == 1 &&
             ASN1_INTEGER_set(X509_get_serialNumber(id.cert), serial++) == 1 &&
             X509_NAME_add_entry_by_txt(X509_get_subject_name(id.cert), "CN", MBSTRING_UTF8,
                                        (const unsigned char *)name, -1, -1, 0) == 1 &&
             X509_set_issuer_name(id.cert, X509_get_subject_name(ca ? ca->cert : id.cert)) == 1 &&
             ASN1_TIME_set(X509_getm_notBefore(id.cert), 1577836800) != NULL &&
             ASN1_TIME_set(X509_getm_notAfter(id.cert), not_after_s ? not_after_s : 2208988800) !=
                 NULL &&
             X509_set_pubkey(id.cert, id.key) == 1,
         "certificate");
    X509 *issuer = ca ? ca->cert : id.cert;
    add(id.cert, issuer, NID_basic_constraints, ca ? "critical,CA:FALSE" : "critical,CA:TRUE");
    add(id.cert, issuer, NID_key_usage, ca ? "critical,digitalSignature" : "critical,keyCertSign");
    add(id.cert, issuer, NID_subject_key_identifier, "hash");
    if (san)
        add(id.cert, issuer, NID_subject_alt_name, san);
    need(X509_sign(id.cert, ca ? ca->key : id.key, EVP_sha256()) > 0, "sign");
    return id;
}

void kit_id_done(struct kit_id *id)
{
    X509_free(id->cert);
    EVP_PKEY_free(id->key);
}

static struct gb_bytes take_pem(BIO *bio)
{
    static char text[16][8192];
    static unsigned next;
    char *out = text[next++ % 16];
    int len = BIO_read(bio, out, sizeof text[0]);
    BIO_free(bio);
    need(len > 0 && len < (int)sizeof text[0], "PEM");
    return gb_bytes(out, (size_t)len);
}

struct gb_bytes kit_cert_pem(const struct kit_id *id, const struct kit_id *next)
{
    BIO *bio = BIO_new(BIO_s_mem());
    need(bio && PEM_write_bio_X509(bio, id->cert) == 1, "PEM");
    need(!next || PEM_write_bio_X509(bio, next->cert) == 1, "PEM");
    return take_pem(bio);
}

struct gb_bytes kit_key_pem(const struct kit_id *id)
{
    BIO *bio = BIO_new(BIO_s_mem());
    need(bio && PEM_write_bio_PKCS8PrivateKey(bio, id->key, NULL, NULL, 0, NULL, NULL) == 1, "PEM");
    return take_pem(bio);
}

static struct kit_people people;

static void forget_people(void)
{
    kit_id_done(&people.ca);
    kit_id_done(&people.server);
    kit_id_done(&people.node);
    kit_id_done(&people.operator);
    kit_id_done(&people.stranger_ca);
    kit_id_done(&people.stranger);
}

const struct kit_people *kit_people(void)
{
    if (people.ca.cert)
        return &people;
    people.ca = kit_id(NULL, NULL, 0);
    people.server = kit_id(&people.ca, "URI:spiffe://example/server,DNS:localhost,IP:127.0.0.1", 0);
    people.node = kit_id(&people.ca, "URI:spiffe://example/node/n1", 0);
    people.operator= kit_id(&people.ca, "URI:spiffe://example/operator/anna", 0);
    people.stranger_ca = kit_id(NULL, NULL, 0);
    people.stranger = kit_id(&people.stranger_ca, "URI:spiffe://example/node/n1", 0);
    atexit(forget_people);
    return &people;
}

struct kit_server kit_conf(http_handler *handler, void *ctx)
{
    return (struct kit_server){.conf = {.address = "127.0.0.1",
                                        .max_header = 8192,
                                        .max_body = 1 << 20,
                                        .max_connections = 200,
                                        .handshake_ms = 20000,
                                        .header_ms = 20000,
                                        .body_ms = 20000,
                                        .idle_ms = 20000},
                               .auth = TLS_AUTH_CLIENT_CERT,
                               .sessions = 100,
                               .handler = handler,
                               .ctx = ctx};
}

static void *run(void *ctx)
{
    struct kit_server *server = ctx;
    struct gb_err err;
    if (loop_run(server->loop, &err) < 0)
        fprintf(stderr, "kit: %s\n", err.text);
    return NULL;
}

/* With server->tls there. */
static void begin(struct kit_server *server)
{
    struct gb_err err = {0};
    need(loop_new(&server->loop, &err) == 0, err.text);
    need(http_server_new(server->loop, server->tls, &server->conf, server->handler, server->ctx,
                         &server->http, &err) == 0,
         err.text);
    server->port = http_server_port(server->http);
    need(pthread_create(&server->thread, NULL, run, server) == 0, "thread");
}

void kit_start_with(struct kit_server *server, const struct tls_server_conf *conf)
{
    struct gb_err err = {0};
    need(tls_server_new(conf, &server->tls, &err) == 0, err.text);
    begin(server);
}

void kit_start_shared(struct kit_server *server, const struct kit_server *first)
{
    struct gb_err err = {0};
    need(tls_server_share(first->tls, &server->tls, &err) == 0, err.text);
    begin(server);
}

void kit_start(struct kit_server *server)
{
    const struct kit_people *who = kit_people();
    struct tls_server_conf conf = {.cert_pem = kit_cert_pem(&who->server, &who->ca),
                                   .key_pem = kit_key_pem(&who->server),
                                   .client_ca_pem = kit_cert_pem(&who->ca, NULL),
                                   .auth = server->auth,
                                   .sessions = server->sessions};
    kit_start_with(server, &conf);
}

void kit_stop(struct kit_server *server)
{
    loop_stop(server->loop);
    pthread_join(server->thread, NULL);
    http_server_free(server->http);
    tls_server_free(server->tls);
    loop_free(server->loop);
}

struct http_server_count kit_counts(const struct kit_server *server)
{
    struct http_server_count count;
    http_server_counts(server->http, &count);
    return count;
}

static void nap(void)
{
    struct timespec some = {.tv_nsec = 5000000};
    nanosleep(&some, NULL);
}

enum { NAPS = 2000 };

bool kit_wait(const struct kit_server *server, size_t offset, uint64_t wanted)
{
    for (int i = 0; i < NAPS; i++) {
        struct http_server_count count = kit_counts(server);
        uint64_t value;
        memcpy(&value, (const char *)&count + offset, sizeof value);
        if (value >= wanted)
            return true;
        nap();
    }
    return false;
}

bool kit_wait_closed(const struct kit_server *server)
{
    for (int i = 0; i < NAPS; i++) {
        if (kit_counts(server).open == 0)
            return true;
        nap();
    }
    return false;
}

int kit_dial(uint16_t port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct timeval wait = {.tv_sec = 10};
    need(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0, "socket");
    need(connect(fd, (struct sockaddr *)&to, sizeof to) == 0, "connect");
    return fd;
}

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    struct kit_client *client = SSL_get_app_data(ssl);
    SSL_SESSION_free(client->session);
    client->session = session;
    return 1;
}

bool kit_connect(struct kit_client *client, uint16_t port, const struct kit_id *id,
                 SSL_SESSION *session, int version)
{
    *client = (struct kit_client){.fd = kit_dial(port), .ctx = SSL_CTX_new(TLS_client_method())};
    need(client->ctx != NULL, "context");
    SSL_CTX_set_session_cache_mode(client->ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(client->ctx, keep_session);
    need(SSL_CTX_set_max_proto_version(client->ctx, version) == 1, "version");
    if (id)
        need(SSL_CTX_use_certificate(client->ctx, id->cert) == 1 &&
                 SSL_CTX_use_PrivateKey(client->ctx, id->key) == 1,
             "client certificate");
    X509_STORE_add_cert(SSL_CTX_get_cert_store(client->ctx), kit_people()->ca.cert);
    SSL_CTX_set_verify(client->ctx, SSL_VERIFY_PEER, NULL);
    client->ssl = SSL_new(client->ctx);
    need(client->ssl && SSL_set_fd(client->ssl, client->fd) == 1, "SSL");
    SSL_set_app_data(client->ssl, client);
    if (session)
        need(SSL_set_session(client->ssl, session) == 1, "session");
    return SSL_connect(client->ssl) == 1;
}

void kit_client_done(struct kit_client *client)
{
    SSL_free(client->ssl);
    SSL_CTX_free(client->ctx);
    SSL_SESSION_free(client->session);
    if (client->fd >= 0)
        close(client->fd);
    ERR_clear_error();
}

bool kit_send(struct kit_client *client, const char *bytes, size_t len)
{
    ERR_clear_error();
    return SSL_write(client->ssl, bytes, (int)len) == (int)len;
}

static bool read_exactly(struct kit_client *client, char *out, size_t len)
{
    for (size_t at = 0, got = 0; at < len; at += got) {
        ERR_clear_error();
        if (SSL_read_ex(client->ssl, out + at, len - at, &got) != 1)
            return false;
    }
    return true;
}

int kit_answer(struct kit_client *client, char *body, size_t size)
{
    char head[4096] = "";
    size_t len = 0;
    while (!strstr(head, "\r\n\r\n")) {
        if (len + 1 == sizeof head || !read_exactly(client, head + len, 1))
            return 0;
        head[++len] = '\0';
    }
    int status = 0;
    unsigned long body_len = 0;
    struct tm date;
    if (sscanf(head, "HTTP/1.1 %d ", &status) != 1)
        return 0;
    const char *said = strstr(head, "\r\nDate: ");
    if (status != 100 && (!said || !strptime(said + 8, "%a, %d %b %Y %H:%M:%S GMT\r\n", &date)))
        return -1; /* no answer of ours is without */
    const char *length = strstr(head, "Content-Length: ");
    if (length)
        body_len = strtoul(length + 16, NULL, 10);
    char *got = calloc(1, body_len + 1);
    bool ok = got && read_exactly(client, got, body_len);
    if (ok && body)
        snprintf(body, size, "%s", got);
    free(got);
    return ok ? status : 0;
}

bool kit_ended(struct kit_client *client)
{
    char scrap[4096];
    size_t got = 0;
    do
        ERR_clear_error();
    while (SSL_read_ex(client->ssl, scrap, sizeof scrap, &got) == 1);
    /* A time-out of ours is not the end: it says that the peer is still there. */
    return SSL_get_error(client->ssl, 0) != SSL_ERROR_WANT_READ;
}
