#include <string.h>

#include "../test.h"
#include "rpc/messages.h"
#include "wire/cbor.h"

static struct gb_arena *arena;
static struct gb_buf buf;

static int setup(void **state)
{
    (void)state;
    arena = gb_arena_new();
    gb_buf_init(&buf, GB_LIMIT_RPC);
    return arena ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    gb_arena_free(arena);
    gb_buf_done(&buf);
    return 0;
}

static struct gb_bytes B(const char *text) {
    return gb_bytes_str(text);
}

static const struct gb_bytes certs[] = {{(const uint8_t *)"one", 3}, {(const uint8_t *)"two", 3}};

static const uint8_t digests[2][32] = {{7}, {8}};

static struct rpc_request request_of(enum rpc_kind kind)
{
    struct rpc_request q = {.id = 1000 + (uint64_t)kind, .kind = kind};
    if (kind == RPC_CHALLENGE)
        q.challenge =
            (struct keyd_challenge_ask){certs, 2, certs, 1, B("ek"), B("ak"), "w1", "site=fra"};
    else if (kind == RPC_CERTIFY)
        q.certify = (struct keyd_certify_ask){
            {1}, {2}, {3}, B("evidence"), B("csr"), B("attest"), B("signature"), B("public")};
    else if (kind == RPC_RENEW)
        q.renew = (struct keyd_renew_ask){B("pem"),       {4},         B("evidence"), B("attest"),
                                          B("signature"), B("public"), "w1",          "a=b"};
    else if (kind == RPC_TOKEN)
        q.token = (struct keyd_token_ask){
            B("pem"), {5}, B("evidence"), B("attest"), B("signature"), B("public"), "", ""};
    else if (kind == RPC_SERVER_CERT)
        q.server_cert.csr = B("csr");
    else if (kind == RPC_LEDGER_SIGN)
        q.ledger_sign = (struct keyd_ledger_ask){3, 7, {6}, digests, 2};
    else if (kind == RPC_POLICY)
        q.policy = (struct keyd_policy_ask){certs, 2, 1};
    return q;
}

static struct rpc_reply reply_of(enum rpc_kind kind)
{
    struct rpc_reply a = {.id = UINT64_MAX, .kind = kind};
    if (kind == RPC_NONE)
        a.refusal = (struct rpc_refusal){8, "no"};
    else if (kind == RPC_STATUS)
        a.status = (struct keyd_status){"0.1", "example", B("pem"), "{}", "00ff\n"};
    else if (kind == RPC_CHALLENGE)
        a.challenge =
            (struct keyd_challenge){{1}, {2}, B("object"), B("secret"), "INTC", digests, 2};
    else if (kind == RPC_NONCE)
        a.nonce.nonce[31] = 9;
    else if (kind == RPC_TOKEN)
        a.token.jwt = "a.b.c";
    else if (kind == RPC_LEDGER_STATE)
        a.ledger_state = (struct keyd_ledger){7, {6}, "origin+0+key\n"};
    else if (kind == RPC_LEDGER_SIGN)
        a.ledger_sign.note = "origin\n7\nroot\n";
    else
        a.certificate = (struct keyd_certificate){B("pem"), 1767225600, {6}};
    return a;
}

/* Reading what was written and writing it again gives the same bytes: no field is lost or moved. */
static void every_request_survives_the_way(void **state)
{
    (void)state;
    for (enum rpc_kind kind = RPC_STATUS; kind < RPC_KINDS; kind++) {
        struct rpc_request back;
        struct rpc_request request = request_of(kind);
        struct gb_buf again;
        gb_buf_init(&again, GB_LIMIT_RPC);
        buf.len = 0;
        rpc_request_write(&buf, &request);
        assert_true(gb_buf_ok(&buf));
        assert_int_equal(rpc_request_read(arena, gb_buf_bytes(&buf), &back, NULL), 0);
        assert_int_equal(back.kind, kind);
        assert_int_equal(back.id, request.id);
        rpc_request_write(&again, &back);
        assert_true(gb_bytes_equal(gb_buf_bytes(&buf), gb_buf_bytes(&again)));
        gb_buf_done(&again);
    }
}

