/* The small FAT12 or FAT16 file system within an image of GRUB, as mkfs.vfat and mtools write it.
 */
#ifndef GB_REFERENCE_GRUB_MEMDISK_H
#define GB_REFERENCE_GRUB_MEMDISK_H

#include <stdbool.h>

#include "base/bytes.h"

/* False when there is no file `name` (up to eight characters, three behind its dot, in any case) in
 * `folder` of the root folder, or in the root folder itself (NULL); or when it does not lie in one
 * piece. The result points into `disk`. */
bool grub_memdisk_find(struct gb_bytes disk, const char *folder, const char *name,
                       struct gb_bytes *ret_file);

#endif
