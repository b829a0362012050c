/* From findings to tiers: of each link, of the whole chain. docs/adr/ says why the rules are so. */
#ifndef GB_POLICY_TIERS_H
#define GB_POLICY_TIERS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "base/finding.h"
#include "policy/judge/standing.h"
#include "policy/policy.h"
#include "result/verdict.h"

/* Appends a copy of a finding as it is, tier and link included. False when out of memory. */
GB_MUST_USE bool tiers_append(struct gb_findings *list, const struct gb_finding *finding);

/*
 * Fills tier, links and findings of the verdict. `links` has one list a link, with what speaks of
 * it; findings on what rests on what are added. `standing` is what earlier rounds came to (all
 * zero: there were none) and takes over what lasts of this one. `node` may be NULL. GB_ERR_NOMEM
 * when any list is incomplete.
 */
GB_MUST_USE int tiers_compose(struct gb_arena *arena, const struct node_policy *node,
                              struct gb_findings links[GB_LINK_COUNT], struct standing *standing,
                              struct verdict *verdict, struct gb_err *err);

#endif
