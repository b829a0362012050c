#include "keyd/proof.h"

#include <assert.h>
#include <string.h>

#include "attest/attest.h"
#include "crypto/digest.h"
#include "crypto/issue.h"
#include "crypto/key.h"
#include "crypto/x509.h"
#include "evidence/bundle.h"
#include "evidence/envelope.h"
#include "evidence/tpm_wire.h"
#include "keyd/beliefs.h"
#include "keyd/desk.h"
#include "policy/policy.h"
#include "policy/select.h"
#include "result/verdict.h"
#include "verify/binding.h"
#include "verify/certified.h"
#include "verify/claims.h"
#include "verify/facts.h"
#include "verify/verify.h"

int proof_of_key(struct desk *desk, const struct proof_key *what, struct key **ret_key,
                 uint8_t ret_fingerprint[32], struct gb_err *err)
{
    uint8_t qualifying[BINDING_SIZE];
    struct gb_findings findings = {.arena = desk->arena};
    const struct certified certified = {
        .attest = what->attest, .signature = what->signature, .key_public = what->transport_public};
    gb_cleanup(key_freep) struct key *key = NULL;
    bool proven = false;
    int r = binding_of_key(desk->digester, what->nonce, qualifying, err);
    if (r == 0)
        r = certified_judge(desk->arena, desk->digester, what->ak_public, &certified,
                            gb_bytes(qualifying, sizeof qualifying), &proven, &key, &findings, err);
    if (r < 0)
        return r;
    if (!proven || !key || findings.failed)
        return desk_refuse(desk, &findings, "the transport key is not proven", err);
    r = key_fingerprint(key, ret_fingerprint, err);
    if (r == 0)
        *ret_key = gb_take(key);
    return r;
}

static int hash_ak(struct desk *desk, struct gb_bytes ak_public, uint8_t ret_ak[32],
                   struct gb_err *err)
{
    struct tpm_public area;
    int r = tpm_public_read(ak_public, &area, err);
    if (r < 0) {
        gb_err_prefix(err, "AK: ");
        return r;
    }
    return digest_of(desk->digester, DIGEST_SHA256, area.encoded, ret_ak) < 0
               ? gb_err_set(err, GB_ERR_BUG, "sha256 failed")
               : GB_OK;
}

int proof_read(struct desk *desk, struct gb_bytes evidence, struct bundle **ret_bundle,
               uint8_t ret_ak[32], struct gb_err *err)
{
    struct bundle *bundle = gb_arena_new_one(desk->arena, struct bundle);
    if (!bundle)
        return gb_err_nomem(err);
    int r = envelope_read(desk->arena, evidence, bundle, err);
    if (r == 0)
        r = hash_ak(desk, bundle->ak_public, ret_ak, err);
    if (r < 0)
        return r;
    bundle->ak_pem = (struct gb_bytes){0};
    *ret_bundle = bundle;
    return GB_OK;
}

int proof_of_node(struct desk *desk, const struct proof_node *what, const struct issued *issued,
                  struct bundle **ret_bundle, struct key **ret_key, struct gb_err *err)
{
    uint8_t ak[32];
    uint8_t transport[32];
    struct bundle *bundle = NULL;
    gb_cleanup(key_freep) struct key *key = NULL;
    int r = proof_read(desk, what->evidence, &bundle, ak, err);
    if (r < 0)
        return r;
    assert(bundle);
    if (memcmp(ak, issued->ak, sizeof ak) != 0)
        return gb_err_set(err, GB_ERR_DENIED, "the AK is not the one that the certificate names");
    const struct proof_key proof = {.nonce = what->nonce,
                                    .ak_public = bundle->ak_public,
                                    .attest = what->attest,
                                    .signature = what->signature,
                                    .transport_public = what->transport_public};
    r = proof_of_key(desk, &proof, &key, transport, err);
    if (r < 0)
        return r;
    if (memcmp(transport, issued->fingerprint, sizeof transport) != 0)
        return gb_err_set(err, GB_ERR_DENIED, "the transport key is not the certificate's");
    *ret_bundle = bundle;
    *ret_key = gb_take(key);
    return GB_OK;
}

