/* Enrolment, renewal and tokens, with a real (software) TPM and keyd's own door, monitor_serve. */
#include <stdio.h>
#include <string.h>

#include "../policy/make_signed.h"
#include "../test.h"
#include "../tpm/swtpm.h"
#include "base/clock.h"
#include "base/encode.h"
#include "crypto/issue.h"
#include "crypto/request.h"
#include "crypto/signer.h"
#include "evidence/envelope.h"
#include "keyd/monitor.h"
#include "keyd/node_cert.h"
#include "make_state.h"
#include "os/file.h"
#include "tpm/certify.h"
#include "tpm/ek.h"
#include "tpm/quote.h"
#include "tpm/sign.h"
#include "verify/binding.h"

enum { LIFE_MS = 60000 };

/* What the evidence names as EK certificates. */
static size_t first_cert, cert_count;
static struct swtpm swtpm;
static struct keyd_state state;
static struct gb_arena *arena;
static struct digester *digester;
static struct keyd_config config;
static struct house house;
static struct desk desk;
static struct tpm *tpm;
static struct tpm_ek_certs certs;
static struct tpm_ek ek;
static struct tpm_key ak, transport;
static struct gb_err err;

#define must(call)                                                                                 \
    do {                                                                                           \
        if ((call) != GB_OK)                                                                       \
            fail_msg("%s: %s", #call, err.text);                                                   \
    } while (0)

static int group_setup(void **unused)
{
    (void)unused;
    char more[512];
    arena = gb_arena_new();
    must(digester_new(&digester, &err));
    swtpm_make(&swtpm);
    snprintf(more, sizeof more, "tpm_root = %s/tpm/ca-root.pem\ntpm_intermediate = %s/tpm/%s\n",
             swtpm.folder, swtpm.folder, "ca-intermediate.pem");
    keyd_state_make(&state, "", more);
    must(keyd_config_read(arena, state.config, &config, &err));
    must(tpm_open(&(struct tpm_conf){.tcti = swtpm.tcti}, &tpm, &err));
    must(tpm_ek_certs(tpm, arena, &certs, &err));
    must(tpm_ek(tpm, arena, &certs, &ek, &err));
    must(tpm_ak(tpm, arena, TPM_KEY_P256, TPM_AK_HANDLE, gb_bytes("", 0), &ak, &err));
    must(tpm_transport(tpm, arena, TPM_TRANSPORT_HANDLE, gb_bytes("", 0), &transport, &err));
    return 0;
}

static int group_teardown(void **unused)
{
    (void)unused;
    tpm_close(tpm);
    swtpm_done(&swtpm);
    keyd_state_done(&state);
    digester_free(digester);
    gb_arena_free(arena);
    return 0;
}

static int setup(void **unused)
{
    (void)unused;
    first_cert = 0;
    cert_count = certs.count;
    must(house_open(&config, &house, &err));
    desk = (struct desk){.house = &house,
                         .arena = arena,
                         .digester = digester,
                         .beliefs = beliefs_get(house.beliefs),
                         .now_s = gb_clock_s(),
                         .now_ms = gb_clock_ms()};
    return 0;
}

static int teardown(void **unused)
{
    (void)unused;
    beliefs_unref(desk.beliefs);
    house_close(&house);
    return 0;
}

/* ---- the node's side ---- */

static struct rpc_request challenge_request(void)
{
    static struct gb_bytes der[1];
    der[0] = certs.certs[0].der;
    return (struct rpc_request){.kind = RPC_CHALLENGE,
                                .challenge = {.ek_certs = der,
                                              .ek_cert_count = 1,
                                              .ek_public = ek.public_area,
                                              .ak_public = ak.public_area}};
}

static int sign(void *ctx, const uint8_t digest[32], uint8_t ret_r[32], uint8_t ret_s[32],
                struct gb_err *ret_err)
{
    return tpm_sign(tpm, ctx, digest, ret_r, ret_s, ret_err);
}

static struct gb_bytes csr_of(struct tpm_key *key)
{
    struct request_key request = {.sign = sign, .ctx = key};
    struct gb_buf out;
    gb_buf_init(&out, GB_LIMIT_CERT);
    memcpy(request.x, key->area.ecc_x.data, 32);
    memcpy(request.y, key->area.ecc_y.data, 32);
    must(request_make(&request, "node", &out, &err));
    struct gb_bytes csr = gb_arena_copy(arena, gb_buf_bytes(&out));
    gb_buf_done(&out);
    return csr;
}

static void fingerprint_of(const struct tpm_key *key, uint8_t out[32])
{
    gb_cleanup(key_freep) struct key *k = NULL;
    must(tpm_public_key(&key->area, &k, &err));
    must(key_fingerprint(k, out, &err));
}

/* A quote that answers `nonce` on this transport key, in an envelope. */
static struct gb_bytes evidence_for(const struct tpm_key *by, struct gb_bytes nonce,
                                    const uint8_t fingerprint[32])
{
    static const struct pcr_selection selection = {
        .count = 1, .banks[0] = {.alg_id = DIGEST_SHA256, .mask = 0xffff}};
    uint8_t qualifying[BINDING_SIZE];
    struct tpm_quote quote;
    struct gb_buf out;
    gb_buf_init(&out, GB_LIMIT_RPC);
    must(binding_of(digester, nonce, fingerprint, gb_bytes(NULL, 0), qualifying, &err));
    must(tpm_quote(tpm, arena, by, &selection, gb_bytes(qualifying, sizeof qualifying), &quote,
                   &err));
    struct bundle bundle = {.quote = quote.attest,
                            .signature = quote.signature,
                            .ak_public = by->public_area,
                            .pcrs_raw = quote.pcrs_raw};
    for (size_t i = 0; i < cert_count; i++)
        bundle.ekcerts[bundle.ekcert_count++] =
            (struct bundle_file){"EK certificate", certs.certs[first_cert + i].der};
    envelope_write(&out, &bundle);
    struct gb_bytes evidence = gb_arena_copy(arena, gb_buf_bytes(&out));
    gb_buf_done(&out);
    return evidence;
}

static struct tpm_certification certification_of(const struct tpm_key *by,
                                                 const struct tpm_key *key, struct gb_bytes nonce)
{
    uint8_t qualifying[32];
    struct tpm_certification made;
    must(binding_of_key(digester, nonce, qualifying, &err));
    must(tpm_certify(tpm, arena, by, key, gb_bytes(qualifying, sizeof qualifying), &made, &err));
    return made;
}

struct node {
    struct rpc_reply challenge;
    struct rpc_request certify;
    uint8_t answer[64]; /* proof || nonce */
};

static void challenge(struct node *node)
{
    struct rpc_request request = challenge_request();
    must(monitor_serve(&desk, &request, &node->challenge, &err));
}

/* All that an honest node sends. */
static void answer(struct node *node)
{
    const struct keyd_challenge *c = &node->challenge.challenge;
    uint8_t fingerprint[32];
    struct gb_bytes secret;
    must(tpm_activate(tpm, arena, &ek, &ak, c->id_object, c->encrypted_secret, &secret, &err));
    must(binding_proof(secret, gb_bytes(c->nonce, 32), node->answer, &err));
    memcpy(node->answer + 32, c->nonce, 32);
    fingerprint_of(&transport, fingerprint);
    struct gb_bytes nonce = gb_bytes(node->answer, 64);
    struct tpm_certification made = certification_of(&ak, &transport, nonce);
    node->certify =
        (struct rpc_request){.kind = RPC_CERTIFY,
                             .certify = {.evidence = evidence_for(&ak, nonce, fingerprint),
                                         .csr = csr_of(&transport),
                                         .certify_attest = made.attest,
                                         .certify_signature = made.signature,
                                         .transport_public = transport.public_area}};
    must(binding_node(digester, c->eks[0], node->certify.certify.node_id, &err));
    memcpy(node->certify.certify.challenge, c->id, 16);
    memcpy(node->certify.certify.proof, node->answer, 32);
}

static int serve(const struct rpc_request *request, struct rpc_reply *reply)
{
    err = (struct gb_err){0};
    return monitor_serve(&desk, request, reply, &err);
}

/* Refused, and the challenge is gone: the honest answer comes too late (T04). */
static void refused_for_good(const struct node *node, const struct rpc_request *bad, int code)
{
    struct rpc_reply reply;
    int r = serve(bad, &reply);
    if (r != code)
        fail_msg("%d instead of %d: %s", r, code, err.text);
    assert_int_equal(serve(&node->certify, &reply), GB_ERR_AGAIN);
}

static struct keyd_certificate enrolled(void)
{
    struct node node;
    struct rpc_reply reply;
    challenge(&node);
    answer(&node);
    must(serve(&node.certify, &reply));
    return reply.certificate;
}

/* ---- enrolment ---- */

static const char *spiffe_id_of(const char *kind, const uint8_t id[16])
{
    const char *hex = gb_hex(arena, gb_bytes(id, 16));
    assert_int_equal(hex[12], '8'); /* UUIDv8, and its variant */
    assert_non_null(strchr("89ab", hex[16]));
    return gb_arena_printf(arena, "spiffe://example.test/%s/%.8s-%.4s-%.4s-%.4s-%s", kind, hex,
                           hex + 8, hex + 12, hex + 16, hex + 20);
}

static void a_node_enrols(void **unused)
{
    (void)unused;
    struct issued issued;
    uint8_t fingerprint[32];
    struct node node;
    struct rpc_reply first;
    struct rpc_reply again;
    challenge(&node);
    assert_int_equal(node.challenge.challenge.ek_count, 1);
    answer(&node);
    must(serve(&node.certify, &first));
    must(issued_read(arena, first.certificate.pem, vault_ca_pem(house.vault), &issued, &err));
    assert_string_equal(issued.spiffe_id, spiffe_id_of("joining", node.certify.certify.node_id));
    fingerprint_of(&transport, fingerprint);
    assert_memory_equal(issued.fingerprint, fingerprint, 32);
    assert_memory_equal(first.certificate.transport, fingerprint, 32);
    /* The same again is answered the same; another is not. */
    must(serve(&node.certify, &again));
    assert_true(gb_bytes_equal(first.certificate.pem, again.certificate.pem));
    assert_int_equal(first.certificate.not_after_s, again.certificate.not_after_s);
    node.certify.certify.node_id[0] ^= 9;
    assert_int_equal(serve(&node.certify, &again), GB_ERR_DENIED);
}

/* garboardd, broken, sends a genuine TPM under another node's id. */
static void T18_no_ek_gets_the_id_of_another(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < 16; i++) {
        struct node node;
        challenge(&node);
        answer(&node);
        struct rpc_request bad = node.certify;
        bad.certify.node_id[i] ^= 1;
        refused_for_good(&node, &bad, GB_ERR_DENIED);
    }
    /* The same EK is the same node, whenever it comes. */
    struct keyd_certificate first = enrolled();
    struct keyd_certificate second = enrolled();
    struct issued a;
    struct issued b;
    must(issued_read(arena, first.pem, vault_ca_pem(house.vault), &a, &err));
    must(issued_read(arena, second.pem, vault_ca_pem(house.vault), &b, &err));
    assert_string_equal(a.spiffe_id, b.spiffe_id);
}

