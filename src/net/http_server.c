/* Who gets in, and for how long. The connections themselves: http_conn.c. */
#include "net/http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/util.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/http_conn.h"
#include "net/loop.h"
#include "net/loop_base.h"
#include "net/tls.h"

enum {
    ACCEPTS_A_TURN = 32,
    BACKLOG = 4096,   /* who finds it full tries again a second later */
    LINGER_MS = 2000, /* for a peer to read our last words */
};

static bool parse_address(const char *text, uint16_t port, union conn_address *ret_address)
{
    union conn_address address = {0};
    if (inet_pton(AF_INET, text, &address.v4.sin_addr) == 1) {
        address.v4.sin_family = AF_INET;
        address.v4.sin_port = htons(port);
    } else if (inet_pton(AF_INET6, text, &address.v6.sin6_addr) == 1) {
        address.v6.sin6_family = AF_INET6;
        address.v6.sin6_port = htons(port);
    } else {
        return false;
    }
    *ret_address = address;
    return true;
}

/* 0, or errno. Who does not share finds the port taken by those who do. */
static int bind_to(const union conn_address *address, bool share, int *ret_fd)
{
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    int on = 1;
    int reuse = share;
    socklen_t len = address->any.sa_family == AF_INET ? sizeof address->v4 : sizeof address->v6;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &reuse, sizeof reuse) != 0 ||
        bind(fd, &address->any, len) != 0 || listen(fd, BACKLOG) != 0) {
        int sys = errno;
        (void)close(fd);
        return sys;
    }
    *ret_fd = fd;
    return 0;
}

static int open_listener(const struct http_server_conf *conf, int *ret_fd, struct gb_err *err)
{
    union conn_address address;
    if (!parse_address(conf->address, conf->port, &address))
        return gb_err_set(err, GB_ERR_CONFIG, "not an IP address to listen on");
    int fd = -1;
    int sys = conf->first && conf->port != 0 ? bind_to(&address, false, &fd) : 0;
    if (fd >= 0)
        (void)close(fd); /* it was free */
    if (sys == 0)
        sys = bind_to(&address, true, &fd);
    if (sys != 0)
        return gb_err_sys(err, sys, "cannot listen on port %u", (unsigned)conf->port);
    *ret_fd = fd;
    return GB_OK;
}

static size_t count_open(struct http_server *server)
{
    return atomic_load_explicit(&server->counters.open, memory_order_relaxed);
}

static bool close_first(struct http_server *server, enum conn_state state)
{
    struct http_conn *conn = server->lists[state].first;
    if (!conn)
        return false;
    conn_count(&server->counters.refused);
    conn_close(conn);
    return true;
}

/* Room for one more: from those who lose least. One who is in the midst of something goes last, but
 * goes: else a few who stall would lock out everyone until their deadlines. */
static bool make_room(struct http_server *server)
{
    static const enum conn_state order[] = {CONN_LINGER, CONN_IDLE, CONN_HEADER, CONN_ANSWER,
                                            CONN_BODY};
    for (size_t i = 0; i < GB_ARRAY_LEN(order); i++)
        if (close_first(server, order[i]))
            return true;
    return false;
}

static void tick_on(struct http_server *server)
{
    if (event_pending(server->tick, EV_TIMEOUT, NULL))
        return;
    int64_t ms = 500;
    for (int i = 0; i < CONN_STATES; i++)
        if (server->spans_ms[i] > 0 && server->spans_ms[i] / 4 < ms)
            ms = server->spans_ms[i] / 4;
    ms = ms > 10 ? ms : 10;
    struct timeval every = {.tv_sec = 0, .tv_usec = ms * 1000};
    (void)event_add(server->tick, &every);
}

static void welcome(struct http_server *server, int fd, const union conn_address *address)
{
    conn_count(&server->counters.accepted);
    if (server->lists[CONN_HANDSHAKE].count >= server->conf.max_handshakes)
        (void)close_first(server, CONN_HANDSHAKE);
    if (count_open(server) >= server->conf.max_connections && !make_room(server)) {
        conn_count(&server->counters.refused);
        (void)close(fd);
        return;
    }
    if (!conn_open(server, fd, address))
        conn_count(&server->counters.refused);
    tick_on(server);
}

/* Without descriptors or memory accept(2) would fail again at once, for as long as somebody waits:
 * make room, and look again at the next tick. */
static void pause_accepting(struct http_server *server)
{
    (void)make_room(server);
    (void)event_del(server->accepts);
    server->paused = true;
    tick_on(server);
}

static void on_accept(evutil_socket_t fd, short what, void *ctx)
{
    (void)what;
    struct http_server *server = ctx;
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        union conn_address address = {0};
        socklen_t len = sizeof address;
        int peer = accept4(fd, &address.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (peer >= 0) {
            welcome(server, peer, &address);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            pause_accepting(server);
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return;
        }
    }
}

static void on_tick(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    struct http_server *server = ctx;
    int64_t now_ms = gb_clock_ms();
    for (int i = 0; i < CONN_STATES; i++) {
        struct conn_list *list = &server->lists[i];
        while (server->spans_ms[i] > 0 && list->first && list->first->deadline_ms <= now_ms) {
            if (i != CONN_LINGER)
                conn_count(&server->counters.timed_out);
            conn_close(list->first);
        }
    }
    if (server->paused && server->fd >= 0)
        (void)event_add(server->accepts, NULL);
    server->paused = false;
    if (count_open(server) == 0)
        (void)event_del(server->tick);
}

