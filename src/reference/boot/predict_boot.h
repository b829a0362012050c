/* Reference sets of a boot by a boot loader, from the files of its EFI system partition. */
#ifndef GB_REFERENCE_PREDICT_BOOT_H
#define GB_REFERENCE_PREDICT_BOOT_H

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "policy/sets/refval.h"
#include "reference/boot/boot_files.h"
#include "reference/boot/secure_boot.h"

struct predict_boot {
    const struct boot_files *files;
    const char *path;  /* what firmware starts, on volume 0: "/EFI/BOOT/BOOTX64.EFI" */
    const char *entry; /* systemd-boot's entry; NULL: loader.conf's default */
    const struct secure_boot *secure_boot; /* NULL: not known; GRUB cannot be predicted then */
    const char *os_name;                   /* of the sets */
    const char *platform_name;
};

/*
 * `*ret_os` speaks for boot loader, kernel, initrd and command line, `*ret_platform` (NULL without
 * secure_boot) for the boot policy. Known are systemd-boot 252, and shim with GRUB 2.06 as Debian
 * signs them. GB_ERR_CONFIG names the file, and the line where it has one, that cannot be
 * predicted; GB_ERR_NOTFOUND a file that is not there.
 */
GB_MUST_USE int predict_boot(struct gb_arena *arena, struct digester *digester,
                             const struct predict_boot *boot, struct ref_set **ret_os,
                             struct ref_set **ret_platform, struct gb_err *err);

#endif
