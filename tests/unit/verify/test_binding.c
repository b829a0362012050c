#include <string.h>

#include "../test.h"
#include "crypto/wrap.h"
#include "make_machine.h"
#include "verify/binding.h"

static const enum digest_alg sha256[] = {DIGEST_SHA256, DIGEST_NONE};
static const uint8_t ours[32] = {1, 2, 3}, theirs[32] = {1, 2, 4};

static void bound(struct machine *m, const char *nonce, const uint8_t transport[32],
                  const char *extras, uint8_t out[BINDING_SIZE])
{
    assert_int_equal(
        binding_of(m->digester, gb_bytes_str(nonce), transport, gb_bytes_str(extras), out, NULL),
        GB_OK);
}

static void it_is_the_digest_that_is_documented(void **state)
{
    (void)state;
    struct machine m;
    uint8_t got[BINDING_SIZE], want[32], extras[32], text[18 + 2 + 5 + 32 + 32];
    machine_init(&m, sha256);
    assert_int_equal(digest_of(m.digester, DIGEST_SHA256, gb_bytes_str("pods"), extras), GB_OK);
    memcpy(text, "garboard-quote-v1\0\0\5nonce", 25);
    memcpy(text + 25, ours, 32);
    memcpy(text + 57, extras, 32);
    assert_int_equal(digest_of(m.digester, DIGEST_SHA256, gb_bytes(text, sizeof text), want), 0);
    bound(&m, "nonce", ours, "pods", got);
    assert_memory_equal(got, want, sizeof want);
    machine_done(&m);
}

/* What enrolment answers, as the formats' pages say it: each side calls the same functions, so only
 * these bytes hold them to it. */
static void proofs_are_those_that_are_documented(void **state)
{
    (void)state;
    struct machine m;
    uint8_t got[32], want[32], proof[18 + 32] = "garboard-enrol-v1";
    uint8_t key[20 + 64] = "garboard-certify-v1";
    const struct gb_bytes secret = gb_bytes_str("what only this TPM could open...");
    machine_init(&m, sha256);
    memcpy(proof + 18, ours, 32);
    assert_int_equal(binding_proof(secret, gb_bytes(ours, 32), got, NULL), GB_OK);
    assert_int_equal(wrap_hmac(DIGEST_SHA256, secret, gb_bytes(proof, sizeof proof), want, NULL),
                     GB_OK);
    assert_memory_equal(got, want, 32);
    uint8_t node[17 + 32] = "garboard-node-v1";
    memcpy(node + 17, ours, 32);
    assert_int_equal(digest_of(m.digester, DIGEST_SHA256, gb_bytes(node, sizeof node), want), 0);
    assert_int_equal(binding_node(m.digester, ours, got, NULL), GB_OK);
    want[6] = (uint8_t)(want[6] % 16 + 0x80);
    want[8] = (uint8_t)(want[8] % 64 + 0x80);
    assert_memory_equal(got, want, BINDING_NODE);
    memset(key + 20, 0x5a, 64);
    assert_int_equal(binding_of_key(m.digester, gb_bytes(key + 20, 64), got, NULL), GB_OK);
    assert_int_equal(digest_of(m.digester, DIGEST_SHA256, gb_bytes(key, sizeof key), want), GB_OK);
    assert_memory_equal(got, want, 32);
    machine_done(&m);
}

static void a_nonce_of_another_length_proves_nothing(void **state)
{
    (void)state;
    const struct gb_bytes secret = gb_bytes_str("secret");
    uint8_t nonce[33] = {0}, out[32];
    assert_int_equal(binding_proof(secret, gb_bytes(nonce, 31), out, NULL), GB_ERR_INPUT);
    assert_int_equal(binding_proof(secret, gb_bytes(nonce, 33), out, NULL), GB_ERR_INPUT);
    assert_int_equal(binding_proof(secret, gb_bytes(NULL, 0), out, NULL), GB_ERR_INPUT);
}

/* Boots, and quotes what binds "nonce", our key and "pods". */
static void quote(struct machine *m)
{
    uint8_t binding[BINDING_SIZE];
    machine_init(m, sha256);
    machine_aggregate(m, DIGEST_SHA256, 9);
    bound(m, "nonce", ours, "pods", binding);
    machine_quote_for(m, gb_bytes(binding, sizeof binding));
    m->asked = (struct asked){.has_nonce = true, .nonce = gb_bytes_str("nonce"), .transport = ours};
    m->bundle.extras = gb_bytes_str("pods");
}

static void assert_refused(struct machine *m, enum gb_finding_code code)
{
    assert_int_equal(machine_verify(m), GB_OK);
    assert_true(machine_has(m, code));
    assert_false(m->claims.quote_proven);
    assert_null(m->claims.extras.data);
    assert_int_equal(m->claims.findings.worst, GB_TIER_CONTRAINDICATED);
}

static void a_bound_quote_proves_its_extras(void **state)
{
    (void)state;
    struct machine m;
    quote(&m);
    assert_int_equal(machine_verify(&m), GB_OK);
    machine_assert_good(&m, GB_TIER_AFFIRMING);
    assert_true(gb_bytes_is(m.claims.extras, "pods"));
    machine_done(&m);
}

