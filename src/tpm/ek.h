/* Endorsement keys and what the maker wrote about them. */
#ifndef GB_TPM_EK_H
#define GB_TPM_EK_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "evidence/bundle.h"
#include "tpm/keys.h"

/* NV indexes of the TCG EK Credential Profile: certificates at 0x01c00000 and on, chains from
 * 0x01c00100. All in the arena. */
struct tpm_ek_certs {
    struct tpm_ek_cert {
        uint32_t index;
        struct gb_bytes der; /* without padding */
    } certs[BUNDLE_MAX_EKCERTS];
    size_t count;
    struct gb_bytes chain[BUNDLE_MAX_INTERMEDIATES]; /* DER */
    size_t chain_count;
};

/* A TPM without any is fine: count 0. What is no certificate (templates, nonces) is left out. */
GB_MUST_USE int tpm_ek_certs(struct tpm *tpm, struct gb_arena *arena,
                             struct tpm_ek_certs *ret_certs, struct gb_err *err);

struct tpm_ek {
    size_t template;             /* which of the standard ones; for tpm_activate */
    const char *name;            /* "P-256 (L-2)" */
    struct gb_bytes public_area; /* TPM2B_PUBLIC, in the arena */
};

/* The first endorsement key of a standard template whose certificate is among `certs` and names it;
 * that certificate is moved to the front. Without certificates, P-256 or else RSA-2048.
 * GB_ERR_NOTFOUND: certificates, but none of a key that the TPM makes from a standard template. */
GB_MUST_USE int tpm_ek(struct tpm *tpm, struct gb_arena *arena, struct tpm_ek_certs *certs,
                       struct tpm_ek *ret_ek, struct gb_err *err);

/* TPM2_ActivateCredential: the secret that a server hid for this EK and this AK. At most 64 bytes,
 * in the arena: wipe it. GB_ERR_DENIED: the credential was made for another EK or AK. */
GB_MUST_USE int tpm_activate(struct tpm *tpm, struct gb_arena *arena, const struct tpm_ek *ek,
                             const struct tpm_key *ak, struct gb_bytes id_object,
                             struct gb_bytes encrypted_secret, struct gb_bytes *ret_secret,
                             struct gb_err *err);

#endif
