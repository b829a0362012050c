/* T14: files that were open for writing while they were measured. */
#include "evidence/ima.h"
#include "policy/judge/engine.h"
#include "policy/judge/judge.h"
#include "policy/judge/judge_ima.h"
#include "policy/policy.h"
#include "policy/sets/refval.h"

/* Whose file it was: nothing but the path tells, which here not even a template digest covers. So
 * it chooses whom to blame, and nothing else. */
static enum gb_link violated(const struct judge *judge, const struct ima_entry *entry)
{
    bool engine =
        judge->node && judge_has_set(judge, REF_ENGINE) && engine_path(judge->node, entry->path);
    return engine ? GB_LINK_ENGINE : GB_LINK_OS;
}

/* T14: the file was open for writing, so its digest says nothing and the kernel recorded none. A
 * warning where no policy forbids it. */
void judge_violations(struct judge *judge)
{
    for (size_t i = 0; i < judge->claims->ima_count; i++) {
        const struct ima_entry *entry = &judge->claims->ima[i];
        if (!entry->is_violation)
            continue;
        enum gb_link link = violated(judge, entry);
        struct gb_findings *list = &judge->links[link];
        enum gb_tier worst = list->worst;
        struct gb_finding *finding =
            gb_finding_add(list, GB_FINDING_IMA_VIOLATION, judge_ima_event(judge, i),
                           judge_ima_shown(judge, entry->path), NULL, NULL);
        const struct node_policy *node = judge->node;
        if (finding)
            finding->link = link;
        if (node && !node->rules.ima.allow_violations)
            continue;
        list->worst = worst > GB_TIER_WARNING ? worst : GB_TIER_WARNING;
        if (finding)
            finding->tier = GB_TIER_WARNING;
    }
}
