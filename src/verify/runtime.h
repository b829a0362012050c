/* Does the IMA list explain the quoted PCR 10? */
#ifndef GB_VERIFY_RUNTIME_H
#define GB_VERIFY_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "base/finding.h"
#include "crypto/digest.h"
#include "evidence/bundle.h"
#include "evidence/pcr.h"
#include "verify/boot.h"

struct runtime {
    bool holds;   /* the list reaches the quoted value of `bank` (plain or padded) */
    size_t count; /* entries up to there */
};

/*
 * Replays the list in every proven bank that has PCR 10, `bank` first (DIGEST_NONE: any), to one
 * and the same entry; what comes after it is left for the next quote and judged by nobody. Judges
 * the template digests and boot_aggregate of what is proven.
 */
GB_MUST_USE int runtime_judge(struct gb_arena *arena, struct digester *digester,
                              const struct evidence *evidence, const struct boot *boot,
                              const struct pcr_values *proven, enum digest_alg bank,
                              struct runtime *ret_runtime, struct gb_findings *findings,
                              struct gb_err *err);

/* The first `count` entries as claims: one that was measured into another PCR than 10 is proven by
 * nothing here, so that only its place and PCR stay. */
GB_MUST_USE int runtime_measured(struct gb_arena *arena, const struct ima_log *log, size_t count,
                                 const struct ima_entry **ret_entries, struct gb_err *err);

#endif