static void every_reply_survives_the_way(void **state)
{
    (void)state;
    for (enum rpc_kind kind = RPC_NONE; kind < RPC_KINDS; kind++) {
        struct rpc_reply back;
        struct rpc_reply reply = reply_of(kind);
        struct gb_buf again;
        gb_buf_init(&again, GB_LIMIT_RPC);
        buf.len = 0;
        rpc_reply_write(&buf, &reply);
        assert_int_equal(rpc_reply_read(arena, gb_buf_bytes(&buf), &back, NULL), 0);
        assert_int_equal(back.kind, kind);
        rpc_reply_write(&again, &back);
        assert_true(gb_bytes_equal(gb_buf_bytes(&buf), gb_buf_bytes(&again)));
        gb_buf_done(&again);
    }
}

static void fields_arrive_where_they_belong(void **state)
{
    (void)state;
    struct rpc_request back;
    struct rpc_request request = request_of(RPC_CERTIFY);
    buf.len = 0;
    rpc_request_write(&buf, &request);
    assert_int_equal(rpc_request_read(arena, gb_buf_bytes(&buf), &back, NULL), 0);
    assert_int_equal(back.certify.challenge[0], 1);
    assert_int_equal(back.certify.node_id[0], 2);
    assert_int_equal(back.certify.proof[0], 3);
    assert_true(gb_bytes_is(back.certify.evidence, "evidence"));
    assert_true(gb_bytes_is(back.certify.csr, "csr"));
    assert_true(gb_bytes_is(back.certify.certify_attest, "attest"));
    assert_true(gb_bytes_is(back.certify.certify_signature, "signature"));
    assert_true(gb_bytes_is(back.certify.transport_public, "public"));
}

static void every_cut_and_tail_is_refused(void **state)
{
    (void)state;
    for (enum rpc_kind kind = RPC_STATUS; kind < RPC_KINDS; kind++) {
        struct rpc_request back;
        struct rpc_request request = request_of(kind);
        buf.len = 0;
        rpc_request_write(&buf, &request);
        for (size_t len = 0; len < buf.len; len++)
            assert_int_equal(rpc_request_read(arena, gb_bytes(buf.data, len), &back, NULL),
                             GB_ERR_INPUT);
        gb_buf_u8(&buf, 0);
        assert_int_equal(rpc_request_read(arena, gb_buf_bytes(&buf), &back, NULL), GB_ERR_INPUT);
    }
}

static int read_nonce_like(uint64_t version, uint64_t kind, size_t pairs)
{
    struct rpc_request back;
    buf.len = 0;
    cbor_array(&buf, 4);
    cbor_uint(&buf, version);
    cbor_uint(&buf, 77);
    cbor_uint(&buf, kind);
    cbor_map(&buf, pairs);
    for (size_t i = 0; i < pairs; i++) {
        cbor_uint(&buf, i + 1);
        cbor_uint(&buf, 0);
    }
    return rpc_request_read(arena, gb_buf_bytes(&buf), &back, NULL);
}

static void what_is_not_known_is_refused(void **state)
{
    (void)state;
    assert_int_equal(read_nonce_like(RPC_VERSION, RPC_NONCE, 0), 0);
    assert_int_equal(read_nonce_like(1, RPC_NONCE, 0), GB_ERR_INPUT);
    assert_int_equal(read_nonce_like(RPC_VERSION, RPC_NONE, 0), GB_ERR_INPUT);
    assert_int_equal(read_nonce_like(RPC_VERSION, RPC_KINDS, 0), GB_ERR_INPUT);
    assert_int_equal(read_nonce_like(RPC_VERSION, UINT64_MAX, 0), GB_ERR_INPUT);
    assert_int_equal(read_nonce_like(RPC_VERSION, RPC_NONCE, 1), GB_ERR_INPUT);
}

/* A refusal must find whoever asked. */
static void the_id_of_a_bad_request_is_told(void **state)
{
    (void)state;
    struct rpc_request back;
    assert_int_equal(read_nonce_like(RPC_VERSION, RPC_NONCE, 1), GB_ERR_INPUT);
    assert_int_not_equal(rpc_request_read(arena, gb_buf_bytes(&buf), &back, NULL), 0);
    assert_int_equal(back.id, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_request_survives_the_way),
        cmocka_unit_test(every_reply_survives_the_way),
        cmocka_unit_test(fields_arrive_where_they_belong),
        cmocka_unit_test(every_cut_and_tail_is_refused),
        cmocka_unit_test(what_is_not_known_is_refused),
        cmocka_unit_test(the_id_of_a_bad_request_is_told),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
