/* One .pcrlock file: records of JSON become events. Private to pcrlock.c. */
#ifndef GB_REFERENCE_PCRLOCK_FILE_H
#define GB_REFERENCE_PCRLOCK_FILE_H

#include "base/check.h"
#include "base/err.h"
#include "policy/sets/refval.h"
#include "reference/import/import.h"
#include "reference/import/pcrlock.h"
#include "reference/import/pcrlock_known.h"

/* The file's events in order, each with link, PCR, type, digests and words; classes mixed. */
GB_MUST_USE int pcrlock_file_read(struct import *import, const struct pcrlock_known *known,
                                  const struct pcrlock_file *file, struct ref_event **ret_events,
                                  struct gb_err *err);

#endif
