/* The fleet under these documents: whom nothing judges, and what judges nobody. */
#include "base/limits.h"
#include "policy/lint/lint.h"
#include "policy/lint/lint_parts.h"
#include "policy/policy.h"
#include "policy/select.h"
#include "policy/selector.h"
#include "verify/facts.h"

/* Nodes of one kind: the first, and how many. */
struct some {
    const char *first;
    size_t count;
    const struct node_policy *a, *b;
};

/* All policies that some node is judged by. */
struct judges {
    const struct node_policy *items[GB_LIMIT_POLICIES];
    size_t count;
};

static void take(struct some *some, const struct node_facts *facts, const struct selected *selected)
{
    if (some->count++ > 0)
        return;
    some->first = facts->name ? facts->name : "?";
    some->a = selected->node;
    some->b = selected->rival;
}

static bool judges(const struct judges *all, const struct node_policy *node)
{
    size_t i = 0;
    while (i < all->count && all->items[i] != node)
        i++;
    return i < all->count;
}

static void add_judge(struct judges *all, const struct node_policy *node)
{
    if (node && !judges(all, node) && all->count < GB_LIMIT_POLICIES)
        all->items[all->count++] = node;
}

static const char *others(struct lints *lints, const struct some *some)
{
    const char *text =
        some->count > 1 ? gb_arena_printf(lints->arena, " and %zu more", some->count - 1) : "";
    lints->failed |= !text;
    return text ? text : "";
}

static void lint_nodes(struct lints *lints, struct judges *all)
{
    const struct lint_subject *subject = lints->subject;
    struct some unjudged = {0}, torn = {0};
    for (size_t i = 0; i < subject->node_count; i++) {
        struct selected selected;
        policy_select(subject->policy, &subject->nodes[i], &selected);
        add_judge(all, selected.node);
        add_judge(all, selected.rival);
        if (selected.rival)
            take(&torn, &subject->nodes[i], &selected);
        else if (!selected.node)
            take(&unjudged, &subject->nodes[i], &selected);
    }
    if (unjudged.count > 0)
        lint_all(lints, "widen spec.nodes of a NodePolicy, or label the node",
                 "no NodePolicy is for %s%s: not trusted", unjudged.first,
                 others(lints, &unjudged));
    if (torn.count > 0)
        lint_all(lints, "give one of both a higher priority",
                 "NodePolicies %s and %s are both for %s%s with the same priority: not trusted",
                 torn.a->name, torn.b->name, torn.first, others(lints, &torn));
}

static const struct node_facts *first_match(const struct lint_subject *subject,
                                            const struct node_policy *node)
{
    for (size_t i = 0; i < subject->node_count; i++)
        if (node_selector_matches(&node->nodes, &subject->nodes[i]))
            return &subject->nodes[i];
    return NULL;
}

static void lint_use(struct lints *lints, const struct node_policy *node)
{
    const struct node_facts *facts = first_match(lints->subject, node);
    struct selected selected;
    if (!facts) {
        lint_policy(lints, node, "spec/nodes",
                    "compare with: garboard node list; labels are given by garboard node label",
                    "no node has such a name and such labels, so it judges none");
        return;
    }
    policy_select(lints->subject->policy, facts, &selected);
    if (node->mode != POLICY_SHADOW && selected.node)
        lint_policy(lints, node, "spec/priority", "give it a higher priority, or delete it",
                    "it judges no node: NodePolicy %s is for them, too, with a higher priority",
                    selected.node->name);
}

void lint_fleet(struct lints *lints)
{
    struct judges all = {.count = 0};
    if (lints->subject->node_count == 0 || !lints->subject->policy->policies)
        return;
    lint_nodes(lints, &all);
    for (const struct node_policy *node = lints->subject->policy->policies; node; node = node->next)
        if (node->version > 0 && !judges(&all, node))
            lint_use(lints, node);
}
