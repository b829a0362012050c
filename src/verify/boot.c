#include "verify/boot.h"

#include <string.h>

#include "crypto/digest.h"
#include "evidence/bundle.h"
#include "evidence/pcr.h"
#include "evidence/systemd_log.h"
#include "verify/event_data.h"
#include "verify/replay_boot.h"

enum { PHASE_PCR = 11 }; /* TPM2_PCR_KERNEL_BOOT of systemd */

/* Quoted PCRs that must be at their reset value when no log extends them: something was measured
 * without a record otherwise. 10 is IMA's; 16 and 23 can be reset by anyone; 17-22 are a dynamic
 * launch's (PTP 1.06, 5.8). */
#define MUST_BE_EXPLAINED UINT32_C(0xfbff)

/* PCRs of one quoted bank that the replayed values do not explain. */
static uint32_t differing(const struct pcr_bank *said, const struct pcr_bank *quoted)
{
    uint32_t differ = 0;
    size_t size = digest_size(quoted->alg);
    for (unsigned pcr = 0; pcr < GB_LIMIT_PCRS; pcr++) {
        uint32_t bit = UINT32_C(1) << pcr;
        if (!(quoted->mask & bit))
            continue;
        const uint8_t *value = quoted->value[pcr];
        if (said && said->mask & bit) {
            if (memcmp(said->value[pcr], value, size) != 0)
                differ |= bit;
        } else if (MUST_BE_EXPLAINED & bit && !gb_bytes_all(gb_bytes(value, size), 0)) {
            differ |= bit;
        }
    }
    return differ;
}

/* Whether the PCRs of `mask` are as quoted in every proven bank. */
static bool agree(const struct pcr_values *values, const struct pcr_values *proven, uint32_t mask)
{
    for (size_t i = 0; i < proven->count; i++) {
        const struct pcr_bank *quoted = &proven->banks[i];
        if (differing(pcr_bank_get(values, quoted->alg), quoted) & mask)
            return false;
    }
    return true;
}

/* ---- systemd ---- */

static uint32_t systemd_mask(const struct systemd_log *log)
{
    uint32_t mask = 0;
    for (size_t i = 0; i < log->count; i++)
        mask |= UINT32_C(1) << log->events[i].pcr;
    return mask;
}

/* The quote is taken before the log is read, so the log may hold more: the longest run of its
 * events that gives the quoted values is what was measured by then. All of it when none does. */
static int follow_systemd(struct digester *digester, const struct systemd_log *log,
                          const struct pcr_values *proven, struct boot *boot, struct gb_err *err)
{
    struct pcr_values values = boot->values;
    struct pcr_values reached = values;
    uint32_t mask = systemd_mask(log);
    bool found = false;
    for (size_t n = 0;; n++) {
        if (agree(&values, proven, mask)) {
            found = true;
            reached = values;
            boot->systemd_count = n;
        }
        if (n == log->count)
            break;
        const struct systemd_log one = {.events = &log->events[n], .count = 1};
        int r = replay_systemd(digester, &one, &values, err);
        if (r < 0)
            return r;
    }
    if (!found)
        boot->systemd_count = log->count;
    boot->values = found ? reached : values;
    return GB_OK;
}

static int judge_systemd_words(struct gb_arena *arena, struct digester *digester,
                               const struct systemd_log *log, struct boot *boot,
                               struct gb_findings *findings, struct gb_err *err)
{
    bool *proven = gb_arena_new_array(arena, bool, log->count + 1);
    if (!proven)
        return gb_err_nomem(err);
    for (size_t i = 0; i < boot->systemd_count; i++) {
        const struct systemd_event *e = &log->events[i];
        enum event_data answer;
        int r = event_data_check_systemd(digester, e, &answer, err);
        if (r < 0)
            return r;
        proven[i] = answer == EVENT_DATA_PROVEN;
        if (e->pcr <= 7) /* the firmware's, and closed by its separators long ago */
            gb_finding_add(findings, GB_FINDING_EVENT_AFTER_SEPARATOR,
                           (struct gb_event_ref){.log = GB_LOG_SYSTEMD, .index = e->index},
                           "a record of systemd's log", gb_arena_printf(arena, "%u", e->pcr), NULL);
        if (answer == EVENT_DATA_LIES)
            gb_finding_add(findings, GB_FINDING_EVENT_DATA,
                           (struct gb_event_ref){.log = GB_LOG_SYSTEMD, .index = e->index},
                           "record", gb_arena_printf(arena, "%u", e->pcr), "tpm2-measure.log");
    }
    boot->systemd_proven = proven;
    return GB_OK;
}