static void T04_a_wrong_proof_ends_the_challenge(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < 2; i++) {
        struct node node;
        challenge(&node);
        answer(&node);
        struct rpc_request bad = node.certify;
        bad.certify.proof[i ? 31 : 0] ^= 1;
        refused_for_good(&node, &bad, GB_ERR_DENIED);
        assert_int_equal(serve(&bad, &(struct rpc_reply){0}), GB_ERR_AGAIN);
    }
}

static void T04_a_challenge_expires(void **unused)
{
    (void)unused;
    struct node node;
    struct rpc_reply reply;
    challenge(&node);
    answer(&node);
    desk.now_ms += LIFE_MS;
    assert_int_equal(serve(&node.certify, &reply), GB_ERR_AGAIN);
    desk.now_ms -= 1; /* one moment before, it was alive */
    must(serve(&node.certify, &reply));
}

static void T04_a_challenge_of_another_is_unknown(void **unused)
{
    (void)unused;
    struct node node;
    challenge(&node);
    answer(&node);
    struct rpc_request bad = node.certify;
    bad.certify.challenge[15] ^= 1;
    assert_int_equal(serve(&bad, &(struct rpc_reply){0}), GB_ERR_AGAIN);
    bad.certify.challenge[15] ^= 1;
    must(serve(&bad, &(struct rpc_reply){0}));
}

