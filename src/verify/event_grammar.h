/* Which events may stand where: the order that the firmware profile prescribes, and where real
 * firmware is known to differ (docs/measurements.md). */
#ifndef GB_VERIFY_EVENT_GRAMMAR_H
#define GB_VERIFY_EVENT_GRAMMAR_H

#include "base/check.h"
#include "base/err.h"
#include "base/finding.h"
#include "evidence/eventlog.h"

/* Adds findings about the order of events; judge the data with event_data_check. GB_ERR_NOMEM only.
 */
GB_MUST_USE int event_grammar_judge(struct gb_arena *arena, const struct eventlog *log,
                                    struct gb_findings *findings, struct gb_err *err);

#endif
