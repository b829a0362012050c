#include "policy/lint/loss.h"

#include <string.h>

#include "crypto/digest.h"
#include "policy/policy.h"
#include "policy/select.h"
#include "policy/sets/file_index.h"
#include "policy/sets/ref_files.h"
#include "policy/sets/refval.h"
#include "verify/facts.h"

/* ---- sets ---- */

static const struct ref_set *find_set(const struct policy *policy, struct gb_bytes name)
{
    for (const struct ref_set *set = policy->sets; set; set = set->next)
        if (gb_bytes_is(name, set->name))
            return set;
    return NULL;
}

/* One version is one text (server/documents.h). */
static bool is_in(const struct policy *policy, const struct ref_set *set)
{
    const struct ref_set *same = find_set(policy, gb_bytes_str(set->name));
    return same && same->life == REF_ACCEPTED && same->version == set->version;
}

static bool is_accepted(const struct ref_set *set)
{
    return set->life == REF_ACCEPTED && !set->deleted;
}

static bool share_event(const struct ref_set *a, const struct ref_set *b)
{
    for (const struct ref_event *one = a->events; one; one = one->next)
        for (const struct ref_event *two = b->events; two; two = two->next)
            for (size_t i = 0; i < DIGEST_ALGS; i++)
                if (one->digest[i].len > 0 && gb_bytes_equal(one->digest[i], two->digest[i]))
                    return true;
    return false;
}

static bool any_known(const struct file_index *index, bool verity, const struct ref_files *files,
                      const struct set_mask *mask)
{
    struct file_hit hit;
    for (size_t i = 0; i < files->count; i++)
        if (file_index_find(index, verity, files->alg, ref_files_digest(files, i), &hit) &&
            file_hit_in(&hit, mask))
            return true;
    return false;
}

/* Whether a set that counts from now on has something of this one: then it may carry the nodes. */
static bool is_carried(const struct loss_change *change, const struct set_mask *fresh,
                       const struct ref_set *gone)
{
    const struct policy *after = change->after;
    for (const struct ref_set *set = after->sets; set; set = set->next)
        if (set_mask_has(fresh, set) && set->cls == gone->cls && share_event(gone, set))
            return true;
    return any_known(after->files, false, &gone->files, fresh) ||
           any_known(after->files, true, &gone->verity, fresh);
}

int loss_compare(struct gb_arena *arena, const struct policy *before, const struct policy *after,
                 struct loss_change *ret_change, struct gb_err *err)
{
    struct loss_change change = {.before = before, .after = after};
    struct set_mask fresh = {0};
    size_t count = 0;
    for (const struct ref_set *set = before->sets; set; set = set->next)
        count++;
    change.gone = gb_arena_new_array(arena, const struct ref_set *, count + 1);
    if (!change.gone)
        return gb_err_nomem(err);
    for (const struct ref_set *set = after->sets; set; set = set->next)
        if (is_accepted(set) && !is_in(before, set)) {
            set_mask_add(&fresh, set);
            change.has_fresh = true;
        }
    for (const struct ref_set *set = before->sets; set; set = set->next)
        if (is_accepted(set) && !is_in(after, set) && !is_carried(&change, &fresh, set))
            change.gone[change.gone_count++] = set;
    *ret_change = change;
    return GB_OK;
}

/* ---- policies ---- */

static bool names(const struct node_policy *node, const char *name)
{
    for (size_t i = 0; i < node->set_count; i++)
        if (strcmp(node->sets[i]->name, name) == 0)
            return true;
    return !node->sets;
}

static bool has_content(const struct ref_set *set)
{
    return set->event_count + set->files.count + set->verity.count > 0;
}

static bool has_class(const struct policy *policy, const struct node_policy *node,
                      enum ref_class cls)
{
    for (const struct ref_set *set = policy->sets; set; set = set->next)
        if (set->cls == cls && is_accepted(set) && has_content(set) && names(node, set->name))
            return true;
    return false;
}

bool loss_is_mute(const struct policy *policy, const struct node_policy *node, enum gb_link link)
{
    enum ref_class cls = ref_class_of_link(link);
    if (link <= GB_LINK_IDENTITY) /* proven, not compared */
        return false;
    if (cls == REF_PACKAGES && node->rules.ima.signers.count > 0)
        return false;
    return cls == REF_NONE || !has_class(policy, node, cls);
}

/* The policy that judges, unless two tie. */
static const struct node_policy *judge_of(const struct policy *policy,
                                          const struct node_facts *facts)
{
    struct selected selected;
    policy_select(policy, facts, &selected);
    return selected.rival ? NULL : selected.node;
}

void loss_of_judge(const struct loss_change *change, const struct node_facts *facts,
                   struct loss *ret_loss)
{
    const struct node_policy *before = judge_of(change->before, facts);
    struct selected now;
    *ret_loss = (struct loss){LOSS_NONE, NULL, NULL};
    policy_select(change->after, facts, &now);
    if (!before)
        return;
    if (now.rival)
        *ret_loss = (struct loss){LOSS_TIE, now.node->name, now.rival->name};
    else if (!now.node)
        *ret_loss = (struct loss){LOSS_JUDGE, before->name, NULL};
    else if (now.node->mode == POLICY_ENFORCE)
        for (int i = GB_LINK_EVIDENCE; i < GB_LINK_COUNT; i++)
            if (now.node->require[i] && loss_is_mute(change->after, now.node, (enum gb_link)i))
                *ret_loss = (struct loss){LOSS_LINK, now.node->name, gb_link_name((enum gb_link)i)};
}

/* Whether sets that did not count before count now, other than by their own change. */
static bool counts_others(const struct loss_change *change, const struct node_policy *before,
                          const struct node_policy *now)
{
    for (const struct ref_set *set = change->after->sets; set; set = set->next)
        if (is_accepted(set) && names(now, set->name) && !names(before, set->name))
            return true;
    return false;
}

/* Whether values of the class that nobody has accepted are held against the node. */
static bool is_judged(const struct loss_change *change, const struct node_policy *now,
                      enum ref_class cls)
{
    for (int i = GB_LINK_FIRMWARE; i <= GB_LINK_ENGINE; i++)
        if (now->require[i] && ref_class_of_link((enum gb_link)i) == cls)
            return true;
    return has_class(change->after, now, cls);
}

/* Under a policy that does not name it any more a set counts no more, either. */
static bool is_gone(const struct loss_change *change, const struct node_policy *now,
                    const struct ref_set *set)
{
    if (!names(now, set->name) && !change->has_fresh)
        return true;
    for (size_t i = 0; i < change->gone_count; i++)
        if (change->gone[i] == set)
            return true;
    return false;
}

bool loss_of_set(const struct loss_change *change, const struct node_facts *facts,
                 struct gb_bytes needed, struct loss *ret_loss)
{
    const struct node_policy *before = judge_of(change->before, facts);
    const struct node_policy *now = judge_of(change->after, facts);
    const struct ref_set *set = find_set(change->before, needed);
    if (!before || !now || now->mode != POLICY_ENFORCE || !set || !is_gone(change, now, set) ||
        !names(before, set->name) || counts_others(change, before, now) ||
        !is_judged(change, now, set->cls))
        return false;
    *ret_loss = (struct loss){LOSS_SET, set->name, NULL};
    return true;
}
