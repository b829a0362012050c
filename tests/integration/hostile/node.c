#include "node.h"

#include <stdio.h>
#include <string.h>

#include "../../unit/test.h"
#include "base/encode.h"
#include "base/mem.h"
#include "crypto/key.h"
#include "crypto/request.h"
#include "evidence/bundle.h"
#include "evidence/envelope.h"
#include "tpm/sign.h"
#include "verify/binding.h"
#include "wire/json.h"

static struct gb_err err;

#define must(call)                                                                                 \
    do {                                                                                           \
        if ((call) != GB_OK)                                                                       \
            fail_msg("%s: %s", #call, err.text);                                                   \
    } while (0)

static int sign(void *ctx, const uint8_t digest[32], uint8_t ret_r[32], uint8_t ret_s[32])
{
    struct node *node = ctx;
    return tpm_sign(node->tpm, &node->transport, digest, ret_r, ret_s, &err);
}

static int sign_request(void *ctx, const uint8_t digest[32], uint8_t ret_r[32], uint8_t ret_s[32],
                        struct gb_err *ret_err)
{
    struct node *node = ctx;
    return tpm_sign(node->tpm, &node->transport, digest, ret_r, ret_s, ret_err);
}

static void pad(struct gb_bytes in, uint8_t out[32])
{
    assert_true(in.len <= 32);
    memset(out, 0, 32);
    memcpy(out + 32 - in.len, in.data, in.len);
}

void node_make(struct node *node, const struct service *service, const char *tpm)
{
    const struct gb_bytes any = {0};
    struct key *key = NULL;
    *node = (struct node){.service = service, .arena = gb_arena_new()};
    assert_non_null(node->arena);
    must(digester_new(&node->digester, &err));
    swtpm_copy(&node->swtpm, tpm);
    must(tpm_open(&(struct tpm_conf){.tcti = node->swtpm.tcti}, &node->tpm, &err));
    must(tpm_ek_certs(node->tpm, node->arena, &node->certs, &err));
    must(tpm_ek(node->tpm, node->arena, &node->certs, &node->ek, &err));
    must(tpm_ak(node->tpm, node->arena, TPM_KEY_P256, TPM_AK_HANDLE, any, &node->ak, &err));
    must(tpm_transport(node->tpm, node->arena, TPM_TRANSPORT_HANDLE, any, &node->transport, &err));
    must(key_from_ec(KEY_P256, node->transport.area.ecc_x, node->transport.area.ecc_y, &key, &err));
    must(key_fingerprint(key, node->fingerprint, &err));
    key_free(key);
    node->tls_key = (struct tls_external_key){.sign = sign, .ctx = node};
    pad(node->transport.area.ecc_x, node->tls_key.x);
    pad(node->transport.area.ecc_y, node->tls_key.y);
    const struct http_client_conf conf = {.url = service->enroll_url,
                                          .ca_pem = service->ca_pem,
                                          .connect_ms = 10000,
                                          .total_ms = 30000,
                                          .max_answer = 1 << 20};
    must(http_client_new(&conf, &node->enroll, &err));
}

void node_done(struct node *node)
{
    http_client_free(node->enroll);
    http_client_free(node->api);
    tpm_close(node->tpm);
    swtpm_done(&node->swtpm);
    digester_free(node->digester);
    gb_arena_free(node->arena);
}

/* ---- asking ---- */

static const char *text_of(struct node *node, const struct json *object, const char *key)
{
    struct gb_bytes text;
    if (!object || !json_get_text(object, key, &text))
        return "";
    return (const char *)gb_arena_copy(node->arena, text).data;
}

static struct gb_bytes binary_of(struct node *node, const struct json *object, const char *key)
{
    struct gb_bytes out = {0};
    const char *text = text_of(node, object, key);
    if (*text)
        assert_true(gb_base64_decode(node->arena, gb_bytes_str(text), &out));
    return out;
}

/* The caller frees *ret_json; it is NULL when the answer is none. */
static struct answer ask(struct node *node, struct http_client *client, const char *method,
                         const char *path, const char *type, struct gb_bytes body,
                         struct json **ret_json)
{
    struct http_reply reply = {0};
    int r = http_client_send(client, method, path, type, body, &reply, &err);
    struct answer answer = {.code = "", .verdict = ""};
    *ret_json = NULL;
    if (r < 0 && node->service->may_be_away)
        return answer;
    must(r);
    answer.status = reply.status;
    if (json_read(gb_buf_bytes(&reply.body), ret_json, NULL) == GB_OK) {
        const struct json *next = json_get(*ret_json, "next");
        answer.code = text_of(node, json_get(*ret_json, "error"), "code");
        answer.verdict = text_of(node, *ret_json, "verdict");
        struct gb_bytes nonce = binary_of(node, next ? next : *ret_json, "nonce");
        if (nonce.len > 0)
            node->nonce = nonce;
    }
    http_reply_done(&reply);
    return answer;
}

static struct answer ask_json(struct node *node, struct http_client *client, const char *path,
                              struct json *body, struct json **ret_json)
{
    gb_cleanup(json_freep) struct json *owned = body;
    char *text = NULL;
    must(json_print(owned, &text, &err));
    struct answer answer =
        ask(node, client, "POST", path, "application/json", gb_bytes_str(text), ret_json);
    gb_free(text);
    return answer;
}

static struct json *b64(struct node *node, struct gb_bytes in)
{
    return json_text(gb_base64(node->arena, in));
}

/* ---- enrolment ---- */

struct answer node_begin(struct node *node, const char *token, const char *name)
{
    gb_cleanup(json_freep) struct json *reply = NULL;
    struct json *body = json_new_object();
    struct json *certs = json_new_array();
    struct json *chain = json_new_array();
    for (size_t i = 0; i < node->certs.count; i++)
        json_push(certs, b64(node, node->certs.certs[i].der));
    for (size_t i = 0; i < node->certs.chain_count; i++)
        json_push(chain, b64(node, node->certs.chain[i]));
    json_set(body, "version", json_number(1));
    json_set(body, "name", json_text(name));
    if (token)
        json_set(body, "token", json_text(token));
    json_set(body, "ek_certs", certs);
    json_set(body, "intermediates", chain);
    json_set(body, "ek_public", b64(node, node->ek.public_area));
    json_set(body, "ak_public", b64(node, node->ak.public_area));
    struct answer answer = ask_json(node, node->enroll, "/v1/enroll/begin", body, &reply);
    if (answer.status == 200) {
        node->challenge = binary_of(node, reply, "challenge");
        node->id_object = binary_of(node, reply, "id_object");
        node->encrypted_secret = binary_of(node, reply, "encrypted_secret");
    }
    return answer;
}

static struct gb_bytes quote_evidence(struct node *node, const struct node *signer,
                                      struct gb_bytes nonce, const uint8_t fingerprint[32],
                                      struct gb_bytes quoted_extras, struct gb_bytes sent_extras,
                                      struct gb_bytes ima)
{
    const struct pcr_selection all = {.count = 1,
                                      .banks = {{.alg_id = DIGEST_SHA256, .mask = 0xffff}}};
    uint8_t binding[BINDING_SIZE];
    struct tpm_quote quote;
    struct gb_buf out;
    must(binding_of(node->digester, nonce, fingerprint, quoted_extras, binding, &err));
    must(tpm_quote(signer->tpm, node->arena, &signer->ak, &all, gb_bytes(binding, sizeof binding),
                   &quote, &err));
    const struct bundle bundle = {.quote = quote.attest,
                                  .signature = quote.signature,
                                  .pcrs_raw = quote.pcrs_raw,
                                  .ak_public = signer->ak.public_area,
                                  .extras = sent_extras,
                                  .ima = ima};
    gb_buf_init(&out, 1 << 20);
    envelope_write(&out, &bundle);
    assert_true(gb_buf_ok(&out));
    struct gb_bytes copy = gb_arena_copy(node->arena, gb_buf_bytes(&out));
    gb_buf_done(&out);
    return copy;
}

static struct tpm_certification certify(struct node *node, const struct finish *how,
                                        const uint8_t proof[32])
{
    struct tpm_certification certification;
    uint8_t digest[32];
    struct gb_buf text;
    gb_buf_init(&text, 256);
    gb_buf_add(&text, proof, 32);
    gb_buf_add(&text, node->nonce.data, node->nonce.len);
    must(binding_of_key(node->digester, gb_buf_bytes(&text), digest, &err));
    gb_buf_done(&text);
    struct gb_bytes qualifying =
        how->certify_qualifying.data ? how->certify_qualifying : gb_bytes(digest, 32);
    must(tpm_certify(node->tpm, node->arena, &node->ak,
                     how->certify ? how->certify : &node->transport, qualifying, &certification,
                     &err));
    return certification;
}

static struct json *finish_body(struct node *node, const struct finish *how)
{
    uint8_t proof[32];
    uint8_t both[32 + 64];
    struct gb_bytes secret;
    struct gb_buf csr;
    must(tpm_activate(node->tpm, node->arena, &node->ek, &node->ak, node->id_object,
                      node->encrypted_secret, &secret, &err));
    must(binding_proof(secret, node->nonce, proof, &err));
    if (how->wrong_proof)
        proof[7] ^= 1;
    assert_true(node->nonce.len <= 64);
    memcpy(both, proof, 32);
    memcpy(both + 32, node->nonce.data, node->nonce.len);
    struct request_key key = {.sign = sign_request, .ctx = node};
    memcpy(key.x, node->tls_key.x, 32);
    memcpy(key.y, node->tls_key.y, 32);
    gb_buf_init(&csr, 4096);
    must(request_make(&key, "hostile", &csr, &err));
    struct tpm_certification certification = certify(node, how, proof);
    const struct gb_bytes none = {0};
    struct gb_bytes evidence = quote_evidence(
        node, how->quote_of ? how->quote_of : node, gb_bytes(both, 32 + node->nonce.len),
        how->fingerprint ? how->fingerprint : node->fingerprint, none, none, none);
    struct json *body = json_new_object();
    json_set(body, "challenge", b64(node, node->challenge));
    json_set(body, "proof", b64(node, gb_bytes(proof, 32)));
    json_set(body, "evidence", b64(node, evidence));
    json_set(body, "csr", b64(node, how->csr.data ? how->csr : gb_buf_bytes(&csr)));
    json_set(body, "certify_attest", b64(node, certification.attest));
    json_set(body, "certify_signature", b64(node, certification.signature));
    json_set(body, "transport_public",
             b64(node,
                 how->transport_public.data ? how->transport_public : node->transport.public_area));
    gb_buf_done(&csr);
    return body;
}

static void enter(struct node *node, const struct json *reply)
{
    const char *pem = text_of(node, reply, "certificate");
    snprintf(node->id, sizeof node->id, "%s", text_of(node, reply, "node"));
    const struct http_client_conf conf = {.url = node->service->api_url,
                                          .ca_pem = node->service->ca_pem,
                                          .cert_pem = gb_bytes_str(pem),
                                          .external_key = &node->tls_key,
                                          .connect_ms = 10000,
                                          .total_ms = 30000,
                                          .max_answer = 1 << 20};
    http_client_free(node->api);
    must(http_client_new(&conf, &node->api, &err));
}

struct answer node_finish(struct node *node, const struct finish *how)
{
    gb_cleanup(json_freep) struct json *reply = NULL;
    struct answer answer =
        ask_json(node, node->enroll, "/v1/enroll/finish", finish_body(node, how), &reply);
    if (answer.status == 200)
        enter(node, reply);
    return answer;
}

void node_enrol(struct node *node, const char *token, const char *name)
{
    struct answer begun = node_begin(node, token, name);
    if (begun.status != 200)
        fail_msg("begin: %d %s", begun.status, begun.code);
    struct answer done = node_finish(node, &(struct finish){0});
    if (done.status != 200)
        fail_msg("finish: %d %s", done.status, done.code);
}

/* ---- rounds ---- */

struct answer node_ask(struct node *node)
{
    gb_cleanup(json_freep) struct json *reply = NULL;
    const struct gb_bytes none = {0};
    return ask(node, node->api, "GET", "/v1/attest/nonce", NULL, none, &reply);
}

struct answer node_call(struct node *node, const char *method, const char *path)
{
    gb_cleanup(json_freep) struct json *reply = NULL;
    const struct gb_bytes none = {0};
    return ask(node, node->api, method, path, NULL, none, &reply);
}

struct gb_bytes node_evidence(struct node *node, const struct round *how)
{
    const struct node *signer = how->quote_of ? how->quote_of : node;
    const uint8_t *fingerprint = how->fingerprint ? how->fingerprint : signer->fingerprint;
    const struct gb_bytes extras = gb_bytes("\xa0", 1); /* an empty map */
    return quote_evidence(node, signer, how->nonce.data ? how->nonce : node->nonce, fingerprint,
                          extras, how->sent_extras.data ? how->sent_extras : extras, how->ima);
}

struct answer node_post(struct node *node, struct gb_bytes evidence)
{
    gb_cleanup(json_freep) struct json *reply = NULL;
    return ask(node, node->api, "POST", "/v1/attest", ENVELOPE_MEDIA_TYPE, evidence, &reply);
}
