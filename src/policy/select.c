#include "policy/select.h"

#include "policy/judge/standing.h"
#include "policy/policy.h"
#include "policy/selector.h"
#include "policy/sets/refval.h"
#include "policy/sets/said.h"
#include "verify/facts.h"

static void take_deciding(const struct node_policy *node, struct selected *selected)
{
    if (!selected->node)
        selected->node = node;
    else if (!selected->rival && node->priority == selected->node->priority)
        selected->rival = node;
}

static void take_shadow(const struct node_policy *node, struct selected *selected)
{
    if (selected->shadow_count < STANDING_SHADOWS)
        selected->shadows[selected->shadow_count++] = node;
    else
        selected->shadows_left++;
}

void policy_select(const struct policy *policy, const struct node_facts *facts,
                   struct selected *ret_selected)
{
    *ret_selected = (struct selected){0};
    for (const struct node_policy *node = policy->policies; node; node = node->next) {
        if (!node_selector_matches(&node->nodes, facts))
            continue;
        if (node->mode == POLICY_SHADOW)
            take_shadow(node, ret_selected);
        else
            take_deciding(node, ret_selected);
    }
}

bool policy_allows_expired(const struct policy *policy, const struct node_facts *facts)
{
    struct selected selected;
    policy_select(policy, facts, &selected);
    return selected.node && !selected.rival && selected.node->allow_expired_ek;
}

static size_t count_sets(const struct policy *policy)
{
    size_t count = 0;
    for (const struct ref_set *set = policy->sets; set; set = set->next)
        count++;
    return count;
}

/* The next set after `at` that the policy names, or that is loaded. */
static const struct ref_set *next_set(const struct policy *policy, const struct node_policy *node,
                                      const struct ref_set *before, size_t at)
{
    if (node->sets)
        return at < node->set_count ? node->sets[at] : NULL;
    return at == 0 ? policy->sets : before->next;
}

int select_sets(struct gb_arena *arena, const struct policy *policy, const struct node_policy *node,
                const struct node_facts *facts, const struct said *said,
                struct set_choice *ret_sets, struct gb_err *err)
{
    size_t room = node->sets ? node->set_count : count_sets(policy), accepted = 0, others = 0;
    const struct ref_set **items = gb_arena_new_array(arena, const struct ref_set *, room + 1);
    const struct ref_set *set = NULL;
    *ret_sets = (struct set_choice){0};
    if (!items)
        return gb_err_nomem(err);
    for (size_t at = 0; (set = next_set(policy, node, set, at)); at++) {
        if (!set_selector_matches(&set->applies, facts, said)) {
            if (set->life == REF_ACCEPTED && set_selector_labels_match(&set->applies, facts))
                ret_sets->left_out[set->cls] = true;
            continue;
        }
        if (set->life == REF_ACCEPTED)
            items[accepted++] = set;
        else
            items[room - ++others] = set; /* from the end: both fit */
    }
    ret_sets->accepted = (struct set_list){.items = items, .count = accepted};
    ret_sets->others = (struct set_list){.items = items + room - others, .count = others};
    return GB_OK;
}
