/* PCR 10 of the quoted banks: what verify/runtime and verify/runtime_next share. */
#ifndef GB_VERIFY_RUNTIME_PCR_H
#define GB_VERIFY_RUNTIME_PCR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/finding.h"
#include "crypto/digest.h"
#include "evidence/ima.h"
#include "evidence/pcr.h"
#include "verify/replay_ima.h"

#define RUNTIME_IMA_BIT (UINT32_C(1) << REPLAY_IMA_PCR)

/* The proven bank, when PCR 10 is among its values; else NULL. */
static inline const struct pcr_bank *runtime_bank(const struct pcr_values *proven,
                                                  enum digest_alg alg)
{
    const struct pcr_bank *bank = pcr_bank_get(proven, alg);
    return bank && bank->mask & RUNTIME_IMA_BIT ? bank : NULL;
}

static inline bool runtime_bank_untouched(const struct pcr_bank *bank)
{
    return gb_bytes_all(gb_bytes(bank->value[REPLAY_IMA_PCR], digest_size(bank->alg)), 0);
}

/* The list does not reach this bank's value. */
void runtime_blame(const struct pcr_bank *bank, struct gb_findings *findings);
/* Entries of other PCRs among the first `count`, and how many are left for the next quote. */
void runtime_judge_entries(struct gb_arena *arena, const struct ima_log *log, size_t count,
                           struct gb_findings *findings);

#endif