static struct tpm_key other_ak(void)
{
    struct tpm_key key;
    must(tpm_ak(tpm, arena, TPM_KEY_RSA2048, TPM_AK_HANDLE + 8, gb_bytes("", 0), &key, &err));
    return key;
}

static void T03_evidence_of_another_ak_is_refused(void **unused)
{
    (void)unused;
    struct tpm_key other = other_ak();
    uint8_t fingerprint[32];
    struct node node;
    challenge(&node);
    answer(&node);
    struct rpc_request bad = node.certify;
    fingerprint_of(&transport, fingerprint);
    bad.certify.evidence = evidence_for(&other, gb_bytes(node.answer, 64), fingerprint);
    refused_for_good(&node, &bad, GB_ERR_DENIED);
}

static void T03_a_quote_for_another_transport_key_is_refused(void **unused)
{
    (void)unused;
    const uint8_t another[32] = {1};
    struct node node;
    challenge(&node);
    answer(&node);
    struct rpc_request bad = node.certify;
    bad.certify.evidence = evidence_for(&ak, gb_bytes(node.answer, 64), another);
    refused_for_good(&node, &bad, GB_ERR_DENIED);
}

static void T01_a_quote_of_another_challenge_is_refused(void **unused)
{
    (void)unused;
    struct node before;
    struct node node;
    challenge(&before);
    answer(&before);
    challenge(&node);
    answer(&node);
    struct rpc_request bad = node.certify;
    bad.certify.evidence = before.certify.certify.evidence;
    refused_for_good(&node, &bad, GB_ERR_DENIED);
    challenge(&node);
    answer(&node);
    bad = node.certify;
    bad.certify.certify_attest = before.certify.certify.certify_attest;
    bad.certify.certify_signature = before.certify.certify.certify_signature;
    refused_for_good(&node, &bad, GB_ERR_DENIED);
}

static void T06_a_certification_by_another_ak_is_refused(void **unused)
{
    (void)unused;
    struct tpm_key other = other_ak();
    struct node node;
    challenge(&node);
    answer(&node);
    struct rpc_request bad = node.certify;
    struct tpm_certification made = certification_of(&other, &transport, gb_bytes(node.answer, 64));
    bad.certify.certify_attest = made.attest;
    bad.certify.certify_signature = made.signature;
    refused_for_good(&node, &bad, GB_ERR_DENIED);
}

/* The AK certifies imported keys without a word: only the attributes tell. */
static void T06_an_imported_transport_key_is_refused(void **unused)
{
    (void)unused;
    char command[512];
    struct tpm_key imported;
    const char *f = swtpm.folder;
    snprintf(command, sizeof command,
             "openssl ecparam -name prime256v1 -genkey -noout -out %s/i.pem", f);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof command, "tpm2_createprimary -Q -C o -G ecc -c %s/i.ctx", f);
    swtpm_tool(&swtpm, command);
    snprintf(command, sizeof command,
             "tpm2_import -Q -C %s/i.ctx -G ecc256:ecdsa-sha256 -a 'sign|userwithauth' -i %s/i.pem "
             "-u %s/i.pub -r %s/i.priv",
             f, f, f, f);
    swtpm_tool(&swtpm, "tpm2_flushcontext -t");
    swtpm_tool(&swtpm, command);
    swtpm_tool(&swtpm, "tpm2_flushcontext -t");
    snprintf(command, sizeof command,
             "tpm2_load -Q -C %s/i.ctx -u %s/i.pub -r %s/i.priv -c %s/j.ctx", f, f, f, f);
    swtpm_tool(&swtpm, command);
    snprintf(command, sizeof command, "tpm2_evictcontrol -Q -C o -c %s/j.ctx 0x81010044", f);
    swtpm_tool(&swtpm, "tpm2_flushcontext -t");
    swtpm_tool(&swtpm, command);
    swtpm_tool(&swtpm, "tpm2_flushcontext -t");
    snprintf(command, sizeof command, "%s/i.pub", f);
    imported = (struct tpm_key){.handle = 0x81010044};
    must(file_read(arena, command, GB_LIMIT_PUBLIC, &imported.public_area, &err));
    must(tpm_public_read(imported.public_area, &imported.area, &err));

    uint8_t fingerprint[32];
    struct node node;
    challenge(&node);
    answer(&node);
    struct gb_bytes nonce = gb_bytes(node.answer, 64);
    struct tpm_certification made = certification_of(&ak, &imported, nonce);
    struct rpc_request bad = node.certify;
    fingerprint_of(&imported, fingerprint);
    bad.certify.evidence = evidence_for(&ak, nonce, fingerprint);
    bad.certify.certify_attest = made.attest;
    bad.certify.certify_signature = made.signature;
    bad.certify.transport_public = imported.public_area;
    bad.certify.csr = csr_of(&imported);
    assert_int_equal(serve(&bad, &(struct rpc_reply){0}), GB_ERR_DENIED);
    assert_non_null(strstr(err.text, "fixed"));
}

