#include <string.h>

#include "crypto/digest.h"
#include "evidence/bundle.h"
#include "evidence/ima.h"
#include "evidence/pcr.h"
#include "verify/aggregate.h"
#include "verify/relabelled.h"
#include "verify/replay_ima.h"
#include "verify/runtime.h"
#include "verify/runtime_pcr.h"
#include "verify/seen.h"

static int ask_for_list(struct gb_err *err, const char *why)
{
    return gb_err_set(err, GB_ERR_AGAIN, "send all evidence: %s", why);
}

/* The banks' states as they were left, counting from the first new entry. */
static size_t take_states(const struct seen *seen, struct replay_ima states[DIGEST_ALGS])
{
    size_t count = 0;
    states[count++] = seen->ima;
    for (size_t i = 0; i < seen->other_count && count < DIGEST_ALGS; i++)
        states[count++] = seen->others[i];
    for (size_t i = 0; i < count; i++)
        states[i].next = 0;
    return count;
}

/* The other banks must come to their values with the same entry. */
static int judge_others(const struct pcr_values *proven, const struct runtime *runtime,
                        struct gb_findings *findings, struct gb_err *err)
{
    for (size_t i = 1; i < runtime->state_count; i++) {
        const struct replay_ima *state = &runtime->states[i];
        const struct pcr_bank *bank = runtime_bank(proven, state->alg);
        if (!bank)
            return gb_err_set(err, GB_ERR_BUG, "a bank was quoted once and is not now");
        if (memcmp(bank->value[REPLAY_IMA_PCR], state->value, digest_size(state->alg)) == 0)
            continue;
        if (state->padded)
            return ask_for_list(err, "a padded bank may be of another form");
        runtime_blame(bank, findings);
    }
    return GB_OK;
}

static int replay(struct digester *digester, const struct ima_log *log, const struct pcr_bank *bank,
                  struct runtime *runtime, bool *ret_matched, struct gb_findings *findings,
                  struct gb_err *err)
{
    struct replay_ima_answer answer;
    int r = replay_ima_pass(digester, log, bank->value[REPLAY_IMA_PCR], runtime->states,
                            runtime->state_count, NULL, &answer, err);
    if (r < 0)
        return r;
    if (!answer.matched && runtime->states->padded)
        return ask_for_list(err, "a padded bank may be of another form");
    if (answer.mismatches > 0)
        r = replay_ima_templates(digester, log, 0, runtime->states->next, findings, err);
    *ret_matched = answer.matched;
    return r;
}

/* Entries like that of the first round's boot_aggregate: a kernel started by kexec adds one. */
static int judge_aggregates(struct digester *digester, const struct ima_log *log, size_t count,
                            const struct pcr_values *proven, struct gb_err *err)
{
    bool good = true;
    int r = aggregate_check_later(digester, log, count, proven, &good, err);
    return r < 0 || good ? r : ask_for_list(err, "another boot_aggregate was measured");
}

static int judge_new(struct gb_arena *arena, struct digester *digester, const struct ima_log *log,
                     const struct pcr_values *proven, const struct pcr_bank *bank,
                     struct runtime *runtime, struct gb_findings *findings, struct gb_err *err)
{
    bool matched = false;
    int r = replay(digester, log, bank, runtime, &matched, findings, err);
    if (r < 0)
        return r;
    if (!matched) {
        runtime_blame(bank, findings);
        return GB_OK;
    }
    runtime->count = runtime->states->next;
    r = judge_others(proven, runtime, findings, err);
    if (r == GB_OK)
        r = judge_aggregates(digester, log, runtime->count, proven, err);
    if (r == GB_OK)
        r = relabelled_judge(digester, log, runtime->count, findings, err);
    if (r < 0)
        return r;
    runtime_judge_entries(arena, log, runtime->count, findings);
    runtime->holds = true;
    return GB_OK;
}

int runtime_continue(struct gb_arena *arena, struct digester *digester,
                     const struct evidence *evidence, const struct seen *seen,
                     const struct pcr_values *proven, struct runtime *ret_runtime,
                     struct gb_findings *findings, struct gb_err *err)
{
    struct runtime runtime = {0};
    const struct pcr_bank *bank = runtime_bank(proven, seen->bank);
    if (!bank)
        return gb_err_set(err, GB_ERR_BUG, "PCR 10 was quoted once and is not now");
    runtime.state_count = take_states(seen, runtime.states);
    if (seen->ima.next == 0) { /* nothing was measured so far: a list begins with its first entry */
        *ret_runtime = runtime;
        return runtime_bank_untouched(bank) ? GB_OK : ask_for_list(err, "an IMA list has begun");
    }
    int r = judge_new(arena, digester, &evidence->ima, proven, bank, &runtime, findings, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < runtime.state_count; i++)
        runtime.states[i].next += seen->ima.next;
    *ret_runtime = runtime;
    return GB_OK;
}

bool runtime_untouched(const struct pcr_values *proven, enum digest_alg bank,
                       struct runtime *ret_runtime)
{
    struct runtime runtime = {0};
    if (!runtime_bank(proven, bank))
        return false;
    replay_ima_init(&runtime.states[runtime.state_count++], bank, false);
    for (size_t i = 0; i < proven->count; i++) {
        const struct pcr_bank *other = runtime_bank(proven, proven->banks[i].alg);
        if (other && !runtime_bank_untouched(other))
            return false;
        if (other && other->alg != bank)
            replay_ima_init(&runtime.states[runtime.state_count++], other->alg, false);
    }
    *ret_runtime = runtime;
    return true;
}
