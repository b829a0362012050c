#include "verify/quirks.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/digest.h"
#include "evidence/bundle.h"
#include "evidence/eventlog.h"
#include "evidence/pcr.h"
#include "evidence/tpm_wire.h"

static bool is_quoted(const struct tpm_attest *attest, uint16_t alg_id)
{
    const struct pcr_selection *selection = &attest->quote.selection;
    if (attest->type != TPM_ST_ATTEST_QUOTE)
        return false;
    for (size_t i = 0; i < selection->count; i++)
        if (selection->banks[i].alg_id == alg_id)
            return true;
    return false;
}

/* An event that extends one quoted SHA-2 bank and not another would be judged in one and hidden in
 * the other. What a bank lacks that nobody quoted is of no account. */
static enum gb_tier tier_of_missing_bank(const struct evidence *evidence,
                                         const struct gb_finding *q)
{
    const struct eventlog *log = &evidence->boot_log;
    enum digest_alg lacks = q->args[1] ? digest_from_name(gb_bytes_str(q->args[1])) : DIGEST_NONE;
    if (lacks != DIGEST_NONE && !is_quoted(&evidence->attest, (uint16_t)lacks))
        return GB_TIER_AFFIRMING;
    if (q->event.log != GB_LOG_BOOT || q->event.index >= log->count)
        return q->tier;
    const struct boot_event *event = &log->events[q->event.index];
    for (size_t b = 0; b < log->bank_count; b++)
        if (event->digest[b] && digest_strong(digest_from_id(log->banks[b].alg_id)) &&
            is_quoted(&evidence->attest, log->banks[b].alg_id))
            return GB_TIER_CONTRAINDICATED;
    return q->tier;
}

void quirks_take(const struct evidence *evidence, struct gb_findings *findings)
{
    const struct gb_findings *quirks = &evidence->quirks;
    for (const struct gb_finding *q = quirks->first; q; q = q->next) {
        enum gb_tier tier =
            q->code == GB_FINDING_LOG_BANK_MISSING ? tier_of_missing_bank(evidence, q) : q->tier;
        struct gb_finding *f =
            gb_finding_add(findings, q->code, q->event, q->args[0], q->args[1], q->args[2]);
        if (f) {
            f->tier = tier;
            f->link = q->link;
        }
        if (tier > findings->worst)
            findings->worst = tier;
    }
    findings->dropped += quirks->dropped;
    findings->failed |= quirks->failed;
    if (quirks->worst > findings->worst)
        findings->worst = quirks->worst;
}
