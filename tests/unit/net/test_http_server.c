#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/mem.h"
#include "kit.h"

/* Says back what it was asked. */
static void echo(void *ctx, struct http_request *request)
{
    (void)ctx;
    struct gb_bytes path = http_request_path(request);
    struct gb_bytes body = http_request_body(request);
    struct gb_bytes who = {0};
    char text[512];
    snprintf(text, sizeof text, "%d %.*s %zu %.*s %s %s", http_request_method(request),
             (int)path.len, (const char *)path.data, body.len, (int)(body.len < 32 ? body.len : 32),
             body.len ? (const char *)body.data : "", http_request_peer(request)->spiffe_id,
             http_request_query(request, "who", &who) ? (const char *)who.data : "-");
    http_answer(request, 200, "text/plain", gb_bytes_str(text));
}

static void requests_over_one_connection(void **state)
{
    (void)state;
    struct kit_server server = kit_conf(echo, NULL);
    kit_start(&server);
    struct kit_client client;
    assert_true(kit_connect(&client, server.port, &kit_people()->node, NULL, TLS1_3_VERSION));
    char body[512];
    for (int i = 0; i < 3; i++) {
        assert_true(kit_say(&client, "GET /a/b?x=1&who=a%41 HTTP/1.1\r\nHost: x\r\n\r\n"));
        assert_int_equal(kit_answer(&client, body, sizeof body), 200);
        assert_string_equal(body, "1 /a/b 0  spiffe://example/node/n1 aA");
        assert_true(
            kit_say(&client, "POST /c HTTP/1.1\r\nhost: x:1\r\ncontent-length: 5\r\n\r\nhello"));
        assert_int_equal(kit_answer(&client, body, sizeof body), 200);
        assert_string_equal(body, "2 /c 5 hello spiffe://example/node/n1 -");
    }
    struct http_server_count count = kit_counts(&server);
    assert_int_equal(count.accepted, 1);
    assert_int_equal(count.handshakes_full, 1);
    assert_int_equal(count.requests, 6);
    assert_int_equal(count.open, 1);
    kit_client_done(&client);
    assert_true(kit_wait_closed(&server));
    kit_stop(&server);
}

static void connect_as_node(struct kit_client *client, const struct kit_server *server)
{
    assert_true(kit_connect(client, server->port, &kit_people()->node, NULL, TLS1_3_VERSION));
}

/* Requests that came together are answered one after another, in order. */
static void pipelined_requests(void **state)
{
    (void)state;
    struct kit_server server = kit_conf(echo, NULL);
    kit_start(&server);
    struct kit_client client;
    connect_as_node(&client, &server);
    assert_true(kit_say(&client, "POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
                                 "GET /2 HTTP/1.1\r\nHost: x\r\n\r\n"
                                 "POST /3 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nGE"));
    char body[512];
    assert_int_equal(kit_answer(&client, body, sizeof body), 200);
    assert_string_equal(body, "2 /1 3 abc spiffe://example/node/n1 -");
    assert_int_equal(kit_answer(&client, body, sizeof body), 200);
    assert_string_equal(body, "1 /2 0  spiffe://example/node/n1 -");
    assert_true(kit_say(&client, "T "));
    assert_int_equal(kit_answer(&client, body, sizeof body), 200);
    assert_string_equal(body, "2 /3 4 GET  spiffe://example/node/n1 -");
    kit_client_done(&client);
    kit_stop(&server);
}

/* Two records in one segment: the second stands in OpenSSL's buffer, and the socket will not tell
 * of it again. */
static void two_records_in_one_segment(void **state)
{
    (void)state;
    struct kit_server server = kit_conf(echo, NULL);
    kit_start(&server);
    struct kit_client client;
    connect_as_node(&client, &server);
    for (int i = 0; i < 20; i++) {
        int on = 1;
        assert_int_equal(setsockopt(client.fd, IPPROTO_TCP, TCP_CORK, &on, sizeof on), 0);
        assert_true(kit_say(&client, "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"));
        assert_true(kit_say(&client, "GET /2 HTTP/1.1\r\nHost: x\r\n\r\n"));
        on = 0;
        assert_int_equal(setsockopt(client.fd, IPPROTO_TCP, TCP_CORK, &on, sizeof on), 0);
        assert_int_equal(kit_answer(&client, NULL, 0), 200);
        assert_int_equal(kit_answer(&client, NULL, 0), 200);
    }
    kit_client_done(&client);
    kit_stop(&server);
}

