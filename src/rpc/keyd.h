/*
 * What garboardd asks of garboard-keyd, over a unix socket: frames of u32be length and CBOR
 * [version, request id, kind, map]. keyd holds every private key of the service and believes
 * nobody: it proves raw evidence itself before it signs. The table of requests is short, and each
 * is allowed once per challenge or nonce.
 */
#ifndef GB_RPC_KEYD_H
#define GB_RPC_KEYD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

/* A connection has one user at a time: one a thread. Reconnects by itself once. */
struct keyd_client;
GB_MUST_USE int keyd_client_new(const char *socket_path, int64_t timeout_ms,
                                struct keyd_client **ret_client, struct gb_err *err);
void keyd_client_free(struct keyd_client *client);
void keyd_client_freep(struct keyd_client **client);

/* Errors of all: GB_ERR_DENIED (keyd refuses, with its reason), INPUT (malformed evidence), AGAIN
 * (challenge or nonce unknown, used or expired; too many under way), IO (keyd is not there).
 * Results live in the arena. */

struct keyd_status {
    const char *version;
    const char *trust_domain;
    struct gb_bytes ca_pem;
    const char *jwks;     /* JSON Web Key Set of the token keys */
    const char *officers; /* whom keyd believes now: SHA-256 of each key in hex, a line each */
};
GB_MUST_USE int keyd_status(struct keyd_client *client, struct gb_arena *arena,
                            struct keyd_status *ret_status, struct gb_err *err);

/* Enrolment, design 4, steps 2 and 3: judges EK certificates against the roots that keyd was given,
 * EK template and AK attributes, and makes the credential over the AK's Name. The secret stays in
 * keyd: one try, 60 s. */
struct keyd_challenge_ask {
    const struct gb_bytes *ek_certs; /* DER; the first belongs to ek_public, others are ignored */
    size_t ek_cert_count;
    const struct gb_bytes *intermediates;
    size_t intermediate_count;
    struct gb_bytes ek_public; /* TPM2B_PUBLIC */
    struct gb_bytes ak_public; /* TPM2B_PUBLIC */
    /* By which it will be enrolled, as in keyd_renew_ask: its policy says whether its EK
     * certificate may be expired. keyd remembers them until it certifies. */
    const char *name;
    const char *labels;
};
struct keyd_challenge {
    uint8_t id[16];
    uint8_t nonce[32]; /* to be quoted and certified together with the secret, see keyd_certify */
    struct gb_bytes id_object;
    struct gb_bytes encrypted_secret;
    const char *tpm;          /* maker, model, version of the EK certificate */
    const uint8_t (*eks)[32]; /* SHA-256 over the SubjectPublicKeyInfo of ek_public. Further EK
                                 certificates are ignored: only this EK will be proven,
                                 and a node could name another's */
    size_t ek_count;
};
GB_MUST_USE int keyd_challenge(struct keyd_client *client, struct gb_arena *arena,
                               const struct keyd_challenge_ask *ask,
                               struct keyd_challenge *ret_challenge, struct gb_err *err);

/* Step 4: proof = binding_proof(secret, nonce) (verify/binding.h). Quote and certification
 * both carry qualifyingData = binding_of(proof || nonce as nonce, transport fingerprint, extras)
 * for the quote, binding_of_key(proof || nonce) for the certification. keyd
 * runs attest() on `evidence` (an envelope without logs) and signs only when quote and EK are
 * proven and node_id is binding_node() of that EK. The first failure deletes the challenge. The
 * same request again returns the same certificate, for as long as the challenge lives. */
struct keyd_certify_ask {
    uint8_t challenge[16];
    uint8_t node_id[16];
    uint8_t proof[32];
    struct gb_bytes evidence;
    struct gb_bytes csr;
    struct gb_bytes certify_attest;
    struct gb_bytes certify_signature;
    struct gb_bytes transport_public; /* TPM2B_PUBLIC */
};
struct keyd_certificate {
    struct gb_bytes pem;
    int64_t not_after_s;
    uint8_t transport[32];
};
GB_MUST_USE int keyd_certify(struct keyd_client *client, struct gb_arena *arena,
                             const struct keyd_certify_ask *ask,
                             struct keyd_certificate *ret_certificate, struct gb_err *err);

/* A nonce of keyd's own for renewals and tokens: single use, 60 s. */
GB_MUST_USE int keyd_nonce(struct keyd_client *client, uint8_t ret_nonce[32], struct gb_err *err);