static void close_all(struct http_server *server)
{
    for (int i = 0; i < CONN_STATES; i++)
        while (server->lists[i].first)
            conn_close(server->lists[i].first);
}

static void on_finish(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    struct http_server *server = ctx;
    close_all(server);
    (void)event_del(server->finish); /* closing asked for it again */
    (void)event_del(server->tick);
    if (server->done)
        server->done(server->done_ctx); /* may free us */
}

static void set_spans(struct http_server *server)
{
    const struct http_server_conf *conf = &server->conf;
    server->spans_ms[CONN_HANDSHAKE] = conf->handshake_ms;
    server->spans_ms[CONN_IDLE] = conf->idle_ms;
    server->spans_ms[CONN_HEADER] = conf->header_ms;
    server->spans_ms[CONN_BODY] = conf->body_ms;
    server->spans_ms[CONN_ANSWER] = conf->body_ms;
    server->spans_ms[CONN_LINGER] = conf->idle_ms < LINGER_MS ? conf->idle_ms : LINGER_MS;
}

static bool set_events(struct http_server *server)
{
    struct event_base *base = loop_base(server->loop);
    server->accepts = event_new(base, server->fd, EV_READ | EV_PERSIST, on_accept, server);
    server->tick = event_new(base, -1, EV_PERSIST, on_tick, server);
    server->finish = event_new(base, -1, 0, on_finish, server);
    return server->accepts && server->tick && server->finish &&
           event_add(server->accepts, NULL) == 0;
}

int http_server_new(struct loop *loop, struct tls_server *tls, const struct http_server_conf *conf,
                    http_handler *handler, void *ctx, struct http_server **ret_server,
                    struct gb_err *err)
{
    struct http_server *server = gb_calloc(1, sizeof *server);
    if (!server)
        return gb_err_nomem(err);
    *server = (struct http_server){
        .loop = loop, .tls = tls, .conf = *conf, .handler = handler, .ctx = ctx, .fd = -1};
    server->conf.address = NULL;
    if (server->conf.max_handshakes == 0)
        server->conf.max_handshakes = conf->max_connections / 4 + 1;
    set_spans(server);
    int r = open_listener(conf, &server->fd, err);
    if (r == GB_OK && !set_events(server))
        r = gb_err_nomem(err);
    if (r < 0) {
        http_server_free(server);
        return r;
    }
    *ret_server = server;
    return GB_OK;
}

static void stop_listening(struct http_server *server)
{
    if (server->accepts)
        event_free(gb_take(server->accepts));
    if (server->fd >= 0)
        (void)close(server->fd);
    server->fd = -1;
}

void http_server_stop(struct http_server *server, int64_t grace_ms, void (*done)(void *ctx),
                      void *ctx)
{
    static const enum conn_state at_rest[] = {CONN_HANDSHAKE, CONN_IDLE, CONN_LINGER};
    stop_listening(server);
    server->stopping = true;
    server->done = done;
    server->done_ctx = ctx;
    struct timeval grace = {.tv_sec = grace_ms / 1000, .tv_usec = grace_ms % 1000 * 1000};
    (void)event_add(server->finish, &grace);
    for (size_t i = 0; i < GB_ARRAY_LEN(at_rest); i++)
        while (server->lists[at_rest[i]].first)
            conn_close(server->lists[at_rest[i]].first);
    if (count_open(server) == 0)
        event_active(server->finish, EV_TIMEOUT, 0);
}

void http_server_free(struct http_server *server)
{
    if (!server)
        return;
    stop_listening(server);
    server->stopping = false; /* nobody waits for the last one any more */
    close_all(server);
    if (server->tick)
        event_free(server->tick);
    if (server->finish)
        event_free(server->finish);
    gb_free(server);
}

uint16_t http_server_port(const struct http_server *server)
{
    union conn_address address = {0};
    socklen_t len = sizeof address;
    if (server->fd < 0 || getsockname(server->fd, &address.any, &len) != 0)
        return 0;
    return ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
}

void http_server_counts(const struct http_server *server, struct http_server_count *ret_count)
{
    const struct http_server_counters *counters = &server->counters;
    *ret_count = (struct http_server_count){
        .accepted = atomic_load_explicit(&counters->accepted, memory_order_relaxed),
        .refused = atomic_load_explicit(&counters->refused, memory_order_relaxed),
        .timed_out = atomic_load_explicit(&counters->timed_out, memory_order_relaxed),
        .requests = atomic_load_explicit(&counters->requests, memory_order_relaxed),
        .handshakes_full = atomic_load_explicit(&counters->full, memory_order_relaxed),
        .handshakes_resumed = atomic_load_explicit(&counters->resumed, memory_order_relaxed),
        .handshakes_failed = atomic_load_explicit(&counters->failed, memory_order_relaxed),
        .bad_framing = atomic_load_explicit(&counters->framing, memory_order_relaxed),
        .open = atomic_load_explicit(&counters->open, memory_order_relaxed)};
}
