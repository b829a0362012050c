/* Does an event's text say what was measured? Where the format defines what the digest covers, we
 * hash it again. */
#ifndef GB_VERIFY_EVENT_DATA_H
#define GB_VERIFY_EVENT_DATA_H

#include "base/check.h"
#include "base/err.h"
#include "base/finding.h"
#include "crypto/digest.h"
#include "evidence/eventlog.h"
#include "evidence/systemd_log.h"

enum event_data {
    EVENT_DATA_ELSEWHERE, /* the digest covers something that is not in the log (an image, a file)
                           */
    EVENT_DATA_PROVEN,    /* the digest covers these words, in every bank we can compute */
    EVENT_DATA_LIES,      /* it should, and does not */
};

/*
 * Judges one event of `log` in all its banks. docs/measurements.md lists each type and what its
 * digest covers; a type that is not listed is ELSEWHERE. The answer speaks for the banks that the
 * event has: who judges one bank must see a digest of it before believing the words.
 */
GB_MUST_USE int event_data_check(struct digester *digester, const struct eventlog *log,
                                 const struct boot_event *event, enum event_data *ret_answer,
                                 struct gb_err *err);

/* The same for an event of tpm2-measure.log: phase words and machine ids are hashed as they are
 * logged. */
GB_MUST_USE int event_data_check_systemd(struct digester *digester,
                                         const struct systemd_event *event,
                                         enum event_data *ret_answer, struct gb_err *err);

/*
 * Judges the whole log: each event's data, and the grammar per PCR (T09): types where they belong,
 * EV_SEPARATOR once in each of PCR 0-7 and with a legal value, no firmware measurement behind it.
 * Findings name the event. ret_proven (may be NULL) has log->count flags: whether event i is
 * PROVEN.
 */
GB_MUST_USE int event_log_judge(struct gb_arena *arena, struct digester *digester,
                                const struct eventlog *log, const bool **ret_proven,
                                struct gb_findings *findings, struct gb_err *err);

#endif