static void one_byte_at_a_time(void **state)
{
    (void)state;
    static const char text[] = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";
    struct kit_server server = kit_conf(echo, NULL);
    kit_start(&server);
    struct kit_client client;
    connect_as_node(&client, &server);
    for (size_t i = 0; i < sizeof text - 1; i++)
        assert_true(kit_send(&client, text + i, 1));
    assert_int_equal(kit_answer(&client, NULL, 0), 200);
    kit_client_done(&client);
    kit_stop(&server);
}

static void bodies_up_to_the_ceiling(void **state)
{
    (void)state;
    enum { MOST = 1 << 20 };
    struct kit_server server = kit_conf(echo, NULL);
    kit_start(&server);
    struct kit_client client;
    connect_as_node(&client, &server);
    static char text[MOST + 100];
    int head = snprintf(text, sizeof text,
                        "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", MOST);
    memset(text + head, 'x', MOST);
    assert_true(kit_send(&client, text, (size_t)head + MOST));
    char body[512];
    assert_int_equal(kit_answer(&client, body, sizeof body), 200);
    assert_non_null(strstr(body, "1048576"));

    /* One byte more: refused before it comes, and told although it is on its way. */
    snprintf(text, sizeof text, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n",
             MOST + 1);
    assert_true(kit_say(&client, text));
    memset(text, 'x', MOST);
    assert_true(kit_send(&client, text, 100000));
    assert_int_equal(kit_answer(&client, body, sizeof body), 413);
    assert_non_null(strstr(body, "\"error\""));
    assert_true(kit_ended(&client));
    kit_client_done(&client);
    assert_true(kit_wait_closed(&server));
    assert_int_equal(kit_counts(&server).requests, 1);
    kit_stop(&server);
}

static void send_body(struct kit_client *client, size_t len)
{
    static const char filler[1000];
    for (size_t sent = 0; sent < len; sent += sizeof filler)
        assert_true(kit_send(client, filler, sizeof filler));
}

