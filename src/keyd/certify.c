#include "keyd/certify.h"

#include <string.h>

#include "attest/attest.h"
#include "base/secret.h"
#include "crypto/digest.h"
#include "crypto/issue.h"
#include "crypto/key.h"
#include "evidence/bundle.h"
#include "keyd/challenges.h"
#include "keyd/desk.h"
#include "keyd/node_cert.h"
#include "keyd/proof.h"
#include "keyd/told.h"
#include "keyd/vault.h"
#include "result/verdict.h"
#include "rpc/keyd.h"
#include "rpc/messages.h"
#include "verify/binding.h"
#include "verify/claims.h"
#include "verify/facts.h"

/* ---- enrolment ---- */

/* proof || nonce: what quote and certification answer. */
enum { ANSWER = BINDING_PROOF + BINDING_NONCE };

/* Names the whole request, so that only the very same is answered again. */
static int name_request(struct desk *desk, const struct keyd_certify_ask *ask, uint8_t out[32],
                        struct gb_err *err)
{
    const struct gb_bytes parts[] = {gb_bytes(ask->challenge, sizeof ask->challenge),
                                     gb_bytes(ask->node_id, sizeof ask->node_id),
                                     gb_bytes(ask->proof, sizeof ask->proof),
                                     ask->evidence,
                                     ask->csr,
                                     ask->certify_attest,
                                     ask->certify_signature,
                                     ask->transport_public};
    int r = digest_begin(desk->digester, DIGEST_SHA256);
    for (size_t i = 0; r == 0 && i < GB_ARRAY_LEN(parts); i++) {
        const uint64_t len = parts[i].len; /* so that no two cuttings hash alike */
        r = digest_add(desk->digester, DIGEST_SHA256, gb_bytes(&len, sizeof len));
        if (r == 0)
            r = digest_add(desk->digester, DIGEST_SHA256, parts[i]);
    }
    if (r == 0)
        r = digest_end(desk->digester, DIGEST_SHA256, out);
    return r < 0 ? gb_err_set(err, GB_ERR_BUG, "sha256 failed") : GB_OK;
}

/* Who opened the secret holds EK and AK. */
static int check_proof(const struct challenge_try *attempt, const uint8_t proof[32],
                       struct gb_err *err)
{
    uint8_t expected[BINDING_PROOF];
    int r = binding_proof(gb_bytes(attempt->secret, CHALLENGE_SECRET),
                          gb_bytes(attempt->nonce, sizeof attempt->nonce), expected, err);
    if (r < 0)
        return r;
    bool equal = secret_equal(gb_bytes(expected, 32), gb_bytes(proof, 32));
    secret_wipe(expected, sizeof expected);
    return equal ? GB_OK
                 : gb_err_set(err, GB_ERR_DENIED, "the proof is wrong: the secret was not opened");
}

static int check_csr(struct gb_bytes csr, const struct key *certified, struct gb_err *err)
{
    gb_cleanup(key_freep) struct key *key = NULL;
    int r = issue_request_key(csr, &key, err);
    if (r < 0)
        return r;
    return key_equal(key, certified)
               ? GB_OK
               : gb_err_set(err, GB_ERR_DENIED,
                            "the certificate request is for another key than the certified one");
}

/* The EK is the challenged one, whatever the evidence brings. */
static void put_ek(struct desk *desk, const struct challenge_facts *facts, struct bundle *bundle)
{
    size_t n = 0;
    bundle->ekcerts[0] = (struct bundle_file){"EK certificate", facts->certs[0]};
    bundle->ekcert_count = 1;
    for (size_t i = 1; i < facts->cert_count; i++)
        bundle->intermediates[n++] = (struct bundle_file){"intermediate", facts->certs[i]};
    bundle->intermediate_count = n;
    proof_add_intermediates(desk, bundle);
}

/* attest() without logs and without a policy: a node in a bad state must be able to say so. */
static int check_evidence(struct desk *desk, const struct challenge_facts *facts,
                          struct bundle *bundle, struct gb_bytes answer,
                          const uint8_t transport[32], struct gb_err *err)
{
    const struct trust trust = {.anchors = desk->beliefs->trust.anchors};
    struct node_facts node;
    struct claims claims;
    struct verdict verdict;
    if (!gb_bytes_equal(bundle->ak_public, facts->ak_public))
        return gb_err_set(err, GB_ERR_DENIED, "the evidence is of another AK than the challenge");
    proof_drop_logs(bundle);
    put_ek(desk, facts, bundle);
    int r = told_read(desk, (const char *)facts->name.data, (const char *)facts->labels.data, &node,
                      err);
    if (r == 0)
        r = proof_of_quote(desk, &trust, &node, bundle, answer, transport, &claims, &verdict, err);
    if (r == 0 && !claims.ek_certified)
        r = desk_refuse(desk, &claims.findings, "the EK is not certified", err);
    return r;
}

/* garboardd has no say in who a node is: the EK gives the id, for good (T18). */
static int check_node_id(struct desk *desk, const struct challenge_try *attempt,
                         const uint8_t node_id[16], struct gb_err *err)
{
    struct bundle ours = {.ekcerts = {{"EK certificate", attempt->facts.certs[0]}},
                          .ekcert_count = 1};
    return proof_of_ek(desk, node_id, &ours, err);
}

