/* Which policies are for a node, and which sets speak in them. Cheap: nothing is copied but
 * pointers. */
#ifndef GB_POLICY_SELECT_H
#define GB_POLICY_SELECT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "policy/judge/standing.h"
#include "policy/policy.h"
#include "policy/sets/refval.h"
#include "policy/sets/said.h"
#include "verify/facts.h"

/* Of one node. */
struct selected {
    /* The policy that judges: of those that match and do not run in the shadow, the one of the
     * highest priority; NULL: there is none. */
    const struct node_policy *node;
    const struct node_policy *rival; /* as high and matches, too: then nothing can be decided */
    const struct node_policy *shadows[STANDING_SHADOWS]; /* judged beside it, by priority */
    size_t shadow_count;
    size_t shadows_left; /* those that match and are too many to be judged */
};

/* `facts` may be NULL. */
void policy_select(const struct policy *policy, const struct node_facts *facts,
                   struct selected *ret_selected);
/* Whether the policy that would judge lets an EK certificate be expired. */
bool policy_allows_expired(const struct policy *policy, const struct node_facts *facts);

/* Sets in the order of loading. */
struct set_list {
    const struct ref_set *const *items;
    size_t count;
};

/* The sets that may speak for this node under this policy, apart by what they may say. */
struct set_choice {
    struct set_list accepted; /* these decide */
    struct set_list others;   /* candidate, shadow, retired: these only explain */
    /* Accepted sets of this class would count, had the machine said other words of itself: a class
     * with nothing else to judge by is refused, or saying nothing would be a way out of it. */
    bool left_out[REF_CLASS_COUNT];
};

GB_MUST_USE int select_sets(struct gb_arena *arena, const struct policy *policy,
                            const struct node_policy *node, const struct node_facts *facts,
                            const struct said *said, struct set_choice *ret_sets,
                            struct gb_err *err);

#endif
