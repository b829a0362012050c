/*
 * Whether what is proven says what the kernel was told. An event's type, its prefix and the log it
 * stands in are the node's words; a PCR, the order within it and a digest are not. So a command
 * line counts where a loader measures one, by a digest that covers its words; and where a
 * measurement may hide one, none does.
 */
#ifndef GB_POLICY_CMDLINE_BOUND_H
#define GB_POLICY_CMDLINE_BOUND_H

#include <stdbool.h>

#include "policy/chain/chain.h"
#include "verify/claims.h"

/*
 * One of these holds, by the texts of `events` (chain_place):
 * - the kernel's stub measured it into PCR 9, and before it there only GRUB measured, if anybody;
 * - GRUB measured it into PCR 8, where all words are proven, and no UKI was started (PCR 11);
 * - systemd-boot measured it into PCR 12 (8 once), where all words are proven, and neither a stub
 *   of the kernel's nor a UKI measured anything (kernels before 6.1).
 */
bool cmdline_is_bound(const struct claims *claims, const struct chain_event *events);

/* Whether the text of an event is all that the kernel was told: the stub's or GRUB's. Others may be
 * parts that a stub joins. */
bool cmdline_is_whole(const struct chain_event *event);

#endif