static void a_request_for_another_key_is_refused(void **unused)
{
    (void)unused;
    gb_cleanup(signer_freep) struct signer *mine = NULL;
    gb_cleanup(gb_buf_done) struct gb_buf csr = {0};
    struct node node;
    gb_buf_init(&csr, GB_LIMIT_CERT);
    must(signer_new(&mine, &err));
    must(issue_request(mine, "x", &csr, &err));
    challenge(&node);
    answer(&node);
    struct rpc_request bad = node.certify;
    bad.certify.csr = gb_buf_bytes(&csr);
    refused_for_good(&node, &bad, GB_ERR_DENIED);
}

/* ---- the first step ---- */

static void T05_a_challenge_needs_its_own_ek_certificate(void **unused)
{
    (void)unused;
    struct rpc_reply reply;
    struct rpc_request request = challenge_request();
    assert_true(certs.count > 1);
    request.challenge.ek_certs = &certs.certs[1].der; /* of another EK of this TPM */
    assert_int_equal(serve(&request, &reply), GB_ERR_DENIED);
    request = challenge_request();
    request.challenge.ek_cert_count = 0;
    assert_int_equal(serve(&request, &reply), GB_ERR_DENIED);
    request = challenge_request();
    request.challenge.ek_public = ak.public_area; /* no EK at all */
    assert_int_equal(serve(&request, &reply), GB_ERR_DENIED);
}

/* EK Credential Profile, B.3: what has other attributes would open credentials for any Name. The
 * certificate is of the same key, so it does not tell. */
static void T04_an_ek_with_other_attributes_gets_no_challenge(void **unused)
{
    (void)unused;
    enum { NAME_ALG = 4, ATTRIBUTES = 6 }; /* in TPM2B_PUBLIC */
    static const uint32_t flips[] = {TPMA_FIXED_TPM,  TPMA_FIXED_PARENT, TPMA_SENSITIVE_DATA_ORIGIN,
                                     TPMA_RESTRICTED, TPMA_DECRYPT,      TPMA_ADMIN_WITH_POLICY,
                                     TPMA_SIGN,       TPMA_ST_CLEAR};
    struct rpc_reply reply;
    struct rpc_request request = challenge_request();
    for (size_t i = 0; i < GB_ARRAY_LEN(flips); i++) {
        uint8_t *area = (uint8_t *)(uintptr_t)gb_arena_copy(arena, ek.public_area).data;
        for (int j = 0; j < 4; j++)
            area[ATTRIBUTES + j] ^= (uint8_t)(flips[i] >> (24 - 8 * j));
        request.challenge.ek_public = gb_bytes(area, ek.public_area.len);
        assert_int_equal(serve(&request, &reply), GB_ERR_DENIED);
        assert_non_null(strstr(err.text, "attributes"));
    }
    uint8_t *area = (uint8_t *)(uintptr_t)gb_arena_copy(arena, ek.public_area).data;
    area[NAME_ALG] = 0;
    area[NAME_ALG + 1] = 4; /* SHA-1 */
    request.challenge.ek_public = gb_bytes(area, ek.public_area.len);
    assert_int_equal(serve(&request, &reply), GB_ERR_DENIED);
    assert_non_null(strstr(err.text, "SHA-2"));
    request.challenge.ek_public = ek.public_area;
    must(serve(&request, &reply));
}

static void T05_without_roots_nobody_enrols(void **unused)
{
    (void)unused;
    struct rpc_reply reply;
    struct rpc_request request = challenge_request();
    static struct beliefs blind;
    const struct beliefs *seeing = desk.beliefs;
    blind.trust.anchors.ek_roots = NULL;
    desk.beliefs = &blind;
    assert_int_equal(serve(&request, &reply), GB_ERR_DENIED);
    desk.beliefs = seeing;
}

static void T06_a_key_that_is_no_ak_gets_no_challenge(void **unused)
{
    (void)unused;
    struct rpc_reply reply;
    struct rpc_request request = challenge_request();
    request.challenge.ak_public = transport.public_area;
    assert_int_equal(serve(&request, &reply), GB_ERR_DENIED);
    request.challenge.ak_public = ek.public_area;
    assert_int_equal(serve(&request, &reply), GB_ERR_DENIED);
}

/* ---- renewal and tokens ---- */

static const char lax_policy[] = "apiVersion: garboard.dev/v1alpha1\nkind: NodePolicy\n"
                                 "metadata: {name: lax, version: 1}\nspec: {}\n";

/* For nodes with this label only. */
static const char labelled_policy[] =
    "apiVersion: garboard.dev/v1alpha1\nkind: NodePolicy\n"
    "metadata: {name: lax, version: 1}\nspec: {nodes: {labels: {site: fra}, names: [w*]}}\n";

/* Asks for more than a bare quote brings. */
static const char strict_policy[] =
    "apiVersion: garboard.dev/v1alpha1\nkind: NodePolicy\n"
    "metadata: {name: nodes, version: 1}\n"
    "spec:\n  referenceSets: [none]\n  require: [os]\n---\n"
    "apiVersion: garboard.dev/v1alpha1\nkind: ReferenceSet\n"
    "metadata: {name: none}\n"
    "spec:\n  class: os\n  source: nobody\n  events:\n"
    "    - {link: bootloader, pcr: 4, type: EV_EFI_BOOT_SERVICES_APPLICATION, about: x,\n"
    "       sha256: 8ed2840c88ea095294af35f340c803a0865168450260758e83d475f6c1d5ba58}\n";

/* What keyd judges by from now on, in this test. */
static void believe(const char *policy)
{
    struct keyd_config with = config;
    const char *path = gb_arena_printf(arena, "%s/officer.pem", state.folder);
    gb_cleanup(signer_freep) struct signer *officer = NULL;
    const struct beliefs *beliefs = NULL;
    must(signer_new(&officer, &err));
    make_officer_file(officer, path);
    const struct gb_bytes document = make_signed(arena, policy, officer);
    const struct papers papers = {&document, 1};
    with.officer_keys = (struct conf_list){.items = &path, .count = 1};
    must(beliefs_make(&with, &papers, &beliefs, &err));
    assert_null(beliefs->fault);
    beliefs_unref(desk.beliefs);
    desk.beliefs = beliefs;
}

