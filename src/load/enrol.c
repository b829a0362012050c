#include "load/enrol.h"

#include <string.h>

#include "base/encode.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "crypto/issue.h"
#include "evidence/bundle.h"
#include "evidence/envelope.h"
#include "load/lists.h"
#include "load/mimic.h"
#include "net/tls_link.h"
#include "verify/binding.h"
#include "wire/json.h"

enum { BODY_MAX = 64 << 10 };

struct talk {
    struct gb_arena *arena;
    struct tls_link *link;
    struct digester *digester;
    const struct lists *lists;
    const struct mimic *machine;
    uint8_t answers[BINDING_PROOF + BINDING_NONCE]; /* what quote and certification answer */
};

static void put(struct talk *t, struct json *body, const char *key, struct gb_bytes bytes)
{
    json_set(body, key, json_text(gb_base64(t->arena, bytes)));
}

static int get(struct talk *t, const struct json *body, const char *key, struct gb_bytes *ret_bytes,
               struct gb_err *err)
{
    struct gb_bytes text;
    if (json_get_text(body, key, &text) && gb_base64_decode(t->arena, text, ret_bytes))
        return GB_OK;
    return gb_err_set(err, GB_ERR_INPUT, "the answer has no \"%s\"", key);
}

static int ask(struct talk *t, const char *path, const struct json *body, struct json **ret_answer,
               struct gb_err *err)
{
    gb_cleanup(gb_buf_done) struct gb_buf answer;
    char *text;
    int status, r = json_print(body, &text, err);
    if (r < 0)
        return r;
    gb_buf_init(&answer, BODY_MAX);
    r = tls_link_ask(t->link, "POST", path, "application/json", gb_bytes_str(text), &status,
                     &answer, err);
    gb_free(text);
    if (r == GB_OK && status != 200) {
        char *shown = gb_text_escape(t->arena, gb_buf_bytes(&answer), 160);
        r = gb_err_set(err, status == 503 || status == 409 ? GB_ERR_AGAIN : GB_ERR_DENIED,
                       "%s: %d %s", path, status, shown ? shown : "");
    }
    return r < 0 ? r : json_read(gb_buf_bytes(&answer), ret_answer, err);
}

/* proof || nonce: what quote and certification answer. */
static int prove(struct talk *t, const struct json *begun, struct gb_err *err)
{
    uint8_t secret[64];
    struct gb_bytes nonce = gb_bytes("", 0), id_object = nonce, encrypted = nonce;
    size_t secret_len = 0;
    int r = get(t, begun, "nonce", &nonce, err);
    if (r == GB_OK)
        r = get(t, begun, "id_object", &id_object, err);
    if (r == GB_OK)
        r = get(t, begun, "encrypted_secret", &encrypted, err);
    if (r == GB_OK)
        r = mimic_activate(t->machine, id_object, encrypted, secret, &secret_len, err);
    if (r == GB_OK)
        r = binding_proof(gb_bytes(secret, secret_len), nonce, t->answers, err);
    if (r == GB_OK)
        memcpy(t->answers + BINDING_PROOF, nonce.data, BINDING_NONCE);
    return r;
}

static int add_evidence(struct talk *t, struct gb_bytes ek_cert, struct json *body,
                        struct gb_err *err)
{
    gb_cleanup(gb_buf_done) struct gb_buf attest, signature, evidence;
    uint8_t pcrs[16 * 32];
    gb_buf_init(&attest, 1024);
    gb_buf_init(&signature, 1024);
    gb_buf_init(&evidence, BODY_MAX);
    int r = mimic_quote(t->machine, t->lists, t->digester, gb_bytes(t->answers, sizeof t->answers),
                        &attest, &signature, pcrs, err);
    if (r < 0)
        return r;
    struct bundle bundle = {.quote = gb_buf_bytes(&attest),
                            .signature = gb_buf_bytes(&signature),
                            .ak_public = gb_buf_bytes(&t->machine->ak_public),
                            .pcrs_raw = gb_bytes(pcrs, sizeof pcrs),
                            .ekcerts = {{.name = "ek", .bytes = ek_cert}},
                            .ekcert_count = 1};
    envelope_write(&evidence, &bundle);
    put(t, body, "evidence", gb_buf_bytes(&evidence));
    return gb_buf_ok(&evidence) ? GB_OK : gb_err_nomem(err);
}

