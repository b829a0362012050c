/* The small archives that systemd-stub makes of sections and appends to the initrd: newc cpio, as
 * Documentation/driver-api/early-userspace/buffer-format.rst of Linux has it. */
#ifndef GB_REFERENCE_UKI_ARCHIVE_H
#define GB_REFERENCE_UKI_ARCHIVE_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"

/* One file in the folder .extra, byte for byte as stub 252 packs it. False when out of memory. */
GB_MUST_USE bool uki_archive(struct gb_arena *arena, const char *file, struct gb_bytes contents,
                             struct gb_bytes *ret_archive);

#endif
