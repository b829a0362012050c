/* The kernel's command line as words, cut as the kernel cuts it (lib/cmdline.c, next_arg). */
#ifndef GB_POLICY_CMDLINE_H
#define GB_POLICY_CMDLINE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"

/* Cuts the next word off `rest`; a blank between double quotes does not end one. Empty at the end.
 */
struct gb_bytes cmdline_word(struct gb_bytes *rest);

/*
 * What turns `accepted` into `found`: "added: debug single; removed: quiet", or "the order of its
 * words, or blanks". Printable; NULL when out of memory.
 */
GB_MUST_USE const char *cmdline_difference(struct gb_arena *arena, struct gb_bytes accepted,
                                           struct gb_bytes found);

/* Whether it makes the kernel measure files from the start: ima_tcb, or ima_policy= with tcb among
 * its names (Documentation/admin-guide/kernel-parameters.txt). Words behind "--" are init's. */
bool cmdline_names_ima_policy(struct gb_bytes cmdline);

#endif
