/* boot_aggregate: the record by which an IMA list says which boot it belongs to. */
#ifndef GB_VERIFY_AGGREGATE_H
#define GB_VERIFY_AGGREGATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "base/finding.h"
#include "crypto/digest.h"
#include "evidence/ima.h"
#include "evidence/pcr.h"

/*
 * Judges every boot_aggregate among the first `count` entries (a kernel that was started by kexec
 * appends another) against `proven`: the hash of PCRs 0-7 or, in banks other than SHA-1, 0-9, in
 * the bank of the record's own algorithm (ima_crypto.c, ima_calc_boot_aggregate_tfm). The first
 * entry must be one. In a bank that is not proven the first is a warning, and the others must equal
 * it: a file in a deep folder can be given the same name.
 */
GB_MUST_USE int aggregate_judge(struct gb_arena *arena, struct digester *digester,
                                const struct ima_log *log, size_t count,
                                const struct pcr_values *proven, struct gb_findings *findings,
                                struct gb_err *err);

/* Whether every boot_aggregate among the first `count` entries of a list that goes on from its
 * middle is that of `proven`. Where not, only the whole list can tell what it is. */
GB_MUST_USE int aggregate_check_later(struct digester *digester, const struct ima_log *log,
                                      size_t count, const struct pcr_values *proven, bool *ret_good,
                                      struct gb_err *err);

#endif