static void extras_without_a_binding_are_no_claim(void **state)
{
    (void)state;
    struct machine m;
    quote(&m);
    machine_quote(&m);
    m.bundle.extras = gb_bytes_str("pods");
    assert_int_equal(machine_verify(&m), GB_OK);
    machine_assert_good(&m, GB_TIER_AFFIRMING);
    assert_null(m.claims.extras.data);
    machine_done(&m);
}

static void T01_another_nonce_is_refused(void **state)
{
    (void)state;
    struct machine m;
    quote(&m);
    m.asked.nonce = gb_bytes_str("nonc3");
    assert_refused(&m, GB_FINDING_NONCE_MISMATCH);
    machine_done(&m);
}

static void T01_no_nonce_binds_nothing(void **state)
{
    (void)state;
    uint8_t binding[BINDING_SIZE];
    struct machine m;
    quote(&m);
    bound(&m, "", ours, "pods", binding);
    machine_quote_for(&m, gb_bytes(binding, sizeof binding));
    m.bundle.extras = gb_bytes_str("pods");
    m.asked = (struct asked){.transport = ours};
    assert_refused(&m, GB_FINDING_NONCE_MISMATCH);
    m.asked = (struct asked){.has_nonce = true, .nonce = gb_bytes_str(""), .transport = ours};
    assert_refused(&m, GB_FINDING_NONCE_MISMATCH);
    machine_done(&m);
}

static void T01_the_bare_nonce_is_not_enough(void **state)
{
    (void)state;
    struct machine m;
    quote(&m);
    machine_quote_for(&m, gb_bytes_str("nonce"));
    m.asked.transport = ours;
    assert_refused(&m, GB_FINDING_NONCE_MISMATCH);
    machine_done(&m);
}

static void T03_a_relayed_quote_names_another_transport_key(void **state)
{
    (void)state;
    struct machine m;
    quote(&m);
    m.asked.transport = theirs;
    assert_refused(&m, GB_FINDING_NONCE_MISMATCH);
    machine_done(&m);
}

static void T03_changed_extras_are_refused(void **state)
{
    (void)state;
    static const char *const others[] = {"pod", "podz", "pods ", ""};
    for (size_t i = 0; i < GB_ARRAY_LEN(others); i++) {
        struct machine m;
        quote(&m);
        m.bundle.extras = gb_bytes_str(others[i]);
        assert_refused(&m, GB_FINDING_NONCE_MISMATCH);
        machine_done(&m);
    }
    struct machine m;
    quote(&m);
    m.bundle.extras = gb_bytes(NULL, 0); /* left out */
    assert_refused(&m, GB_FINDING_NONCE_MISMATCH);
    machine_done(&m);
}

/* The length before the nonce keeps its end apart from what follows. */
static void T03_bytes_cannot_move_between_the_parts(void **state)
{
    (void)state;
    struct machine m;
    uint8_t a[BINDING_SIZE], b[BINDING_SIZE], shifted[32];
    machine_init(&m, sha256);
    memcpy(shifted, "x", 1);
    memcpy(shifted + 1, ours, 31);
    bound(&m, "noncex", ours, "", a);
    bound(&m, "nonce", shifted, "", b);
    assert_memory_not_equal(a, b, sizeof a);
    machine_done(&m);
}

static void T06_the_enrolled_key_decides(void **state)
{
    (void)state;
    struct machine m, other;
    struct key *key = NULL, *foreign = NULL;
    struct gb_buf pem;
    quote(&m);
    machine_init(&other, sha256);
    gb_buf_init(&pem, 4096);
    make_ak_pem(&m.ak, &pem);
    assert_int_equal(key_from_pem(gb_buf_bytes(&pem), &key, NULL), GB_OK);
    pem.len = 0;
    make_ak_pem(&other.ak, &pem);
    assert_int_equal(key_from_pem(gb_buf_bytes(&pem), &foreign, NULL), GB_OK);
    m.asked.ak = key;
    assert_int_equal(machine_verify(&m), GB_OK);
    machine_assert_good(&m, GB_TIER_AFFIRMING);
    m.asked.ak = foreign;
    assert_refused(&m, GB_FINDING_QUOTE_SIGNATURE);
    key_free(key);
    key_free(foreign);
    gb_buf_done(&pem);
    machine_done(&m);
    machine_done(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_digest_that_is_documented),
        cmocka_unit_test(proofs_are_those_that_are_documented),
        cmocka_unit_test(a_nonce_of_another_length_proves_nothing),
        cmocka_unit_test(a_bound_quote_proves_its_extras),
        cmocka_unit_test(extras_without_a_binding_are_no_claim),
        cmocka_unit_test(T01_another_nonce_is_refused),
        cmocka_unit_test(T01_no_nonce_binds_nothing),
        cmocka_unit_test(T01_the_bare_nonce_is_not_enough),
        cmocka_unit_test(T03_a_relayed_quote_names_another_transport_key),
        cmocka_unit_test(T03_changed_extras_are_refused),
        cmocka_unit_test(T03_bytes_cannot_move_between_the_parts),
        cmocka_unit_test(T06_the_enrolled_key_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
