/* HTTPS requests through libcurl, one after another over a kept connection. TLS 1.3; the server is
 * believed by its CA, pinned. One client has one user at a time. */
#ifndef GB_NET_HTTP_CLIENT_H
#define GB_NET_HTTP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "net/tls.h"

struct http_client_conf {
    const char *url;        /* "https://attest.example:8440", no path */
    struct gb_bytes ca_pem; /* who may vouch for the server; empty: ca_pin must be there */
    bool has_ca_pin;
    uint8_t
        ca_pin[32]; /* SHA-256 over the CA's SubjectPublicKeyInfo, as a join token carries it: a
                       certificate of the server's chain has it, and the chain up to it is good */
    bool tls12_ok;  /* a server that is not ours; else TLS 1.3 only */
    bool ignore_validity; /* a node whose clock is years off: dates of the server's certificate are
                             not judged */
    struct gb_bytes cert_pem; /* the client's certificate; empty: none */
    struct gb_bytes key_pem;  /* its key, or */
    const struct tls_external_key
        *external_key;  /* one that lives in a TPM; borrowed for the client's life */
    const char *bearer; /* a token (RFC 6750), sent with every request; borrowed for the client's
                           life; NULL: none */
    const char *header; /* "Name: value", sent with every request, printable; borrowed likewise */
    int64_t connect_ms;
    int64_t total_ms; /* of one request */
    size_t max_answer;
};

struct http_client;
GB_MUST_USE int http_client_new(const struct http_client_conf *conf,
                                struct http_client **ret_client, struct gb_err *err);
void http_client_free(struct http_client *client);
void http_client_freep(struct http_client **client);

struct http_reply {
    int status;
    struct gb_buf body;    /* owned: http_reply_done */
    int64_t retry_after_s; /* 0: not said */
    struct gb_buf ca_pem;  /* with ca_pin: the certificate that was recognised, to keep */
};
void http_reply_done(struct http_reply *reply);

/* Any status is GB_OK; GB_ERR_IO when there was no answer: what failed is in words (cannot resolve,
 * refused, certificate of another CA, timed out). */
GB_MUST_USE int http_client_send(struct http_client *client, const char *method, const char *path,
                                 const char *content_type, struct gb_bytes body,
                                 struct http_reply *ret_reply, struct gb_err *err);

#endif
