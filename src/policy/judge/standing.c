#include "policy/judge/standing.h"

#include <stddef.h>

static bool is_of_this_round(enum gb_finding_code code)
{
    return code == GB_FINDING_CLOCK_UNSAFE || code == GB_FINDING_IMA_ABSENT ||
           code == GB_FINDING_IMA_POLICY;
}

/* What a policy allows by name. */
static bool is_allowed(const struct gb_finding *f)
{
    return f->tier == GB_TIER_WARNING &&
           (f->code == GB_FINDING_EK_EXPIRED_ALLOWED || f->code == GB_FINDING_IMA_VIOLATION ||
            f->code == GB_FINDING_IMA_EXCEPTED || f->code == GB_FINDING_IMA_CRITICAL_ALLOWED);
}

struct standing_link standing_of(const struct gb_findings *list, bool lasting)
{
    /* What was dropped beyond the ceiling is known by its tier alone. */
    struct standing_link link = {.worst = list->dropped > 0 ? (uint8_t)list->worst : GB_TIER_NONE,
                                 .not_allowed = list->dropped > 0};
    for (const struct gb_finding *f = list->first; f; f = f->next) {
        if (lasting && is_of_this_round(f->code))
            continue;
        if (f->tier > link.worst)
            link.worst = (uint8_t)f->tier;
        link.has_affirming |= f->tier == GB_TIER_AFFIRMING;
        link.unjudged |= f->code == GB_FINDING_REF_UNJUDGED;
        link.not_allowed |= f->tier > GB_TIER_AFFIRMING && !is_allowed(f);
    }
    return link;
}

static bool holds(const struct standing *standing, int64_t time_s)
{
    return standing->until_s == 0 || time_s < standing->until_s;
}

bool standings_hold(const struct standings *standings, int64_t time_s)
{
    bool all = holds(&standings->own, time_s);
    for (size_t i = 0; i < STANDING_SHADOWS; i++)
        all = all && holds(&standings->shadows[i], time_s);
    return all;
}

static bool same_link(const struct standing_link *a, const struct standing_link *b)
{
    return a->worst == b->worst && a->has_affirming == b->has_affirming &&
           a->unjudged == b->unjudged && a->not_allowed == b->not_allowed;
}

bool standing_same(const struct standing *a, const struct standing *b)
{
    bool same = a->policy_named == b->policy_named && a->files_judged == b->files_judged &&
                a->disproven == b->disproven && a->until_s == b->until_s;
    for (size_t i = 0; i < GB_LINK_COUNT; i++)
        same = same && same_link(&a->links[i], &b->links[i]);
    return same;
}

void standing_until(struct standing *standing, int64_t until_s)
{
    if (standing->until_s == 0 || until_s < standing->until_s)
        standing->until_s = until_s;
}

struct standing_link standing_merge(struct standing_link a, struct standing_link b)
{
    return (struct standing_link){.worst = a.worst > b.worst ? a.worst : b.worst,
                                  .has_affirming = a.has_affirming || b.has_affirming,
                                  .unjudged = a.unjudged || b.unjudged,
                                  .not_allowed = a.not_allowed || b.not_allowed};
}
