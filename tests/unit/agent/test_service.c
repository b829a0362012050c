/* The agent with a real (software) TPM over real TLS, before a small server that proves what it
 * gets with the functions of the house: enrolment, rounds, renewal. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../net/kit.h"
#include "../test.h"
#include "../tpm/swtpm.h"
#include "agent/run.h"
#include "attest/attest.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypto/issue.h"
#include "evidence/envelope.h"
#include "os/file.h"
#include "verify/binding.h"
#include "verify/certified.h"
#include "verify/identity.h"
#include "wire/json.h"

static struct swtpm swtpm;
static struct gb_arena *arena; /* the tests' */
static struct gb_err err;

/* What the small server knows. One request at a time: the agent waits for each answer. */
static struct {
    struct gb_arena *arena;
    struct digester *digester;
    struct signer *ca;
    struct signer *tls;
    struct gb_bytes ca_pem;
    struct gb_bytes tls_pem; /* certificate and CA */
    struct gb_bytes tls_key;
    uint8_t pin[32];
    struct gb_bytes ak_public;
    struct gb_bytes challenge_nonce;
    uint8_t answer[64]; /* proof and nonce */
    uint8_t fingerprint[32];
    uint8_t nonce[32];
    uint64_t ima_from;
    bool want_boot;
    const char *now; /* its clock */
    int64_t not_before_s, not_after_s;
    /* What the tests ask for. */
    int waits;       /* answers of 202 before a challenge */
    int conflicts;   /* answers of 409 before a verdict */
    bool wrong_name; /* a credential for another key */
    bool other_ca;   /* all is of another CA than the pinned one */
    bool other_key;  /* a certificate for the server's own key */
    bool unjudged;   /* verdicts are untrusted */
    bool no_renewal; /* refused, as keyd does */
    int life_s;      /* of tokens */
    /* What they look at. */
    int begins, enrolled, rounds, renewals, unproven, refusals, tokens;
    struct bundle last;
    char wrong[256];
} server;

static struct gb_bytes kept(struct gb_bytes bytes)
{
    return gb_arena_copy(server.arena, bytes);
}

static void refuse(struct http_request *request, int status, const char *code, const char *why)
{
    snprintf(server.wrong, sizeof server.wrong, "%s: %s", code, why);
    char *text = gb_arena_printf(
        server.arena, "{\"error\":{\"code\":\"%s\",\"message\":\"%s\",\"remedy\":\"r\"}}", code,
        why);
    http_answer(request, status, "application/json", gb_bytes_str(text));
}

static void answer(struct http_request *request, int status, struct json *json)
{
    char *text = NULL;
    assert_int_equal(json_print(json, &text, NULL), 0);
    http_answer(request, status, "application/json", gb_bytes_str(text));
    gb_free(text);
    json_free(json);
}

static struct gb_bytes member(const struct json *body, const char *key)
{
    struct gb_bytes text;
    struct gb_bytes bytes = {0};
    if (json_get_text(body, key, &text) && !gb_base64_decode(server.arena, text, &bytes))
        bytes = (struct gb_bytes){0};
    return bytes;
}

static void set(struct json *json, const char *key, struct gb_bytes bytes)
{
    json_set(json, key, json_text(gb_base64(server.arena, bytes)));
}

static struct json *next_json(void)
{
    struct json *next = json_new_object();
    struct json *send = json_new_object();
    server.nonce[0]++;
    set(next, "nonce", gb_bytes(server.nonce, 32));
    json_set(next, "expires_in_s", json_number(600));
    json_set(next, "interval_s", json_number(7));
    json_set(send, "boot_log", json_bool(server.want_boot));
    json_set(send, "ima_from", json_number(server.ima_from));
    json_set(next, "send", send);
    return next;
}

