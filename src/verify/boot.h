/* Do the boot logs explain the quoted PCR values? Firmware's log, then what systemd measured after
 * it. */
#ifndef GB_VERIFY_BOOT_H
#define GB_VERIFY_BOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "base/finding.h"
#include "crypto/digest.h"
#include "evidence/bundle.h"
#include "evidence/pcr.h"
#include "verify/claims.h"

/* What the logs say, and where the quote agrees. */
struct boot {
    bool has_log;
    struct pcr_values values;   /* replayed: each bank's mask has the PCRs that the logs extend */
    const bool *data_proven;    /* per event of the firmware's log: the digest covers its words */
    const bool *systemd_proven; /* the same of systemd's log */
    size_t systemd_count;       /* events of systemd's log up to the quoted values */
    int phase_row;              /* of systemd_phases: words measured without a log; -1 when none */
};

/*
 * Judges the words of the logs, replays them and compares with `proven` in every bank; a finding
 * for each bank that differs. PCR 10 is IMA's, 16 and 23 anyone may reset, 17-22 belong to a
 * dynamic launch: those count only where a log extends them. systemd's log may run ahead of the
 * quote.
 */
GB_MUST_USE int boot_judge(struct gb_arena *arena, struct digester *digester,
                           const struct evidence *evidence, const struct pcr_values *proven,
                           struct boot *ret_boot, struct gb_findings *findings, struct gb_err *err);

/* PCRs that the logs extend, in any bank. */
uint32_t boot_extended(const struct boot *boot);
/* Whether the logs explain all quoted values of this bank. */
bool boot_holds(const struct boot *boot, const struct pcr_values *proven, enum digest_alg bank);

/* The measurements in `bank`, in order: events that extend it, of the firmware, of systemd, then
 * words without a log. Further banks that hold lend their digests. */
GB_MUST_USE int boot_measured(struct gb_arena *arena, struct digester *digester,
                              const struct evidence *evidence, const struct boot *boot,
                              const struct pcr_values *proven, enum digest_alg bank,
                              const struct measured **ret_items, size_t *ret_count,
                              struct gb_err *err);

#endif
