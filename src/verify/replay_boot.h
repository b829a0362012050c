/* Boot logs to PCR values: TPM2_PCR_Extend, event by event. */
#ifndef GB_VERIFY_REPLAY_BOOT_H
#define GB_VERIFY_REPLAY_BOOT_H

#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "evidence/eventlog.h"
#include "evidence/pcr.h"
#include "evidence/systemd_log.h"

/*
 * Replays a firmware log from reset values (zero; PCR 0 ends in the startup locality; PCR 17-22 all
 * ones) in every bank that we can compute. In *ret_values each bank's mask has the PCRs that the
 * log extends. EV_NO_ACTION extends nothing; an event without a digest for a bank leaves that
 * bank's PCR where it was (a finding of eventlog_read already).
 */
GB_MUST_USE int replay_boot(struct digester *digester, const struct eventlog *log,
                            struct pcr_values *ret_values, struct gb_err *err);

/* Goes on with systemd's log from the values of replay_boot. */
GB_MUST_USE int replay_systemd(struct digester *digester, const struct systemd_log *log,
                               struct pcr_values *values, struct gb_err *err);

/*
 * systemd-pcrphase of systemd 252 extends PCR 11 with words and logs nothing. Looks for the
 * sequence of words (rows of systemd_phases) that leads from values to `quoted` in every bank both
 * have, and applies it. *ret_row is the row's number, or -1 when none fits (then values are
 * untouched).
 */
GB_MUST_USE int replay_phases(struct digester *digester, const struct pcr_values *quoted,
                              struct pcr_values *values, int *ret_row, struct gb_err *err);

#endif