static void begin(struct http_request *request, const struct json *body)
{
    static const uint8_t secret[32] = "the secret of the challenge....";
    struct gb_bytes ek_public = member(body, "ek_public");
    struct tpm_public ek;
    struct tpm_public ak;
    uint8_t name[2 + GB_LIMIT_DIGEST];
    size_t name_len = 0;
    uint8_t random[32] = {1};
    server.begins++;
    if (server.waits-- > 0) {
        struct json *json = json_new_object();
        json_set(json, "state", json_text("waiting"));
        json_set(json, "ek", json_text("sha256:00"));
        json_set(json, "retry_after_s", json_number(9));
        answer(request, 202, json);
        return;
    }
    server.ak_public = member(body, "ak_public");
    if (json_count(json_get(body, "ek_certs")) != 3 || tpm_public_read(ek_public, &ek, NULL) < 0 ||
        tpm_public_read(server.ak_public, &ak, NULL) < 0 ||
        tpm_public_name(server.digester, &ak, name, &name_len, NULL) < 0) {
        refuse(request, 400, "malformed", "begin");
        return;
    }
    name[name_len - 1] ^= server.wrong_name;
    gb_cleanup(gb_buf_done) struct gb_buf id;
    gb_cleanup(gb_buf_done) struct gb_buf encrypted;
    gb_buf_init(&id, 1024);
    gb_buf_init(&encrypted, 1024);
    assert_int_equal(identity_make_credential(&ek, gb_bytes(name, name_len), gb_bytes(secret, 32),
                                              gb_bytes(random, 32), &id, &encrypted, NULL),
                     0);
    memset(server.answer, 0x5a, 64);
    assert_int_equal(binding_proof(gb_bytes(secret, 32),
                                   gb_bytes(server.answer + BINDING_PROOF, BINDING_NONCE),
                                   server.answer, NULL),
                     0);
    struct json *json = json_new_object();
    set(json, "challenge", gb_bytes_str("0123456789abcdef"));
    set(json, "nonce", gb_bytes(server.answer + 32, 32));
    set(json, "id_object", gb_buf_bytes(&id));
    set(json, "encrypted_secret", gb_buf_bytes(&encrypted));
    json_set(json, "expires_in_s", json_number(60));
    answer(request, 200, json);
}

/* Quote over `nonce`, bound to the transport key. */
static bool quote_proven(struct gb_bytes evidence, struct gb_bytes nonce)
{
    const struct trust *trust = gb_arena_new_one(server.arena, struct trust);
    struct claims claims;
    struct verdict verdict;
    struct asked asked = {
        .has_nonce = true, .nonce = nonce, .transport = server.fingerprint, .time_s = 1800000000};
    if (envelope_read(server.arena, kept(evidence), &server.last, &err) < 0 ||
        attest(server.arena, server.digester, trust, &asked, &server.last, &claims, &verdict,
               &err) < 0) {
        snprintf(server.wrong, sizeof server.wrong, "%s", err.text);
        return false;
    }
    return claims.quote_proven && gb_bytes_equal(server.last.ak_public, server.ak_public);
}

static bool key_proven(const struct json *body, struct gb_bytes answered, struct key **ret_key)
{
    uint8_t qualifying[32];
    bool proven = false;
    struct gb_findings findings = {.arena = server.arena};
    const struct certified certified = {.attest = member(body, "certify_attest"),
                                        .signature = member(body, "certify_signature"),
                                        .key_public = member(body, "transport_public")};
    return binding_of_key(server.digester, answered, qualifying, &err) == 0 &&
           certified_judge(server.arena, server.digester, server.ak_public, &certified,
                           gb_bytes(qualifying, 32), &proven, ret_key, &findings, &err) == 0 &&
           proven;
}

/* A certificate of `ca`, which then is the one that the server names as its own. */
static const char *issue_to(const struct signer *ca, const struct key *key, const char *spiffe_id)
{
    gb_cleanup(gb_buf_done) struct gb_buf pem;
    const struct issue what = {.role = ISSUE_CLIENT,
                               .common_name = "node",
                               .spiffe_id = spiffe_id,
                               .not_before_s = server.not_before_s,
                               .not_after_s = server.not_after_s};
    gb_buf_init(&pem, 1 << 16);
    assert_int_equal(issue_cert(ca, server.ca_pem, key, &what, &pem, NULL), 0);
    return (const char *)kept(gb_buf_bytes(&pem)).data;
}

static int write_ca(const struct signer *ca, struct gb_buf *out);