/* Renewal before the certificate ends: the old certificate (ours, perhaps expired for up to `grace`
 * of keyd's configuration), evidence that answers keyd's nonce bound to the same transport key and
 * has the EK certificate, and the AK's certification of that key. */
struct keyd_renew_ask {
    struct gb_bytes old_cert_pem;
    uint8_t nonce[32];
    struct gb_bytes evidence;
    struct gb_bytes certify_attest; /* qualifyingData binding_of_key(nonce) */
    struct gb_bytes certify_signature;
    struct gb_bytes transport_public;
    /* What garboardd says of the node: they choose among the officers' policies, and no evidence
     * holds them (docs/adr/0022). */
    const char *name;
    const char *labels; /* base/labels.h; "" for none */
};
GB_MUST_USE int keyd_renew(struct keyd_client *client, struct gb_arena *arena,
                           const struct keyd_renew_ask *ask,
                           struct keyd_certificate *ret_certificate, struct gb_err *err);

/* An attestation result as a signed JWT (ES256, 5 minutes): keyd attests the whole evidence under
 * the documents that officers signed. Signed whatever the verdict: it says which. The evidence must
 * have the EK certificate, chaining to a root of keyd's. */
struct keyd_token_ask {
    struct gb_bytes cert_pem; /* the node's, ours and valid */
    uint8_t nonce[32];
    struct gb_bytes evidence;
    struct gb_bytes certify_attest; /* as in keyd_renew_ask */
    struct gb_bytes certify_signature;
    struct gb_bytes transport_public;
    const char *name; /* likewise; the token says by which it was judged */
    const char *labels;
};
GB_MUST_USE int keyd_token(struct keyd_client *client, struct gb_arena *arena,
                           const struct keyd_token_ask *ask, const char **ret_jwt,
                           struct gb_err *err);

/* garboardd's own TLS certificate, before the old one ends: keyd signs only for the names that it
 * was configured with. */
GB_MUST_USE int keyd_server_cert(struct keyd_client *client, struct gb_arena *arena,
                                 struct gb_bytes csr, struct keyd_certificate *ret_certificate,
                                 struct gb_err *err);

/* What keyd last signed of the ledger; size 0 and the root of an empty tree before the first. */
struct keyd_ledger {
    uint64_t size;
    uint8_t root[32];
    const char *vkeys; /* C2SP signed-note verifier keys, one a line: those that sign now */
};
GB_MUST_USE int keyd_ledger_state(struct keyd_client *client, struct gb_arena *arena,
                                  struct keyd_ledger *ret_ledger, struct gb_err *err);

/* A checkpoint over (size, root), once `proof` (RFC 6962, 2.1.2) shows that the tree of `old_size`,
 * which must be the one keyd last signed, stands unchanged in it. keyd makes (size, root) durable
 * before it answers; the same again is signed again. The origin is keyd's own configuration.
 * GB_ERR_DENIED: not consistent growth: smaller, another root of the same size, a wrong proof.
 * GB_ERR_AGAIN: old_size is not keyd's last; ask keyd_ledger_state. */
struct keyd_ledger_ask {
    uint64_t old_size;
    uint64_t size;
    uint8_t root[32];
    const uint8_t (*proof)[32];
    size_t proof_count;
};
/* *ret_note: the whole signed note (C2SP tlog-checkpoint). In the arena. */
GB_MUST_USE int keyd_ledger_sign(struct keyd_client *client, struct gb_arena *arena,
                                 const struct keyd_ledger_ask *ask, const char **ret_note,
                                 struct gb_err *err);

/*
 * All documents in force, each the text of one YAML file: what keyd judges by from now on. keyd
 * believes officers, not garboardd: every document must be signed by an officer of keyd's own
 * configuration (by two where the AccessPolicy in force or the new one says so), no version may go
 * down, no document may vanish (T17); else GB_ERR_DENIED with the reason, and the old ones stay. A
 * `trial` is judged alike and changes nothing. Otherwise the documents are durable when keyd
 * answers. The same again is fine. It may take six times the client's timeout. LIMIT: more than
 * GB_LIMIT_RPC in all.
 */
struct keyd_policy_ask {
    const struct gb_bytes *documents;
    size_t count;
    uint64_t trial; /* 1 or 0 */
};
GB_MUST_USE int keyd_policy(struct keyd_client *client, const struct keyd_policy_ask *ask,
                            struct gb_err *err);

#endif