/* Lets the certificates of some nodes be expired. */
static const char expired_policy[] =
    "apiVersion: garboard.dev/v1alpha1\nkind: NodePolicy\n"
    "metadata: {name: old, version: 1}\n"
    "spec: {nodes: {labels: {site: fra}, names: [w*]}, identity: {expired: allow}}\n";

/* Until when a TPM's certificates count is the node's own policy's, from the first step on. */
static void T05_the_nodes_policy_says_whether_it_may_be_expired(void **unused)
{
    (void)unused;
    static const struct {
        const char *name, *labels;
        int result;
    } rows[] = {{"w1", "a=b,site=fra", GB_OK},     {"w1", "site=ber", GB_ERR_DENIED},
                {"x1", "site=fra", GB_ERR_DENIED}, {"w1", "", GB_ERR_DENIED},
                {NULL, NULL, GB_ERR_DENIED},       {"w1", "site", GB_ERR_INPUT}};
    desk.now_s -= 365 * 86400; /* the lab's certificates end never, and begin today */
    believe(expired_policy);
    for (size_t i = 0; i < GB_ARRAY_LEN(rows); i++) {
        struct node node;
        struct rpc_reply reply;
        struct rpc_request request = challenge_request();
        request.challenge.name = rows[i].name;
        request.challenge.labels = rows[i].labels;
        assert_int_equal(serve(&request, &node.challenge), rows[i].result);
        if (rows[i].result == GB_ERR_DENIED)
            assert_non_null(strstr(err.text, "outside its validity"));
        if (rows[i].result < 0)
            continue;
        answer(&node);
        must(serve(&node.certify, &reply)); /* keyd has remembered for whom it is */
    }
    believe(lax_policy);
    struct rpc_request request = challenge_request();
    request.challenge.name = "w1";
    request.challenge.labels = "site=fra";
    struct rpc_reply reply;
    assert_int_equal(serve(&request, &reply), GB_ERR_DENIED);
}

static struct rpc_request renewal(struct gb_bytes pem)
{
    static uint8_t nonce[32];
    uint8_t fingerprint[32];
    struct rpc_request ask = {.kind = RPC_NONCE};
    struct rpc_reply reply;
    must(serve(&ask, &reply));
    memcpy(nonce, reply.nonce.nonce, sizeof nonce);
    fingerprint_of(&transport, fingerprint);
    struct tpm_certification made = certification_of(&ak, &transport, gb_bytes(nonce, 32));
    struct rpc_request request = {
        .kind = RPC_RENEW,
        .renew = {.old_cert_pem = pem,
                  .evidence = evidence_for(&ak, gb_bytes(nonce, 32), fingerprint),
                  .certify_attest = made.attest,
                  .certify_signature = made.signature,
                  .transport_public = transport.public_area}};
    memcpy(request.renew.nonce, nonce, sizeof nonce);
    return request;
}

static void T01_a_renewal_needs_a_nonce_and_uses_it_up(void **unused)
{
    (void)unused;
    struct keyd_certificate old = enrolled();
    struct rpc_reply reply;
    struct issued issued;
    believe(lax_policy);
    struct rpc_request request = renewal(old.pem);
    desk.now_s += 3600;
    must(serve(&request, &reply));
    assert_int_equal(reply.certificate.not_after_s, desk.now_s + config.node_cert_life_s);
    must(issued_read(arena, reply.certificate.pem, vault_ca_pem(house.vault), &issued, &err));
    assert_non_null(strstr(issued.spiffe_id, "spiffe://example.test/node/"));
    assert_int_equal(serve(&request, &reply), GB_ERR_AGAIN); /* twice */
    request = renewal(old.pem);
    desk.now_ms += NONCE_LIFE_MS;
    assert_int_equal(serve(&request, &reply), GB_ERR_AGAIN); /* late */
    request.renew.nonce[31] ^= 1;
    assert_int_equal(serve(&request, &reply), GB_ERR_AGAIN); /* unknown */
    request = renewal(old.pem);
    struct rpc_request bad = request;
    bad.renew.certify_signature.len--; /* a failed try uses it up, too */
    assert_true(serve(&bad, &reply) < 0);
    assert_int_equal(serve(&request, &reply), GB_ERR_AGAIN);
}

static void a_renewal_needs_a_certificate_of_ours_in_time(void **unused)
{
    (void)unused;
    struct rpc_reply reply;
    struct keyd_certificate old = enrolled();
    struct rpc_request request = renewal(vault_ca_pem(house.vault));
    assert_int_equal(serve(&request, &reply), GB_ERR_INPUT);
    believe(lax_policy);
    desk.now_s = old.not_after_s + config.renew_grace_s;
    request = renewal(old.pem);
    must(serve(&request, &reply));
    desk.now_s++;
    request = renewal(old.pem);
    assert_int_equal(serve(&request, &reply), GB_ERR_DENIED);
}

/* keyd keeps no table of nodes: the certificate itself names the AK, and its id the EK. Another AK,
 * though of the same TPM, or one in software, renews nothing. */
static void T06_a_renewal_by_another_ak_is_refused(void **unused)
{
    (void)unused;
    struct keyd_certificate old = enrolled();
    struct tpm_key other = other_ak();
    struct rpc_reply reply;
    uint8_t fingerprint[32];
    struct rpc_request request = renewal(old.pem);
    fingerprint_of(&transport, fingerprint);
    struct gb_bytes nonce = gb_bytes(request.renew.nonce, 32);
    struct tpm_certification made = certification_of(&other, &transport, nonce);
    request.renew.evidence = evidence_for(&other, nonce, fingerprint);
    request.renew.certify_attest = made.attest;
    request.renew.certify_signature = made.signature;
    assert_int_equal(serve(&request, &reply), GB_ERR_DENIED);
    assert_non_null(strstr(err.text, "AK"));
}

