/* systemd-pcrlock's .pcrlock files (systemd.pcrlock(5)): what each component of a boot measures. */
#ifndef GB_REFERENCE_PCRLOCK_H
#define GB_REFERENCE_PCRLOCK_H

#include <stddef.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "reference/import/import.h"

/* One file: "650-kernel.pcrlock", or a variant "6.1.0-40.pcrlock" of the component
 * "650-kernel.pcrlock.d" (NULL: it has no variants). */
struct pcrlock_file {
    const char *component; /* "650-kernel": by this they are ordered; printable */
    const char *variant;   /* "6.1.0-40", or NULL; printable */
    struct gb_bytes bytes;
};

/*
 * Makes sets of classes platform and os: the components in the order of their names, and for
 * variants one set for each combination of them (a link must match one set as a whole), at most
 * GB_LIMIT_VARIANTS of a class. The link of a record follows its PCR and the component's name
 * (docs/formats/import.md). What needs no reference because our judge knows it (separators, boot
 * phases, the machine's id) is noted and left out. GB_ERR_INPUT names file and record;
 * GB_ERR_CONFIG when a file comes twice.
 */
GB_MUST_USE int pcrlock_read(struct import *import, struct digester *digester,
                             const struct pcrlock_file *files, size_t count, struct gb_err *err);

#endif
