#include "verify/runtime.h"

#include <string.h>

#include "crypto/digest.h"
#include "evidence/bundle.h"
#include "evidence/ima.h"
#include "evidence/pcr.h"
#include "verify/aggregate.h"
#include "verify/boot.h"
#include "verify/relabelled.h"
#include "verify/replay_ima.h"
#include "verify/runtime_pcr.h"

/* The bank that decides how many entries are proven. */
static const struct pcr_bank *first_bank(const struct pcr_values *proven, enum digest_alg wanted)
{
    const struct pcr_bank *bank = runtime_bank(proven, wanted);
    for (size_t i = 0; i < proven->count && !bank; i++)
        bank = runtime_bank(proven, proven->banks[i].alg);
    return bank;
}

/* Without a list PCR 10 must never have been extended, but by a boot log. */
static void judge_absence(const struct boot *boot, const struct pcr_values *proven,
                          struct gb_findings *findings)
{
    for (size_t i = 0; i < proven->count; i++) {
        const struct pcr_bank *bank = runtime_bank(proven, proven->banks[i].alg);
        if (!bank || runtime_bank_untouched(bank) || boot_extended(boot) & RUNTIME_IMA_BIT)
            continue;
        gb_finding_add(findings, GB_FINDING_IMA_MISSING, GB_NO_EVENT, NULL, NULL, NULL);
        return;
    }
}

void runtime_blame(const struct pcr_bank *bank, struct gb_findings *findings)
{
    gb_finding_add(findings, GB_FINDING_IMA_REPLAY, GB_NO_EVENT, digest_name(bank->alg), NULL,
                   NULL);
}

static void note_padding(const struct replay_ima *state, struct gb_findings *findings)
{
    if (state->padded)
        gb_finding_add(findings, GB_FINDING_IMA_PADDED, GB_NO_EVENT, digest_name(state->alg), NULL,
                       NULL);
}

/* One of the ways in which a kernel extends a bank; *ret_matched when it reaches the quoted value
 * with the last entry of `log`. */
static int try_form(struct digester *digester, const struct ima_log *log,
                    const struct pcr_bank *bank, struct replay_ima *state, bool *ret_matched,
                    struct gb_err *err)
{
    int r = replay_ima_run(digester, log, bank->value[REPLAY_IMA_PCR], state, ret_matched, err);
    if (r == GB_OK)
        *ret_matched &= state->next == log->count;
    return r;
}

/* Any other quoted bank must come to its value with the same entry. */
static int judge_other(struct digester *digester, const struct ima_log *log,
                       const struct pcr_bank *bank, struct runtime *runtime,
                       struct gb_findings *findings, struct gb_err *err)
{
    static const struct {
        bool padded;
        bool short_ones;
    } forms[] = {{false, false}, {true, false}, {true, true}};
    size_t tries = bank->alg == DIGEST_SHA1 ? 1 : GB_ARRAY_LEN(forms);
    struct replay_ima state;
    bool matched = false;
    for (size_t i = 0; i < tries && !matched; i++) {
        replay_ima_init(&state, bank->alg, forms[i].padded);
        state.short_ones = forms[i].short_ones;
        int r = try_form(digester, log, bank, &state, &matched, err);
        if (r < 0)
            return r;
    }
    if (!matched) {
        runtime_blame(bank, findings);
        return GB_OK;
    }
    note_padding(&state, findings);
    runtime->states[runtime->state_count++] = state;
    return GB_OK;
}

static int judge_others(struct digester *digester, const struct ima_log *proven_part,
                        const struct pcr_values *proven, enum digest_alg first,
                        struct runtime *runtime, struct gb_findings *findings, struct gb_err *err)
{
    for (size_t i = 0; i < proven->count; i++) {
        const struct pcr_bank *bank = runtime_bank(proven, proven->banks[i].alg);
        if (!bank || bank->alg == first)
            continue;
        int r = judge_other(digester, proven_part, bank, runtime, findings, err);
        if (r < 0)
            return r;
    }
    return GB_OK;
}