/* Fit to be a transport key, and not the node's: of another template. */
static struct tpm_key signing_key(uint32_t handle)
{
    char command[512];
    const char *f = swtpm.folder;
    struct tpm_key key = {.handle = handle};
    snprintf(command, sizeof command,
             "tpm2_createprimary -Q -C o -G ecc256:ecdsa-sha256 -c %s/s.ctx -a "
             "'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign'",
             f);
    swtpm_tool(&swtpm, command);
    snprintf(command, sizeof command, "tpm2_evictcontrol -Q -C o -c %s/s.ctx 0x%08x", f,
             (unsigned)handle);
    swtpm_tool(&swtpm, command);
    swtpm_tool(&swtpm, "tpm2_flushcontext -t");
    snprintf(command, sizeof command, "tpm2_readpublic -Q -c 0x%08x -o %s/s.pub", (unsigned)handle,
             f);
    swtpm_tool(&swtpm, command);
    snprintf(command, sizeof command, "%s/s.pub", f);
    must(file_read(arena, command, GB_LIMIT_PUBLIC, &key.public_area, &err));
    must(tpm_public_read(key.public_area, &key.area, &err));
    tpm_close(tpm); /* which keeps but four keys in use */
    must(tpm_open(&(struct tpm_conf){.tcti = swtpm.tcti}, &tpm, &err));
    return key;
}

/* The quote is bound to the certificate's key; what the AK certifies is another of its TPM. */
static void T03_a_renewal_for_another_transport_key_is_refused(void **unused)
{
    (void)unused;
    struct keyd_certificate old = enrolled();
    struct rpc_reply reply;
    struct rpc_request request = renewal(old.pem);
    struct tpm_key other = signing_key(0x81010045);
    struct tpm_certification made =
        certification_of(&ak, &other, gb_bytes(request.renew.nonce, 32));
    request.renew.certify_attest = made.attest;
    request.renew.certify_signature = made.signature;
    request.renew.transport_public = other.public_area;
    assert_int_equal(serve(&request, &reply), GB_ERR_DENIED);
    assert_non_null(strstr(err.text, "not the certificate's"));
}

/* garboardd's own certificate is ours, too, and for a key of the right TPM here. */
static void T19_only_a_nodes_certificate_is_renewed(void **unused)
{
    (void)unused;
    struct rpc_reply reply;
    struct keyd_certificate servers;
    gb_cleanup(key_freep) struct key *key = NULL;
    const struct conf_list none = config.server_names;
    const char *names[] = {"server.example"};
    config.server_names = (struct conf_list){.items = names, .count = 1};
    must(tpm_public_key(&transport.area, &key, &err));
    must(server_cert_issue(&desk, key, &servers, &err));
    config.server_names = none;
    struct rpc_request request = renewal(servers.pem);
    assert_int_equal(serve(&request, &reply), GB_ERR_DENIED);
    assert_non_null(strstr(err.text, "not a node's"));
}

/* A certificate for this transport key, as keyd would write it, under any id. */
static struct gb_bytes certificate_as(const uint8_t node_id[16])
{
    struct keyd_certificate made;
    uint8_t ak_hash[32];
    gb_cleanup(key_freep) struct key *key = NULL;
    must(tpm_public_key(&transport.area, &key, &err));
    must(digest_of(digester, DIGEST_SHA256, ak.area.encoded, ak_hash));
    must(node_cert_issue(&desk, NODE_CERT_NODE, node_id, ak_hash, key, &made, &err));
    return made.pem;
}

static struct rpc_request token_request(struct gb_bytes pem)
{
    struct rpc_request as = renewal(pem);
    struct rpc_request request = {.kind = RPC_TOKEN,
                                  .token = {.cert_pem = as.renew.old_cert_pem,
                                            .evidence = as.renew.evidence,
                                            .certify_attest = as.renew.certify_attest,
                                            .certify_signature = as.renew.certify_signature,
                                            .transport_public = as.renew.transport_public}};
    memcpy(request.token.nonce, as.renew.nonce, 32);
    return request;
}

static void T18_a_certificate_under_another_id_renews_nothing(void **unused)
{
    (void)unused;
    struct rpc_reply reply;
    const uint8_t another[16] = {[6] = 0x80, [8] = 0x80, [15] = 1};
    struct node node;
    believe(lax_policy);
    challenge(&node);
    answer(&node);
    struct rpc_request request = renewal(certificate_as(node.certify.certify.node_id));
    must(serve(&request, &reply)); /* so it is the id that counts */
    request = renewal(certificate_as(another));
    assert_int_equal(serve(&request, &reply), GB_ERR_DENIED);
    assert_non_null(strstr(err.text, "EK"));
    request = token_request(certificate_as(another));
    assert_int_equal(serve(&request, &reply), GB_ERR_DENIED);
    assert_non_null(strstr(err.text, "EK"));
}

/* A certificate of our CA for this transport key and AK, under any name and from any time. */
static struct gb_bytes certificate_named(const char *spiffe_id, int64_t not_before_s)
{
    uint8_t ak_hash[32];
    struct gb_buf pem;
    gb_cleanup(key_freep) struct key *key = NULL;
    must(tpm_public_key(&transport.area, &key, &err));
    must(digest_of(digester, DIGEST_SHA256, ak.area.encoded, ak_hash));
    gb_buf_init(&pem, GB_LIMIT_CERT);
    const struct issue what = {.role = ISSUE_CLIENT,
                               .common_name = "node",
                               .spiffe_id = spiffe_id,
                               .ak = ak_hash,
                               .not_before_s = not_before_s,
                               .not_after_s = not_before_s + 3600};
    must(vault_issue(house.vault, key, &what, &pem, &err));
    struct gb_bytes copy = gb_arena_copy(arena, gb_buf_bytes(&pem));
    gb_buf_done(&pem);
    return copy;
}

static int token_by(struct gb_bytes pem)
{
    struct rpc_reply reply;
    struct rpc_request request = token_request(pem);
    return serve(&request, &reply);
}

