#include "reference/suggest.h"

#include "base/limits.h"
#include "evidence/ima.h"
#include "policy/chain/chain.h"
#include "policy/sets/refval.h"
#include "reference/capture.h"
#include "result/verdict.h"
#include "verify/claims.h"

bool suggest_refuses(const struct claims *claims, const struct verdict *verdict)
{
    return !claims->quote_proven || claims_refused(claims) ||
           verdict->links[GB_LINK_EVIDENCE].tier == GB_TIER_CONTRAINDICATED ||
           verdict->links[GB_LINK_IDENTITY].tier == GB_TIER_CONTRAINDICATED;
}

static bool is_file(enum gb_finding_code code)
{
    return code == GB_FINDING_IMA_UNKNOWN || code == GB_FINDING_IMA_CHANGED ||
           code == GB_FINDING_IMA_CRITICAL;
}

static bool is_event(enum gb_finding_code code)
{
    return code == GB_FINDING_REF_CHANGED || code == GB_FINDING_REF_UNEXPECTED ||
           code == GB_FINDING_REF_ABSENT || code == GB_FINDING_CMDLINE_CHANGED;
}

bool suggest_answers(enum gb_finding_code code)
{
    return is_file(code) || is_event(code) || code == GB_FINDING_REF_UNJUDGED;
}

static enum ref_class file_class(enum gb_link link)
{
    return link == GB_LINK_ENGINE ? REF_ENGINE : REF_PACKAGES;
}

/* The class that must know what a finding speaks of: by the event, since a link may be judged by
 * two classes. */
static enum ref_class class_of(const struct gb_finding *f, const struct claims *claims,
                               const struct chain_event *events)
{
    if (is_file(f->code))
        return file_class(f->link);
    for (size_t i = 0; events && f->event.log != GB_LOG_NONE && i < claims->boot_count; i++)
        if (events[i].measured->log == f->event.log && events[i].measured->index == f->event.index)
            return events[i].cls;
    return ref_class_of_link(f->link);
}

/* A link that nothing judged is missing only where the policy requires it. */
static bool is_missing(const struct gb_finding *f, const struct verdict *verdict)
{
    if (f->code == GB_FINDING_REF_UNJUDGED)
        return verdict->links[f->link].tier == GB_TIER_CONTRAINDICATED;
    return suggest_answers(f->code);
}

/* The claims with those files alone that the verdict names. */
static int named_files(struct gb_arena *arena, const struct claims *claims,
                       const struct verdict *verdict, enum ref_class cls, struct claims *ret_claims,
                       struct gb_err *err)
{
    struct ima_entry *entries =
        gb_arena_new_array(arena, struct ima_entry, verdict->findings.count + 1);
    size_t count = 0;
    if (!entries)
        return gb_err_nomem(err);
    if (verdict->findings.dropped > 0)
        return gb_err_set(
            err, GB_ERR_LIMIT,
            "more than %d files are not accepted: capture a whole set instead "
            "(garboard verify --node NODE --save DIR, garboard reference capture DIR)",
            GB_LIMIT_FINDINGS);
    for (const struct gb_finding *f = verdict->findings.first; f; f = f->next) {
        size_t at = f->event.index - claims->ima_from;
        if (is_file(f->code) && file_class(f->link) == cls && f->event.log == GB_LOG_IMA &&
            at < claims->ima_count)
            entries[count++] = claims->ima[at];
    }
    *ret_claims = *claims;
    ret_claims->ima = entries;
    ret_claims->ima_count = count;
    return GB_OK;
}

/* What is missing of the class; `ret_whole`: no set of it speaks for the node at all. */
static bool find_missing(const struct claims *claims, const struct verdict *verdict,
                         const struct chain_event *events, enum ref_class cls, bool *ret_whole)
{
    bool missing = false;
    *ret_whole = false;
    for (const struct gb_finding *f = verdict->findings.first; f; f = f->next) {
        if (!is_missing(f, verdict) || class_of(f, claims, events) != cls)
            continue;
        missing = true;
        *ret_whole = *ret_whole || !is_file(f->code);
    }
    return missing;
}

int suggest(struct gb_arena *arena, const struct claims *claims, const struct verdict *verdict,
            enum ref_class cls, const char *name, struct ref_set **ret_set, struct gb_err *err)
{
    struct chain_event *events = NULL;
    struct claims named = *claims;
    bool whole = false;
    int r = GB_OK;
    *ret_set = NULL;
    if (suggest_refuses(claims, verdict))
        return gb_err_set(err, GB_ERR_INPUT, "the evidence does not hold: nothing is suggested");
    if (claims->has_boot)
        r = chain_place(arena, claims, &events, err);
    if (r < 0 || !find_missing(claims, verdict, events, cls, &whole))
        return r;
    if (ref_class_has_files(cls) && !whole)
        r = named_files(arena, claims, verdict, cls, &named, err);
    if (r == GB_OK)
        r = capture(arena, &named, cls == REF_ENGINE ? REF_PACKAGES : cls, name, ret_set, err);
    struct ref_set *set = *ret_set;
    if (r < 0 || !set)
        return r;
    set->cls = cls;
    set->life = REF_CANDIDATE;
    set->version = 1;
    set->source = "suggested from what a node proved and no accepted set knows";
    return GB_OK;
}
