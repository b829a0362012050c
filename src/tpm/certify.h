/* The AK vouches for the transport key: it lives in the same TPM. */
#ifndef GB_TPM_CERTIFY_H
#define GB_TPM_CERTIFY_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "tpm/keys.h"

/* In the arena. */
struct tpm_certification {
    struct gb_bytes attest;    /* TPMS_ATTEST of type 8017 */
    struct gb_bytes signature; /* TPMT_SIGNATURE */
};

GB_MUST_USE int tpm_certify(struct tpm *tpm, struct gb_arena *arena, const struct tpm_key *ak,
                            const struct tpm_key *key, struct gb_bytes qualifying,
                            struct tpm_certification *ret_certification, struct gb_err *err);

#endif
