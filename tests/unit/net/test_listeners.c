/* Thousands who say nothing, or say it slowly, on either kind of listener; others go on as before.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "kit.h"

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
enum { SLOW_BUILD = 1 };
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
enum { SLOW_BUILD = 1 };
#else
enum { SLOW_BUILD = 0 };
#endif
#else
enum { SLOW_BUILD = 0 };
#endif

enum {
    STALLED = SLOW_BUILD ? 400 : 5000,
    SPEAKING = STALLED / 10, /* of those, through the handshake and silent afterwards */
    ROUNDS = SLOW_BUILD ? 100 : 500,
};

static void answer(void *ctx, struct http_request *request)
{
    static uint8_t much[4 << 20];
    (void)ctx;
    bool large = gb_bytes_is(http_request_path(request), "/large");
    http_answer(request, 200, "application/octet-stream",
                gb_bytes(much, large ? sizeof much : 300));
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;
    return (*x > *y) - (*x < *y);
}

/* The median time of a request of 4 KB over a kept connection. */
static int64_t median_ns(struct kit_client *client)
{
    static int64_t took[ROUNDS];
    static char text[5000];
    int head =
        snprintf(text, sizeof text, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 4096\r\n\r\n");
    for (int i = 0; i < ROUNDS; i++) {
        int64_t start_ns = now_ns();
        assert_true(kit_send(client, text, (size_t)head + 4096));
        assert_int_equal(kit_answer(client, NULL, 0), 200);
        took[i] = now_ns() - start_ns;
    }
    qsort(took, ROUNDS, sizeof took[0], by_size);
    return took[ROUNDS / 2];
}

/* Room for both ends of every connection; without it there is nothing to see. */
static bool enough_descriptors(void)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    return limit.rlim_cur > (rlim_t)2 * STALLED + 200;
}

static const char *const begun[] = {
    "",                                                            /* idle */
    "GET /a HTTP/1.1\r\nHost: x\r\nA: ",                           /* in its header */
    "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n", /* in its body */
    "GET /large HTTP/1.1\r\nHost: x\r\n\r\n",                      /* does not read */
};

static const struct kit_id *node_or_nobody(const struct kit_server *server)
{
    return server->auth == TLS_AUTH_NONE ? NULL : &kit_people()->node;
}

struct crowd {
    int silent[STALLED];
    struct kit_client speaking[SPEAKING];
};

static void gather(struct crowd *crowd, const struct kit_server *server)
{
    SSL_SESSION *session = NULL;
    for (int i = 0; i < STALLED - SPEAKING; i++) {
        crowd->silent[i] = kit_dial(server->port);
        if (i % 2) /* half of a record */
            assert_int_equal(write(crowd->silent[i], "\x16\x03\x01\x02\x00\x01", 6), 6);
    }
    for (int i = 0; i < SPEAKING; i++) {
        struct kit_client *client = &crowd->speaking[i];
        assert_true(
            kit_connect(client, server->port, node_or_nobody(server), session, TLS1_3_VERSION));
        assert_true(kit_say(client, begun[i % 4]) || i % 4 == 0);
    }
    assert_true(kit_wait_for(server, accepted, STALLED + 1));
}

static void disperse(struct crowd *crowd)
{
    for (int i = 0; i < STALLED - SPEAKING; i++)
        close(crowd->silent[i]);
    for (int i = 0; i < SPEAKING; i++)
        kit_client_done(&crowd->speaking[i]);
}

static void others_go_on(enum tls_auth auth)
{
    if (!enough_descriptors())
        skip();
    struct kit_server server = kit_conf(answer, NULL);
    server.auth = auth;
    server.conf.max_connections = STALLED * 2;
    server.conf.max_handshakes = STALLED * 2;
    server.conf.handshake_ms = server.conf.header_ms = 600000;
    server.conf.body_ms = server.conf.idle_ms = 600000;
    kit_start(&server);
    struct kit_client client;
    assert_true(kit_connect(&client, server.port, node_or_nobody(&server), NULL, TLS1_3_VERSION));
    int64_t before_ns = median_ns(&client);
    static struct crowd crowd;
    gather(&crowd, &server);
    /* Other tests run beside this one: what is slow for good stays slow. */
    int64_t after_ns = median_ns(&client);
    for (int i = 0; i < 5 && after_ns >= before_ns * 4; i++)
        after_ns = median_ns(&client);
    assert_int_equal(kit_counts(&server).open, STALLED + 1); /* they were all there */
    printf("median with %d others: %lld us, alone %lld us\n", STALLED, (long long)(after_ns / 1000),
           (long long)(before_ns / 1000));
    assert_true(after_ns < before_ns * 4);
    disperse(&crowd);
    kit_client_done(&client);
    kit_stop(&server);
}

static void T29_others_go_on_among_thousands_who_stall_at_the_api(void **state)
{
    (void)state;
    others_go_on(TLS_AUTH_CLIENT_CERT);
}

static void T29_others_go_on_among_thousands_who_stall_at_enrolment(void **state)
{
    (void)state;
    others_go_on(TLS_AUTH_NONE);
}

/* Every way to stall ends by itself, and a newcomer always finds room meanwhile. */
static void all_are_sent_home(enum tls_auth auth)
{
    enum { FEW = 40, MOST = 20 };
    struct kit_server server = kit_conf(answer, NULL);
    server.auth = auth;
    server.conf.max_connections = MOST;
    server.conf.handshake_ms = server.conf.header_ms = 400;
    server.conf.body_ms = server.conf.idle_ms = 400;
    kit_start(&server);
    static struct kit_client clients[FEW];
    int fds[FEW];
    for (int i = 0; i < FEW; i++) {
        fds[i] = kit_dial(server.port);
        assert_true(
            kit_connect(&clients[i], server.port, node_or_nobody(&server), NULL, TLS1_3_VERSION));
        (void)kit_say(&clients[i], begun[i % 4]);
    }
    assert_true(kit_wait_closed(&server));
    struct http_server_count count = kit_counts(&server);
    assert_true(count.timed_out > 0);
    assert_true(count.refused > 0);
    for (int i = 0; i < FEW; i++) {
        close(fds[i]);
        kit_client_done(&clients[i]);
    }
    kit_stop(&server);
}

static void T29_slow_ones_are_sent_home_by_the_api(void **state)
{
    (void)state;
    all_are_sent_home(TLS_AUTH_CLIENT_CERT);
}

static void T29_slow_ones_are_sent_home_by_enrolment(void **state)
{
    (void)state;
    all_are_sent_home(TLS_AUTH_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(T29_others_go_on_among_thousands_who_stall_at_the_api),
        cmocka_unit_test(T29_others_go_on_among_thousands_who_stall_at_enrolment),
        cmocka_unit_test(T29_slow_ones_are_sent_home_by_the_api),
        cmocka_unit_test(T29_slow_ones_are_sent_home_by_enrolment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
