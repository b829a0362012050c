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
#include "verify/replay_ima.h"
#include "verify/seen.h"

struct runtime {
    bool holds;   /* the list reaches the quoted value of `bank` (plain or padded) */
    size_t count; /* entries up to there */
    size_t state_count;
    struct replay_ima states[DIGEST_ALGS]; /* PCR 10 of the banks that hold, the judged one first */
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

/*
 * The same for a list that goes on where `seen` ends: replays from there. runtime->count counts the
 * new entries that are proven, the states count all. GB_ERR_AGAIN: only the whole list can tell (a
 * padded bank or another boot_aggregate, where the first round's choices may have been others).
 */
GB_MUST_USE int runtime_continue(struct gb_arena *arena, struct digester *digester,
                                 const struct evidence *evidence, const struct seen *seen,
                                 const struct pcr_values *proven, struct runtime *ret_runtime,
                                 struct gb_findings *findings, struct gb_err *err);

/* Where nothing was ever measured into PCR 10, in any quoted bank, that is what is known of it. */
bool runtime_untouched(const struct pcr_values *proven, enum digest_alg bank,
                       struct runtime *ret_runtime);

/* The first `count` entries as claims: one that was measured into another PCR than 10 is proven by
 * nothing here, so that only its place and PCR stay. */
GB_MUST_USE int runtime_measured(struct gb_arena *arena, const struct ima_log *log, size_t count,
                                 const struct ima_entry **ret_entries, struct gb_err *err);

#endif