/* An EK certificate that cannot be read is nobody's. */
static int is_of_node(struct desk *desk, struct gb_bytes cert, const uint8_t node_id[16],
                      bool *ret_is, struct gb_err *err)
{
    uint8_t ek[32];
    uint8_t id[BINDING_NODE];
    gb_cleanup(x509_freep) struct x509_cert *x509 = NULL;
    gb_cleanup(key_freep) struct key *key = NULL;
    *ret_is = false;
    int r = x509_from_der(cert, &x509, err);
    if (r == 0)
        r = x509_key(x509, &key, err);
    if (r < 0)
        return r == GB_ERR_NOMEM ? r : GB_OK;
    r = key_fingerprint(key, ek, err);
    if (r == 0)
        r = binding_node(desk->digester, ek, id, err);
    *ret_is = r == 0 && memcmp(id, node_id, sizeof id) == 0;
    return r;
}

void proof_add_intermediates(const struct desk *desk, struct bundle *bundle)
{
    const struct beliefs *beliefs = desk->beliefs;
    size_t room = BUNDLE_MAX_INTERMEDIATES - beliefs->intermediate_count;
    size_t n = bundle->intermediate_count < room ? bundle->intermediate_count : room;
    for (size_t i = 0; i < beliefs->intermediate_count; i++)
        bundle->intermediates[n++] = beliefs->intermediates[i];
    bundle->intermediate_count = n;
}

int proof_of_ek(struct desk *desk, const uint8_t node_id[16], struct bundle *bundle,
                struct gb_err *err)
{
    bool found = false;
    for (size_t i = 0; !found && i < bundle->ekcert_count; i++) {
        int r = is_of_node(desk, bundle->ekcerts[i].bytes, node_id, &found, err);
        if (r < 0)
            return r;
        bundle->ekcerts[0] = bundle->ekcerts[i];
    }
    if (!found)
        return gb_err_set(err, GB_ERR_DENIED, "no EK certificate is of this node's EK");
    bundle->ekcert_count = 1;
    proof_add_intermediates(desk, bundle);
    return GB_OK;
}

void proof_drop_logs(struct bundle *bundle)
{
    bundle->boot_log = (struct gb_bytes){0};
    bundle->boot_log_digest = (struct gb_bytes){0};
    bundle->systemd_log = (struct gb_bytes){0};
    bundle->ima = (struct gb_bytes){0};
    bundle->ima_from = 0;
    bundle->cmdline = (struct gb_bytes){0};
}

int proof_of_quote(struct desk *desk, const struct trust *trust, const struct node_facts *facts,
                   const struct bundle *bundle, struct gb_bytes nonce, const uint8_t transport[32],
                   struct claims *ret_claims, struct verdict *ret_verdict, struct gb_err *err)
{
    const struct asked asked = {.has_nonce = true,
                                .nonce = nonce,
                                .time_s = desk->now_s,
                                .allow_expired =
                                    policy_allows_expired(&desk->beliefs->trust.policy, facts),
                                .transport = transport,
                                .issued_s = desk->now_s,
                                .facts = facts};
    int r =
        attest(desk->arena, desk->digester, trust, &asked, bundle, ret_claims, ret_verdict, err);
    if (r < 0)
        return r == GB_ERR_NOTFOUND ? gb_err_set(err, GB_ERR_INPUT, "evidence lacks a part") : r;
    if (!ret_claims->quote_proven)
        return desk_refuse(desk, &ret_claims->findings, "the quote is not proven", err);
    return GB_OK;
}

int proof_of_state(struct desk *desk, const struct proof_node *what, const uint8_t node_id[16],
                   const struct issued *issued, struct bundle **ret_bundle, struct key **ret_key,
                   struct claims *ret_claims, struct verdict *ret_verdict, struct gb_err *err)
{
    int r = proof_of_node(desk, what, issued, ret_bundle, ret_key, err);
    if (r == 0)
        r = proof_of_ek(desk, node_id, *ret_bundle, err);
    return r < 0 ? r
                 : proof_of_quote(desk, &desk->beliefs->trust, what->facts, *ret_bundle,
                                  what->nonce, issued->fingerprint, ret_claims, ret_verdict, err);
}

bool proof_is_trusted(const struct desk *desk, const struct verdict *verdict)
{
    return desk->beliefs->trust.policy.policies && verdict_is_trusted(verdict);
}
