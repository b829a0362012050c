/* One event of a log at a time: the parts of eventlog_read that know the bytes. */
#ifndef GB_EVIDENCE_EVENTLOG_EVENT_H
#define GB_EVIDENCE_EVENTLOG_EVENT_H

#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"
#include "base/reader.h"
#include "evidence/eventlog.h"

/* The first event, which tells the log's form and banks. Fills those of *log and the event. */
GB_MUST_USE int eventlog_read_header(struct gb_reader *r, struct eventlog *log,
                                     struct boot_event *event, struct gb_err *err);
/* The next one. */
GB_MUST_USE int eventlog_read_event(struct gb_reader *r, const struct eventlog *log,
                                    struct boot_event *event, struct gb_err *err);

/* Whether the log ends here: nothing left, the mark FFFFFFFF in place of a PCR index, or a buffer
 * that firmware allotted and never filled. What stands behind the mark is no part of the log. Old
 * logs know no mark, so there an EV_NO_ACTION of no PCR is an event. */
bool eventlog_ends(const struct gb_reader *r, bool crypto_agile);

#endif