static int add_certification(struct talk *t, struct json *body, struct gb_err *err)
{
    gb_cleanup(gb_buf_done) struct gb_buf attest, signature, csr;
    uint8_t qualifying[BINDING_SIZE];
    gb_buf_init(&attest, 1024);
    gb_buf_init(&signature, 1024);
    gb_buf_init(&csr, 8192);
    int r = binding_of_key(t->digester, gb_bytes(t->answers, sizeof t->answers), qualifying, err);
    if (r == GB_OK)
        r = mimic_certify(t->machine, t->digester, gb_bytes(qualifying, sizeof qualifying), &attest,
                          &signature, err);
    if (r == GB_OK)
        r = issue_request(t->machine->tls, "garboard-load", &csr, err);
    if (r < 0)
        return r;
    put(t, body, "csr", gb_buf_bytes(&csr));
    put(t, body, "certify_attest", gb_buf_bytes(&attest));
    put(t, body, "certify_signature", gb_buf_bytes(&signature));
    put(t, body, "transport_public", gb_buf_bytes(&t->machine->tls_public));
    return GB_OK;
}

static int begin(struct talk *t, const struct enrol *what, struct json **ret_begun,
                 struct gb_err *err)
{
    gb_cleanup(json_freep) struct json *body = json_new_object();
    struct json *certs = json_new_array();
    json_push(certs, json_text(gb_base64(t->arena, what->ek_cert)));
    json_set(body, "version", json_number(1));
    json_set(body, "name", json_text(what->name));
    if (what->token)
        json_set(body, "token", json_text(what->token));
    json_set(body, "ek_certs", certs);
    json_set(body, "intermediates", json_new_array());
    put(t, body, "ek_public", gb_buf_bytes(&t->machine->ek_public));
    put(t, body, "ak_public", gb_buf_bytes(&t->machine->ak_public));
    return ask(t, "/v1/enroll/begin", body, ret_begun, err);
}

static int finish(struct talk *t, const struct enrol *what, const struct json *begun,
                  struct json **ret_done, struct gb_err *err)
{
    gb_cleanup(json_freep) struct json *body = json_new_object();
    struct gb_bytes challenge = {0};
    int r = get(t, begun, "challenge", &challenge, err);
    if (r < 0)
        return r;
    put(t, body, "challenge", challenge);
    put(t, body, "proof", gb_bytes(t->answers, BINDING_PROOF));
    r = add_evidence(t, what->ek_cert, body, err);
    if (r == GB_OK)
        r = add_certification(t, body, err);
    return r < 0 ? r : ask(t, "/v1/enroll/finish", body, ret_done, err);
}

int enrol_machine(struct gb_arena *arena, struct tls_link *link, struct digester *digester,
                  const struct lists *lists, const struct mimic *machine, const struct enrol *what,
                  struct gb_bytes *ret_cert, struct gb_bytes *ret_ca, struct gb_err *err)
{
    gb_cleanup(json_freep) struct json *begun = NULL;
    gb_cleanup(json_freep) struct json *done = NULL;
    struct talk t = {arena, link, digester, lists, machine, {0}};
    struct gb_bytes cert, ca;
    int r = begin(&t, what, &begun, err);
    if (r == GB_OK)
        r = prove(&t, begun, err);
    if (r == GB_OK)
        r = finish(&t, what, begun, &done, err);
    if (r < 0)
        return r;
    if (!json_get_text(done, "certificate", &cert) || !json_get_text(done, "ca", &ca))
        return gb_err_set(err, GB_ERR_INPUT, "the server gave no certificate");
    *ret_cert = gb_arena_copy(arena, cert);
    *ret_ca = gb_arena_copy(arena, ca);
    return ret_cert->data && ret_ca->data ? GB_OK : gb_err_nomem(err);
}
