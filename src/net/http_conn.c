#include "net/http_conn.h"

#include <event2/event.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/http_head.h"
#include "net/http_server.h"
#include "net/tls_ossl.h"

enum { TURN_READS = 8 }; /* of 4 to 128 KB: then others get their turn */

static void list_remove(struct conn_list *list, struct http_conn *conn)
{
    *(conn->prev ? &conn->prev->next : &list->first) = conn->next;
    *(conn->next ? &conn->next->prev : &list->last) = conn->prev;
    list->count--;
}

static void list_append(struct conn_list *list, struct http_conn *conn)
{
    conn->prev = list->last;
    conn->next = NULL;
    *(list->last ? &list->last->next : &list->first) = conn;
    list->last = conn;
    list->count++;
}

void conn_enter(struct http_conn *conn, enum conn_state state)
{
    struct http_server *server = conn->server;
    list_remove(&server->lists[conn->state], conn);
    conn->state = state;
    conn->deadline_ms = gb_clock_ms() + server->spans_ms[state];
    list_append(&server->lists[state], conn);
}

bool conn_open(struct http_server *server, int fd, const union conn_address *address)
{
    struct http_conn *conn = gb_calloc(1, sizeof *conn);
    SSL *ssl = conn ? tls_server_accept(server->tls) : NULL;
    if (!ssl || SSL_set_fd(ssl, fd) != 1) {
        SSL_free(ssl);
        gb_free(conn);
        (void)close(fd);
        return false;
    }
    *conn = (struct http_conn){.server = server,
                               .loop = server->loop,
                               .fd = fd,
                               .ssl = ssl,
                               .address = *address,
                               .budget = server->conf.budget,
                               .request = {.conn = conn}};
    gb_buf_init(&conn->out, GB_LIMIT_HTTP_OUT);
    conn->deadline_ms = gb_clock_ms() + server->spans_ms[CONN_HANDSHAKE];
    list_append(&server->lists[CONN_HANDSHAKE], conn);
    atomic_fetch_add_explicit(&server->counters.open, 1, memory_order_relaxed);
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    conn_io_wait(conn, EV_READ);
    return true;
}

void conn_free(struct http_conn *conn)
{
    SSL_free(conn->ssl);
    gb_buf_done(&conn->out);
    gb_buf_done(&conn->request.extra);
    gb_arena_free(conn->request.arena);
    conn_io_forget(conn);
    gb_free(conn);
}

static void server_lost(struct http_server *server)
{
    atomic_fetch_sub_explicit(&server->counters.open, 1, memory_order_relaxed);
    if (server->stopping && atomic_load_explicit(&server->counters.open, memory_order_relaxed) == 0)
        event_active(server->finish, EV_TIMEOUT, 0);
}

void conn_close(struct http_conn *conn)
{
    struct http_server *server = conn->server;
    bool under_way = conn->state == CONN_HANDLING;
    list_remove(&server->lists[conn->state], conn);
    conn_io_wait(conn, 0);
    conn_io_shutdown(conn);
    (void)close(conn->fd);
    conn->server = NULL;
    conn->state = CONN_DEAD;
    if (!under_way)
        conn_free(conn);
    server_lost(server);
}

static bool say_no(struct http_conn *conn, int status, const char *code, const char *why,
                   const char *extra)
{
    conn->close_after = true;
    struct gb_buf body;
    gb_buf_init(&body, 4096);
    conn_refusal_write(&body, code, why, "");
    bool ok = gb_buf_ok(&body) && conn_answer_write(conn, status, "application/json",
                                                    gb_bytes_str(extra), gb_buf_bytes(&body));
    gb_buf_done(&body);
    if (ok)
        conn_enter(conn, CONN_ANSWER);
    return ok;
}

static bool refuse(struct http_conn *conn, int status, const char *why)
{
    conn_count(&conn->server->counters.framing);
    return say_no(conn, status, "bad-request", why, "");
}

