/* Leaves and quotes of a minute that a crash cut apart. */
#ifndef GB_SERVER_ROUND_MEND_H
#define GB_SERVER_ROUND_MEND_H

#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"

/* After round_files_mend, of an open minute that is not sealed: drops trusted leaves whose quote
 * was lost and quotes at the end whose leaf was, and logs how many. Whoever verifies the ledger
 * demands both. GB_ERR_IO, NOMEM, BUG. */
GB_MUST_USE int round_mend(struct gb_arena *arena, const char *folder, int64_t minute,
                           struct gb_err *err);

#endif
