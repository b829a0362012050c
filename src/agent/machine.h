/* The node's own side of a proof: its TPM and its logs. One owner; opened anew after a failure. */
#ifndef GB_AGENT_MACHINE_H
#define GB_AGENT_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/config.h"
#include "agent/state.h"
#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "evidence/bundle.h"
#include "tpm/certify.h"
#include "tpm/ek.h"
#include "tpm/keys.h"

struct machine {
    const struct config *config;
    struct digester *digester; /* owned */
    struct gb_arena *arena;    /* owned: of what follows, made anew with each opening */
    struct tpm *tpm;           /* owned; NULL: not open */
    bool broken;               /* a command failed: open anew */
    struct tpm_key ak;
    struct tpm_key transport;
    uint8_t x[32]; /* the transport key's point */
    uint8_t y[32];
    uint8_t fingerprint[32]; /* SHA-256 over its SubjectPublicKeyInfo */
    struct tpm_ek_certs certs;
    struct gb_arena *life; /* owned: of the extras, which are read once */
    struct gb_bytes extras;
};

/* `config` is borrowed. */
GB_MUST_USE int machine_init(struct machine *machine, const struct config *config,
                             struct gb_err *err);
void machine_done(struct machine *machine);

/* Opens the TPM and finds or makes both keys, unless that is done and all went well since; `state`
 * says which Names they must have. Errors as in tpm/device.h. */
GB_MUST_USE int machine_open(struct machine *machine, const struct state *state,
                             struct gb_err *err);
/* Fills quote, signature, ak_public, pcrs_raw, extras of `bundle`: an answer to `nonce`, bound to
 * the transport key. All in `arena`. */
GB_MUST_USE int machine_quote(struct machine *machine, struct gb_arena *arena,
                              struct gb_bytes nonce, struct bundle *bundle, struct gb_err *err);
/* EK certificates and intermediates, as the TPM holds them. */
void machine_certs(const struct machine *machine, struct bundle *bundle);
/* The AK certifies the transport key; qualifyingData is binding_of_key(`answer`). */
GB_MUST_USE int machine_certify(struct machine *machine, struct gb_arena *arena,
                                struct gb_bytes answer, struct tpm_certification *ret_made,
                                struct gb_err *err);
/* TLS and certificate requests: the transport key's signature. */
GB_MUST_USE int machine_sign(struct machine *machine, const uint8_t digest[32], uint8_t ret_r[32],
                             uint8_t ret_s[32], struct gb_err *err);

#endif