static void ask_with(struct kit_client *client, const struct kit_server *server, size_t len)
{
    char text[128];
    snprintf(text, sizeof text, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n", len);
    connect_as_node(client, server);
    assert_true(kit_say(client, text));
}

/* Memory is for whom has it already; small requests always pass; what is given back counts. */
static void T29_bodies_share_a_budget(void **state)
{
    (void)state;
    struct http_budget budget = {.max = 300000};
    struct kit_server server = kit_conf(echo, NULL);
    server.conf.budget = &budget;
    kit_start(&server);
    struct kit_client first, second;
    ask_with(&first, &server, 250000);
    send_body(&first, 200000);
    uint64_t refused = 0;
    for (int i = 0; i < 2000 && refused == 0; i++) { /* until what was sent has arrived */
        ask_with(&second, &server, 250000);
        struct pollfd poll_for = {.fd = second.fd, .events = POLLIN};
        int r = poll(&poll_for, 1, 50);
        if (r == 1 && kit_answer(&second, NULL, 0) == 503)
            refused = kit_counts(&server).refused;
        kit_client_done(&second);
    }
    assert_int_equal(refused, 1);
    ask_with(&second, &server, 60000);
    send_body(&second, 60000);
    assert_int_equal(kit_answer(&second, NULL, 0), 200);
    kit_client_done(&second);
    send_body(&first, 50000);
    assert_int_equal(kit_answer(&first, NULL, 0), 200);
    ask_with(&second, &server, 250000); /* the first is idle now, and holds nothing */
    send_body(&second, 250000);
    assert_int_equal(kit_answer(&second, NULL, 0), 200);
    kit_client_done(&first);
    kit_client_done(&second);
    kit_stop(&server);
    assert_int_equal(budget.used, 0);
}

/* Both heads came while there was room: one of the bodies does not get it. */
static void T29_a_body_that_outgrows_the_budget_is_refused(void **state)
{
    (void)state;
    struct http_budget budget = {.max = 300000};
    struct kit_server server = kit_conf(echo, NULL);
    server.conf.budget = &budget;
    kit_start(&server);
    struct kit_client first, second;
    char bytes[4096];
    ask_with(&first, &server, 250000);
    ask_with(&second, &server, 250000);
    send_body(&first, 200000);
    for (int i = 0; i < 250 && kit_counts(&server).refused == 0; i++) {
        static const char filler[1000];
        struct timespec some = {.tv_nsec = 2000000};
        assert_true(kit_send(&second, filler, sizeof filler));
        nanosleep(&some, NULL);
    }
    int got = SSL_read(second.ssl, bytes, sizeof bytes - 1);
    assert_true(got > 0);
    bytes[got] = '\0';
    assert_non_null(strstr(bytes, "HTTP/1.1 503 "));
    assert_non_null(strstr(bytes, "Retry-After: "));
    send_body(&first, 50000);
    assert_int_equal(kit_answer(&first, NULL, 0), 200);
    kit_client_done(&first);
    kit_client_done(&second);
    kit_stop(&server);
    assert_int_equal(budget.used, 0);
}

static void a_client_may_wait_for_a_word(void **state)
{
    (void)state;
    struct kit_server server = kit_conf(echo, NULL);
    kit_start(&server);
    struct kit_client client;
    connect_as_node(&client, &server);
    assert_true(kit_say(&client, "POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                                 "Content-Length: 2\r\n\r\n"));
    assert_int_equal(kit_answer(&client, NULL, 0), 100);
    assert_true(kit_say(&client, "hi"));
    assert_int_equal(kit_answer(&client, NULL, 0), 200);
    kit_client_done(&client);
    kit_stop(&server);
}

/* What two readers could understand differently: refused, counted, and the connection closed, so
 * that nothing after it is taken for a request. */
static void T29_odd_framing_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int status;
    } odd[] = {
        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab", 400},
        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length : 2\r\n\r\nab", 400},
        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +2\r\n\r\nab", 400},
        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
         "0\r\n\r\n",
         400},
        {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411},
        {"GET / HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400},
        {"GET / HTTP/1.1\nHost: x\n\n", 400},
        {"GET / HTTP/1.0\r\nHost: x\r\n\r\n", 505},
    };
    struct kit_server server = kit_conf(echo, NULL);
    kit_start(&server);
    for (size_t i = 0; i < GB_ARRAY_LEN(odd); i++) {
        struct kit_client client;
        char body[512];
        connect_as_node(&client, &server);
        assert_true(kit_say(&client, odd[i].text));
        assert_true(kit_say(&client, "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"));
        int status = kit_answer(&client, body, sizeof body);
        if (status != odd[i].status || !strstr(body, "\"bad-request\""))
            fail_msg("%d %s: %s", status, body, odd[i].text);
        assert_int_equal(kit_answer(&client, body, sizeof body), 0);
        kit_client_done(&client);
    }
    assert_int_equal(kit_counts(&server).bad_framing, GB_ARRAY_LEN(odd));
    assert_int_equal(kit_counts(&server).requests, 0);
    kit_stop(&server);
}

static void T29_a_header_has_a_ceiling(void **state)
{
    (void)state;
    struct kit_server server = kit_conf(echo, NULL);
    server.conf.max_header = 1000;
    kit_start(&server);
    struct kit_client client;
    connect_as_node(&client, &server);
    char text[2000];
    int len = snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: x\r\nA: ");
    memset(text + len, 'a', sizeof text - (size_t)len);
    assert_true(kit_send(&client, text, sizeof text));
    assert_int_equal(kit_answer(&client, NULL, 0), 431);
    assert_true(kit_ended(&client));
    kit_client_done(&client);
    kit_stop(&server);
}

static void T29_who_has_no_certificate_of_ours_stays_out(void **state)
{
    (void)state;
    struct kit_server server = kit_conf(echo, NULL);
    kit_start(&server);
    const struct kit_id *strangers[] = {NULL, &kit_people()->stranger};
    for (size_t i = 0; i < GB_ARRAY_LEN(strangers); i++) {
        struct kit_client client;
        /* In TLS 1.3 a client is through before the server has judged it: the refusal comes as an
         * alert. */
        (void)kit_connect(&client, server.port, strangers[i], NULL, TLS1_3_VERSION);
        (void)kit_say(&client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        assert_int_equal(kit_answer(&client, NULL, 0), 0);
        kit_client_done(&client);
        assert_true(kit_wait_for(&server, handshakes_failed, i + 1));
    }
    struct kit_client old;
    assert_false(kit_connect(&old, server.port, &kit_people()->node, NULL, TLS1_2_VERSION));
    kit_client_done(&old);
    assert_true(kit_wait_for(&server, handshakes_failed, 3));
    int fd = kit_dial(server.port);
    assert_int_equal(write(fd, "GET / HTTP/1.1\r\n\r\n", 18), 18);
    assert_true(kit_wait_for(&server, handshakes_failed, 4));
    close(fd);
    assert_true(kit_wait_closed(&server));
    assert_int_equal(kit_counts(&server).requests, 0);
    kit_stop(&server);
}

/* Only the leaf's last day is left to the routes: a CA past its own vouches for nobody. */
static void a_ca_past_its_date_vouches_for_nobody(void **state)
{
    (void)state;
    const struct kit_people *who = kit_people();
    struct kit_id old_ca = kit_id(NULL, NULL, 1600000000);
    struct kit_id node = kit_id(&old_ca, "URI:spiffe://example/node/n1", 0);
    struct kit_server server = kit_conf(echo, NULL);
    struct tls_server_conf conf = {.cert_pem = kit_cert_pem(&who->server, &who->ca),
                                   .key_pem = kit_key_pem(&who->server),
                                   .client_ca_pem = kit_cert_pem(&old_ca, NULL),
                                   .auth = TLS_AUTH_CLIENT_CERT};
    kit_start_with(&server, &conf);
    struct kit_client client;
    (void)kit_connect(&client, server.port, &node, NULL, TLS1_3_VERSION);
    (void)kit_say(&client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(kit_answer(&client, NULL, 0), 0);
    assert_true(kit_wait_for(&server, handshakes_failed, 1));
    kit_client_done(&client);
    kit_stop(&server);
    kit_id_done(&node);
    kit_id_done(&old_ca);
}

/* One request of `session`'s node; the session that the server gave. */
static SSL_SESSION *ask_once(const struct kit_server *server, SSL_SESSION *session, bool goodbye)
{
    struct kit_client client;
    char body[512];
    assert_true(kit_connect(&client, server->port, &kit_people()->node, session, TLS1_3_VERSION));
    assert_true(kit_say(&client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_int_equal(kit_answer(&client, body, sizeof body), 200);
    assert_string_equal(body, "1 / 0  spiffe://example/node/n1 -");
    SSL_SESSION_free(session);
    session = client.session;
    client.session = NULL;
    assert_non_null(session);
    if (goodbye) /* or without; our side must not think ill of the session */
        SSL_shutdown(client.ssl);
    SSL_set_shutdown(client.ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    kit_client_done(&client);
    assert_true(kit_wait_closed(server));
    return session;
}

/* The facts of a peer come along with its session. */
static void a_resumed_session_keeps_its_peer(void **state)
{
    (void)state;
    struct kit_server server = kit_conf(echo, NULL);
    kit_start(&server);
    SSL_SESSION *session = NULL;
    for (int i = 0; i < 4; i++)
        session = ask_once(&server, session, i % 2);
    assert_int_equal(kit_counts(&server).handshakes_full, 1);
    assert_int_equal(kit_counts(&server).handshakes_resumed, 3);
    SSL_SESSION_free(session);
    kit_stop(&server);
}

/* A node that comes back meets any of the threads. */
static void threads_share_sessions(void **state)
{
    (void)state;
    struct kit_server first = kit_conf(echo, NULL);
    struct kit_server second = kit_conf(echo, NULL);
    kit_start(&first);
    kit_start_shared(&second, &first);
    SSL_SESSION *session = NULL;
    for (int i = 0; i < 6; i++)
        session = ask_once(i % 2 ? &second : &first, session, true);
    assert_int_equal(kit_counts(&first).handshakes_full, 1);
    assert_int_equal(kit_counts(&first).handshakes_resumed, 2);
    assert_int_equal(kit_counts(&second).handshakes_full, 0);
    assert_int_equal(kit_counts(&second).handshakes_resumed, 3);
    SSL_SESSION_free(session);
    kit_stop(&first);
    kit_stop(&second); /* lives on by itself */
}

static void T29_a_handshake_that_stalls_is_cut(void **state)
{
    (void)state;
    struct kit_server server = kit_conf(echo, NULL);
    server.conf.handshake_ms = 60;
    kit_start(&server);
    int fd = kit_dial(server.port);
    assert_true(kit_wait_for(&server, timed_out, 1));
    assert_true(kit_wait_closed(&server));
    char byte;
    assert_int_equal(read(fd, &byte, 1), 0);
    close(fd);
    kit_stop(&server);
}

/* Drips `text` byte by byte until the connection is gone; the deadline is of the whole, not of a
 * byte. */
static void drip(struct kit_server *server, const char *start, const char *text)
{
    struct kit_client client;
    connect_as_node(&client, server);
    assert_true(kit_say(&client, start));
    uint64_t before = kit_counts(server).timed_out;
    struct timespec some = {.tv_nsec = 10000000};
    bool cut = false;
    for (int i = 0; i < 1000 && !cut; i++) {
        (void)kit_send(&client, text, 1);
        nanosleep(&some, NULL);
        cut = kit_counts(server).timed_out > before;
    }
    assert_true(cut);
    assert_true(kit_ended(&client));
    kit_client_done(&client);
    assert_true(kit_wait_closed(server));
}

static void T29_a_dripping_header_is_cut(void **state)
{
    (void)state;
    struct kit_server server = kit_conf(echo, NULL);
    server.conf.header_ms = 60;
    kit_start(&server);
    drip(&server, "GET / HTTP/1.1\r\nHost: x\r\nA: ", "a");
    drip(&server, "G", "E");
    assert_int_equal(kit_counts(&server).requests, 0);
    kit_stop(&server);
}

static void T29_a_dripping_body_is_cut(void **state)
{
    (void)state;
    struct kit_server server = kit_conf(echo, NULL);
    server.conf.body_ms = 60;
    kit_start(&server);
    drip(&server, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n", "a");
    assert_int_equal(kit_counts(&server).requests, 0);
    kit_stop(&server);
}

static void T29_idlers_are_sent_home(void **state)
{
    (void)state;
    struct kit_server server = kit_conf(echo, NULL);
    server.conf.idle_ms = 60;
    kit_start(&server);
    struct kit_client client;
    connect_as_node(&client, &server);
    assert_true(kit_ended(&client));
    kit_client_done(&client);
    assert_true(kit_wait_closed(&server));
    assert_int_equal(kit_counts(&server).timed_out, 1);
    kit_stop(&server);
}

static void large(void *ctx, struct http_request *request)
{
    static uint8_t zeros[8 << 20];
    (void)ctx;
    http_answer(request, 200, "application/octet-stream", gb_bytes(zeros, sizeof zeros));
}

static void T29_who_does_not_read_its_answer_is_cut(void **state)
{
    (void)state;
    struct kit_server server = kit_conf(large, NULL);
    server.conf.body_ms = 100;
    kit_start(&server);
    struct kit_client client;
    connect_as_node(&client, &server);
    assert_true(kit_say(&client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_true(kit_wait_for(&server, timed_out, 1));
    assert_true(kit_wait_closed(&server));
    kit_client_done(&client);
    kit_stop(&server);
}

static void large_answers_arrive_whole(void **state)
{
    (void)state;
    struct kit_server server = kit_conf(large, NULL);
    kit_start(&server);
    struct kit_client client;
    connect_as_node(&client, &server);
    for (int i = 0; i < 2; i++) {
        assert_true(kit_say(&client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
        assert_int_equal(kit_answer(&client, NULL, 0), 200); /* as long as it says */
    }
    kit_client_done(&client);
    kit_stop(&server);
}

/* Stalled handshakes push each other out, not those who are through. */
static void T29_stalled_handshakes_have_a_cap_of_their_own(void **state)
{
    (void)state;
    enum { STALLED = 40 };
    struct kit_server server = kit_conf(echo, NULL);
    server.conf.max_connections = 20;
    server.conf.max_handshakes = 5;
    kit_start(&server);
    struct kit_client client;
    connect_as_node(&client, &server);
    assert_true(kit_say(&client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_int_equal(kit_answer(&client, NULL, 0), 200);
    int fds[STALLED];
    for (int i = 0; i < STALLED; i++)
        fds[i] = kit_dial(server.port);
    assert_true(kit_wait_for(&server, accepted, STALLED + 1));
    assert_true(kit_wait_for(&server, refused, STALLED - 5));
    assert_int_equal(kit_counts(&server).open, 6);
    assert_true(kit_say(&client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_int_equal(kit_answer(&client, NULL, 0), 200);
    struct kit_client other; /* a newcomer finds room, too */
    connect_as_node(&other, &server);
    assert_true(kit_say(&other, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_int_equal(kit_answer(&other, NULL, 0), 200);
    kit_client_done(&other);
    kit_client_done(&client);
    for (int i = 0; i < STALLED; i++)
        close(fds[i]);
    assert_true(kit_wait_closed(&server));
    kit_stop(&server);
}

/* Above the cap the one that is idle for longest goes. */
static void T29_the_least_recently_used_goes_first(void **state)
{
    (void)state;
    enum { MOST = 4 };
    struct kit_server server = kit_conf(echo, NULL);
    server.conf.max_connections = MOST;
    server.conf.max_handshakes = MOST;
    kit_start(&server);
    struct kit_client clients[MOST + 1];
    for (int i = 0; i < MOST; i++) {
        connect_as_node(&clients[i], &server);
        assert_true(kit_say(&clients[i], "GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
        assert_int_equal(kit_answer(&clients[i], NULL, 0), 200);
    }
    assert_true(kit_say(&clients[0], "GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_int_equal(kit_answer(&clients[0], NULL, 0), 200);
    connect_as_node(&clients[MOST], &server);
    assert_true(kit_ended(&clients[1]));
    assert_int_equal(kit_counts(&server).refused, 1);
    for (int i = 0; i <= MOST; i++) {
        if (i == 1)
            continue;
        assert_true(kit_say(&clients[i], "GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
        assert_int_equal(kit_answer(&clients[i], NULL, 0), 200);
    }
    for (int i = 0; i <= MOST; i++)
        kit_client_done(&clients[i]);
    kit_stop(&server);
}

static void a_thousand_come_and_go(void **state)
{
    (void)state;
    struct kit_server server = kit_conf(echo, NULL);
    server.conf.max_connections = 2000;
    server.conf.max_handshakes = 2000;
    kit_start(&server);
    for (int i = 0; i < 1000; i++) {
        int fd = kit_dial(server.port);
        if (i % 3 == 0)
            assert_int_equal(write(fd, "\x16\x03\x01\x02", 4), 4);
        close(fd);
    }
    assert_true(kit_wait_for(&server, accepted, 1000));
    assert_true(kit_wait_closed(&server));
    requests_over_one_connection(NULL);
    kit_stop(&server);
}

struct later { /* a handler that answers when it is told to */
    pthread_mutex_t lock;
    struct http_request *request;
    struct loop *loop;
    atomic_int stopped;
};

static void keep(void *ctx, struct http_request *request)
{
    struct later *later = ctx;
    pthread_mutex_lock(&later->lock);
    later->request = request;
    later->loop = http_request_loop(request);
    pthread_mutex_unlock(&later->lock);
}

static void answer_now(void *ctx)
{
    struct http_request *request = ctx;
    echo(NULL, request);
}

static struct http_request *kept(struct later *later)
{
    struct timespec some = {.tv_nsec = 5000000};
    for (int i = 0; i < 2000; i++) {
        pthread_mutex_lock(&later->lock);
        struct http_request *request = later->request;
        pthread_mutex_unlock(&later->lock);
        if (request)
            return request;
        nanosleep(&some, NULL);
    }
    fail_msg("no request came");
    return NULL;
}

static void answers_may_come_later(void **state)
{
    (void)state;
    struct later later = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct kit_server server = kit_conf(keep, &later);
    kit_start(&server);
    struct kit_client client;
    connect_as_node(&client, &server);
    for (int i = 0; i < 2; i++) {
        /* the next request is there before the answer, and waits */
        if (i == 0)
            assert_true(kit_say(&client, "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"
                                         "GET /2 HTTP/1.1\r\nHost: x\r\n\r\n"));
        struct http_request *request = kept(&later);
        later.request = NULL;
        assert_true(loop_post(server.loop, answer_now, request));
        assert_int_equal(kit_answer(&client, NULL, 0), 200);
    }
    assert_int_equal(kit_counts(&server).requests, 2);
    kit_client_done(&client);
    kit_stop(&server);
}

static void an_answer_to_nobody_is_dropped(void **state)
{
    (void)state;
    struct later later = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct kit_server server = kit_conf(keep, &later);
    kit_start(&server);
    struct kit_client client;
    connect_as_node(&client, &server);
    assert_true(kit_say(&client, "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"));
    struct http_request *request = kept(&later);
    kit_client_done(&client);
    assert_true(loop_post(server.loop, answer_now, request));
    assert_true(kit_wait_closed(&server));
    kit_stop(&server);
}

struct stopping {
    struct kit_server *server;
    struct later *later;
    int64_t grace_ms;
};

static void note_stopped(void *ctx)
{
    struct later *later = ctx;
    atomic_fetch_add(&later->stopped, 1);
}

static void stop_now(void *ctx)
{
    struct stopping *stopping = ctx;
    http_server_stop(stopping->server->http, stopping->grace_ms, note_stopped, stopping->later);
}

static bool stopped(struct later *later)
{
    struct timespec some = {.tv_nsec = 5000000};
    for (int i = 0; i < 2000 && atomic_load(&later->stopped) == 0; i++)
        nanosleep(&some, NULL);
    return atomic_load(&later->stopped) == 1;
}

/* What is under way is answered; who is idle goes at once; nobody new comes in. */
static void a_stop_lets_requests_finish(void **state)
{
    (void)state;
    struct later later = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct kit_server server = kit_conf(keep, &later);
    kit_start(&server);
    struct kit_client busy;
    struct kit_client idle;
    connect_as_node(&idle, &server);
    connect_as_node(&busy, &server);
    assert_true(kit_say(&busy, "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"));
    struct http_request *request = kept(&later);
    struct stopping stopping = {.server = &server, .later = &later, .grace_ms = 60000};
    assert_true(loop_post(server.loop, stop_now, &stopping));
    assert_true(kit_ended(&idle));
    assert_int_equal(atomic_load(&later.stopped), 0);
    assert_true(loop_post(server.loop, answer_now, request));
    assert_int_equal(kit_answer(&busy, NULL, 0), 200);
    assert_true(kit_ended(&busy));
    kit_client_done(&busy);
    kit_client_done(&idle);
    assert_true(stopped(&later));
    kit_stop(&server);
}

/* When grace is over it ends all the same, and the late answer finds nobody. */
static void a_stop_does_not_wait_for_ever(void **state)
{
    (void)state;
    struct later later = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct kit_server server = kit_conf(keep, &later);
    kit_start(&server);
    struct kit_client client;
    connect_as_node(&client, &server);
    assert_true(kit_say(&client, "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"));
    struct http_request *request = kept(&later);
    struct stopping stopping = {.server = &server, .later = &later, .grace_ms = 30};
    assert_true(loop_post(server.loop, stop_now, &stopping));
    assert_true(stopped(&later));
    assert_true(kit_ended(&client));
    kit_client_done(&client);
    kit_stop(&server);
    assert_string_equal(http_request_peer(request)->spiffe_id, "spiffe://example/node/n1");
    echo(NULL, request); /* frees it */
}

static void arm(void *ctx)
{
    gb_mem_fail_nth(*(unsigned long *)ctx); /* of the loop's thread */
}

/* Whatever allocation fails, a connection at most is lost; the next one is served. */
static void the_nth_allocation_fails(void **state)
{
    (void)state;
    struct kit_server server = kit_conf(echo, NULL);
    kit_start(&server);
    unsigned long served = 0;
    for (unsigned long nth = 1; nth <= 20; nth++) {
        struct kit_client client;
        assert_true(loop_post(server.loop, arm, &nth));
        if (kit_connect(&client, server.port, &kit_people()->node, NULL, TLS1_3_VERSION) &&
            kit_say(&client, "POST /a?who=me HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na"))
            served += kit_answer(&client, NULL, 0) == 200;
        kit_client_done(&client);
        assert_true(kit_wait_closed(&server));
        unsigned long off = 0;
        assert_true(loop_post(server.loop, arm, &off));
        assert_true(kit_connect(&client, server.port, &kit_people()->node, NULL, TLS1_3_VERSION));
        assert_true(kit_say(&client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
        assert_int_equal(kit_answer(&client, NULL, 0), 200);
        kit_client_done(&client);
        assert_true(kit_wait_closed(&server));
    }
    assert_in_range(served, 1, 19); /* some failed, and the last had no allocation left to fail */
    kit_stop(&server);
}

static void a_port_that_is_taken_or_no_address(void **state)
{
    (void)state;
    struct loop *loop = NULL;
    struct http_server *http = NULL;
    struct gb_err err;
    assert_int_equal(loop_new(&loop, NULL), 0);
    struct http_server_conf conf = kit_conf(NULL, NULL).conf;
    conf.address = "localhost";
    assert_int_equal(http_server_new(loop, NULL, &conf, echo, NULL, &http, &err), GB_ERR_CONFIG);
    conf.address = "192.0.2.1"; /* of nobody (RFC 5737) */
    assert_int_equal(http_server_new(loop, NULL, &conf, echo, NULL, &http, &err), GB_ERR_IO);
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_over_one_connection),
        cmocka_unit_test(pipelined_requests),
        cmocka_unit_test(two_records_in_one_segment),
        cmocka_unit_test(one_byte_at_a_time),
        cmocka_unit_test(bodies_up_to_the_ceiling),
        cmocka_unit_test(T29_bodies_share_a_budget),
        cmocka_unit_test(T29_a_body_that_outgrows_the_budget_is_refused),
        cmocka_unit_test(a_client_may_wait_for_a_word),
        cmocka_unit_test(T29_odd_framing_is_refused),
        cmocka_unit_test(T29_a_header_has_a_ceiling),
        cmocka_unit_test(T29_who_has_no_certificate_of_ours_stays_out),
        cmocka_unit_test(a_ca_past_its_date_vouches_for_nobody),
        cmocka_unit_test(a_resumed_session_keeps_its_peer),
        cmocka_unit_test(threads_share_sessions),
        cmocka_unit_test(T29_a_handshake_that_stalls_is_cut),
        cmocka_unit_test(T29_a_dripping_header_is_cut),
        cmocka_unit_test(T29_a_dripping_body_is_cut),
        cmocka_unit_test(T29_idlers_are_sent_home),
        cmocka_unit_test(T29_who_does_not_read_its_answer_is_cut),
        cmocka_unit_test(large_answers_arrive_whole),
        cmocka_unit_test(T29_stalled_handshakes_have_a_cap_of_their_own),
        cmocka_unit_test(T29_the_least_recently_used_goes_first),
        cmocka_unit_test(a_thousand_come_and_go),
        cmocka_unit_test(answers_may_come_later),
        cmocka_unit_test(an_answer_to_nobody_is_dropped),
        cmocka_unit_test(a_stop_lets_requests_finish),
        cmocka_unit_test(a_stop_does_not_wait_for_ever),
        cmocka_unit_test(the_nth_allocation_fails),
        cmocka_unit_test(a_port_that_is_taken_or_no_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