void runtime_judge_entries(struct gb_arena *arena, const struct ima_log *log, size_t count,
                           struct gb_findings *findings)
{
    for (size_t i = 0; i < count; i++)
        if (log->entries[i].pcr != REPLAY_IMA_PCR)
            gb_finding_add(
                findings, GB_FINDING_IMA_OTHER_PCR,
                (struct gb_event_ref){.log = GB_LOG_IMA, .index = (uint32_t)(log->first + i)},
                gb_arena_printf(arena, "%u", log->entries[i].pcr), NULL, NULL);
    if (count < log->count)
        gb_finding_add(findings, GB_FINDING_IMA_LATER, GB_NO_EVENT,
                       gb_arena_printf(arena, "%zu", log->count - count), NULL, NULL);
}

/* A list that is there must have been measured: a PCR 10 still at zero is reached by no entry. */
static int prove(struct digester *digester, const struct ima_log *log, const struct pcr_bank *bank,
                 struct runtime *runtime, struct gb_findings *findings, struct gb_err *err)
{
    struct replay_ima state;
    bool matched = false;
    replay_ima_init(&state, bank->alg, false);
    int r = replay_ima_prove(digester, log, bank->value[REPLAY_IMA_PCR], &state, &matched, findings,
                             err);
    if (r < 0)
        return r;
    if (!matched || state.next == 0) {
        runtime_blame(bank, findings);
        return GB_OK;
    }
    note_padding(&state, findings);
    runtime->count = state.next;
    runtime->states[runtime->state_count++] = state;
    return GB_OK;
}

static int judge_list(struct gb_arena *arena, struct digester *digester, const struct ima_log *log,
                      const struct pcr_values *proven, enum digest_alg wanted,
                      struct runtime *runtime, struct gb_findings *findings, struct gb_err *err)
{
    const struct pcr_bank *bank = first_bank(proven, wanted);
    if (!bank || (log->count == 0 && runtime_bank_untouched(bank)))
        return GB_OK;
    int r = prove(digester, log, bank, runtime, findings, err);
    if (r < 0 || runtime->count == 0)
        return r;
    struct ima_log proven_part = *log;
    proven_part.count = runtime->count;
    r = judge_others(digester, &proven_part, proven, bank->alg, runtime, findings, err);
    if (r == GB_OK)
        r = aggregate_judge(arena, digester, log, runtime->count, proven, findings, err);
    if (r == GB_OK)
        r = relabelled_judge(digester, log, runtime->count, findings, err);
    if (r < 0)
        return r;
    runtime_judge_entries(arena, log, runtime->count, findings);
    runtime->holds = bank->alg == wanted;
    return GB_OK;
}

int runtime_judge(struct gb_arena *arena, struct digester *digester,
                  const struct evidence *evidence, const struct boot *boot,
                  const struct pcr_values *proven, enum digest_alg bank,
                  struct runtime *ret_runtime, struct gb_findings *findings, struct gb_err *err)
{
    *ret_runtime = (struct runtime){0};
    if (evidence->has_ima)
        return judge_list(arena, digester, &evidence->ima, proven, bank, ret_runtime, findings,
                          err);
    judge_absence(boot, proven, findings);
    return GB_OK;
}

int runtime_measured(struct gb_arena *arena, const struct ima_log *log, size_t count,
                     const struct ima_entry **ret_entries, struct gb_err *err)
{
    struct ima_entry *copy = NULL;
    for (size_t i = 0; i < count; i++) {
        if (log->entries[i].pcr == REPLAY_IMA_PCR)
            continue;
        if (!copy) {
            copy = gb_arena_alloc_raw(arena, count, sizeof *copy);
            if (!copy)
                return gb_err_nomem(err);
            memcpy(copy, log->entries, count * sizeof *copy);
        }
        copy[i] = (struct ima_entry){.template_digest = log->entries[i].template_digest,
                                     .template_name = log->entries[i].template_name,
                                     .pcr = log->entries[i].pcr};
    }
    *ret_entries = copy ? copy : log->entries;
    return GB_OK;
}