static void finish(struct http_request *request, const struct json *body)
{
    gb_cleanup(key_freep) struct key *key = NULL;
    gb_cleanup(key_freep) struct key *requested = NULL;
    struct gb_bytes proof = member(body, "proof");
    if (!gb_bytes_equal(proof, gb_bytes(server.answer, 32))) {
        refuse(request, 403, "enrolment-denied", "proof");
        return;
    }
    if (!key_proven(body, gb_bytes(server.answer, 64), &key) ||
        key_fingerprint(key, server.fingerprint, NULL) < 0) {
        refuse(request, 403, "enrolment-denied", "key");
        return;
    }
    if (issue_request_key(member(body, "csr"), &requested, NULL) < 0 ||
        !key_equal(key, requested)) {
        refuse(request, 403, "enrolment-denied", "csr");
        return;
    }
    if (!quote_proven(member(body, "evidence"), gb_bytes(server.answer, 64)) ||
        server.last.ekcert_count != 3 || server.last.boot_log.data) {
        refuse(request, 403, "enrolment-denied", "quote");
        return;
    }
    server.enrolled++;
    if (server.other_key) {
        uint8_t x[32], y[32], fingerprint[32];
        key_free(key);
        key = NULL;
        assert_int_equal(signer_public(server.tls, x, y, fingerprint, NULL), 0);
        assert_int_equal(key_from_ec(KEY_P256, gb_bytes(x, 32), gb_bytes(y, 32), &key, NULL), 0);
    }
    struct json *json = json_new_object();
    json_set(json, "node", json_text("0192-node"));
    json_set(json, "name", json_text("n1"));
    gb_cleanup(signer_freep) struct signer *other = NULL;
    const struct gb_bytes ca_pem = server.ca_pem;
    if (server.other_ca) {
        gb_cleanup(gb_buf_done) struct gb_buf pem;
        gb_buf_init(&pem, 1 << 16);
        assert_int_equal(signer_new(&other, NULL), 0);
        assert_int_equal(write_ca(other, &pem), 0);
        server.ca_pem = kept(gb_buf_bytes(&pem));
    }
    json_set(json, "certificate",
             json_text(issue_to(other ? other : server.ca, key, "spiffe://example.org/joining/1")));
    json_set(json, "ca", json_text((const char *)server.ca_pem.data));
    server.ca_pem = ca_pem;
    json_set(json, "trust_domain", json_text("example.org"));
    json_set(json, "interval_s", json_number(60));
    answer(request, 200, json);
}

static void attest_round(struct http_request *request)
{
    uint8_t nonce[32];
    memcpy(nonce, server.nonce, 32);
    bool proven = quote_proven(http_request_body(request), gb_bytes(nonce, 32));
    if (server.conflicts-- > 0) {
        struct json *json = json_new_object();
        struct json *error = json_new_object();
        json_set(error, "code", json_text("evidence-discontinuous"));
        json_set(json, "error", error);
        json_set(json, "next", next_json());
        answer(request, 409, json);
        return;
    }
    server.rounds++;
    server.unproven += !proven;
    struct json *json = json_new_object();
    json_set(json, "verdict", json_text(proven && !server.unjudged ? "trusted" : "untrusted"));
    json_set(json, "tier", json_text("affirming"));
    json_set(json, "verified_at", json_text(server.now));
    json_set(json, "next", next_json());
    answer(request, 200, json);
}

static void renew_it(struct http_request *request, const struct json *body)
{
    gb_cleanup(key_freep) struct key *key = NULL;
    server.refusals += server.no_renewal;
    if (server.no_renewal || !quote_proven(member(body, "evidence"), gb_bytes(server.nonce, 32)) ||
        !server.last.boot_log.data || /* whole evidence, or keyd cannot judge it */
        !key_proven(body, gb_bytes(server.nonce, 32), &key)) {
        refuse(request, 403, "keyd-denied", "renewal");
        return;
    }
    server.renewals++;
    server.not_after_s += 1000000000;
    struct json *json = json_new_object();
    json_set(json, "certificate",
             json_text(issue_to(server.ca, key, "spiffe://example.org/node/1")));
    json_set(json, "not_after", json_text("2060-01-01T00:00:00Z"));
    answer(request, 200, json);
}

/* In the form of one, with a life of the test's own. */
static void token_it(struct http_request *request, const struct json *body)
{
    struct json *json = json_new_object();
    char *claims = gb_arena_printf(server.arena, "{\"iat\":1000,\"exp\":%d,\"jti\":\"%d\"}",
                                   1000 + server.life_s, ++server.tokens);
    if (!quote_proven(member(body, "evidence"), gb_bytes(server.nonce, 32)) ||
        !server.last.boot_log.data) {
        json_free(json);
        refuse(request, 403, "keyd-denied", "token");
        return;
    }
    json_set(json, "token",
             json_text(gb_arena_printf(server.arena, "e30.%s.AA",
                                       gb_base64url(server.arena, gb_bytes_str(claims)))));
    answer(request, 200, json);
}

