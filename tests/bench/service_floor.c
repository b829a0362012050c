/*
 * The physical floor of a round over the network: TLS 1.3 with client certificates, a request read
 * to its Content-Length, the digests and the signature that judging it takes, an answer as long as
 * garboardd's, and nothing else. One thread, epoll. garboard-load cannot tell it from the service.
 *
 * usage: service_floor CERT KEY CA ENTRIES; prints its port
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "floor.h"

enum { REQUEST_MAX = 1 << 20, TEMPLATE = 100, QUOTE = 175, PCRS = 16 * 32 };

struct conn {
    SSL *ssl;
    int fd;
    size_t have;
    size_t cap;
    char *in;
};

static const char answer[] =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 226\r\n\r\n"
    "{\"verdict\":\"untrusted\",\"tier\":\"affirming\",\"verified_at\":\"2026-11-20T21:30:00Z\","
    "\"next\":"
    "{\"nonce\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\",\"expires_in_s\":600,"
    "\"interval_s\":60,\"send\":{\"boot_log\":false,\"ima_from\":1000000000}}}";

static void must(int ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "service_floor: %s failed\n", what);
    exit(1);
}

static struct gb_bytes zeros(size_t len)
{
    static const uint8_t bytes[1024];
    return gb_bytes(bytes, len);
}

static void sign(struct floor *floor)
{
    static uint8_t digest[32], sig[80];
    size_t sig_len = sizeof sig;
    char *pem;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    BIO *bio = BIO_new(BIO_s_mem());
    must(EVP_PKEY_sign_init(ctx) == 1 && EVP_PKEY_sign(ctx, sig, &sig_len, digest, 32) == 1,
         "sign");
    must(PEM_write_bio_PUBKEY(bio, key) == 1, "PEM");
    long len = BIO_get_mem_data(bio, &pem);
    floor_set_signature(floor, gb_bytes(pem, (size_t)len), gb_bytes(digest, 32),
                        gb_bytes(sig, sig_len));
}

/* As tests/bench/steady.c counts it, and what binds a quote to its connection. */
static struct floor *make_floor(int entries)
{
    struct floor *floor = floor_new();
    sign(floor);
    floor_add_digest(floor, DIGEST_SHA256, zeros(QUOTE));
    floor_add_digest(floor, DIGEST_SHA256, zeros(PCRS));
    floor_add_digest(floor, DIGEST_SHA256, zeros(116));
    for (int i = 0; i < entries; i++) {
        floor_add_digest(floor, DIGEST_SHA256, zeros(TEMPLATE));
        floor_add_extend(floor, DIGEST_SHA256);
    }
    return floor;
}

static SSL_CTX *make_tls(char **argv)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
    must(SSL_CTX_use_certificate_chain_file(ctx, argv[1]) == 1, argv[1]);
    must(SSL_CTX_use_PrivateKey_file(ctx, argv[2], SSL_FILETYPE_PEM) == 1, argv[2]);
    must(SSL_CTX_load_verify_locations(ctx, argv[3], NULL) == 1, argv[3]);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
    SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"floor", 5);
    SSL_CTX_sess_set_cache_size(ctx, 100000);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    return ctx;
}

static int listen_at(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    must(fd >= 0 && bind(fd, (struct sockaddr *)&at, len) == 0 && listen(fd, 4096) == 0 &&
             getsockname(fd, (struct sockaddr *)&at, &len) == 0,
         "listen");
    printf("%d\n", ntohs(at.sin_port));
    fflush(stdout);
    return fd;
}

static void drop(struct conn *c)
{
    SSL_set_shutdown(c->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); /* the session stays */
    SSL_free(c->ssl);
    close(c->fd);
    free(c->in);
    free(c);
}

static void accept_one(SSL_CTX *ctx, int poll, int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    struct conn *c = calloc(1, sizeof *c);
    must(c && (c->ssl = SSL_new(ctx)) && SSL_set_fd(c->ssl, fd) == 1, "SSL_new");
    c->fd = fd;
    SSL_set_accept_state(c->ssl);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    must(epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
}

/* Whether one whole request is there. */
static int complete(const struct conn *c)
{
    const char *end = memmem(c->in, c->have, "\r\n\r\n", 4);
    if (!end)
        return 0;
    const char *length = memmem(c->in, (size_t)(end - c->in), "Content-Length: ", 16);
    size_t body = length ? strtoul(length + 16, NULL, 10) : 0;
    return c->have >= (size_t)(end + 4 - c->in) + body;
}

static int answer_one(struct conn *c, struct floor *floor)
{
    size_t sent;
    if (memcmp(c->in, "POST", 4) == 0)
        floor_run(floor);
    c->have = 0;
    return SSL_write_ex(c->ssl, answer, sizeof answer - 1, &sent) == 1;
}

static int serve(struct conn *c, struct floor *floor)
{
    for (size_t got;; c->have += got) {
        if (c->have > 0 && complete(c) && !answer_one(c, floor))
            return 0;
        if (c->cap - c->have < 4096) {
            c->cap = c->cap ? c->cap * 2 : 8192;
            must(c->cap <= REQUEST_MAX && (c->in = realloc(c->in, c->cap)), "request");
        }
        if (SSL_read_ex(c->ssl, c->in + c->have, c->cap - c->have - 1, &got) != 1)
            return SSL_get_error(c->ssl, 0) == SSL_ERROR_WANT_READ;
        c->in[c->have + got] = '\0';
    }
}

int main(int argc, char **argv)
{
    must(argc == 5, "usage");
    signal(SIGPIPE, SIG_IGN);
    struct floor *floor = make_floor(atoi(argv[4]));
    SSL_CTX *ctx = make_tls(argv);
    int poll = epoll_create1(EPOLL_CLOEXEC), listener = listen_at();
    struct epoll_event events[64], self = {.events = EPOLLIN, .data.ptr = NULL};
    must(epoll_ctl(poll, EPOLL_CTL_ADD, listener, &self) == 0, "epoll_ctl");
    for (;;) {
        int n = epoll_wait(poll, events, 64, -1);
        for (int i = 0; i < n; i++) {
            struct conn *c = events[i].data.ptr;
            if (!c)
                accept_one(ctx, poll, listener);
            else if (!serve(c, floor))
                drop(c);
        }
    }
}