static bool refuse_for_room(struct http_conn *conn)
{
    conn_count(&conn->server->counters.refused);
    return say_no(conn, 503, "overloaded", "too many bodies are under way", "Retry-After: 5\r\n");
}

/* The client waits for a word before it sends its body. It has just begun to speak, so there is
 * room for 25 bytes; if not, it is no client of ours. */
static bool say_continue(struct http_conn *conn)
{
    static const char word[] = "HTTP/1.1 100 Continue\r\n\r\n";
    size_t sent = 0;
    return SSL_write_ex(conn->ssl, word, sizeof word - 1, &sent) == 1 && sent == sizeof word - 1;
}

/* False: it has answered, or will. Who is refused may go on only when its body is here already. */
static bool admit(struct http_conn *conn)
{
    struct http_server *server = conn->server;
    bool close_after = conn->close_after;
    conn->close_after |= conn->in_len - conn->scanned < conn->request.head.content_length;
    conn_enter(conn, CONN_HANDLING);
    if (server->conf.admit && !server->conf.admit(server->ctx, &conn->request)) {
        conn_count(&server->counters.requests);
        return false;
    }
    conn->close_after = close_after;
    return true;
}

static bool got_head(struct http_conn *conn)
{
    struct http_head *head = &conn->request.head;
    const char *why = "";
    int status = http_head_read(gb_bytes(conn->in, conn->scanned), head, &why);
    if (status)
        return refuse(conn, status, why);
    if (head->content_length > conn->server->conf.max_body)
        return refuse(conn, 413, "the body is longer than this listener takes");
    conn->close_after = head->close || head->method == HTTP_OTHER; /* HEAD has answers of its own */
    if (!admit(conn))
        return true;
    if (!conn_io_affords(conn, conn->scanned + head->content_length))
        return refuse_for_room(conn);
    conn_enter(conn, CONN_BODY);
    if (head->expects_continue && conn->in_len - conn->scanned < head->content_length)
        return say_continue(conn);
    return true;
}

static bool advance_header(struct http_conn *conn, bool *ret_more)
{
    size_t most = conn->server->conf.max_header;
    size_t len = conn->in_len < most ? conn->in_len : most;
    switch (http_head_end(gb_bytes(conn->in, len), &conn->scanned)) {
    case HTTP_END_BAD:
        return refuse(conn, 400, "a byte that no header has");
    case HTTP_END_FOUND:
        return got_head(conn);
    case HTTP_END_MORE:
        break;
    }
    if (len == most)
        return refuse(conn, 431, "the header is longer than this listener takes");
    *ret_more = true;
    return true;
}

static void advance_body(struct http_conn *conn, bool *ret_more)
{
    if (conn->in_len - conn->scanned < conn->request.head.content_length) {
        *ret_more = true;
        return;
    }
    conn_enter(conn, CONN_HANDLING);
    conn_count(&conn->server->counters.requests);
    conn->server->handler(conn->server->ctx, &conn->request);
}

/* Forgets the request that was answered; keeps what came behind it. */
static void next_request(struct http_conn *conn)
{
    size_t used = conn->scanned + (size_t)conn->request.head.content_length;
    conn->in_len -= used;
    if (conn->in_len > 0)
        memmove(conn->in, conn->in + used, conn->in_len);
    else
        conn_io_forget(conn);
    conn->scanned = 0;
    gb_buf_done(&conn->out);
    gb_buf_init(&conn->out, GB_LIMIT_HTTP_OUT);
    conn->out_at = 0;
    conn_enter(conn, CONN_IDLE);
}

static void linger(struct http_conn *conn)
{
    conn_io_shutdown(conn);
    SSL_free(gb_take(conn->ssl)); /* 20 KB that nobody needs any more */
    conn_io_forget(conn);
    (void)shutdown(conn->fd, SHUT_WR);
    conn_io_wait(conn, EV_READ);
    conn_enter(conn, CONN_LINGER);
}

