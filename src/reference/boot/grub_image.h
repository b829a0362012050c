/* GRUB as one EFI image: what grub-mkimage put into its section "mods" (include/grub/kernel.h). */
#ifndef GB_REFERENCE_GRUB_IMAGE_H
#define GB_REFERENCE_GRUB_IMAGE_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "reference/boot/pe.h"

struct grub_module_name {
    struct grub_module_name *next;
    const char *name; /* "ext2" */
};

struct grub_image {
    const char *prefix;      /* "/EFI/debian" */
    struct gb_bytes config;  /* the script grub.cfg of its memdisk: not measured as a file */
    struct gb_bytes memdisk; /* for grub_memdisk_find() */
    struct grub_module_name *modules; /* that it brings */
};

/* GB_ERR_INPUT for what is no such image, GB_ERR_CONFIG for one that starts in another way than
 * "normal (memdisk)/grub.cfg". `image` outlives the result. */
GB_MUST_USE int grub_image_read(struct gb_arena *arena, const struct pe_image *image,
                                struct grub_image *ret_image, struct gb_err *err);

#endif
