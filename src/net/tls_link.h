/*
 * A client's connections by the thousand, each as cheap as TLS allows: one thread asks on one after
 * another and waits. For garboard-load: it must cost less than the server that it measures, which
 * libcurl does not. Chains are verified; the server's name is not looked at.
 */
#ifndef GB_NET_TLS_LINK_H
#define GB_NET_TLS_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

struct tls_hub; /* whom one thread talks to */

/* `host` and `port` are resolved once. `ca_pem` vouches for the server. */
GB_MUST_USE int tls_hub_new(const char *host, const char *port, struct gb_bytes ca_pem,
                            struct tls_hub **ret_hub, struct gb_err *err);
/* After its links. */
void tls_hub_free(struct tls_hub *hub);
void tls_hub_freep(struct tls_hub **hub);

struct tls_link; /* one node: its certificate, its connection, its last session */

/* Without a certificate both are empty. Connects at the first request. */
GB_MUST_USE int tls_link_new(struct tls_hub *hub, struct gb_bytes cert_pem, struct gb_bytes key_pem,
                             struct tls_link **ret_link, struct gb_err *err);
void tls_link_free(struct tls_link *link);
void tls_link_freep(struct tls_link **link);
/* The next request connects anew and resumes the session, if the server gave one. */
void tls_link_close(struct tls_link *link);
bool tls_link_resumed(const struct tls_link *link);

/* One HTTP/1.1 request and its answer; `ret_body` is emptied first. GB_ERR_IO when there was no
 * answer: the link is closed then. */
GB_MUST_USE int tls_link_ask(struct tls_link *link, const char *method, const char *path,
                             const char *content_type, struct gb_bytes body, int *ret_status,
                             struct gb_buf *ret_body, struct gb_err *err);

#endif
