/* The volumes that a machine boots from, as the predictors see them: they do no I/O, the caller
 * reads. */
#ifndef GB_REFERENCE_BOOT_FILES_H
#define GB_REFERENCE_BOOT_FILES_H

#include <stddef.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

struct boot_volume {
    const char *device; /* as GRUB calls it: "hd0,gpt1" */
    const char *uuid; /* of its file system, as `search` is told; NULL: it has none that is known */
};

/* volumes[0] holds the loader. */
struct boot_files {
    const struct boot_volume *volumes;
    size_t count;
    /* The whole of `path` ("/EFI/debian/grub.cfg") on a volume, good until the prediction ends; a
     * folder reads as an empty file. data NULL: there is neither. Errors name it. */
    GB_MUST_USE int (*read)(void *context, size_t volume, const char *path, struct gb_bytes *ret,
                            struct gb_err *err);
    void *context;
};

#endif
