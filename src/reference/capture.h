/* Reference sets from the claims of a boot that an operator vouches for. */
#ifndef GB_REFERENCE_CAPTURE_H
#define GB_REFERENCE_CAPTURE_H

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "policy/sets/refval.h"
#include "verify/claims.h"

/* One set of class `cls` named `name`. GB_ERR_INPUT when the claims lack what the class needs (an
 * unproven boot is never captured). boot_aggregate is left out: it is judged against the replayed
 * PCRs. */
GB_MUST_USE int capture(struct gb_arena *arena, const struct claims *claims, enum ref_class cls,
                        const char *name, struct ref_set **ret_set, struct gb_err *err);

#endif
