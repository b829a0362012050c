/* Which sets count, and which links nothing speaks for. */
#include <string.h>

#include "base/finding.h"
#include "policy/lint/lint.h"
#include "policy/lint/lint_parts.h"
#include "policy/policy.h"
#include "policy/selector.h"
#include "policy/sets/refval.h"

static bool names(const struct node_policy *node, const struct ref_set *set)
{
    for (size_t i = 0; i < node->set_count; i++)
        if (node->sets[i] == set)
            return true;
    return !node->sets;
}

static bool is_empty(const struct ref_set *set)
{
    return set->event_count + set->files.count + set->verity.count == 0;
}

/* ---- of a policy ---- */

/* Whether an accepted set of the class counts in it, or something else speaks for its files. */
static bool has_class(const struct lints *lints, const struct node_policy *node, enum ref_class cls)
{
    bool found = cls == REF_PACKAGES && node->rules.ima.signers.count > 0;
    for (const struct ref_set *set = lints->subject->policy->sets; !found && set; set = set->next)
        found = set->cls == cls && set->life == REF_ACCEPTED && !is_empty(set) && names(node, set);
    return found;
}

static void lint_lives(struct lints *lints, const struct node_policy *node)
{
    for (size_t i = 0; node->sets && i < node->set_count; i++) {
        const struct ref_set *set = node->sets[i];
        const char *accept =
            gb_arena_printf(lints->arena, "garboard reference accept %s", set->name);
        if (!accept)
            lints->failed = true;
        else if (set->life != REF_ACCEPTED)
            lint_policy(lints, node, lint_item(lints, "spec/referenceSets", i),
                        set->life == REF_RETIRED ? "take it off this list" : accept,
                        "%s is %s, so nothing passes by it", set->name, ref_life_name(set->life));
    }
}

/* Links of one class that nothing speaks for and nobody requires; their names, or NULL. */
static const char *open_links(struct lints *lints, const struct node_policy *node,
                              enum ref_class cls)
{
    const char *list = NULL;
    for (int i = GB_LINK_FIRMWARE; i <= GB_LINK_OS; i++) {
        const char *name = gb_link_name((enum gb_link)i);
        if (ref_class_of_link((enum gb_link)i) != cls || node->require[i])
            continue;
        list = list ? gb_arena_printf(lints->arena, "%s, %s", list, name) : name;
        if (!list)
            lints->failed = true;
    }
    return list;
}

static void lint_required(struct lints *lints, const struct node_policy *node)
{
    for (int i = GB_LINK_ENGINE + 1; i < GB_LINK_COUNT; i++)
        if (node->require[i])
            lint_policy(lints, node, "spec/require", "take it off the list",
                        "%s is required, and nothing judges that link yet: every node is refused",
                        gb_link_name((enum gb_link)i));
    for (int i = GB_LINK_FIRMWARE; i <= GB_LINK_ENGINE; i++) {
        enum ref_class cls = ref_class_of_link((enum gb_link)i);
        if (node->require[i] && !has_class(lints, node, cls))
            lint_policy(lints, node, "spec/require", "make one (garboard reference), or accept one",
                        "%s is required, but no accepted set of class %s counts here: every node "
                        "is refused",
                        gb_link_name((enum gb_link)i), ref_class_name(cls));
    }
}

void lint_links(struct lints *lints, const struct node_policy *node)
{
    lint_lives(lints, node);
    lint_required(lints, node);
    for (int cls = REF_PLATFORM; cls <= REF_PACKAGES; cls++) {
        const char *links = has_class(lints, node, (enum ref_class)cls)
                                ? NULL
                                : open_links(lints, node, (enum ref_class)cls);
        if (links)
            lint_policy(lints, node, "spec/require",
                        "make a set of that class (garboard reference), and name what it judges in "
                        "require",
                        "nothing judges %s: no accepted set of class %s counts here, and require "
                        "does not ask for it",
                        links, ref_class_name((enum ref_class)cls));
    }
}

/* ---- of a set ---- */

/* A set that a policy names, and that does not count any more: told at the set, when the policy is
 * not among what is applied. */
static void lint_named(struct lints *lints, const struct ref_set *set)
{
    const struct lint_subject *subject = lints->subject;
    const struct node_policy *by = NULL;
    for (const struct node_policy *node = subject->policy->policies; node && !by; node = node->next)
        if (node->sets && names(node, set))
            by = node;
    for (size_t i = 0; by && subject->fresh && i < subject->fresh_count; i++)
        if (strcmp(subject->fresh[i].kind, "NodePolicy") == 0 &&
            strcmp(subject->fresh[i].name, by->name) == 0)
            return;
    if (by && subject->fresh)
        lint_set(lints, set, "spec/life", "take it off that policy's referenceSets, or accept it",
                 "NodePolicy %s names it, but it is %s, so nothing passes by it", by->name,
                 ref_life_name(set->life));
}

static bool is_used(const struct lints *lints, const struct ref_set *set)
{
    const struct node_policy *node = lints->subject->policy->policies;
    bool any = !node;
    for (; node && !any; node = node->next)
        any = names(node, set);
    return any;
}

static bool applies(const struct lints *lints, const struct ref_set *set)
{
    bool any = lints->subject->node_count == 0;
    for (size_t i = 0; !any && i < lints->subject->node_count; i++)
        any = set_selector_labels_match(&set->applies, &lints->subject->nodes[i]);
    return any;
}

void lint_sets(struct lints *lints)
{
    for (const struct ref_set *set = lints->subject->policy->sets; set; set = set->next) {
        if (set->life == REF_RETIRED || set->life == REF_CANDIDATE)
            lint_named(lints, set);
        if (set->life == REF_RETIRED)
            continue;
        if (is_empty(set))
            lint_set(lints, set, "spec", "capture or predict what it should know",
                     "it knows no event and no file, so nothing passes by it");
        if (!is_used(lints, set))
            lint_set(lints, set, "metadata/name", "add it to a NodePolicy's referenceSets",
                     "no NodePolicy names it, so it decides nothing");
        if (set->applies.label_count > 0 && !applies(lints, set))
            lint_set(lints, set, "spec/appliesTo/labels", "garboard node label NODE KEY=VALUE",
                     "no node has these labels, so it decides nothing");
    }
}
