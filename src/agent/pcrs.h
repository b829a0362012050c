/* "sha256:0-9,14+sha384:0" to a selection. */
#ifndef GB_AGENT_PCRS_H
#define GB_AGENT_PCRS_H

#include "base/check.h"
#include "base/err.h"
#include "evidence/pcr.h"

/* GB_ERR_CONFIG: unknown or repeated bank, PCR above 23, an empty list. */
GB_MUST_USE int pcrs_parse(const char *text, struct pcr_selection *ret_selection,
                           struct gb_err *err);

#endif
