#include "agent/enroll.h"

#include <string.h>

#include "agent/config.h"
#include "agent/link.h"
#include "agent/machine.h"
#include "agent/server_key.h"
#include "agent/state.h"
#include "base/encode.h"
#include "base/secret.h"
#include "crypto/issue.h"
#include "crypto/request.h"
#include "evidence/bundle.h"
#include "evidence/envelope.h"
#include "tpm/certify.h"
#include "tpm/ek.h"
#include "verify/binding.h"
#include "wire/json.h"

enum {
    MAX_WAIT_S = 3600,
    MAX_EVIDENCE = 256 << 10 /* without logs: certificates and structures */
};

struct enrolment {
    const struct config *config;
    struct machine *machine;
    struct gb_arena *arena;
    struct server_key server;
    struct link link;
    struct tpm_ek ek;
    struct gb_bytes challenge;
    uint8_t answer[BINDING_PROOF + BINDING_NONCE]; /* what quote and certification answer */
};

static void enrolment_done(struct enrolment *e)
{
    link_close(&e->link);
    secret_wipe(e->answer, sizeof e->answer);
}

static struct json *certs_json(struct gb_arena *arena, const struct gb_bytes *certs, size_t count,
                               size_t stride)
{
    struct json *array = json_new_array();
    for (size_t i = 0; i < count; i++) {
        const char *at = (const char *)certs + i * stride;
        struct gb_bytes der;
        memcpy(&der, at, sizeof der);
        json_push(array, json_text(gb_base64(arena, der)));
    }
    return array;
}

static struct json *begin_json(const struct enrolment *e)
{
    const struct tpm_ek_certs *certs = &e->machine->certs;
    struct json *body = json_new_object();
    json_set(body, "version", json_number(1));
    json_set(body, "name", json_text(e->config->name));
    if (e->server.token)
        json_set(body, "token", json_text(e->server.token));
    json_set(body, "ek_certs",
             certs_json(e->arena, &certs->certs[0].der, certs->count, sizeof certs->certs[0]));
    json_set(body, "intermediates",
             certs_json(e->arena, certs->chain, certs->chain_count, sizeof certs->chain[0]));
    link_set_base64(body, e->arena, "ek_public", e->ek.public_area);
    link_set_base64(body, e->arena, "ak_public", e->machine->ak.public_area);
    return body;
}

static int waiting(const struct enrolment *e, const struct link_answer *answer, int64_t *ret_wait_s,
                   struct gb_err *err)
{
    uint64_t wait = 0;
    const char *ek;
    if (link_get_text(e->arena, answer->body, "ek", &ek, NULL) < 0)
        ek = "?";
    if (!answer->body || !json_get_number(answer->body, "retry_after_s", &wait) || wait == 0)
        wait = 30;
    *ret_wait_s = wait > MAX_WAIT_S ? MAX_WAIT_S : (int64_t)wait;
    const char *shown = gb_text_escape(e->arena, gb_bytes_str(ek), 80);
    return gb_err_set(err, GB_ERR_AGAIN,
                      "waiting for an operator: garboard node approve %s --ek %s", e->config->name,
                      shown ? shown : "?");
}

/* proof || nonce: what quote and certification answer. */
static int prove(struct enrolment *e, struct gb_bytes secret, struct gb_bytes nonce,
                 struct gb_err *err)
{
    int r = binding_proof(secret, nonce, e->answer, err);
    if (r == GB_OK)
        memcpy(e->answer + BINDING_PROOF, nonce.data, BINDING_NONCE);
    return r;
}

static int open_challenge(struct enrolment *e, const struct json *body, struct gb_err *err)
{
    struct gb_bytes nonce = gb_bytes("", 0);
    struct gb_bytes id_object = {0};
    struct gb_bytes encrypted = {0};
    struct gb_bytes secret = {0};
    int r = link_get_base64(e->arena, body, "challenge", &e->challenge, err);
    if (r == GB_OK)
        r = link_get_base64(e->arena, body, "nonce", &nonce, err);
    if (r == GB_OK)
        r = link_get_base64(e->arena, body, "id_object", &id_object, err);
    if (r == GB_OK)
        r = link_get_base64(e->arena, body, "encrypted_secret", &encrypted, err);
    if (r == GB_OK)
        r = tpm_activate(e->machine->tpm, e->arena, &e->ek, &e->machine->ak, id_object, encrypted,
                         &secret, err);
    if (r < 0)
        return r;
    r = prove(e, secret, nonce, err);
    secret_wipe((void *)(uintptr_t)secret.data, secret.len);
    return r;
}

static int begin(struct enrolment *e, int64_t *ret_wait_s, struct gb_err *err)
{
    gb_cleanup(link_answer_done) struct link_answer answer = {0};
    int r = tpm_ek(e->machine->tpm, e->arena, &e->machine->certs, &e->ek, err);
    if (r == GB_OK)
        r = link_post_json(&e->link, e->arena, "/v1/enroll/begin", begin_json(e), &answer, err);
    if (r < 0)
        return r;
    if (answer.status == 202)
        return waiting(e, &answer, ret_wait_s, err);
    return open_challenge(e, answer.body, err);
}

static int sign_request(void *ctx, const uint8_t digest[32], uint8_t ret_r[32], uint8_t ret_s[32],
                        struct gb_err *err)
{
    return machine_sign(ctx, digest, ret_r, ret_s, err);
}

