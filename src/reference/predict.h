/*
 * Reference sets from files alone, before anything boots: what firmware, systemd-stub and the
 * kernel's stub will measure of a UKI, or of kernel, initrd and command line.
 */
#ifndef GB_REFERENCE_PREDICT_H
#define GB_REFERENCE_PREDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "policy/sets/refval.h"
#include "reference/boot/secure_boot.h"

/* What firmware starts. */
struct predict_image {
    const char *file; /* for messages */
    struct gb_bytes bytes;
};

/* With `secure_boot` systemd-stub has the kernel inside loaded without firmware looking at it, and
 * so measuring it: the kernel then stands in PCR 11 alone. SHA-1 is not predicted; SHA-256, SHA-384
 * and SHA-512 are. GB_ERR_INPUT (offset) for bytes that are no PE image, GB_ERR_CONFIG for an image
 * whose measurements cannot be told from the file alone: better no reference than a guess. */
GB_MUST_USE int predict_uki(struct gb_arena *arena, struct digester *digester,
                            const struct predict_image *image, bool secure_boot, const char *name,
                            struct ref_set **ret_set, struct gb_err *err);

struct predict_parts {
    const char *kernel_file;
    struct gb_bytes kernel; /* bzImage with EFI stub */
    const char *initrd_file;
    struct gb_bytes initrd;  /* data NULL: none */
    struct gb_bytes cmdline; /* UTF-8 */
};

/* Whether the command line has the kernel fetch the initrd by name ("initrd=\\initrd.img"): then
 * nothing measures it. */
bool predict_initrd_by_name(struct gb_bytes cmdline);

/* Kernel, initrd and command line as firmware and the kernel's EFI stub measure them when firmware
 * starts the kernel. The initrd is predicted as one that a loader hands over
 * (LINUX_EFI_INITRD_MEDIA_GUID); with `initrd=` on the command line it is measured by nobody and no
 * event is predicted. What a loader before the kernel measures of itself is not in the set. */
GB_MUST_USE int predict_parts(struct gb_arena *arena, struct digester *digester,
                              const struct predict_parts *parts, const char *name,
                              struct ref_set **ret_set, struct gb_err *err);

/* Secure Boot's variables, for the boot policy, and the certificate of db that firmware verifies
 * the image by that it starts (NULL: not told). GB_ERR_CONFIG when no certificate of db is named by
 * its signature. The set is of class `platform`. */
GB_MUST_USE int predict_secure_boot(struct gb_arena *arena, struct digester *digester,
                                    const struct secure_boot *variables,
                                    const struct predict_image *started, const char *name,
                                    struct ref_set **ret_set, struct gb_err *err);

/* Collects file digests into a set of class `packages`; reference/ does no I/O, cli/ walks the tree
 * and hashes. */
GB_MUST_USE int predict_files(struct gb_arena *arena, enum digest_alg alg, const uint8_t *keys,
                              const struct gb_bytes *paths, size_t count, const char *name,
                              struct ref_set **ret_set, struct gb_err *err);

#endif
