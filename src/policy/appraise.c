#include "policy/appraise.h"

#include <inttypes.h>

#include "policy/appraise_by.h"
#include "policy/judge/standing.h"
#include "policy/judge/tpm_maker.h"
#include "policy/policy.h"
#include "policy/select.h"
#include "policy/sets/refval.h"
#include "result/verdict.h"
#include "verify/claims.h"

/* What runs in the shadow is judged alike, and decides nothing. */
static int appraise_shadows(struct gb_arena *arena, const struct policy *policy,
                            const struct selected *selected, const struct claims *claims,
                            struct standings *standings, struct verdict *verdict,
                            struct gb_err *err)
{
    struct verdict_shadow *shadows =
        gb_arena_new_array(arena, struct verdict_shadow, selected->shadow_count + 1);
    if (!shadows)
        return gb_err_nomem(err);
    for (size_t i = 0; i < selected->shadow_count; i++) {
        const struct node_policy *node = selected->shadows[i];
        struct verdict *own = gb_arena_new_one(arena, struct verdict);
        struct standing_sets unused = {0};
        int r = own ? appraise_by(arena, policy, node, claims, &standings->shadows[i], &unused, own,
                                  err)
                    : gb_err_nomem(err);
        if (r < 0)
            return r;
        shadows[i] =
            (struct verdict_shadow){.name = node->name, .version = node->version, .verdict = own};
    }
    verdict->shadows = shadows;
    verdict->shadow_count = selected->shadow_count;
    return GB_OK;
}

static bool has_bit(const uint64_t bits[STANDING_SETS / 64], const struct ref_set *set)
{
    return set->place < STANDING_SETS && (bits[set->place / 64] >> set->place % 64 & 1) != 0;
}

/* The sets that something of this boot matched. */
static int name_sets(struct gb_arena *arena, const struct policy *policy,
                     const struct standings *standings, struct verdict *verdict, struct gb_err *err)
{
    size_t count = 0;
    for (const struct ref_set *set = policy->sets; set; set = set->next)
        count++;
    struct verdict_set *sets = gb_arena_new_array(arena, struct verdict_set, count + 1);
    if (!sets)
        return gb_err_nomem(err);
    for (const struct ref_set *set = policy->sets; set; set = set->next) {
        if (!has_bit(standings->sets.matched, set))
            continue;
        sets[verdict->set_count++] =
            (struct verdict_set){.name = set->name,
                                 .version = set->version,
                                 .cls = ref_class_name(set->cls),
                                 .life = ref_life_name(set->life),
                                 .needed = has_bit(standings->sets.needed, set)};
    }
    verdict->sets = sets;
    return GB_OK;
}

/* A policy is there, and none that could judge this node. */
static void without_a_judge(const struct selected *selected, struct verdict *verdict)
{
    if (selected->rival)
        gb_finding_add(&verdict->findings, GB_FINDING_POLICY_AMBIGUOUS, GB_NO_EVENT,
                       selected->node->name, selected->rival->name, NULL);
    else
        gb_finding_add(&verdict->findings, GB_FINDING_POLICY_NO_MATCH, GB_NO_EVENT, NULL, NULL,
                       NULL);
    verdict->tier = GB_TIER_CONTRAINDICATED;
}

/* Mode warn softens what policies say, not what is proven against the node. */
static bool warns_only(const struct node_policy *node, const struct standing *standing,
                       const struct verdict *verdict)
{
    return node->mode == POLICY_WARN && !standing->disproven &&
           verdict->links[GB_LINK_EVIDENCE].tier != GB_TIER_CONTRAINDICATED;
}

static int finish(const struct policy *policy, const struct selected *selected,
                  const struct standing *standing, struct verdict *verdict, struct gb_err *err)
{
    const struct node_policy *node = selected->rival ? NULL : selected->node;
    if (policy->policies && !node)
        without_a_judge(selected, verdict);
    if (node) {
        verdict->policy_name = node->name;
        verdict->policy_version = node->version;
        verdict->mode = policy_mode_name(node->mode);
        verdict->warns_only = warns_only(node, standing, verdict);
        verdict->freshness_s = node->rules.freshness_s;
    }
    if (selected->shadows_left > 0)
        gb_finding_add(&verdict->findings, GB_FINDING_POLICY_SHADOW_LEFT, GB_NO_EVENT, NULL, NULL,
                       NULL);
    return verdict->findings.failed ? gb_err_nomem(err) : GB_OK;
}

int appraise_next(struct gb_arena *arena, const struct policy *policy, const struct claims *claims,
                  const struct standings *before, struct standings *ret_standings,
                  struct verdict *ret_verdict, struct gb_err *err)
{
    struct standings standings = {0};
    struct verdict verdict = {0};
    struct selected selected;
    if (before)
        standings = *before;
    policy_select(policy, claims->facts, &selected);
    const struct node_policy *node = selected.rival ? NULL : selected.node;
    if (!claims->continues) /* identity is judged with the whole evidence */
        standings.tpm = (uint8_t)tpm_maker_kind(&claims->tpm);
    int r =
        appraise_by(arena, policy, node, claims, &standings.own, &standings.sets, &verdict, err);
    if (r == GB_OK)
        r = appraise_shadows(arena, policy, &selected, claims, &standings, &verdict, err);
    if (r == GB_OK)
        r = name_sets(arena, policy, &standings, &verdict, err);
    if (r == GB_OK)
        r = finish(policy, &selected, &standings.own, &verdict, err);
    if (r < 0)
        return r;
    if (!claims_refused(claims))
        verdict.tpm = (enum verdict_tpm)standings.tpm;
    *ret_standings = standings;
    *ret_verdict = verdict;
    return GB_OK;
}

int appraise(struct gb_arena *arena, const struct policy *policy, const struct claims *claims,
             struct verdict *ret_verdict, struct gb_err *err)
{
    struct standings unused;
    return appraise_next(arena, policy, claims, NULL, &unused, ret_verdict, err);
}
