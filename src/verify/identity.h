/* Whose TPM is it: EK certificates (T05) and the secret that only its TPM can open. */
#ifndef GB_VERIFY_IDENTITY_H
#define GB_VERIFY_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/err.h"
#include "base/finding.h"
#include "crypto/wrap.h"
#include "evidence/bundle.h"
#include "verify/anchors.h"
#include "verify/tpm_facts.h"

/* Judges every EK certificate given against the roots; *ret_certified when at least one is there
 * and all are good. Maker and model of *ret_tpm are then what the first that says so says. */
GB_MUST_USE int identity_judge(struct gb_arena *arena, const struct anchors *anchors,
                               const struct bundle *bundle, int64_t time_s, bool allow_expired,
                               bool *ret_certified, struct tpm_facts *ret_tpm,
                               struct gb_findings *findings, struct gb_err *err);

/*
 * TPM2_MakeCredential in software (Part 1, 24): the secret (at most the name algorithm's size)
 * opens only in the TPM that holds the EK's private key and a key with Name `ak_name`. `random` is
 * the seed (RSA: name algorithm's size) or the ephemeral private scalar (ECC), from a CSPRNG by the
 * caller; wrap.h says how long. Out: TPM2B_ID_OBJECT and TPM2B_ENCRYPTED_SECRET.
 */
GB_MUST_USE int identity_make_credential(const struct tpm_public *ek, struct gb_bytes ak_name,
                                         struct gb_bytes secret, struct gb_bytes random,
                                         struct gb_buf *ret_id_object,
                                         struct gb_buf *ret_encrypted_secret, struct gb_err *err);

#endif