static int judge_systemd(struct gb_arena *arena, struct digester *digester,
                         const struct systemd_log *log, const struct pcr_values *proven,
                         struct boot *boot, struct gb_findings *findings, struct gb_err *err)
{
    int r = follow_systemd(digester, log, proven, boot, err);
    if (r == GB_OK)
        r = judge_systemd_words(arena, digester, log, boot, findings, err);
    if (r == GB_OK && boot->systemd_count < log->count)
        gb_finding_add(findings, GB_FINDING_SYSTEMD_LATER, GB_NO_EVENT,
                       gb_arena_printf(arena, "%zu", log->count - boot->systemd_count), NULL, NULL);
    return r;
}

/* ---- both ---- */

static int replay(struct gb_arena *arena, struct digester *digester,
                  const struct evidence *evidence, const struct pcr_values *proven,
                  struct boot *boot, struct gb_findings *findings, struct gb_err *err)
{
    int r = replay_boot(digester, &evidence->boot_log, &boot->values, err);
    if (r < 0)
        return r;
    /* systemd extends every bank, also one that the firmware's log leaves out. */
    for (size_t i = 0; i < proven->count; i++)
        (void)pcr_bank_add(&boot->values, proven->banks[i].alg);
    if (evidence->has_systemd_log && evidence->systemd_log.count > 0)
        return judge_systemd(arena, digester, &evidence->systemd_log, proven, boot, findings, err);
    if (agree(&boot->values, proven, UINT32_C(1) << PHASE_PCR))
        return GB_OK;
    return replay_phases(digester, proven, &boot->values, &boot->phase_row, err);
}

/* Blames systemd's log for the PCRs that it extends, the firmware's for the others. */
static void compare(struct gb_arena *arena, const struct evidence *evidence,
                    const struct pcr_values *proven, const struct boot *boot,
                    struct gb_findings *findings)
{
    uint32_t systemd = evidence->has_systemd_log ? systemd_mask(&evidence->systemd_log) : 0;
    for (size_t i = 0; i < proven->count; i++) {
        const struct pcr_bank *quoted = &proven->banks[i];
        uint32_t differ = differing(pcr_bank_get(&boot->values, quoted->alg), quoted);
        if (differ & ~systemd)
            gb_finding_add(findings, GB_FINDING_BOOT_REPLAY, GB_NO_EVENT,
                           pcr_mask_text(arena, differ & ~systemd), digest_name(quoted->alg), NULL);
        if (differ & systemd)
            gb_finding_add(findings, GB_FINDING_SYSTEMD_REPLAY, GB_NO_EVENT,
                           pcr_mask_text(arena, differ & systemd), digest_name(quoted->alg), NULL);
    }
}

int boot_judge(struct gb_arena *arena, struct digester *digester, const struct evidence *evidence,
               const struct pcr_values *proven, struct boot *ret_boot, struct gb_findings *findings,
               struct gb_err *err)
{
    *ret_boot = (struct boot){.has_log = evidence->has_boot_log, .phase_row = -1};
    if (!evidence->has_boot_log) {
        gb_finding_add(findings, GB_FINDING_BOOT_LOG_MISSING, GB_NO_EVENT, NULL, NULL, NULL);
        return GB_OK;
    }
    int r = event_log_judge(arena, digester, &evidence->boot_log, &ret_boot->data_proven, findings,
                            err);
    if (r == GB_OK)
        r = replay(arena, digester, evidence, proven, ret_boot, findings, err);
    if (r == GB_OK)
        compare(arena, evidence, proven, ret_boot, findings);
    return r;
}

uint32_t boot_extended(const struct boot *boot)
{
    uint32_t mask = 0;
    for (size_t i = 0; i < boot->values.count; i++)
        mask |= boot->values.banks[i].mask;
    return mask;
}

bool boot_holds(const struct boot *boot, const struct pcr_values *proven, enum digest_alg bank)
{
    const struct pcr_bank *said = pcr_bank_get(&boot->values, bank);
    const struct pcr_bank *quoted = pcr_bank_get(proven, bank);
    return boot->has_log && said && quoted && said->mask && !(said->mask & ~quoted->mask) &&
           differing(said, quoted) == 0;
}