static void handle(void *ctx, struct http_request *request)
{
    (void)ctx;
    gb_cleanup(json_freep) struct json *body = NULL;
    struct gb_bytes path = http_request_path(request);
    const struct tls_peer *peer = http_request_peer(request);
    bool stranger = !peer->has_cert;
    if (json_read(http_request_body(request), &body, NULL) < 0)
        body = NULL;
    if (stranger && gb_bytes_is(path, "/v1/enroll/begin")) {
        begin(request, body);
    } else if (stranger && gb_bytes_is(path, "/v1/enroll/finish")) {
        finish(request, body);
    } else if (stranger || memcmp(peer->fingerprint, server.fingerprint, 32) != 0) {
        refuse(request, 403, "transport-key-foreign", "who?");
    } else if (gb_bytes_is(path, "/v1/nonce")) {
        struct json *json = json_new_object();
        set(json, "nonce", gb_bytes(server.nonce, 32));
        answer(request, 200, json);
    } else if (gb_bytes_is(path, "/v1/renew")) {
        renew_it(request, body);
    } else if (gb_bytes_is(path, "/v1/token")) {
        token_it(request, body);
    } else if (gb_bytes_is(path, "/v1/attest/nonce")) {
        answer(request, 200, next_json());
    } else if (gb_bytes_is(path, "/v1/attest")) {
        attest_round(request);
    } else {
        refuse(request, 404, "not-found", "path");
    }
}

/* ---- before and after ---- */

static struct gb_bytes pem_of(int (*write)(const struct signer *, struct gb_buf *))
{
    gb_cleanup(gb_buf_done) struct gb_buf pem;
    gb_buf_init(&pem, 1 << 16);
    assert_int_equal(write(server.ca, &pem), 0);
    return kept(gb_buf_bytes(&pem));
}

static int write_ca(const struct signer *ca, struct gb_buf *out)
{
    const struct issue what = {.role = ISSUE_CA,
                               .common_name = "Garboard CA",
                               .not_before_s = 0,
                               .not_after_s = 4000000000};
    return issue_ca(ca, &what, out, &err);
}

/* Years out of date: the agent's clock may be as wrong as that, so it judges no dates. */
static int write_tls(const struct signer *ca, struct gb_buf *out)
{
    gb_cleanup(key_freep) struct key *key = NULL;
    static const char *const names[] = {"127.0.0.1", NULL};
    uint8_t x[32];
    uint8_t y[32];
    uint8_t fingerprint[32];
    const struct issue what = {.role = ISSUE_SERVER,
                               .common_name = "garboardd",
                               .spiffe_id = "spiffe://example.org/server",
                               .names = names,
                               .not_before_s = 1000000000,
                               .not_after_s = 1100000000};
    int r = signer_public(server.tls, x, y, fingerprint, &err);
    if (r == 0)
        r = key_from_ec(KEY_P256, gb_bytes(x, 32), gb_bytes(y, 32), &key, &err);
    if (r == 0)
        r = issue_cert(ca, server.ca_pem, key, &what, out, &err);
    gb_buf_add(out, server.ca_pem.data, server.ca_pem.len);
    return r;
}

static int write_key(const struct signer *ca, struct gb_buf *out)
{
    (void)ca;
    return signer_to_pem(server.tls, gb_bytes(NULL, 0), out, &err);
}

static struct kit_server enroll_listener;
static struct kit_server api_listener;

static void start_listeners(void)
{
    const struct tls_server_conf conf = {.cert_pem = server.tls_pem,
                                         .key_pem = server.tls_key,
                                         .client_ca_pem = server.ca_pem,
                                         .sessions = 16};
    struct tls_server_conf enroll_conf = conf;
    struct tls_server_conf api_conf = conf;
    enroll_conf.auth = TLS_AUTH_NONE;
    api_conf.auth = TLS_AUTH_CLIENT_CERT;
    enroll_listener = kit_conf(handle, NULL);
    api_listener = kit_conf(handle, NULL);
    kit_start_with(&enroll_listener, &enroll_conf);
    kit_start_with(&api_listener, &api_conf);
}

