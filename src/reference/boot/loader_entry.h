/* systemd-boot's files: UAPI.1 "Boot Loader Specification", type 1 entries; loader.conf(5). */
#ifndef GB_REFERENCE_LOADER_ENTRY_H
#define GB_REFERENCE_LOADER_ENTRY_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

struct loader_entry {
    const char *kernel;  /* "/vmlinuz" */
    const char *initrd;  /* NULL: none */
    const char *options; /* "" when there are none; what several lines say, with a blank between */
};

/* GB_ERR_CONFIG, with the line, for what is not predicted: several initrds, device trees, programs.
 */
GB_MUST_USE int loader_entry_read(struct gb_arena *arena, struct gb_bytes in,
                                  struct loader_entry *ret_entry, struct gb_err *err);
/* The entry's file name that loader.conf calls the default. GB_ERR_CONFIG when it names none, or a
 * pattern. */
GB_MUST_USE int loader_default_read(struct gb_arena *arena, struct gb_bytes in,
                                    const char **ret_name, struct gb_err *err);

#endif
