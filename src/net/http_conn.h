/*
 * One connection of a server: TLS, then requests one after another. Private to src/net.
 *
 *   handshake -> idle -> header -> body -> handling -> answer -> idle ...
 *                                                             -> linger -> closed
 *
 * Each state but handling has a fixed span, so the connections of one state stand in a list in the
 * order of their deadlines: the first is the next to run out, and among the idle the one unused for
 * longest.
 */
#ifndef GB_NET_HTTP_CONN_H
#define GB_NET_HTTP_CONN_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "net/http_head.h"
#include "net/http_server.h"

enum conn_state {
    CONN_HANDSHAKE,
    CONN_IDLE,
    CONN_HEADER,
    CONN_BODY,
    CONN_HANDLING, /* the handler has it; no deadline, and nothing is read */
    CONN_ANSWER,
    CONN_LINGER, /* all is said; what the peer still sends is thrown away, so that it can read the
                    answer before it meets a reset */
    CONN_DEAD,   /* closed, but its request is not answered yet */
    CONN_STATES
};

union conn_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

struct http_request {
    struct http_conn *conn;
    struct http_head head;
    struct gb_arena *arena; /* NULL until asked for */
    void *kept;             /* http_request_keep's */
    struct gb_buf extra;    /* header lines of the coming answer */
    char remote[64];
};

struct http_conn {
    struct http_server *server; /* NULL when dead */
    struct loop *loop;
    struct http_conn *prev, *next; /* of the same state */
    enum conn_state state;
    int64_t deadline_ms;
    int fd;
    SSL *ssl;
    struct event io;
    short waits;      /* EV_READ, EV_WRITE or 0 */
    bool busy;        /* conn_advance is on the stack */
    bool close_after; /* this answer is the last */
    uint8_t *in;      /* head, body, and what follows */
    size_t in_len, in_cap;
    struct http_budget *budget; /* NULL: none */
    size_t charged;             /* of in_cap, to the budget */
    size_t scanned;             /* of the head, while its end is sought; then the head's length */
    struct gb_buf out;          /* one answer */
    size_t out_at;
    size_t drained;
    union conn_address address;
    struct http_request request;
};

struct conn_list {
    struct http_conn *first, *last;
    size_t count;
};

struct http_server_counters {
    atomic_uint_least64_t accepted, refused, timed_out, requests, full, resumed, failed, framing;
    atomic_size_t open;
};

struct http_server {
    struct loop *loop;
    struct tls_server *tls;
    struct http_server_conf conf; /* `address` is not kept */
    http_handler *handler;
    void *ctx;
    int fd; /* -1 when it no longer listens */
    struct event *accepts;
    struct event *tick;
    struct event *finish; /* active when the last connection is gone, or grace is over */
    bool paused;          /* no descriptors: accepts again at the next tick */
    bool stopping;
    void (*done)(void *ctx);
    void *done_ctx;
    struct conn_list lists[CONN_STATES];
    int64_t spans_ms[CONN_STATES];
    int64_t date_s; /* of `date` */
    char date[40];  /* "Sat, 21 Nov 2026 01:35:00 GMT": made once a second */
    struct http_server_counters counters;
};

/* Counters are written by the loop and read by anyone: order does not matter. */
static inline void conn_count(atomic_uint_least64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* Takes over `fd`; false when out of memory (and `fd` is closed). */
GB_MUST_USE bool conn_open(struct http_server *server, int fd, const union conn_address *address);
/* Into the list of `state`, with a new deadline. */
void conn_enter(struct http_conn *conn, enum conn_state state);
/* Closes; frees, unless its request waits for an answer: then http_answer does. */
void conn_close(struct http_conn *conn);
/* The socket is ready for what the state wants. */
void conn_ready(struct http_conn *conn);
/* The answer stands in conn->out: sends it, and goes on with what came meanwhile. */
void conn_answered(struct http_conn *conn);
/* Frees a dead one. */
void conn_free(struct http_conn *conn);

/* Reads what there is; see http_conn_io.c. */
enum conn_io { CONN_IO_DONE, CONN_IO_WAIT, CONN_IO_CLOSED, CONN_IO_FULL };
GB_MUST_USE enum conn_io conn_io_handshake(struct http_conn *conn);
/* At most what the present request needs, and never past the ceilings. FULL: the budget. */
GB_MUST_USE enum conn_io conn_io_read(struct http_conn *conn);
/* Whether the budget has room for a request of `len` bytes, head and body. */
GB_MUST_USE bool conn_io_affords(const struct http_conn *conn, uint64_t len);
/* What stands in `in` is not needed any more. */
void conn_io_forget(struct http_conn *conn);
/* conn->out, from out_at on. */
GB_MUST_USE enum conn_io conn_io_write(struct http_conn *conn);
/* Says goodbye without waiting for an echo. */
void conn_io_shutdown(struct http_conn *conn);
/* Throws away what comes. */
GB_MUST_USE enum conn_io conn_io_drain(struct http_conn *conn);
void conn_io_wait(struct http_conn *conn, short what);

/* Puts an answer into conn->out; false when out of memory. `extra` are whole header lines. */
GB_MUST_USE bool conn_answer_write(struct http_conn *conn, int status, const char *content_type,
                                   struct gb_bytes extra, struct gb_bytes body);
/* The body of a refusal. */
void conn_refusal_write(struct gb_buf *out, const char *code, const char *message,
                        const char *remedy);

#endif