static int setup(void **state)
{
    (void)state;
    swtpm_make(&swtpm);
    memset(&server, 0, sizeof server);
    arena = gb_arena_new();
    server.arena = gb_arena_new();
    server.now = "2026-11-20T21:30:00Z"; /* 1795210200 */
    server.not_before_s = 1795000000;
    server.not_after_s = 1796000000;
    server.want_boot = true;
    assert_int_equal(digester_new(&server.digester, NULL), 0);
    assert_int_equal(signer_new(&server.ca, NULL), 0);
    assert_int_equal(signer_new(&server.tls, NULL), 0);
    server.ca_pem = pem_of(write_ca);
    server.tls_pem = pem_of(write_tls);
    server.tls_key = pem_of(write_key);
    assert_int_equal(issued_fingerprint(server.ca_pem, server.pin, NULL), 0);
    start_listeners();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    kit_stop(&enroll_listener);
    kit_stop(&api_listener);
    swtpm_done(&swtpm);
    signer_free(server.ca);
    signer_free(server.tls);
    digester_free(server.digester);
    gb_arena_free(server.arena);
    gb_arena_free(arena);
    return 0;
}

static const char *path(const char *name)
{
    return gb_arena_printf(arena, "%s/%s", swtpm.folder, name);
}

static struct config *config_of(const char *more)
{
    struct config *config = gb_arena_new_one(arena, struct config);
    char pin[65];
    gb_hex_encode(gb_bytes(server.pin, 32), pin);
    const char *text = gb_arena_printf(
        arena,
        "server = 127.0.0.1\nenroll_port = %u\napi_port = %u\nname = n1\nca_pin = sha256:%s\n"
        "state = %s/state\ntcti = %s\neventlog = %s/eventlog\nima = %s/ima\n"
        "systemd_log = %s/systemd\ncmdline = %s/cmdline\n%s",
        enroll_listener.port, api_listener.port, pin, swtpm.folder, swtpm.tcti, swtpm.folder,
        swtpm.folder, swtpm.folder, swtpm.folder, more);
    if (config_read(arena, "agent.conf", gb_bytes_str(text), config, &err) < 0)
        fail_msg("%s", err.text);
    return config;
}

static void copy_in(const char *name, const char *to)
{
    struct gb_bytes bytes;
    const char *source = getenv("GARBOARD_SOURCE");
    const char *from =
        gb_arena_printf(arena, "%s/tests/cases/evidence/good/%s", source ? source : ".", name);
    if (file_read(arena, from, 1 << 24, &bytes, &err) < 0 || file_write(path(to), bytes, &err) < 0)
        fail_msg("%s", err.text);
}

static struct gb_bytes content(const char *name)
{
    struct gb_bytes bytes;
    if (file_read(arena, path(name), 1 << 24, &bytes, &err) < 0)
        fail_msg("%s", err.text);
    return bytes;
}

static int64_t wait_s;

static void step_ok(struct agent *agent)
{
    if (agent_step(agent, &wait_s, &err) < 0)
        fail_msg("%s (%s)", err.text, server.wrong);
    assert_string_equal(agent->verdict.verdict, "trusted");
}

static void start(struct agent *agent, const struct config *config)
{
    if (agent_init(agent, config, &err) < 0)
        fail_msg("%s", err.text);
}

/* ---- the tests ---- */

