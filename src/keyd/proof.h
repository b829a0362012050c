/* What must hold of raw evidence before keyd signs: nobody's word is taken for it. */
#ifndef GB_KEYD_PROOF_H
#define GB_KEYD_PROOF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/issue.h"
#include "crypto/key.h"
#include "evidence/bundle.h"
#include "keyd/desk.h"
#include "result/verdict.h"
#include "verify/claims.h"
#include "verify/facts.h"

/* The transport key: in the AK's TPM, as the AK itself says over binding_of_key(nonce). */
struct proof_key {
    struct gb_bytes nonce;
    struct gb_bytes ak_public; /* TPM2B_PUBLIC */
    struct gb_bytes attest;
    struct gb_bytes signature;
    struct gb_bytes transport_public;
};
/* *ret_key is the caller's, *ret_fingerprint SHA-256 over its SubjectPublicKeyInfo. GB_ERR_DENIED
 * with the reason, INPUT, NOMEM, BUG. */
GB_MUST_USE int proof_of_key(struct desk *desk, const struct proof_key *what, struct key **ret_key,
                             uint8_t ret_fingerprint[32], struct gb_err *err);

/* The envelope, its AK read, and SHA-256 over that AK's TPMT_PUBLIC. */
GB_MUST_USE int proof_read(struct desk *desk, struct gb_bytes evidence, struct bundle **ret_bundle,
                           uint8_t ret_ak[32], struct gb_err *err);

/* A node that has a certificate of ours: evidence and transport key are of the AK and the key that
 * the certificate names. Judges the key; the quote comes next (proof_of_quote). */
struct proof_node {
    struct gb_bytes nonce;
    struct gb_bytes evidence;
    struct gb_bytes attest;
    struct gb_bytes signature;
    struct gb_bytes transport_public;
    const struct node_facts *facts; /* what garboardd tells of it */
};
GB_MUST_USE int proof_of_node(struct desk *desk, const struct proof_node *what,
                              const struct issued *issued, struct bundle **ret_bundle,
                              struct key **ret_key, struct gb_err *err);

/* The operator's own intermediates beside the node's. */
void proof_add_intermediates(const struct desk *desk, struct bundle *bundle);

/* Leaves in `bundle` the one EK certificate that is of this node's EK (T18), and the intermediates,
 * the operator's own beside them. Whether it chains to a root is judged with the quote.
 * GB_ERR_DENIED when the node sent none such. */
GB_MUST_USE int proof_of_ek(struct desk *desk, const uint8_t node_id[16], struct bundle *bundle,
                            struct gb_err *err);

/* attest() of `bundle` for this nonce and transport key under `trust`; `facts` may be NULL.
 * GB_ERR_DENIED unless the quote is proven. */
GB_MUST_USE int proof_of_quote(struct desk *desk, const struct trust *trust,
                               const struct node_facts *facts, const struct bundle *bundle,
                               struct gb_bytes nonce, const uint8_t transport[32],
                               struct claims *ret_claims, struct verdict *ret_verdict,
                               struct gb_err *err);

/* A node that has a certificate, judged by its whole evidence under keyd's own policy: key, EK and
 * quote are proven, the verdict may be anything. */
GB_MUST_USE int proof_of_state(struct desk *desk, const struct proof_node *what,
                               const uint8_t node_id[16], const struct issued *issued,
                               struct bundle **ret_bundle, struct key **ret_key,
                               struct claims *ret_claims, struct verdict *ret_verdict,
                               struct gb_err *err);

/* Whether a verdict is a yes. Without a policy nobody said what is good. */
bool proof_is_trusted(const struct desk *desk, const struct verdict *verdict);

/* Logs and what they need say nothing of a key: not read for the first certificate. */
void proof_drop_logs(struct bundle *bundle);

#endif
