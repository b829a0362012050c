/* pcrlock files as they lie in folders: components and their variants. */
#ifndef GB_CLI_IMPORT_PCRLOCK_H
#define GB_CLI_IMPORT_PCRLOCK_H

#include <stddef.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "reference/import/pcrlock.h"

/* Reads each path: a .pcrlock file (a variant, when its folder ends in ".pcrlock.d"), or a folder
 * of them, as /var/lib/pcrlock.d is. GB_ERR_CONFIG for another name and an empty folder,
 * GB_ERR_LIMIT, and what file_read returns. All in the arena. */
GB_MUST_USE int import_pcrlock_files(struct gb_arena *arena, const char *const *paths, size_t count,
                                     struct pcrlock_file **ret_files, size_t *ret_count,
                                     struct gb_err *err);

#endif
