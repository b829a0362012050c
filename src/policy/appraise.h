/* Claims to verdict. Pure. Takes nothing but claims: unproven bytes cannot reach it. */
#ifndef GB_POLICY_APPRAISE_H
#define GB_POLICY_APPRAISE_H

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "policy/policy.h"
#include "result/verdict.h"
#include "verify/claims.h"

/* 0 with a verdict, or an error of ours (then there is no verdict: nothing fails open). */
GB_MUST_USE int appraise(struct gb_arena *arena, const struct policy *policy,
                         const struct claims *claims, struct verdict *ret_verdict,
                         struct gb_err *err);

#endif
