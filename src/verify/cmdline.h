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
 * The words that GRUB measured as a kernel's command line: proven ones of PCR 8 that begin with a
 * path, without closing NULs; data is NULL otherwise. The prefix that tells them from a command is
 * in the log alone, and no command begins with a path.
 */
struct gb_bytes cmdline_of_grub(const struct measured *item);

/* Whether the log says that this is the kernel stub's measurement of its LoadOptions. */
bool cmdline_said_by_stub(const struct measured *item);

/*
 * Whether `text` (of /proc/cmdline; a closing newline is dropped) is what something measured into
 * PCR 9 as the kernel's stub does, the last such measurement, or what GRUB measured. *ret_proven
 * borrows from `text`; its data is NULL when nothing proves it, which is no fault. *ret_at is the
 * measurement of PCR 9; `count` when there is none.
 */
GB_MUST_USE int cmdline_prove(struct gb_arena *arena, struct digester *digester,
                              const struct measured *items, size_t count, enum digest_alg bank,
                              struct gb_bytes text, struct gb_bytes *ret_proven, size_t *ret_at,
                              struct gb_err *err);

#endif
