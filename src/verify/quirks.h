/* What the readers of evidence noticed, as findings: before all that verify() finds itself. */
#ifndef GB_VERIFY_QUIRKS_H
#define GB_VERIFY_QUIRKS_H

#include "base/finding.h"
#include "evidence/bundle.h"

/* Adds evidence->quirks. An event that leaves a bank out is judged by what the quote covers. */
void quirks_take(const struct evidence *evidence, struct gb_findings *findings);

#endif