static void enrols_and_goes_on_after_restarts_of_all(void **state)
{
    (void)state;
    gb_cleanup(agent_done) struct agent agent;
    struct config *config = config_of("");
    copy_in("eventlog.bin", "eventlog");
    copy_in("ima_binary", "ima");
    start(&agent, config);
    step_ok(&agent);
    assert_int_equal(server.enrolled, 1);
    assert_true(gb_bytes_equal(server.last.boot_log, content("eventlog")));
    assert_true(gb_bytes_equal(server.last.ima, content("ima")));
    assert_int_equal(agent.state.interval_s, 7); /* the server's word counts */
    server.want_boot = false;
    server.ima_from = 3;
    agent.next.known = false;
    step_ok(&agent);
    assert_null(server.last.boot_log.data);
    assert_int_equal(server.last.boot_log_digest.len, 32);
    assert_int_equal(server.last.ima_from, 3);
    assert_in_range(server.last.ima.len, 1, content("ima").len - 1);
    agent_done(&agent); /* the agent */
    start(&agent, config);
    step_ok(&agent);
    assert_int_equal(server.last.boot_log_digest.len, 32); /* known without having sent it */
    swtpm_restart(&swtpm);                                 /* the TPM */
    step_ok(&agent);
    kit_stop(&api_listener); /* the server */
    assert_int_equal(agent_step(&agent, &wait_s, &err), GB_ERR_IO);
    uint16_t port = api_listener.port;
    api_listener = kit_conf(handle, NULL);
    api_listener.conf.port = port;
    const struct tls_server_conf conf = {.cert_pem = server.tls_pem,
                                         .key_pem = server.tls_key,
                                         .client_ca_pem = server.ca_pem,
                                         .auth = TLS_AUTH_CLIENT_CERT,
                                         .sessions = 16};
    kit_start_with(&api_listener, &conf);
    step_ok(&agent);
    assert_int_equal(server.begins, 1);
    assert_int_equal(server.enrolled, 1);
    assert_int_equal(server.unproven, 0);
}

static void follows_what_the_server_lacks(void **state)
{
    (void)state;
    gb_cleanup(agent_done) struct agent agent;
    copy_in("ima_binary", "ima");
    start(&agent, config_of(""));
    server.conflicts = 2;
    step_ok(&agent);
    assert_int_equal(server.rounds, 1);
    server.conflicts = 1000; /* but not for ever */
    assert_int_equal(agent_step(&agent, &wait_s, &err), GB_ERR_AGAIN);
    assert_non_null(strstr(err.text, "evidence-discontinuous"));
    assert_in_range(1000 - server.conflicts, 2, 6);
    server.conflicts = 0;
    server.want_boot = false;
    server.ima_from = 100000; /* more than there is: another boot's */
    step_ok(&agent);
    assert_int_equal(server.last.ima_from, 0);
    assert_true(gb_bytes_equal(server.last.ima, content("ima")));
}

static void waits_for_an_operator(void **state)
{
    (void)state;
    gb_cleanup(agent_done) struct agent agent;
    start(&agent, config_of(""));
    server.waits = 2;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(agent_step(&agent, &wait_s, &err), GB_ERR_AGAIN);
        assert_int_equal(wait_s, 9);
        assert_non_null(strstr(err.text, "garboard node approve n1"));
    }
    step_ok(&agent);
    assert_int_equal(server.begins, 3);
}

static void T04_a_credential_for_another_key_is_not_opened(void **state)
{
    (void)state;
    gb_cleanup(agent_done) struct agent agent;
    start(&agent, config_of(""));
    server.wrong_name = true;
    assert_int_equal(agent_step(&agent, &wait_s, &err), GB_ERR_DENIED);
    assert_non_null(strstr(err.text, "does not open"));
    assert_int_equal(server.enrolled, 0);
}

/* The certificate that it joined with is for proving itself only: replaced at the first trusted
 * verdict, not before. */
static void is_renewed_once_it_is_trusted_then_in_time(void **state)
{
    (void)state;
    gb_cleanup(agent_done) struct agent agent;
    copy_in("eventlog.bin", "eventlog");
    start(&agent, config_of(""));
    server.unjudged = true;
    assert_int_equal(agent_step(&agent, &wait_s, &err), GB_OK);
    assert_string_equal(agent.verdict.verdict, "untrusted");
    assert_int_equal(server.renewals, 0);
    server.unjudged = false;
    step_ok(&agent);
    assert_int_equal(server.renewals, 1);
    step_ok(&agent);
    assert_int_equal(server.renewals, 1);
    server.now = "2100-11-28T00:00:00Z"; /* two thirds are over, by the server's clock */
    server.unjudged = true;              /* who is not trusted need not ask */
    assert_int_equal(agent_step(&agent, &wait_s, &err), GB_OK);
    assert_int_equal(server.renewals, 1);
    server.unjudged = false;
    step_ok(&agent);
    assert_int_equal(server.renewals, 2);
    agent_done(&agent);
    server.now = "2026-11-20T21:30:00Z";
    start(&agent, config_of("")); /* the new certificate was kept */
    step_ok(&agent);
    assert_int_equal(server.enrolled, 1);
    assert_int_equal(server.renewals, 2);
}

/* keyd may judge otherwise than garboardd: the rounds go on, and it does not ask at each of them.
 */
