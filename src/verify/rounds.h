/* One quote after another: what must not go back (T12), and what is the same boot still. */
#ifndef GB_VERIFY_ROUNDS_H
#define GB_VERIFY_ROUNDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "base/finding.h"
#include "crypto/digest.h"
#include "evidence/bundle.h"
#include "evidence/pcr.h"
#include "evidence/tpm_wire.h"
#include "verify/seen.h"

/* Counters and clock of a proven quote against those of the last one. Part 1, 36.3-36.7: resetCount
 * and restartCount only grow, the clock never goes back between two resets. */
void rounds_judge_clock(struct gb_arena *arena, const struct tpm_attest *attest,
                        const struct seen *before, struct gb_findings *findings);

/*
 * Whether the quote was made long before it was sent: a nonce handed out with the last answer can
 * be quoted at once and the quote kept. True when the nonce is older than half a minute, and since
 * the last quote of this boot the TPM's clock ran less than the time that passed, minus 30 s or 40
 * % (TPM clocks may be off by a third). ADR 0007.
 */
bool rounds_early(const struct tpm_attest *attest, const struct seen *before, int64_t issued_s,
                  int64_t now_s);

/* The bundle goes on where `before` ends: GB_ERR_AGAIN when it goes on from elsewhere. */
GB_MUST_USE int rounds_check_bundle(const struct bundle *bundle, const struct seen *before,
                                    struct gb_err *err);
/* The proven quote is of the boot that `before` has, and of its very values: GB_ERR_AGAIN. */
GB_MUST_USE int rounds_check_boot(struct digester *digester, const struct tpm_attest *attest,
                                  const struct pcr_values *proven, const struct seen *before,
                                  struct gb_err *err);

/* SHA-256 over all quoted banks, their selection, and their values but PCR 10. */
GB_MUST_USE int rounds_hash_values(struct digester *digester, const struct pcr_values *proven,
                                   uint8_t out[32], struct gb_err *err);

#endif
