#include "verify/aggregate.h"

#include "crypto/digest.h"
#include "evidence/ima.h"
#include "evidence/pcr.h"

enum aggregate { AGGREGATE_UNKNOWN, AGGREGATE_MATCHES, AGGREGATE_DIFFERS };

/* The hash over PCRs 0 to `last`. */
static int hash_pcrs(struct digester *digester, const struct pcr_bank *bank, unsigned last,
                     uint8_t *out)
{
    size_t size = digest_size(bank->alg);
    int r = digest_begin(digester, bank->alg);
    for (unsigned pcr = 0; r == GB_OK && pcr <= last; pcr++)
        r = digest_add(digester, bank->alg, gb_bytes(bank->value[pcr], size));
    return r < 0 ? r : digest_end(digester, bank->alg, out);
}

/* Whether the record is the hash over PCRs 0 to `last`; UNKNOWN when they are not all proven. */
static int try_range(struct digester *digester, const struct ima_entry *entry,
                     const struct pcr_bank *bank, unsigned last, enum aggregate *ret_answer)
{
    uint8_t digest[GB_LIMIT_DIGEST];
    uint32_t mask = (UINT32_C(2) << last) - 1;
    *ret_answer = AGGREGATE_UNKNOWN;
    if (!bank || mask & ~bank->mask)
        return GB_OK;
    int r = hash_pcrs(digester, bank, last, digest);
    if (r < 0)
        return r;
    bool same = gb_bytes_equal(entry->file_digest, gb_bytes(digest, digest_size(bank->alg)));
    *ret_answer = same ? AGGREGATE_MATCHES : AGGREGATE_DIFFERS;
    return GB_OK;
}

static int compare(struct digester *digester, const struct ima_entry *entry,
                   const struct pcr_values *proven, enum aggregate *ret_answer)
{
    const struct pcr_bank *bank = pcr_bank_get(proven, entry->file_alg);
    int r = try_range(digester, entry, bank, 7, ret_answer);
    if (r < 0 || *ret_answer == AGGREGATE_MATCHES || entry->file_alg == DIGEST_SHA1)
        return r;
    return try_range(digester, entry, bank, 9, ret_answer);
}

static void report(struct gb_arena *arena, const struct ima_entry *entry, size_t index,
                   enum aggregate answer, struct gb_findings *findings)
{
    const struct gb_event_ref event = {.log = GB_LOG_IMA, .index = (uint32_t)index};
    const char *alg = digest_name(entry->file_alg);
    if (answer == AGGREGATE_DIFFERS)
        gb_finding_add(findings, GB_FINDING_IMA_AGGREGATE, event,
                       entry->file_alg == DIGEST_SHA1
                           ? "sha1 of PCRs 0-7"
                           : gb_arena_printf(arena, "%s of PCRs 0-7 or 0-9", alg),
                       NULL, NULL);
    else if (answer == AGGREGATE_UNKNOWN)
        gb_finding_add(findings, GB_FINDING_IMA_AGGREGATE_UNKNOWN, event, alg, NULL, NULL);
}

int aggregate_judge(struct gb_arena *arena, struct digester *digester, const struct ima_log *log,
                    size_t count, const struct pcr_values *proven, struct gb_findings *findings,
                    struct gb_err *err)
{
    const struct ima_entry *first = log->entries;
    if (count == 0 || !ima_is_boot_aggregate(first))
        gb_finding_add(findings, GB_FINDING_IMA_AGGREGATE_MISSING, GB_NO_EVENT, NULL, NULL, NULL);
    for (size_t i = 0; i < count; i++) {
        const struct ima_entry *entry = &log->entries[i];
        enum aggregate answer;
        if (!ima_is_boot_aggregate(entry))
            continue;
        if (i > 0 && entry->file_alg == first->file_alg &&
            gb_bytes_equal(entry->file_digest, first->file_digest))
            continue;
        if (compare(digester, entry, proven, &answer) < 0)
            return gb_err_set(err, GB_ERR_BUG, "%s failed", digest_name(entry->file_alg));
        if ((i > 0 || entry->file_alg == DIGEST_NONE) && answer == AGGREGATE_UNKNOWN)
            answer = AGGREGATE_DIFFERS;
        report(arena, entry, i, answer, findings);
    }
    return GB_OK;
}

int aggregate_check_later(struct digester *digester, const struct ima_log *log, size_t count,
                          const struct pcr_values *proven, bool *ret_good, struct gb_err *err)
{
    bool good = true;
    for (size_t i = 0; i < count && good; i++) {
        const struct ima_entry *entry = &log->entries[i];
        enum aggregate answer = AGGREGATE_UNKNOWN;
        if (!ima_is_boot_aggregate(entry))
            continue;
        if (compare(digester, entry, proven, &answer) < 0)
            return gb_err_set(err, GB_ERR_BUG, "%s failed", digest_name(entry->file_alg));
        good = answer == AGGREGATE_MATCHES;
    }
    *ret_good = good;
    return GB_OK;
}