static void a_refused_renewal_stops_nothing(void **state)
{
    (void)state;
    gb_cleanup(agent_done) struct agent agent;
    copy_in("eventlog.bin", "eventlog");
    start(&agent, config_of(""));
    server.no_renewal = true;
    for (int i = 0; i < 5; i++)
        step_ok(&agent);
    assert_int_equal(server.rounds, 5);
    assert_in_range((uintmax_t)server.refusals, 1, 2);
    server.no_renewal = false;
    agent.renewal.not_before_ms = 0;
    step_ok(&agent);
    assert_int_equal(server.renewals, 1);
}

static bool there(const char *path)
{
    return access(path, F_OK) == 0;
}

static unsigned mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

/* For workloads: a result as long as the node is trusted, a certificate once it was. */
static void publishes_results_while_it_is_trusted(void **state)
{
    (void)state;
    gb_cleanup(agent_done) struct agent agent;
    const char *result = gb_arena_printf(arena, "%s/result", swtpm.folder);
    const char *svid = gb_arena_printf(arena, "%s/svid.pem", swtpm.folder);
    copy_in("eventlog.bin", "eventlog");
    start(&agent,
          config_of(gb_arena_printf(arena, "result_file = %s\nresult_mode = 0440\nsvid_file = %s\n",
                                    result, svid)));
    server.life_s = 300;
    server.unjudged = true;
    assert_int_equal(agent_step(&agent, &wait_s, &err), GB_OK);
    assert_false(there(result) || there(svid));
    assert_int_equal(agent_wait_ms(&agent, 60000), 60000);
    server.unjudged = false;
    server.life_s = 0; /* no token: not asked for again at the next round */
    step_ok(&agent);
    step_ok(&agent);
    assert_int_equal(server.tokens, 1);
    assert_false(there(result));
    server.life_s = 300;
    server.tokens = 0;
    agent.results.retry_ms = 0;
    step_ok(&agent);
    assert_int_equal(server.tokens, 1);
    assert_int_equal(mode_of(result), 0440);
    assert_int_equal(mode_of(svid), 0644);
    struct gb_bytes text;
    assert_int_equal(file_read(arena, svid, 1 << 16, &text, &err), 0);
    assert_true(gb_bytes_equal(text, agent.state.certificate));
    step_ok(&agent); /* half of its life is left */
    assert_int_equal(server.tokens, 1);
    assert_in_range((uintmax_t)agent_wait_ms(&agent, 3600000), 140000, 150000);
    agent.results.due_ms = 0;
    step_ok(&agent);
    assert_int_equal(server.tokens, 2);
    assert_int_equal(file_read(arena, result, 1 << 16, &text, &err), 0);
    assert_true(gb_bytes_starts(text, gb_bytes_str("e30.")) && text.data[text.len - 1] == '\n');
    server.unjudged = true;
    assert_int_equal(agent_step(&agent, &wait_s, &err), GB_OK);
    assert_false(there(result));
    assert_true(there(svid)); /* it ends by itself */
}

/* Without a server nobody renews it: it goes when its life is over. */
static void a_result_that_ended_is_removed(void **state)
{
    (void)state;
    gb_cleanup(agent_done) struct agent agent;
    const char *result = gb_arena_printf(arena, "%s/result", swtpm.folder);
    copy_in("eventlog.bin", "eventlog");
    struct config *config = config_of(gb_arena_printf(arena, "result_file = %s\n", result));
    start(&agent, config);
    server.life_s = 300;
    step_ok(&agent);
    assert_true(there(result));
    link_close(&agent.link);
    config->api_port = 1;
    assert_true(agent_step(&agent, &wait_s, &err) < 0);
    assert_true(there(result));
    agent.results.end_ms = 0;
    assert_true(agent_step(&agent, &wait_s, &err) < 0);
    assert_false(there(result));
    assert_false(agent.results.there);
}

/* Nor when a step fails before there is a connection. */
static void a_result_that_ended_is_removed_without_a_link(void **state)
{
    (void)state;
    gb_cleanup(agent_done) struct agent agent;
    const char *result = gb_arena_printf(arena, "%s/result", swtpm.folder);
    copy_in("eventlog.bin", "eventlog");
    start(&agent, config_of(gb_arena_printf(arena, "result_file = %s\n", result)));
    server.life_s = 300;
    step_ok(&agent);
    assert_true(there(result));
    link_close(&agent.link);
    agent.state.ca = gb_bytes_str("no CA");
    assert_true(agent_step(&agent, &wait_s, &err) < 0);
    assert_true(there(result));
    agent.results.end_ms = 0;
    assert_true(agent_step(&agent, &wait_s, &err) < 0);
    assert_false(there(result));
}

