#include "policy/judge/judge.h"

#include "policy/judge/standing.h"
#include "policy/select.h"
#include "policy/sets/refval.h"

const struct ref_set *judge_next_set(const struct set_list *sets, enum ref_class cls, size_t *at)
{
    while (*at < sets->count) {
        const struct ref_set *set = sets->items[(*at)++];
        if (set->cls == cls)
            return set;
    }
    return NULL;
}

bool judge_has_set(const struct judge *judge, enum ref_class cls)
{
    size_t at = 0;
    return judge_next_set(&judge->sets.accepted, cls, &at) != NULL;
}

void judge_no_set(struct judge *judge, enum ref_class cls, enum gb_link link)
{
    if (judge->sets.left_out[cls])
        judge_add(judge, link, GB_FINDING_REF_OTHER_MACHINE, GB_NO_EVENT, ref_class_name(cls), NULL,
                  NULL);
    else if (cls != REF_ENGINE) /* who has no engine needs no set of one */
        judge_add(judge, link, GB_FINDING_REF_UNJUDGED, GB_NO_EVENT, NULL, NULL, NULL);
}

void judge_matched(struct judge *judge, const struct ref_set *set, bool needed)
{
    uint64_t bit = UINT64_C(1) << set->place % 64;
    if (set->place >= STANDING_SETS)
        return;
    judge->seen->matched[set->place / 64] |= bit;
    if (needed)
        judge->seen->needed[set->place / 64] |= bit;
}

void judge_add(struct judge *judge, enum gb_link link, enum gb_finding_code code,
               struct gb_event_ref event, const char *arg0, const char *arg1, const char *arg2)
{
    struct gb_finding *finding = gb_finding_add(&judge->links[link], code, event, arg0, arg1, arg2);
    if (finding)
        finding->link = link;
}
