/*
 * Unified kernel images: UAPI.5 "Unified Kernel Image", and what each release of systemd-stub makes
 * of one (systemd-stub(7), "TPM PCR Notes").
 */
#ifndef GB_REFERENCE_UKI_H
#define GB_REFERENCE_UKI_H

#include <stddef.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "base/finding.h"
#include "reference/boot/pe.h"

enum { UKI_MAX_SECTIONS = 16, UKI_INITRD_PIECES = 3 };

struct uki_section {
    const char *name; /* ".linux" */
    enum gb_link link;
    struct pe_memory memory; /* what is measured */
};

struct uki {
    struct pe_image image;
    unsigned stub;                                 /* release of systemd-stub */
    struct uki_section sections[UKI_MAX_SECTIONS]; /* those measured into PCR 11, in that order */
    size_t section_count;
    struct gb_bytes linux_image;                /* as the stub hands it to the firmware */
    struct pe_memory initrd[UKI_INITRD_PIECES]; /* what the kernel gets, piece by piece */
    size_t initrd_pieces;                       /* 0: no initrd */
    struct gb_bytes cmdline; /* as the stub passes it to the kernel; in the arena */
};

/*
 * Reads an image made with a systemd-stub whose measurements are known here. GB_ERR_INPUT for bytes
 * that are no PE image; GB_ERR_CONFIG for an image that is one, but whose measurements cannot be
 * told from the file alone, with the reason.
 */
GB_MUST_USE int uki_read(struct gb_arena *arena, struct gb_bytes in, struct uki *ret_uki,
                         struct gb_err *err);

#endif
