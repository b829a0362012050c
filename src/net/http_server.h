/*
 * HTTP/1.1 over TLS on one loop (docs/adr/0008): absolute deadlines for handshake, headers, body,
 * answer and idling (slowloris, T29), ceilings, strict framing (two Content-Length, "+2", blanks
 * before the colon, a bare LF, no Host: 400 and close). Listening sockets use SO_REUSEPORT, so that
 * each loop thread has its own server.
 */
#ifndef GB_NET_HTTP_SERVER_H
#define GB_NET_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "net/loop.h"
#include "net/tls.h"

/* Bytes of bodies that stand in memory, of one loop. Who owns it keeps it until the loop has ended
 * and every request is answered; small requests are neither counted nor refused. */
struct http_budget {
    size_t max;
    size_t used;
};

struct http_request;

/* Looks at a request when its head is read, before any of its body is kept. True: go on. False: it
 * was refused (http_refuse), at once or later, as by a handler; a body that is not there yet is
 * never read, and the connection ends. */
typedef bool http_admit(void *ctx, struct http_request *request);

struct http_server_conf {
    const char *address; /* "127.0.0.1" "0.0.0.0" "::" */
    uint16_t port;       /* 0: the system chooses, http_server_port tells */
    bool first;          /* nobody may listen on the port yet: the other threads come after it */
    size_t max_header;
    size_t max_body;
    size_t max_connections; /* above: the one idle for longest is closed */
    size_t max_handshakes;  /* of those, not yet through the handshake: above, the oldest of them is
                               closed; 0: a quarter of max_connections */
    int64_t handshake_ms;
    int64_t header_ms;          /* from a request's first byte to its empty line */
    int64_t body_ms;            /* for the body, and again for taking the answer */
    int64_t idle_ms;            /* a kept connection without a request */
    http_admit *admit;          /* NULL: all; its ctx is the handler's */
    struct http_budget *budget; /* NULL: none; above, a body is answered 503 with Retry-After */
};

/* One request, loop only. It lives until answered: http_answer may come later, from the same loop
 * (post to it from elsewhere). When the peer goes away first, the request stays valid and the
 * answer is dropped. */
typedef void http_handler(void *ctx, struct http_request *request);

struct http_server;
GB_MUST_USE int http_server_new(struct loop *loop, struct tls_server *tls,
                                const struct http_server_conf *conf, http_handler *handler,
                                void *ctx, struct http_server **ret_server, struct gb_err *err);
/* Accepts no more, answers what is under way, then closes; at most `grace_ms`. `done` runs on the
 * loop afterwards. */
void http_server_stop(struct http_server *server, int64_t grace_ms, void (*done)(void *ctx),
                      void *ctx);
/* At once. Loop only, or after the loop's end; not from within a handler. Requests under way stay
 * valid until they are answered. */
void http_server_free(struct http_server *server);
uint16_t http_server_port(const struct http_server *server);

/* Since the start, for /metrics. Any thread may ask. */
struct http_server_count {
    uint64_t accepted;
    uint64_t refused; /* for want of room: closed before their time, or at once */
    uint64_t timed_out;
    uint64_t requests;
    uint64_t handshakes_full;
    uint64_t handshakes_resumed;
    uint64_t handshakes_failed;
    uint64_t bad_framing;
    size_t open;
};
void http_server_counts(const struct http_server *server, struct http_server_count *ret_count);

enum http_method { HTTP_NONE, HTTP_GET, HTTP_POST, HTTP_PUT, HTTP_DELETE, HTTP_OTHER };
enum http_method http_request_method(const struct http_request *request);
/* What follows '?', raw; empty when nothing does. */
struct gb_bytes http_request_queries(const struct http_request *request);
/* "/v1/nodes" without the query; raw, not decoded: routes are plain ASCII. */
struct gb_bytes http_request_path(const struct http_request *request);
/* Percent-decoded value of ?name=; false when absent or malformed. Copied to the request's arena.
 */
GB_MUST_USE bool http_request_query(struct http_request *request, const char *name,
                                    struct gb_bytes *ret_value);
/* NULL data when absent. */
struct gb_bytes http_request_header(const struct http_request *request, const char *name);
/* Of the body, as the head says it. */
uint64_t http_request_length(const struct http_request *request);
/* One run of bytes, valid until the answer. Not there yet while `admit` looks. */
struct gb_bytes http_request_body(struct http_request *request);
const struct tls_peer *http_request_peer(const struct http_request *request);
/* "192.0.2.1:4711", for the log. */
const char *http_request_remote(const struct http_request *request);
/* Memory with the request's life. Made on first use; NULL when out of memory. */
struct gb_arena *http_request_arena(struct http_request *request);
/* What `admit` found out, for the handler: borrowed, of the request's life. NULL before. */
void http_request_keep(struct http_request *request, void *what);
void *http_request_kept(const struct http_request *request);
struct loop *http_request_loop(const struct http_request *request);

/* Copies the body. `status` 200..599. Once a request; frees it. */
void http_answer(struct http_request *request, int status, const char *content_type,
                 struct gb_bytes body);
/* {"error":{"code":"nonce-expired","message":"...","remedy":"..."}}: every refusal has this shape.
 */
void http_refuse(struct http_request *request, int status, const char *code, const char *message,
                 const char *remedy);
/* Adds a header to the coming answer ("Retry-After"). An answer without a Cache-Control of its own
 * says no-store. */
void http_answer_header(struct http_request *request, const char *name, const char *value);

#endif
