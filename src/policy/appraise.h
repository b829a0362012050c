/* Claims to verdict. Pure. Takes nothing but claims: unproven bytes cannot reach it. */
#ifndef GB_POLICY_APPRAISE_H
#define GB_POLICY_APPRAISE_H

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "policy/judge/standing.h"
#include "policy/policy.h"
#include "result/verdict.h"
#include "verify/claims.h"

/*
 * By the policy that is for the node (claims->facts; select.h), and by those in its shadow. Where a
 * policy was loaded and none is for the node, or two are, nothing is trusted. 0 with a verdict, or
 * an error of ours (then there is no verdict: nothing fails open).
 */
GB_MUST_USE int appraise(struct gb_arena *arena, const struct policy *policy,
                         const struct claims *claims, struct verdict *ret_verdict,
                         struct gb_err *err);
/*
 * The same where an earlier round of the boot was judged: `before` is what it came to (NULL:
 * claims stand alone). Claims that continue are judged by what is new in them; the tiers are of the
 * whole chain so far, the findings those of this round. *ret_standings is what the next round
 * starts from.
 */
GB_MUST_USE int appraise_next(struct gb_arena *arena, const struct policy *policy,
                              const struct claims *claims, const struct standings *before,
                              struct standings *ret_standings, struct verdict *ret_verdict,
                              struct gb_err *err);

#endif
