/*
 * What GRUB measures while it runs its configuration: each command before it runs (PCR 8,
 * "grub_cmd: "), the kernel's command line (PCR 8), each file that it opens (PCR 9), and the
 * kernel, where shim verifies it (PCR 4). Observed with Debian's GRUB 2.06, with Secure Boot and
 * without, and in its source's grub-core/commands/tpm.c, script/execute.c.
 *
 * Evaluated is what the files tell. A command whose outcome or measurements are not known here is
 * refused with its line: better no reference than a guess.
 */
#ifndef GB_REFERENCE_GRUB_EVAL_H
#define GB_REFERENCE_GRUB_EVAL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "reference/boot/boot_files.h"
#include "reference/boot/grub_image.h"
#include "reference/predict_set.h"

struct grub_start {
    const struct boot_files *files;
    const struct grub_image *image;
    const char *folder; /* where the image lies: "/EFI/BOOT" */
    bool secure_boot;   /* GRUB then loads no modules, and shim verifies the kernel */
};

/* Appends the events to `build`, up to the start of the kernel that the default entry names. */
GB_MUST_USE int grub_eval(struct predict_set *build, const struct grub_start *start,
                          struct gb_err *err);

/* "(hd1)/boot/grub" of "(hd1)/boot/grub/grub.cfg"; NULL when out of memory. */
const char *grub_folder_of(struct gb_arena *arena, const char *path);

#endif
