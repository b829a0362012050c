/*
 * What a change of documents takes from a node that is trusted now, as far as it is certain: its
 * judge, or the sets that it rests on. Nothing is judged anew, so it is cheap; what is less than
 * certain is for a simulation. Pure.
 */
#ifndef GB_POLICY_LOSS_H
#define GB_POLICY_LOSS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "base/finding.h"
#include "policy/policy.h"
#include "policy/sets/refval.h"
#include "verify/facts.h"

enum loss_kind {
    LOSS_NONE,
    LOSS_JUDGE, /* no policy is for it any more */
    LOSS_TIE,   /* two policies of the same priority are */
    LOSS_LINK,  /* its policy requires a link that nothing speaks for */
    LOSS_SET,   /* what it runs is only in a set that does not count any more */
};

struct loss {
    enum loss_kind kind;
    const char *name;  /* of the policy that judged, of one that ties or requires; of the set */
    const char *other; /* LOSS_TIE: of the other; LOSS_LINK: of the link; NULL otherwise */
};

/* A change, compared once for all nodes. Borrows both policies. */
struct loss_change {
    const struct policy *before;
    const struct policy *after;
    const struct ref_set **gone; /* accepted sets of `before` whose values no accepted set of
                                    `after` has got by this change */
    size_t gone_count;
    bool has_fresh; /* an accepted set is new, or changed */
};

/* GB_ERR_NOMEM. Both must be as policy_read made them. */
GB_MUST_USE int loss_compare(struct gb_arena *arena, const struct policy *before,
                             const struct policy *after, struct loss_change *ret_change,
                             struct gb_err *err);
/* Of its judge: LOSS_NONE, LOSS_JUDGE, LOSS_TIE or LOSS_LINK. Mode warn refuses nothing. */
void loss_of_judge(const struct loss_change *change, const struct node_facts *facts,
                   struct loss *ret_loss);
/* Whether this set, which its last verdict needed (struct verdict_set), is lost to the node. */
GB_MUST_USE bool loss_of_set(const struct loss_change *change, const struct node_facts *facts,
                             struct gb_bytes needed, struct loss *ret_loss);
/* Whether nothing can speak for this link under this policy: no class of sets, or no accepted set
 * with something in it and no rule that makes up for one. */
GB_MUST_USE bool loss_is_mute(const struct policy *policy, const struct node_policy *node,
                              enum gb_link link);

#endif
