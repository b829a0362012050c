#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "../verify/make_quote.h"
#include "running.h"
#include "server/nodes/node_id.h"
#include "server/nodes/nodes.h"

static struct running running;
static struct gb_buf area;
static struct kit_id node_id;
static const uint8_t id[STORE_ID] = {1, 2, 3};

static int setup(void **state)
{
    (void)state;
    struct make_ak ak;
    char text[NODE_ID_TEXT], san[96];
    running_start(&running);
    make_ak_init(&ak, "P-256", 0, KEY_ECDSA, DIGEST_SHA256);
    gb_buf_init(&area, 4096);
    make_ak_public(&ak, MAKE_AK_GOOD, &area);
    make_ak_done(&ak);
    node_id_text(id, text);
    snprintf(san, sizeof san, "URI:spiffe://example/node/%s", text);
    node_id = kit_id(&kit_people()->ca, san, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    kit_id_done(&node_id);
    gb_buf_done(&area);
    running_stop(&running);
    return 0;
}

/* With the key of the certificate, or with another. */
static void enrol(bool same_key)
{
    unsigned char *der = NULL;
    struct store_node facts = {.name = "worker-1", .ak_public = gb_buf_bytes(&area)};
    memcpy(facts.id, id, sizeof facts.id);
    int len = i2d_PUBKEY(node_id.key, &der);
    assert_true(len > 0);
    SHA256(der, (size_t)len, facts.transport);
    OPENSSL_free(der);
    facts.transport[0] ^= same_key ? 0 : 1;
    assert_int_equal(nodes_add(running.server->nodes, &facts, NULL), GB_OK);
}

static void expect(struct kit_client *client, const char *line, int status, const char *code)
{
    char text[256], body[2048];
    snprintf(text, sizeof text, "%s HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", line);
    assert_true(kit_say(client, text));
    int found = kit_answer(client, body, sizeof body);
    if (found != status || (code && !strstr(body, code)))
        fail_msg("%s: expected %d %s, found %d %s", line, status, code ? code : "", found, body);
}

static void connect_node(struct kit_client *client)
{
    assert_true(kit_connect(client, running.api, &node_id, NULL, TLS1_3_VERSION));
}

static void T18_the_key_of_an_older_enrolment_opens_nothing(void **state)
{
    (void)state;
    static const char *const lines[] = {"GET /v1/attest/nonce", "POST /v1/attest", "POST /v1/nonce",
                                        "POST /v1/renew",       "POST /v1/token",  "GET /healthz"};
    struct kit_client client;
    for (size_t i = 0; i < GB_ARRAY_LEN(lines); i++) {
        enrol(true);
        connect_node(&client);
        expect(&client, "GET /v1/attest/nonce", 200, "\"nonce\"");
        enrol(false); /* again, with new keys, while this connection lives */
        expect(&client, lines[i], 403, "transport-key-foreign");
        kit_client_done(&client);
    }
}

static void a_removed_nodes_session_opens_nothing(void **state)
{
    (void)state;
    static const char *const lines[] = {"GET /v1/attest/nonce", "POST /v1/attest", "POST /v1/token",
                                        "GET /healthz",         "GET /readyz",     "GET /metrics"};
    struct kit_client client;
    for (size_t i = 0; i < GB_ARRAY_LEN(lines); i++) {
        enrol(true);
        connect_node(&client);
        expect(&client, "GET /healthz", 200, NULL);
        assert_true(nodes_remove(running.server->nodes, id));
        expect(&client, lines[i], 403, "node-unknown");
        kit_client_done(&client);
    }
}

static void of_two_requests_at_once_one_is_told_to_wait(void **state)
{
    (void)state;
    struct kit_client client;
    struct node *node;
    enrol(true);
    connect_node(&client);
    assert_int_equal(nodes_take(running.server->nodes, id, &node, NULL), GB_OK);
    expect(&client, "GET /v1/attest/nonce", 409, "\"busy\"");
    expect(&client, "POST /v1/attest", 409, "\"busy\"");
    expect(&client, "POST /v1/token", 409, "\"busy\"");
    nodes_give(running.server->nodes, node);
    expect(&client, "GET /v1/attest/nonce", 200, "\"nonce\"");
    kit_client_done(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(T18_the_key_of_an_older_enrolment_opens_nothing),
        cmocka_unit_test(a_removed_nodes_session_opens_nothing),
        cmocka_unit_test(of_two_requests_at_once_one_is_told_to_wait),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
