#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_over_one_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
