/* What is in force may change while keyd judges: its yes is of the documents before. Somebody who
 * says yes sits at keyd's socket here, since the moment is what counts. */
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "../store/made.h"
#include "../test.h"
#include "../verify/make_quote.h"
#include "base/clock.h"
#include "os/rpc.h"
#include "rpc/messages.h"
#include "running.h"
#include "server/nodes/node_id.h"
#include "server/nodes/nodes.h"
#include "server/snapshot.h"

#define DOCUMENT(version)                                                                          \
    "apiVersion: garboard.dev/v1alpha1\nkind: NodePolicy\nmetadata:\n  name: nodes\n  version: "   \
    "" version "\nspec:\n  secureBoot: any\n"

static struct running running;
static struct kit_id node_id;
static struct store_node facts;
static struct gb_buf area;
static int keyd = -1;
static atomic_bool changes; /* the documents, while keyd answers */

static void say_yes(int fd, const struct rpc_request *request)
{
    gb_cleanup(gb_buf_done) struct gb_buf out;
    struct rpc_reply reply = {.id = request->id, .kind = request->kind};
    gb_buf_init(&out, 64 << 10);
    if (request->kind == RPC_RENEW) {
        reply.certificate.pem = gb_bytes_str("a certificate");
        memcpy(reply.certificate.transport, facts.transport, sizeof facts.transport);
    } else if (request->kind == RPC_TOKEN) {
        reply.token.jwt = "x.y.z";
    } else {
        reply.kind = RPC_NONE;
        reply.refusal = (struct rpc_refusal){.code = 1, .text = "not here"};
    }
    if (reply.kind != RPC_NONE && atomic_load(&changes))
        running_trust(&running, DOCUMENT("2"));
    rpc_reply_write(&out, &reply);
    (void)!rpc_send(fd, gb_buf_bytes(&out), gb_clock_ms() + 5000, NULL);
}

static void *converse(void *ctx)
{
    int fd = (int)(intptr_t)ctx;
    for (bool more = true; more;) {
        gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
        gb_cleanup(gb_buf_done) struct gb_buf frame;
        struct rpc_request request;
        gb_buf_init(&frame, 1 << 20);
        more = rpc_receive(fd, RPC_FOREVER, 5000, &frame, NULL) == GB_OK &&
               rpc_request_read(arena, gb_buf_bytes(&frame), &request, NULL) == GB_OK;
        if (more)
            say_yes(fd, &request);
    }
    close(fd);
    return NULL;
}

static void *listen_as_keyd(void *ctx)
{
    (void)ctx;
    for (;;) {
        pthread_t thread;
        struct pollfd ready = {.fd = keyd, .events = POLLIN};
        (void)poll(&ready, 1, -1);
        int fd = accept(keyd, NULL, NULL);
        if (fd < 0)
            return NULL;
        assert_int_equal(pthread_create(&thread, NULL, converse, (void *)(intptr_t)fd), 0);
        pthread_detach(thread);
    }
}

static pthread_t listener;

static void enrol(void)
{
    unsigned char *der = NULL;
    struct make_ak ak;
    make_ak_init(&ak, "P-256", 0, KEY_ECDSA, DIGEST_SHA256);
    gb_buf_init(&area, 4096);
    make_ak_public(&ak, MAKE_AK_GOOD, &area);
    make_ak_done(&ak);
    int len = i2d_PUBKEY(node_id.key, &der);
    assert_true(len > 0);
    SHA256(der, (size_t)len, facts.transport);
    OPENSSL_free(der);
    facts.ak_public = gb_buf_bytes(&area);
    facts.cert_pem = gb_bytes_str("the old certificate");
    facts.ek_count = 1;
    assert_int_equal(made_enrol(running.server->store, &facts, NULL, NULL), GB_OK);
    assert_int_equal(nodes_add(running.server->nodes, &facts, NULL), GB_OK);
}

static int setup(void **state)
{
    (void)state;
    char text[NODE_ID_TEXT], san[96], path[96];
    facts = (struct store_node){.id = {1, 2, 3}, .name = "worker-1"};
    running_start(&running);
    node_id_text(facts.id, text);
    snprintf(san, sizeof san, "URI:spiffe://example/node/%s", text);
    node_id = kit_id(&kit_people()->ca, san, 0);
    enrol();
    snprintf(path, sizeof path, "%s/none", running.folder);
    assert_int_equal(rpc_listen(path, 0600, &keyd, NULL), GB_OK);
    return pthread_create(&listener, NULL, listen_as_keyd, NULL);
}

static int teardown(void **state)
{
    (void)state;
    shutdown(keyd, SHUT_RDWR);
    pthread_join(listener, NULL);
    close(keyd);
    kit_id_done(&node_id);
    running_stop(&running);
    gb_buf_done(&area);
    return 0;
}

/* Judged as trusted, just now, by what is in force. */
static void trust_node(void)
{
    gb_cleanup(snapshot_unrefp) struct snapshot *snapshot = snapshot_get(running.server->trust);
    const struct node_verdict verdict = {.judged = true,
                                         .trusted = true,
                                         .trust_id = snapshot_trust(snapshot)->id,
                                         .verified_s = gb_clock_s()};
    struct node *node = NULL;
    assert_int_equal(nodes_take(running.server->nodes, facts.id, &node, NULL), GB_OK);
    assert_true(nodes_tell(running.server->nodes, node, &verdict));
    nodes_give(running.server->nodes, node);
}

static void expect(const char *line, int status, const char *part)
{
    static const char payload[] =
        "{\"nonce\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\",\"evidence\":\"AA==\","
        "\"certify_attest\":\"AA==\",\"certify_signature\":\"AA==\",\"transport_public\":\"AA==\"}";
    char body[2048];
    int found = running_ask(running.api, &node_id, line, payload, body, sizeof body);
    if (found != status || !strstr(body, part))
        fail_msg("%s: %d %s, not %d %s", line, found, body, status, part);
}

static void T12_documents_that_change_while_keyd_judges_take_its_yes_away(void **state)
{
    (void)state;
    static const char *const lines[] = {"POST /v1/renew", "POST /v1/token"};
    static const char *const given[] = {"a certificate", "x.y.z"};
    for (size_t i = 0; i < GB_ARRAY_LEN(lines); i++) {
        running_trust(&running, DOCUMENT("1"));
        trust_node();
        atomic_store(&changes, false);
        expect(lines[i], 200, given[i]);
        atomic_store(&changes, true);
        expect(lines[i], 403, "not judged by the documents in force");
        expect(lines[i], 403, "node-untrusted"); /* and keyd is not even asked */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(T12_documents_that_change_while_keyd_judges_take_its_yes_away),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
