/* The judges behind appraise(): each reads claims and sets, and adds findings to the links it
 * speaks of. */
#ifndef GB_POLICY_JUDGE_H
#define GB_POLICY_JUDGE_H

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "policy/chain/chain.h"
#include "policy/judge/standing.h"
#include "policy/policy.h"
#include "policy/select.h"
#include "verify/claims.h"

/* One appraisal at work. A link has a list of its own, so that a flood of findings in one cannot
 * hide the tier of another. */
struct judge {
    struct gb_arena *arena;
    const struct policy *policy;
    const struct node_policy *node; /* by which is judged; NULL only for judge_violations */
    struct set_choice sets;         /* that may speak for this node under it */
    struct standing_sets *seen;     /* goes on from earlier rounds */
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

/* The next set of a class from place *at on, or NULL; *at is then behind it. */
const struct ref_set *judge_next_set(const struct set_list *sets, enum ref_class cls, size_t *at);
bool judge_has_set(const struct judge *judge, enum ref_class cls);
/* No accepted set of the class speaks for the node: not judged; or refused, where sets would if the
 * machine said other words of itself. */
void judge_no_set(struct judge *judge, enum ref_class cls, enum gb_link link);
/* Remembers that something matched this set; `needed`: and no other that counts. */
void judge_matched(struct judge *judge, const struct ref_set *set, bool needed);
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