static int add_request(const struct enrolment *e, struct json *body, struct gb_err *err)
{
    gb_cleanup(gb_buf_done) struct gb_buf csr;
    struct request_key key = {.sign = sign_request, .ctx = e->machine};
    memcpy(key.x, e->machine->x, sizeof key.x);
    memcpy(key.y, e->machine->y, sizeof key.y);
    gb_buf_init(&csr, MAX_EVIDENCE);
    int r = request_make(&key, "garboard node", &csr, err);
    if (r == GB_OK)
        link_set_base64(body, e->arena, "csr", gb_buf_bytes(&csr));
    return r;
}

static int add_evidence(const struct enrolment *e, struct json *body, struct gb_err *err)
{
    gb_cleanup(gb_buf_done) struct gb_buf evidence;
    struct bundle bundle = {0};
    gb_buf_init(&evidence, MAX_EVIDENCE);
    int r =
        machine_quote(e->machine, e->arena, gb_bytes(e->answer, sizeof e->answer), &bundle, err);
    if (r < 0)
        return r;
    machine_certs(e->machine, &bundle);
    envelope_write(&evidence, &bundle);
    if (!gb_buf_ok(&evidence))
        return gb_err_nomem(err);
    link_set_base64(body, e->arena, "evidence", gb_buf_bytes(&evidence));
    return GB_OK;
}

static int add_certification(const struct enrolment *e, struct json *body, struct gb_err *err)
{
    struct tpm_certification made;
    int r =
        machine_certify(e->machine, e->arena, gb_bytes(e->answer, sizeof e->answer), &made, err);
    if (r < 0)
        return r;
    link_set_base64(body, e->arena, "certify_attest", made.attest);
    link_set_base64(body, e->arena, "certify_signature", made.signature);
    link_set_base64(body, e->arena, "transport_public", e->machine->transport.public_area);
    return GB_OK;
}

static int finish_json(const struct enrolment *e, struct json *body, struct gb_err *err)
{
    link_set_base64(body, e->arena, "challenge", e->challenge);
    link_set_base64(body, e->arena, "proof", gb_bytes(e->answer, BINDING_PROOF));
    int r = add_evidence(e, body, err);
    if (r == GB_OK)
        r = add_request(e, body, err);
    return r < 0 ? r : add_certification(e, body, err);
}

/* The CA comes over a connection that its pin vouched for; that it is the pinned one is looked at
 * all the same: it is what we believe from now on. */
static int judge_ca(const struct enrolment *e, const struct state *made, struct gb_err *err)
{
    uint8_t pin[32];
    struct issued issued;
    int r = issued_fingerprint(made->ca, pin, err);
    if (r < 0)
        return r;
    if (e->server.has_pin && memcmp(pin, e->server.pin, sizeof pin) != 0)
        return gb_err_set(err, GB_ERR_DENIED, "the server sends another CA than the one pinned");
    r = issued_read(e->arena, made->certificate, made->ca, &issued, err);
    if (r < 0)
        return r;
    if (memcmp(issued.fingerprint, e->machine->fingerprint, sizeof issued.fingerprint) != 0)
        return gb_err_set(err, GB_ERR_DENIED, "the server sends a certificate for another key");
    return GB_OK;
}

static int take_answer(const struct enrolment *e, const struct json *body, struct state *state,
                       struct gb_err *err)
{
    uint64_t interval = 0;
    const char *certificate = "";
    const char *ca = "";
    struct state made = {.ak_name = e->machine->ak.name,
                         .transport_name = e->machine->transport.name};
    int r = link_get_text(e->arena, body, "node", &made.node, err);
    if (r == GB_OK)
        r = link_get_text(e->arena, body, "name", &made.name, err);
    if (r == GB_OK)
        r = link_get_text(e->arena, body, "trust_domain", &made.trust_domain, err);
    if (r == GB_OK)
        r = link_get_text(e->arena, body, "certificate", &certificate, err);
    if (r == GB_OK)
        r = link_get_text(e->arena, body, "ca", &ca, err);
    if (r < 0)
        return r;
    made.certificate = gb_bytes_str(certificate);
    made.ca = gb_bytes_str(ca);
    made.interval_s =
        json_get_number(body, "interval_s", &interval) && interval > 0 && interval <= 86400
            ? (int64_t)interval
            : e->config->interval_s;
    r = judge_ca(e, &made, err);
    return r < 0 ? r : state_set(state, &made, err);
}

static int finish(struct enrolment *e, struct state *state, struct gb_err *err)
{
    gb_cleanup(link_answer_done) struct link_answer answer = {0};
    gb_cleanup(json_freep) struct json *body = json_new_object();
    int r = finish_json(e, body, err);
    if (r == GB_OK)
        r = link_post_json(&e->link, e->arena, "/v1/enroll/finish", gb_take(body), &answer, err);
    return r < 0 ? r : take_answer(e, answer.body, state, err);
}

int enroll(const struct config *config, struct machine *machine, struct gb_arena *arena,
           struct state *state, int64_t *ret_wait_s, struct gb_err *err)
{
    gb_cleanup(enrolment_done) struct enrolment e = {
        .config = config, .machine = machine, .arena = arena};
    *ret_wait_s = 0;
    int r = server_key_read(config, arena, &e.server, err);
    if (r == GB_OK)
        r = link_open_enroll(&e.link, config, e.server.has_pin ? e.server.pin : NULL, e.server.ca,
                             err);
    if (r == GB_OK)
        r = begin(&e, ret_wait_s, err);
    if (r == GB_OK)
        r = finish(&e, state, err);
    if (r == GB_ERR_IO) /* the server, or the TPM: an opened TPM costs little */
        machine->broken = true;
    return r;
}