static bool advance_answer(struct http_conn *conn, bool *ret_more)
{
    switch (conn_io_write(conn)) {
    case CONN_IO_CLOSED:
        return false;
    case CONN_IO_WAIT:
        *ret_more = true;
        return true;
    case CONN_IO_DONE:
    case CONN_IO_FULL:
        break;
    }
    if (conn->close_after || conn->server->stopping)
        linger(conn);
    else
        next_request(conn);
    return true;
}

static bool advance_one(struct http_conn *conn, bool *ret_more)
{
    switch (conn->state) {
    case CONN_IDLE:
        if (conn->in_len == 0)
            *ret_more = true;
        else
            conn_enter(conn, CONN_HEADER);
        return true;
    case CONN_HEADER:
        return advance_header(conn, ret_more);
    case CONN_BODY:
        advance_body(conn, ret_more);
        return true;
    case CONN_ANSWER:
        return advance_answer(conn, ret_more);
    case CONN_HANDSHAKE:
    case CONN_HANDLING:
    case CONN_LINGER:
    case CONN_DEAD:
    case CONN_STATES:
        break;
    }
    *ret_more = true; /* there is nothing that we could do now */
    return true;
}

/* As far as the bytes at hand go. False when the connection had to be closed: it is gone. */
static bool advance(struct http_conn *conn)
{
    bool more = false;
    bool ok = true;
    conn->busy = true;
    while (ok && !more)
        ok = advance_one(conn, &more);
    conn->busy = false;
    if (!ok)
        conn_close(conn);
    return ok;
}

static bool reads(const struct http_conn *conn)
{
    return conn->state == CONN_IDLE || conn->state == CONN_HEADER || conn->state == CONN_BODY;
}

static void read_on(struct http_conn *conn)
{
    for (int i = 0; reads(conn); i++) {
        if (i == TURN_READS) { /* OpenSSL may hold bytes that the socket will not tell of again */
            conn_io_wait(conn, EV_READ);
            event_active(&conn->io, EV_READ, 0);
            return;
        }
        enum conn_io r = conn_io_read(conn);
        if (r == CONN_IO_FULL)
            r = refuse_for_room(conn) ? CONN_IO_DONE : CONN_IO_CLOSED;
        if (r == CONN_IO_CLOSED)
            conn_close(conn);
        if (r != CONN_IO_DONE || !advance(conn))
            return;
        if (conn->state == CONN_IDLE && !SSL_has_pending(conn->ssl)) {
            conn_io_wait(conn, EV_READ);
            return;
        }
    }
}

static void shake_hands(struct http_conn *conn)
{
    struct http_server_counters *counters = &conn->server->counters;
    switch (conn_io_handshake(conn)) {
    case CONN_IO_WAIT:
        return;
    case CONN_IO_CLOSED: /* the alert is out; let the peer read it */
        conn_count(&counters->failed);
        linger(conn);
        return;
    case CONN_IO_DONE:
    case CONN_IO_FULL:
        break;
    }
    conn_count(SSL_session_reused(conn->ssl) ? &counters->resumed : &counters->full);
    conn_enter(conn, CONN_IDLE);
    read_on(conn);
}

void conn_answered(struct http_conn *conn)
{
    conn_enter(conn, CONN_ANSWER);
    if (!conn->busy && advance(conn))
        read_on(conn);
}

void conn_ready(struct http_conn *conn)
{
    switch (conn->state) {
    case CONN_HANDSHAKE:
        shake_hands(conn);
        break;
    case CONN_IDLE:
    case CONN_HEADER:
    case CONN_BODY:
        read_on(conn);
        break;
    case CONN_ANSWER:
        if (advance(conn))
            read_on(conn);
        break;
    case CONN_LINGER:
        if (conn_io_drain(conn) == CONN_IO_CLOSED)
            conn_close(conn);
        break;
    case CONN_HANDLING: /* more, or its end, came early: look when the answer is out */
    case CONN_DEAD:
    case CONN_STATES:
        conn_io_wait(conn, 0);
        break;
    }
}