/* One node has one name: another spelling of the same id is nobody's. */
static void T18_an_id_is_spelt_in_one_way(void **unused)
{
    (void)unused;
    struct node node;
    challenge(&node);
    answer(&node);
    const char *name = spiffe_id_of("node", node.certify.certify.node_id);
    const char *uuid = strrchr(name, '/') + 1;
    assert_int_equal(token_by(certificate_named(name, desk.now_s - 60)), GB_OK);
    char *upper = gb_arena_printf(arena, "%s", uuid);
    for (char *c = upper; *c; c++)
        *c = (char)(*c >= 'a' && *c <= 'f' ? *c - 'a' + 'A' : *c);
    assert_string_not_equal(upper, uuid);
    const char *others[] = {
        upper,
        gb_arena_printf(arena, "%.8s%.4s-%.4s-%.4s--%.12s", uuid, uuid + 9, uuid + 14, uuid + 19,
                        uuid + 24),
        gb_arena_printf(arena, "----%.8s%.4s%.4s%.4s%.12s", uuid, uuid + 9, uuid + 14, uuid + 19,
                        uuid + 24),
        gb_arena_printf(arena, "%.35s", uuid),
        gb_arena_printf(arena, "%s0", uuid),
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(others); i++) {
        const char *as = gb_arena_printf(arena, "spiffe://example.test/node/%s", others[i]);
        if (token_by(certificate_named(as, desk.now_s - 60)) != GB_ERR_DENIED ||
            !strstr(err.text, "not a node's"))
            fail_msg("%s: %s", as, err.text);
    }
}

static void a_certificate_counts_from_its_beginning(void **unused)
{
    (void)unused;
    struct node node;
    challenge(&node);
    answer(&node);
    const char *name = spiffe_id_of("node", node.certify.certify.node_id);
    assert_int_equal(token_by(certificate_named(name, desk.now_s)), GB_OK);
    assert_int_equal(token_by(certificate_named(name, desk.now_s + 1)), GB_ERR_DENIED);
    assert_non_null(strstr(err.text, "not valid now"));
}

static void T05_a_token_needs_the_certificate_of_its_own_ek(void **unused)
{
    (void)unused;
    struct rpc_reply reply;
    struct keyd_certificate certificate = enrolled();
    cert_count = 0; /* none sent */
    struct rpc_request request = token_request(certificate.pem);
    assert_int_equal(serve(&request, &reply), GB_ERR_DENIED);
    first_cert = 1; /* genuine, of another EK */
    cert_count = 1;
    request = token_request(certificate.pem);
    assert_int_equal(serve(&request, &reply), GB_ERR_DENIED);
    first_cert = 0; /* the right one, whose maker nobody trusts any more */
    request = token_request(certificate.pem);
    struct beliefs doubt = *desk.beliefs;
    const struct beliefs *seeing = desk.beliefs;
    doubt.trust.anchors.ek_roots = NULL;
    desk.beliefs = &doubt;
    assert_int_equal(serve(&request, &reply), GB_ERR_DENIED);
    desk.beliefs = seeing;
    assert_non_null(strstr(err.text, "certified"));
    request = token_request(certificate.pem);
    must(serve(&request, &reply));
}

static void write_text(const char *name, const void *data, size_t len)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", state.folder, name);
    must(file_write(path, gb_bytes(data, len), &err));
}

/* openssl verifies the token by the published point. */
static bool openssl_verifies(const char *jwt)
{
    const char *dot = strrchr(jwt, '.');
    struct gb_bytes signature;
    char command[512];
    uint8_t der[80] = {0x30};
    size_t len = 2;
    assert_true(gb_base64url_decode(arena, gb_bytes_str(dot + 1), &signature));
    assert_int_equal(signature.len, 64);
    for (int i = 0; i < 2; i++) { /* an INTEGER each: a sign byte when the first bit is set */
        const uint8_t *n = signature.data + 32 * i;
        size_t skip = 0;
        while (skip < 31 && n[skip] == 0)
            skip++;
        bool sign_byte = n[skip] & 0x80;
        der[len++] = 2;
        der[len++] = (uint8_t)(32 - skip + sign_byte);
        if (sign_byte)
            der[len++] = 0;
        memcpy(der + len, n + skip, 32 - skip);
        len += 32 - skip;
    }
    der[1] = (uint8_t)(len - 2);
    write_text("sig", der, len);
    write_text("input", jwt, (size_t)(dot - jwt));
    snprintf(command, sizeof command,
             "cd %s && openssl pkey -in token.key -pubout -out token.pub && openssl dgst -sha256 "
             "-verify token.pub -signature sig input >/dev/null 2>&1",
             state.folder);
    return system(command) == 0;
}

static void a_token_says_what_was_proven(void **unused)
{
    (void)unused;
    struct keyd_certificate certificate = enrolled();
    struct rpc_request request = token_request(certificate.pem);
    struct rpc_reply reply;
    struct gb_bytes payload;
    must(serve(&request, &reply));
    assert_true(openssl_verifies(reply.token.jwt));
    const char *first = strchr(reply.token.jwt, '.') + 1;
    assert_true(gb_base64url_decode(arena, gb_bytes(first, (size_t)(strchr(first, '.') - first)),
                                    &payload));
    const char *text = (const char *)gb_arena_copy(arena, payload).data;
    assert_non_null(strstr(text, "spiffe://example.test/node/"));
    assert_non_null(strstr(text, "\"trusted\": false")); /* no policy: nobody said what is good */
    assert_int_equal(serve(&request, &reply), GB_ERR_AGAIN);
    char *broken = (char *)(uintptr_t)gb_arena_copy(arena, gb_bytes_str(reply.token.jwt)).data;
    broken[40] = broken[40] == 'A' ? 'B' : 'A';
    assert_false(openssl_verifies(broken));
}

/* There is a grace for renewals, none for tokens. */
static void a_token_ends_with_the_certificate(void **unused)
{
    (void)unused;
    struct rpc_reply reply;
    struct keyd_certificate certificate = enrolled();
    desk.now_s = certificate.not_after_s;
    struct rpc_request request = token_request(certificate.pem);
    must(serve(&request, &reply));
    desk.now_s++;
    request = token_request(certificate.pem);
    assert_int_equal(serve(&request, &reply), GB_ERR_DENIED);
    assert_non_null(strstr(err.text, "not valid now"));
}

