#include "policy/judge/tiers.h"

#include "base/limits.h"
#include "policy/judge/standing.h"
#include "policy/policy.h"
#include "result/verdict.h"

bool tiers_append(struct gb_findings *list, const struct gb_finding *finding)
{
    if (finding->tier > list->worst)
        list->worst = finding->tier;
    if (list->count >= GB_LIMIT_FINDINGS) {
        list->dropped++;
        return true;
    }
    struct gb_finding *copy = gb_arena_new_one(list->arena, struct gb_finding);
    if (!copy) {
        list->failed = true;
        return false;
    }
    *copy = *finding;
    copy->next = NULL;
    if (list->last)
        list->last->next = copy;
    else
        list->first = copy;
    list->last = copy;
    list->count++;
    return true;
}

/* What a link's own findings make of it. Where the set that must speak for it is missing, what else
 * is good about it does not suffice. */
static enum gb_tier own_tier(struct standing_link link)
{
    if (link.worst == GB_TIER_AFFIRMING && link.unjudged)
        return GB_TIER_NONE;
    return (enum gb_tier)link.worst;
}

/* Whether all that keeps a link from being affirming is what the policy itself allows. */
static bool is_allowed_warning(struct standing_link link)
{
    return link.has_affirming && !link.not_allowed && !link.unjudged;
}

static void add(struct gb_findings *list, enum gb_link link, enum gb_finding_code code,
                const char *arg0, const char *arg1)
{
    struct gb_finding *finding = gb_finding_add(list, code, GB_NO_EVENT, arg0, arg1, NULL);
    if (finding)
        finding->link = link;
}

/* Why a link is what nothing of this round says: told each time, so that no verdict is without its
 * reason. */
static void recall(struct standing_link before, struct gb_findings *list, enum gb_link link)
{
    enum gb_tier tier = (enum gb_tier)before.worst;
    if (tier <= GB_TIER_AFFIRMING || tier <= list->worst)
        return;
    struct gb_finding *finding =
        gb_finding_add(list, GB_FINDING_LINK_EARLIER, GB_NO_EVENT, gb_tier_name(tier), NULL, NULL);
    if (finding) {
        finding->link = link;
        finding->tier = tier;
    }
    list->worst = tier; /* not the catalogue's */
}

/* spec.require: by what speaks for the link itself. A required link that rests on a broken one is
 * not blamed again. */
static void require(const struct node_policy *node, const struct standing *standing,
                    struct gb_findings links[GB_LINK_COUNT], struct verdict *verdict)
{
    if (verdict->links[GB_LINK_EVIDENCE].tier == GB_TIER_CONTRAINDICATED)
        return;
    for (int i = GB_LINK_EVIDENCE; i < GB_LINK_COUNT; i++) {
        enum gb_tier *tier = &verdict->links[i].tier;
        if (!node->require[i] || *tier == GB_TIER_AFFIRMING || *tier == GB_TIER_CONTRAINDICATED ||
            (*tier == GB_TIER_WARNING && is_allowed_warning(standing->links[i])))
            continue;
        add(&links[i], (enum gb_link)i, GB_FINDING_LINK_UNPROVEN, gb_tier_name(*tier), NULL);
        *tier = GB_TIER_CONTRAINDICATED;
    }
}

/* A link counts only while those beneath it are affirming; one that nothing judged is no reason
 * against those above it (the whole is a warning then). */
static void rest(struct gb_findings links[GB_LINK_COUNT], struct verdict *verdict)
{
    enum gb_link broken = GB_LINK_NONE, warning = GB_LINK_NONE;
    for (int i = GB_LINK_EVIDENCE; i < GB_LINK_COUNT; i++) {
        enum gb_link link = (enum gb_link)i;
        enum gb_tier *tier = &verdict->links[i].tier;
        bool counts = *tier == GB_TIER_AFFIRMING || *tier == GB_TIER_WARNING;
        if (broken != GB_LINK_NONE && counts) {
            add(&links[i], link, GB_FINDING_LINK_RESTS, gb_link_name(broken),
                gb_tier_name(GB_TIER_CONTRAINDICATED));
            *tier = GB_TIER_NONE;
        } else if (warning != GB_LINK_NONE && *tier == GB_TIER_AFFIRMING) {
            add(&links[i], link, GB_FINDING_LINK_RESTS_WARNING, gb_link_name(warning), NULL);
            *tier = GB_TIER_WARNING;
        }
        if (*tier == GB_TIER_CONTRAINDICATED && broken == GB_LINK_NONE)
            broken = link;
        if (*tier == GB_TIER_WARNING && warning == GB_LINK_NONE)
            warning = link;
    }
}

/* The worst link. With a policy, a measured link that nothing judged keeps the whole from
 * affirming. Never none: nothing affirming is no yes. */
static enum gb_tier overall(const struct node_policy *node, const struct standing *standing,
                            const struct verdict *verdict)
{
    enum gb_tier worst = GB_TIER_NONE;
    for (int i = GB_LINK_EVIDENCE; i < GB_LINK_COUNT; i++)
        if (verdict->links[i].tier > worst)
            worst = verdict->links[i].tier;
    if (worst == GB_TIER_NONE || verdict->links[GB_LINK_EVIDENCE].tier == GB_TIER_NONE)
        return GB_TIER_CONTRAINDICATED;
    for (int i = GB_LINK_FIRMWARE; node && i <= GB_LINK_OS; i++)
        if (worst < GB_TIER_WARNING && standing->links[i].unjudged)
            worst = GB_TIER_WARNING;
    return worst;
}

/* The lists of all links, one behind the other. */
static int join(struct gb_arena *arena, struct gb_findings links[GB_LINK_COUNT],
                struct gb_findings *ret_all, struct gb_err *err)
{
    struct gb_findings all = {.arena = arena};
    for (int i = 0; i < GB_LINK_COUNT; i++) {
        const struct gb_findings *list = &links[i];
        if (list->failed)
            return gb_err_nomem(err);
        if (list->worst > all.worst)
            all.worst = list->worst;
        all.count += list->count;
        all.dropped += list->dropped;
        if (!list->first)
            continue;
        if (all.last)
            all.last->next = list->first;
        else
            all.first = list->first;
        all.last = list->last;
    }
    *ret_all = all;
    return GB_OK;
}

int tiers_compose(struct gb_arena *arena, const struct node_policy *node,
                  struct gb_findings links[GB_LINK_COUNT], struct standing *standing,
                  struct verdict *verdict, struct gb_err *err)
{
    struct standing now = *standing;
    for (int i = GB_LINK_EVIDENCE; i < GB_LINK_COUNT; i++) {
        struct standing_link *link = &standing->links[i];
        const struct standing_link before = *link;
        now.links[i] = standing_merge(before, standing_of(&links[i], false));
        *link = standing_merge(before, standing_of(&links[i], true));
        recall(before, &links[i], (enum gb_link)i);
        verdict->links[i].tier = own_tier(now.links[i]);
    }
    if (node)
        require(node, &now, links, verdict);
    rest(links, verdict);
    verdict->tier = overall(node, &now, verdict);
    return join(arena, links, &verdict->findings, err);
}
