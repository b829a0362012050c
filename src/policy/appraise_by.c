#include "policy/appraise_by.h"

#include <inttypes.h>

#include "crypto/digest.h"
#include "policy/chain/chain.h"
#include "policy/judge/judge.h"
#include "policy/judge/judge_rules.h"
#include "policy/judge/standing.h"
#include "policy/judge/tiers.h"
#include "policy/policy.h"
#include "policy/select.h"
#include "policy/sets/said.h"
#include "result/verdict.h"
#include "verify/claims.h"

/* A list of its own for each link, the findings of verify() first. */
static int sort_findings(struct judge *judge, struct gb_err *err)
{
    const struct gb_findings *proof = &judge->claims->findings;
    if (proof->failed)
        return gb_err_nomem(err);
    for (int i = 0; i < GB_LINK_COUNT; i++)
        judge->links[i].arena = judge->arena;
    for (const struct gb_finding *f = proof->first; f; f = f->next) {
        enum gb_link link = f->link == GB_LINK_NONE ? GB_LINK_EVIDENCE : f->link;
        struct gb_finding own = *f;
        /* Who sends a bare key in place of its public area chooses what we see: a policy minds. */
        if (judge->node && f->code == GB_FINDING_AK_UNJUDGED)
            own.tier = GB_TIER_WARNING;
        if (!tiers_append(&judge->links[link], &own))
            return gb_err_nomem(err);
    }
    /* Nobody knows which link the findings beyond the ceiling spoke of: evidence answers for them.
     */
    struct gb_findings *evidence = &judge->links[GB_LINK_EVIDENCE];
    evidence->dropped += proof->dropped;
    if (proof->dropped > 0 && proof->worst > evidence->worst)
        evidence->worst = proof->worst;
    return GB_OK;
}

/* What verify() itself found against the node: its TPM, its logs. */
static bool is_disproven(const struct gb_findings *proof)
{
    for (const struct gb_finding *f = proof->first; f; f = f->next)
        if (f->tier == GB_TIER_CONTRAINDICATED)
            return true;
    return proof->dropped > 0 && proof->worst == GB_TIER_CONTRAINDICATED;
}

/* Claims without proof must say why; if they do not, we have made a mistake and decide nothing. */
static int check_claims(const struct judge *judge, struct gb_err *err)
{
    const struct claims *claims = judge->claims;
    enum gb_tier worst = judge->links[GB_LINK_EVIDENCE].worst;
    bool has_quote = claims->quote_proven && claims->bank != DIGEST_NONE;
    if (!has_quote && worst != GB_TIER_CONTRAINDICATED)
        return gb_err_set(err, GB_ERR_BUG, "the quote is not proven, but no finding says why");
    if (!claims->has_boot && !claims->continues && worst < GB_TIER_WARNING)
        return gb_err_set(err, GB_ERR_BUG, "no boot is proven, but no finding says why");
    return GB_OK;
}

/* What no reference set makes up for. */
static int judge_boot_rules(struct judge *judge, struct gb_err *err)
{
    judge_tpm(judge);
    judge_denied_boot(judge);
    judge_option_roms(judge);
    judge_sbat(judge);
    judge_cmdline(judge);
    return judge_dbx(judge, err);
}

/* How the node booted; judged once, with the evidence that proves it. */
static int judge_start(struct judge *judge, struct gb_err *err)
{
    struct chain_event *events = NULL;
    int r = chain_place(judge->arena, judge->claims, &events, err);
    if (r < 0)
        return r;
    judge->events = events;
    r = judge_boot(judge, err);
    if (r == GB_OK)
        r = judge_secure_boot(judge, err);
    return r < 0 ? r : judge_boot_rules(judge, err);
}

static int judge_links(struct judge *judge, struct gb_err *err)
{
    int r = judge->claims->continues ? GB_OK : judge_start(judge, err);
    judge_denied_files(judge); /* a flood of other files must not push them over the ceiling */
    judge_ima_critical(judge);
    judge_kexec(judge);
    if (r == GB_OK)
        r = judge_ima(judge, err);
    if (r < 0)
        return r;
    return judge->failed ? gb_err_nomem(err) : GB_OK;
}

/* Without a policy only what the evidence says against itself counts. */
static int judge_all(struct judge *judge, struct gb_err *err)
{
    if (judge->node)
        return judge_links(judge, err);
    judge_violations(judge);
    return judge->failed ? gb_err_nomem(err) : GB_OK;
}

static int name_policy(struct gb_arena *arena, const struct node_policy *node,
                       const char **ret_name, struct gb_err *err)
{
    *ret_name = NULL;
    if (!node)
        return GB_OK;
    *ret_name = gb_arena_printf(arena, "%s version %" PRIu64, node->name, node->version);
    return *ret_name ? GB_OK : gb_err_nomem(err);
}

int appraise_by(struct gb_arena *arena, const struct policy *policy, const struct node_policy *node,
                const struct claims *claims, struct standing *standing, struct standing_sets *seen,
                struct verdict *ret_verdict, struct gb_err *err)
{
    struct judge judge = {
        .arena = arena, .policy = policy, .node = node, .claims = claims, .seen = seen};
    struct verdict verdict = {0};
    struct said said;
    int r = sort_findings(&judge, err);
    if (r == GB_OK)
        r = check_claims(&judge, err);
    said_read(claims, &said);
    if (r == GB_OK && node)
        r = select_sets(arena, policy, node, claims->facts, &said, &judge.sets, err);
    if (r < 0)
        return r;
    if (judge.links[GB_LINK_EVIDENCE].worst != GB_TIER_CONTRAINDICATED) {
        judge.standing = *standing;
        judge.standing.disproven |= is_disproven(&claims->findings);
        r = judge_all(&judge, err);
        if (r < 0)
            return r;
    }
    r = name_policy(arena, node, &verdict.policy, err);
    if (r == GB_OK)
        r = tiers_compose(arena, node, judge.links, &judge.standing, &verdict, err);
    if (r < 0)
        return r;
    *standing = judge.standing;
    *ret_verdict = verdict;
    return GB_OK;
}
