/* The kernel's command line: a text that the node sends beside its logs, and the measurement that
 * proves it. */
#ifndef GB_VERIFY_CMDLINE_H
#define GB_VERIFY_CMDLINE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "verify/claims.h"

/*
 * Whether `text` (of /proc/cmdline; a closing newline is dropped) is what the kernel's stub
 * measured as its LoadOptions, the last such event, or what GRUB logged and measured. *ret_proven
 * borrows from `text`; its data is NULL when nothing proves it, which is no fault.
 */
GB_MUST_USE int cmdline_prove(struct gb_arena *arena, struct digester *digester,
                              const struct measured *items, size_t count, enum digest_alg bank,
                              struct gb_bytes text, struct gb_bytes *ret_proven,
                              struct gb_err *err);

#endif
