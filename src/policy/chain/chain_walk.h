/*
 * The ways of booting, as their measurements tell them apart: a UKI (systemd-stub), GRUB, the
 * kernel's own EFI stub, systemd-boot with type 1 entries. chain.c asks here for PCR 4, 8, 9, 11,
 * 12.
 */
#ifndef GB_POLICY_CHAIN_WALK_H
#define GB_POLICY_CHAIN_WALK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "base/err.h"
#include "evidence/eventlog.h"
#include "policy/chain/chain.h"

/* What a walk along the measurements knows. */
struct chain_walk {
    struct gb_arena *arena;
    const struct claims *claims;
    size_t at;            /* index of the measurement that is looked at */
    size_t first_section; /* the first UKI section's; claims->boot_count when there is none */
    size_t first_linux;   /* GRUB's first linux command; claims->boot_count when none */
    size_t last_image;    /* the last image of PCR 4; claims->boot_count when none */
    enum gb_link command; /* GRUB's current command loads for this link, or GB_LINK_NONE */
    const char *section;  /* the UKI section whose name was measured last, or NULL */
};

/* Looks over the whole log once. */
GB_MUST_USE int chain_walk_init(struct chain_walk *walk, struct gb_arena *arena,
                                const struct claims *claims, struct gb_err *err);

/* PCR 4: boot loaders and kernels. */
GB_MUST_USE int chain_walk_image(struct chain_walk *walk, struct chain_event *event,
                                 struct gb_err *err);
/* PCR 8: GRUB's commands. */
GB_MUST_USE int chain_walk_command(struct chain_walk *walk, struct chain_event *event,
                                   struct gb_err *err);
/* PCR 9: files that GRUB read; the kernel stub's load options and initrd. */
GB_MUST_USE int chain_walk_file(struct chain_walk *walk, struct chain_event *event,
                                struct gb_err *err);
/* PCR 11: a UKI's sections. */
GB_MUST_USE int chain_walk_section(struct chain_walk *walk, struct chain_event *event,
                                   struct gb_err *err);
/* PCR 12: what overrides a UKI's own parts. */
GB_MUST_USE int chain_walk_override(struct chain_walk *walk, struct chain_event *event,
                                    struct gb_err *err);
#endif