static void another_tpm_under_the_same_state_is_told(void **state)
{
    (void)state;
    gb_cleanup(agent_done) struct agent agent;
    start(&agent, config_of(""));
    step_ok(&agent);
    agent_done(&agent);
    swtpm_tool(&swtpm, "tpm2_changeeps");
    start(&agent, config_of(""));
    assert_int_equal(agent_step(&agent, &wait_s, &err), GB_ERR_DENIED);
    assert_non_null(strstr(err.text, "cleared or changed"));
    assert_int_equal(server.rounds, 1);
}

/* What it would believe from then on. */
static void T03_a_ca_that_is_not_the_pinned_one_is_not_taken(void **state)
{
    (void)state;
    gb_cleanup(agent_done) struct agent agent;
    start(&agent, config_of(""));
    server.other_ca = true;
    assert_int_equal(agent_step(&agent, &wait_s, &err), GB_ERR_DENIED);
    assert_non_null(strstr(err.text, "another CA"));
    assert_int_equal(server.enrolled, 1);
    server.other_ca = false;
    step_ok(&agent);
}

static void T03_a_certificate_for_another_key_is_not_taken(void **state)
{
    (void)state;
    gb_cleanup(agent_done) struct agent agent;
    start(&agent, config_of(""));
    server.other_key = true;
    assert_int_equal(agent_step(&agent, &wait_s, &err), GB_ERR_DENIED);
    assert_non_null(strstr(err.text, "for another key"));
    assert_int_equal(server.enrolled, 1);
    server.other_key = false;
    step_ok(&agent);
}

static void another_server_is_not_spoken_to(void **state)
{
    (void)state;
    gb_cleanup(agent_done) struct agent agent;
    struct config *config = config_of("");
    server.pin[0] ^= 1;
    struct config *foreign = config_of("");
    start(&agent, foreign);
    assert_int_equal(agent_step(&agent, &wait_s, &err), GB_ERR_IO);
    assert_int_equal(server.begins, 0);
    agent_done(&agent);
    start(&agent, config);
    step_ok(&agent);
}

/* The certificate is in memory: rounds go on; as soon as there is room it is saved. */
static void a_full_disk_does_not_stop_it(void **state)
{
    (void)state;
    gb_cleanup(agent_done) struct agent agent;
    struct gb_bytes none;
    struct config *config = config_of("");
    config->state = path("state/below"); /* cannot be made */
    start(&agent, config);
    step_ok(&agent);
    assert_true(agent.state.unsaved);
    assert_int_equal(file_read(arena, path("state/below/node.json"), 1 << 16, &none, &err),
                     GB_ERR_NOTFOUND);
    step_ok(&agent);
    assert_int_equal(server.enrolled, 1);
    config->state = path("room");
    step_ok(&agent);
    assert_false(agent.state.unsaved);
    assert_int_equal(file_read(arena, path("room/node.json"), 1 << 16, &none, &err), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(enrols_and_goes_on_after_restarts_of_all, setup, teardown),
        cmocka_unit_test_setup_teardown(follows_what_the_server_lacks, setup, teardown),
        cmocka_unit_test_setup_teardown(waits_for_an_operator, setup, teardown),
        cmocka_unit_test_setup_teardown(T04_a_credential_for_another_key_is_not_opened, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(is_renewed_once_it_is_trusted_then_in_time, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_refused_renewal_stops_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(publishes_results_while_it_is_trusted, setup, teardown),
        cmocka_unit_test_setup_teardown(a_result_that_ended_is_removed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_result_that_ended_is_removed_without_a_link, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(another_tpm_under_the_same_state_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(T03_a_ca_that_is_not_the_pinned_one_is_not_taken, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(T03_a_certificate_for_another_key_is_not_taken, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(another_server_is_not_spoken_to, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_does_not_stop_it, setup, teardown),
    };
    if (!swtpm_there())
        return 77;
    gb_log_setup("test", GB_LOG_FORM_TEXT, GB_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
