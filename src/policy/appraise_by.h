/* One policy over the claims: the judges in their order. appraise() calls it for the policy that
 * decides, and for each in the shadow. */
#ifndef GB_POLICY_APPRAISE_BY_H
#define GB_POLICY_APPRAISE_BY_H

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "policy/judge/standing.h"
#include "policy/policy.h"
#include "result/verdict.h"
#include "verify/claims.h"

/* By one policy, or by none (NULL). `standing` and `seen` go on from what earlier rounds came to.
 * Errors as of appraise(). */
GB_MUST_USE int appraise_by(struct gb_arena *arena, const struct policy *policy,
                            const struct node_policy *node, const struct claims *claims,
                            struct standing *standing, struct standing_sets *seen,
                            struct verdict *ret_verdict, struct gb_err *err);

#endif