static int judge(struct desk *desk, const struct challenge_try *attempt,
                 const struct keyd_certify_ask *ask, struct keyd_certificate *ret_certificate,
                 struct gb_err *err)
{
    uint8_t answer[ANSWER];
    uint8_t transport[32];
    uint8_t ak[32];
    struct bundle *bundle = NULL;
    gb_cleanup(key_freep) struct key *key = NULL;
    int r = check_proof(attempt, ask->proof, err);
    if (r == 0)
        r = check_node_id(desk, attempt, ask->node_id, err);
    if (r < 0)
        return r;
    memcpy(answer, ask->proof, 32);
    memcpy(answer + 32, attempt->nonce, 32);
    const struct proof_key proof = {.nonce = gb_bytes(answer, sizeof answer),
                                    .ak_public = attempt->facts.ak_public,
                                    .attest = ask->certify_attest,
                                    .signature = ask->certify_signature,
                                    .transport_public = ask->transport_public};
    r = proof_of_key(desk, &proof, &key, transport, err);
    if (r == 0)
        r = check_csr(ask->csr, key, err);
    if (r == 0)
        r = proof_read(desk, ask->evidence, &bundle, ak, err);
    if (r == 0)
        r = check_evidence(desk, &attempt->facts, bundle, gb_bytes(answer, sizeof answer),
                           transport, err);
    return r < 0 ? r
                 : node_cert_issue(desk, NODE_CERT_JOINING, ask->node_id, ak, key, ret_certificate,
                                   err);
}

/* The answer that is kept is the certificate; the rest is read from it again. */
static int answer_again(struct desk *desk, struct gb_bytes pem,
                        struct keyd_certificate *ret_certificate, struct gb_err *err)
{
    struct issued issued;
    int r = issued_read(desk->arena, pem, vault_ca_pem(desk->house->vault), &issued, err);
    if (r < 0)
        return r;
    *ret_certificate = (struct keyd_certificate){.pem = pem, .not_after_s = issued.not_after_s};
    memcpy(ret_certificate->transport, issued.fingerprint, 32);
    return GB_OK;
}

int certify_serve(struct desk *desk, const struct rpc_request *request, struct rpc_reply *reply,
                  struct gb_err *err)
{
    const struct keyd_certify_ask *ask = &request->certify;
    struct challenges *challenges = desk->house->challenges;
    struct challenge_try attempt;
    uint8_t name[32];
    int r = name_request(desk, ask, name, err);
    if (r == 0)
        r = challenges_begin(challenges, desk->arena, desk->now_ms, ask->challenge, name, &attempt,
                             err);
    if (r != 0)
        return r;
    if (attempt.answer.len > 0)
        return answer_again(desk, attempt.answer, &reply->certificate, err);
    r = judge(desk, &attempt, ask, &reply->certificate, err);
    challenges_end(challenges, &attempt, r == 0 ? reply->certificate.pem : gb_bytes(NULL, 0));
    return r;
}

/* ---- renewal ---- */

/* The certificate says to everybody: trusted. So the whole evidence must say it here, under our own
 * policy; garboardd's word is not enough (T03, T20). */
static int check_trusted(struct desk *desk, const struct claims *claims,
                         const struct verdict *verdict, struct gb_err *err)
{
    if (!claims->ek_certified)
        return desk_refuse(desk, &claims->findings, "the EK is not certified", err);
    if (!desk->beliefs->trust.policy.policies)
        return gb_err_set(err, GB_ERR_DENIED,
                          "no policy is in force here, so no node can be trusted");
    if (!proof_is_trusted(desk, verdict))
        return desk_refuse(desk, &verdict->findings, "the node is not trusted", err);
    return GB_OK;
}

int renew_serve(struct desk *desk, const struct rpc_request *request, struct rpc_reply *reply,
                struct gb_err *err)
{
    const struct keyd_renew_ask *ask = &request->renew;
    struct node_facts facts;
    const struct proof_node proof = {.nonce = gb_bytes(ask->nonce, sizeof ask->nonce),
                                     .evidence = ask->evidence,
                                     .attest = ask->certify_attest,
                                     .signature = ask->certify_signature,
                                     .transport_public = ask->transport_public,
                                     .facts = &facts};
    uint8_t node_id[16];
    struct issued issued;
    gb_cleanup(key_freep) struct key *key = NULL;
    struct bundle *bundle = NULL;
    struct claims claims;
    struct verdict verdict;
    int r = told_read(desk, ask->name, ask->labels, &facts, err);
    if (r == 0)
        r = node_cert_read(desk, ask->old_cert_pem, desk->house->config->renew_grace_s, node_id,
                           &issued, err);
    if (r == 0)
        r = proof_of_state(desk, &proof, node_id, &issued, &bundle, &key, &claims, &verdict, err);
    if (r == 0)
        r = check_trusted(desk, &claims, &verdict, err);
    return r < 0 ? r
                 : node_cert_issue(desk, NODE_CERT_NODE, node_id, issued.ak, key,
                                   &reply->certificate, err);
}

/* ---- garboardd's own ---- */

int server_cert_serve(struct desk *desk, const struct rpc_request *request, struct rpc_reply *reply,
                      struct gb_err *err)
{
    gb_cleanup(key_freep) struct key *key = NULL;
    int r = issue_request_key(request->server_cert.csr, &key, err);
    return r < 0 ? r : server_cert_issue(desk, key, &reply->certificate, err);
}
