/* spec.tpm (T13): kinds of TPMs that are known to be weak, or the only ones that count. */
#include "policy/judge/judge.h"
#include "policy/judge/judge_rules.h"
#include "policy/judge/tpm_kind.h"
#include "policy/judge/tpm_maker.h"
#include "policy/rules/rules.h"
#include "result/verdict.h"
#include "verify/claims.h"
#include "verify/tpm_facts.h"

static const char *or_unknown(const char *text)
{
    return text ? text : "unknown";
}

static const char *facts_text(struct judge *judge, const struct tpm_facts *facts)
{
    return judge_text(judge,
                      gb_arena_printf(judge->arena, "%s, model %s, firmware %s",
                                      or_unknown(facts->manufacturer), or_unknown(facts->model),
                                      or_unknown(facts->firmware)));
}

static const char *kind_text(struct judge *judge, const struct tpm_kind *kind)
{
    return judge_text(judge, gb_arena_printf(judge->arena, "%s, model %s, firmware %s",
                                             kind->manufacturer ? kind->manufacturer : "any",
                                             kind->model ? kind->model : "any",
                                             kind->firmware ? kind->firmware : "any"));
}

/* The best answer that any of the kinds gives; *ret_kind is the one that gave it. */
static enum tpm_match match_any(const struct tpm_kind *kinds, size_t count,
                                const struct tpm_facts *facts, const struct tpm_kind **ret_kind)
{
    enum tpm_match best = TPM_MATCH_NO;
    for (size_t i = 0; i < count; i++) {
        enum tpm_match match = tpm_kind_match(&kinds[i], facts);
        if (match == TPM_MATCH_NO || best == TPM_MATCH_YES)
            continue;
        best = match;
        *ret_kind = &kinds[i];
    }
    return best;
}

static void add(struct judge *judge, enum gb_finding_code code, const char *facts, const char *kind)
{
    judge_add(judge, GB_LINK_IDENTITY, code, GB_NO_EVENT, facts, kind, NULL);
}

/* What is not known is neither allowed nor free of what is denied. */
void judge_tpm(struct judge *judge)
{
    const struct tpm_rule *rule = &judge->node->rules.tpm;
    const struct tpm_facts *facts = &judge->claims->tpm;
    const struct tpm_kind *denied = NULL, *allowed = NULL;
    if (!rule->hardware && !rule->has_allow && rule->deny_count == 0)
        return;
    const char *text = facts_text(judge, facts);
    enum verdict_tpm made = tpm_maker_kind(facts);
    enum tpm_match deny = match_any(rule->deny, rule->deny_count, facts, &denied);
    enum tpm_match allow = rule->has_allow
                               ? match_any(rule->allow, rule->allow_count, facts, &allowed)
                               : TPM_MATCH_YES;
    if (deny == TPM_MATCH_YES)
        add(judge, GB_FINDING_TPM_DENIED, text, kind_text(judge, denied));
    else if (allow == TPM_MATCH_NO)
        add(judge, GB_FINDING_TPM_NOT_ALLOWED, text, NULL);
    else if (rule->hardware && made == VERDICT_TPM_VIRTUAL)
        add(judge, GB_FINDING_TPM_VIRTUAL, text, NULL);
    else if (deny == TPM_MATCH_UNKNOWN || allow == TPM_MATCH_UNKNOWN ||
             (rule->hardware && made == VERDICT_TPM_UNKNOWN))
        add(judge, GB_FINDING_TPM_UNKNOWN, text, NULL);
    else
        add(judge, GB_FINDING_TPM_OK, text, NULL);
}
