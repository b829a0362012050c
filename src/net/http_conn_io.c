/* The bytes of one connection: OpenSSL on a socket that never blocks. */
#include <errno.h>
#include <event2/event.h>
#include <event2/util.h>
#include <openssl/err.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/mem.h"
#include "net/http_conn.h"
#include "net/http_server.h"
#include "net/loop_base.h"

enum {
    FIRST_READ = 4096,    /* a steady round fits */
    BODY_STEP = 64 << 10, /* memory for a body grows with what came, not with what was said */
    SMALL = 72 << 10,     /* a head and 64 KB: what the budget lets pass */
    DRAIN_MOST = 1 << 20, /* who sends more after our goodbye is cut off */
};

static void on_ready(evutil_socket_t fd, short what, void *ctx);

void conn_io_wait(struct http_conn *conn, short what)
{
    if (conn->waits == what)
        return;
    if (conn->waits)
        (void)event_del(&conn->io);
    conn->waits = what;
    if (!what)
        return;
    (void)event_assign(&conn->io, loop_base(conn->loop), conn->fd, (short)(what | EV_PERSIST),
                       on_ready, conn);
    (void)event_add(&conn->io, NULL);
}

static void on_ready(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    conn_ready(ctx);
}

/* What a failed call of OpenSSL means: wait for the socket, or it is over. */
static enum conn_io after(struct http_conn *conn, int r)
{
    int why = SSL_get_error(conn->ssl, r);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
        conn_io_wait(conn, why == SSL_ERROR_WANT_READ ? EV_READ : EV_WRITE);
        return CONN_IO_WAIT;
    }
    ERR_clear_error();
    return CONN_IO_CLOSED;
}

enum conn_io conn_io_handshake(struct http_conn *conn)
{
    ERR_clear_error(); /* SSL_get_error would blame us for what stands there */
    int r = SSL_do_handshake(conn->ssl);
    return r == 1 ? CONN_IO_DONE : after(conn, r);
}

/* How many bytes may stand in `in`: a head at its ceiling, or the present request. */
static size_t most_in(const struct http_conn *conn)
{
    if (conn->state == CONN_BODY)
        return conn->scanned + (size_t)conn->request.head.content_length;
    return conn->server->conf.max_header;
}

bool conn_io_affords(const struct http_conn *conn, uint64_t len)
{
    const struct http_budget *budget = conn->budget;
    return !budget || len <= SMALL || len <= conn->charged ||
           len - conn->charged <= budget->max - budget->used;
}

static void charge(struct http_conn *conn, size_t cap)
{
    if (!conn->budget || cap <= SMALL)
        return;
    conn->budget->used += cap - conn->charged;
    conn->charged = cap;
}

void conn_io_forget(struct http_conn *conn)
{
    if (conn->budget)
        conn->budget->used -= conn->charged;
    conn->charged = 0;
    gb_free(gb_take(conn->in));
    conn->in_len = conn->in_cap = 0;
}

static enum conn_io make_room(struct http_conn *conn)
{
    if (conn->in_len < conn->in_cap)
        return CONN_IO_DONE;
    size_t most = most_in(conn);
    size_t cap = conn->in_cap == 0 ? FIRST_READ : conn->in_cap * 2 + BODY_STEP;
    cap = cap < most ? cap : most;
    if (cap <= conn->in_len)
        return CONN_IO_CLOSED;
    if (!conn_io_affords(conn, cap))
        return CONN_IO_FULL;
    uint8_t *in = gb_realloc(conn->in, cap, 1);
    if (!in)
        return CONN_IO_CLOSED;
    charge(conn, cap);
    conn->in = in;
    conn->in_cap = cap;
    return CONN_IO_DONE;
}

enum conn_io conn_io_read(struct http_conn *conn)
{
    enum conn_io room = make_room(conn);
    if (room != CONN_IO_DONE)
        return room;
    size_t got = 0;
    ERR_clear_error();
    int r = SSL_read_ex(conn->ssl, conn->in + conn->in_len, conn->in_cap - conn->in_len, &got);
    conn->in_len += got;
    return r == 1 ? CONN_IO_DONE : after(conn, r);
}

enum conn_io conn_io_write(struct http_conn *conn)
{
    while (conn->out_at < conn->out.len) {
        size_t sent = 0;
        ERR_clear_error();
        int r = SSL_write_ex(conn->ssl, conn->out.data + conn->out_at, conn->out.len - conn->out_at,
                             &sent);
        if (r != 1)
            return after(conn, r);
        conn->out_at += sent;
    }
    return CONN_IO_DONE;
}

void conn_io_shutdown(struct http_conn *conn)
{
    if (!conn->ssl || !SSL_is_init_finished(conn->ssl))
        return;
    ERR_clear_error();
    (void)SSL_shutdown(conn->ssl); /* one alert, if the socket has room */
    ERR_clear_error();
    /* A session whose connection just vanished would leave the cache: it is as good as before. */
    SSL_set_shutdown(conn->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

enum conn_io conn_io_drain(struct http_conn *conn)
{
    uint8_t scrap[16 << 10];
    for (;;) {
        ssize_t n = recv(conn->fd, scrap, sizeof scrap, MSG_DONTWAIT);
        if (n <= 0)
            return n < 0 && (errno == EAGAIN || errno == EINTR) ? CONN_IO_WAIT : CONN_IO_CLOSED;
        conn->drained += (size_t)n;
        if (conn->drained > DRAIN_MOST)
            return CONN_IO_CLOSED;
    }
}
