/* Drafts of reference sets: what would have to be accepted for a boot to pass. */
#ifndef GB_REFERENCE_SUGGEST_H
#define GB_REFERENCE_SUGGEST_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "base/finding.h"
#include "policy/sets/refval.h"
#include "result/verdict.h"
#include "verify/claims.h"

/* Whether the proof itself fails: then nothing in it may become a reference. */
bool suggest_refuses(const struct claims *claims, const struct verdict *verdict);
/* Whether accepting a set can answer this finding. */
bool suggest_answers(enum gb_finding_code code);
/*
 * A candidate of class `cls` that holds what `verdict` missed in the claims that it judged: of
 * files those alone (no violations, no weak digests), of measured boots all that the class must
 * know. NULL when nothing of this class is missing. GB_ERR_INPUT when the claims prove nothing;
 * GB_ERR_LIMIT when the verdict does not name all that is missing.
 */
GB_MUST_USE int suggest(struct gb_arena *arena, const struct claims *claims,
                        const struct verdict *verdict, enum ref_class cls, const char *name,
                        struct ref_set **ret_set, struct gb_err *err);

#endif
