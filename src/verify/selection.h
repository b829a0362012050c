/* Which PCRs are proven, and in which bank: selection, coverage, PCR digest (T08). */
#ifndef GB_VERIFY_SELECTION_H
#define GB_VERIFY_SELECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "base/finding.h"
#include "crypto/digest.h"
#include "evidence/pcr.h"
#include "evidence/tpm_wire.h"

/* PCRs 0-11 and 14: what every quote must cover. */
#define SELECTION_REQUIRED UINT32_C(0x4fff)

/*
 * Hashes the given values of the quoted selection with `hash` (the signature's) and compares with
 * the quote's digest. When they agree, *ret_proven has exactly the quoted values; values that were
 * given but not quoted never pass. Otherwise *ret_proven is empty and a finding says why.
 */
GB_MUST_USE int selection_prove(struct gb_arena *arena, struct digester *digester,
                                const struct tpm_attest *attest, enum digest_alg hash,
                                const struct pcr_values *given, struct pcr_values *ret_proven,
                                struct gb_findings *findings, struct gb_err *err);

/* The SHA-2 bank in which `mask` is proven whole: SHA-256 before SHA-384 before SHA-512. When there
 * is none, DIGEST_NONE and a finding that names the bank that comes nearest and what it lacks. */
enum digest_alg selection_bank(struct gb_arena *arena, const struct tpm_attest *attest,
                               const struct pcr_values *proven, uint32_t mask,
                               struct gb_findings *findings);

#endif