static bool token_has(const char *jwt, const char *words)
{
    struct gb_bytes payload;
    const char *first = strchr(jwt, '.') + 1;
    assert_true(gb_base64url_decode(arena, gb_bytes(first, (size_t)(strchr(first, '.') - first)),
                                    &payload));
    return strstr((const char *)gb_arena_copy(arena, payload).data, words);
}

/* A proven quote under a policy that asks for more than it brings: signed, and not trusted. */
static void T20_a_token_says_what_the_policy_says(void **unused)
{
    (void)unused;
    struct rpc_reply reply;
    struct keyd_certificate certificate = enrolled();
    struct rpc_request request = token_request(certificate.pem);
    believe(strict_policy);
    must(serve(&request, &reply));
    assert_true(token_has(reply.token.jwt, "\"policy\": \"nodes"));
    assert_true(token_has(reply.token.jwt, "\"trusted\": false"));
    assert_false(token_has(reply.token.jwt, "\"tier\": \"affirming\""));
    assert_true(token_has(reply.token.jwt, "\"ear_status\": \"contraindicated\""));
}

/* The certificate node/ says "trusted" to everybody, so keyd gives it to nobody whom it does not
 * trust itself, whatever garboardd asks for. */
/* Labels and the name come from garboardd: they choose among what officers signed, and no more. */
static void T20_a_policy_for_other_nodes_renews_nothing(void **unused)
{
    (void)unused;
    static const struct {
        const char *name, *labels;
        int result;
    } rows[] = {{"w1", "a=b,site=fra", GB_OK},     {"w1", "site=ber", GB_ERR_DENIED},
                {"x1", "site=fra", GB_ERR_DENIED}, {"w1", "", GB_ERR_DENIED},
                {NULL, NULL, GB_ERR_DENIED},       {"w1", "site", GB_ERR_INPUT}};
    struct keyd_certificate old = enrolled();
    believe(labelled_policy);
    for (size_t i = 0; i < GB_ARRAY_LEN(rows); i++) {
        struct rpc_reply reply;
        struct rpc_request request = renewal(old.pem);
        request.renew.name = rows[i].name;
        request.renew.labels = rows[i].labels;
        assert_int_equal(serve(&request, &reply), rows[i].result);
    }
}

static void T20_a_node_that_is_not_trusted_is_not_renewed(void **unused)
{
    (void)unused;
    struct rpc_reply reply;
    struct keyd_certificate joining = enrolled();
    struct rpc_request request = renewal(joining.pem);
    assert_int_equal(serve(&request, &reply), GB_ERR_DENIED);
    assert_non_null(strstr(err.text, "no policy"));
    believe(strict_policy);
    request = renewal(joining.pem);
    assert_int_equal(serve(&request, &reply), GB_ERR_DENIED);
    if (!strstr(err.text, "the node is not trusted: "))
        fail_msg("%s", err.text);
    believe(lax_policy);
    request = renewal(joining.pem);
    must(serve(&request, &reply));
    struct gb_bytes trusted = reply.certificate.pem;
    believe(strict_policy); /* and what it was once helps it no more */
    request = renewal(trusted);
    assert_int_equal(serve(&request, &reply), GB_ERR_DENIED);
}

/* A maker who is believed no more vouches for no certificate either. */
static void T05_a_renewal_needs_a_certified_ek(void **unused)
{
    (void)unused;
    struct rpc_reply reply;
    struct keyd_certificate old = enrolled();
    believe(lax_policy);
    const struct beliefs *seeing = desk.beliefs;
    struct beliefs doubt = *seeing;
    doubt.trust.anchors.ek_roots = NULL;
    struct rpc_request request = renewal(old.pem);
    desk.beliefs = &doubt;
    int r = serve(&request, &reply);
    desk.beliefs = seeing;
    assert_int_equal(r, GB_ERR_DENIED);
    assert_non_null(strstr(err.text, "certified"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_node_enrols),
        T(T18_no_ek_gets_the_id_of_another),
        T(T04_a_wrong_proof_ends_the_challenge),
        T(T04_a_challenge_expires),
        T(T04_a_challenge_of_another_is_unknown),
        T(T03_evidence_of_another_ak_is_refused),
        T(T03_a_quote_for_another_transport_key_is_refused),
        T(T01_a_quote_of_another_challenge_is_refused),
        T(T06_a_certification_by_another_ak_is_refused),
        T(T06_an_imported_transport_key_is_refused),
        T(a_request_for_another_key_is_refused),
        T(T05_a_challenge_needs_its_own_ek_certificate),
        T(T04_an_ek_with_other_attributes_gets_no_challenge),
        T(T05_without_roots_nobody_enrols),
        T(T06_a_key_that_is_no_ak_gets_no_challenge),
        T(T01_a_renewal_needs_a_nonce_and_uses_it_up),
        T(a_renewal_needs_a_certificate_of_ours_in_time),
        T(T06_a_renewal_by_another_ak_is_refused),
        T(T03_a_renewal_for_another_transport_key_is_refused),
        T(T19_only_a_nodes_certificate_is_renewed),
        T(a_token_ends_with_the_certificate),
        T(T20_a_token_says_what_the_policy_says),
        T(T20_a_node_that_is_not_trusted_is_not_renewed),
        T(T20_a_policy_for_other_nodes_renews_nothing),
        T(T05_the_nodes_policy_says_whether_it_may_be_expired),
        T(T05_a_renewal_needs_a_certified_ek),
        T(T18_a_certificate_under_another_id_renews_nothing),
        T(T18_an_id_is_spelt_in_one_way),
        T(a_certificate_counts_from_its_beginning),
        T(T05_a_token_needs_the_certificate_of_its_own_ek),
        T(a_token_says_what_was_proven),
    };
    if (!swtpm_there())
        return 77;
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
