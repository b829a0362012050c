/* The judges behind appraise(): each reads claims and sets, and adds findings to the links it
 * speaks of. */
#ifndef GB_POLICY_JUDGE_H
#define GB_POLICY_JUDGE_H

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "policy/chain.h"
#include "policy/policy.h"
#include "policy/standing.h"
#include "verify/claims.h"

/* One appraisal at work. A link has a list of its own, so that a flood of findings in one cannot
 * hide the tier of another. */
struct judge {
    struct gb_arena *arena;
    const struct policy *policy; /* policy->node is NULL only for judge_violations */
    const struct claims *claims;
    const struct chain_event *events; /* claims->boot_count */
    struct gb_findings links[GB_LINK_COUNT];
    const struct ref_set *cmdline_set; /* the set that the command line matched, or NULL */
    struct standing standing;          /* of earlier rounds; all zero when there were none */
    bool secure_boot_on;               /* proven; set by judge_boot */
    bool failed;                       /* out of memory for a text: there will be no verdict */
};

/* Remembers that making a text failed, so that the caller need not look. */
static inline const char *judge_text(struct judge *judge, const char *text)
{
    judge->failed = judge->failed || !text;
    return text;
}

/* The first set of a class among `set` and those behind it, or NULL. */
const struct ref_set *judge_next_set(const struct ref_set *set, enum ref_class cls);
/* A finding of `link`, whatever link the catalogue says. */
void judge_add(struct judge *judge, enum gb_link link, enum gb_finding_code code,
               struct gb_event_ref event, const char *arg0, const char *arg1, const char *arg2);

/* Boot measurements against the platform and os sets. */
GB_MUST_USE int judge_boot(struct judge *judge, struct gb_err *err);
/* Whether Secure Boot is proven to have been on. */
GB_MUST_USE int judge_secure_boot_is_on(struct judge *judge, bool *ret_on, struct gb_err *err);
/* spec.secureBoot against the SecureBoot variable that was measured. */
GB_MUST_USE int judge_secure_boot(struct judge *judge, struct gb_err *err);
/* Violations among the IMA entries; all that is judged of `os` without a policy. */
void judge_violations(struct judge *judge);
/* IMA entries against the packages sets; after judge_boot. */
GB_MUST_USE int judge_ima(struct judge *judge, struct gb_err *err);

#endif
