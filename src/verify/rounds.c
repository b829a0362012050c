#include "verify/rounds.h"

#include <inttypes.h>
#include <string.h>

#include "crypto/digest.h"
#include "evidence/bundle.h"
#include "evidence/pcr.h"
#include "evidence/tpm_wire.h"
#include "verify/replay_ima.h"
#include "verify/seen.h"

enum { HELD_S = 30, SLACK_S = 30, SLACK_PERCENT = 40 };

static bool same_boot(const struct tpm_attest *attest, const struct seen *before)
{
    return attest->reset_count == before->reset_count &&
           attest->restart_count == before->restart_count;
}

/* ---- clock and counters ---- */

static const char *counts_text(struct gb_arena *arena, uint32_t reset, uint32_t restart)
{
    return gb_arena_printf(arena, "resetCount %" PRIu32 ", restartCount %" PRIu32, reset, restart);
}

static bool counts_back(const struct tpm_attest *attest, const struct seen *before)
{
    return attest->reset_count < before->reset_count ||
           (attest->reset_count == before->reset_count &&
            attest->restart_count < before->restart_count);
}

void rounds_judge_clock(struct gb_arena *arena, const struct tpm_attest *attest,
                        const struct seen *before, struct gb_findings *findings)
{
    if (!attest->safe)
        gb_finding_add(findings, GB_FINDING_CLOCK_UNSAFE, GB_NO_EVENT, NULL, NULL, NULL);
    if (!before->known)
        return;
    if (counts_back(attest, before))
        gb_finding_add(findings, GB_FINDING_RESET_BACK, GB_NO_EVENT,
                       counts_text(arena, attest->reset_count, attest->restart_count),
                       counts_text(arena, before->reset_count, before->restart_count), NULL);
    else if (attest->reset_count == before->reset_count && attest->clock_ms < before->clock_ms)
        gb_finding_add(findings, GB_FINDING_CLOCK_BACK, GB_NO_EVENT,
                       gb_arena_printf(arena, "%" PRIu64, attest->clock_ms),
                       gb_arena_printf(arena, "%" PRIu64, before->clock_ms), NULL);
    else if (before->rolled_back)
        gb_finding_add(findings, GB_FINDING_ROLLED_BACK, GB_NO_EVENT, NULL, NULL, NULL);
    else if (attest->reset_count - before->reset_count > 1)
        gb_finding_add(
            findings, GB_FINDING_REBOOT_UNSEEN, GB_NO_EVENT,
            gb_arena_printf(arena, "%" PRIu32, attest->reset_count - before->reset_count - 1), NULL,
            NULL);
}

bool rounds_early(const struct tpm_attest *attest, const struct seen *before, int64_t issued_s,
                  int64_t now_s)
{
    if (issued_s == 0 || !before->known || !same_boot(attest, before) ||
        attest->clock_ms < before->clock_ms || now_s - issued_s <= HELD_S)
        return false;
    int64_t passed_s = now_s - before->answered_s;
    int64_t slack_s = passed_s * SLACK_PERCENT / 100;
    int64_t ran_s = (int64_t)((attest->clock_ms - before->clock_ms) / 1000);
    return ran_s < passed_s - (slack_s > SLACK_S ? slack_s : SLACK_S);
}

/* ---- the same boot ---- */

static int ask_again(struct gb_err *err, const char *what)
{
    return gb_err_set(err, GB_ERR_AGAIN, "send all evidence: %s", what);
}

int rounds_check_bundle(const struct bundle *bundle, const struct seen *before, struct gb_err *err)
{
    const struct gb_bytes held = gb_bytes(before->boot_log, sizeof before->boot_log);
    if (!before->whole)
        return ask_again(err, "nothing of this boot is held here");
    if (bundle->boot_log.data)
        return ask_again(err, "a whole boot log comes with a whole IMA list");
    if (bundle->boot_log_digest.data && !gb_bytes_equal(bundle->boot_log_digest, held))
        return ask_again(err, "the boot log is another one");
    if (bundle->ima_from != before->ima.next)
        return gb_err_set(err, GB_ERR_AGAIN,
                          "send all evidence: the IMA list goes on from entry %" PRIu64
                          ", held are %zu",
                          bundle->ima_from, before->ima.next);
    return GB_OK;
}

static int add_bank(struct digester *digester, const struct pcr_bank *bank)
{
    const uint8_t head[] = {(uint8_t)(bank->alg >> 8),   (uint8_t)bank->alg,
                            (uint8_t)(bank->mask >> 24), (uint8_t)(bank->mask >> 16),
                            (uint8_t)(bank->mask >> 8),  (uint8_t)bank->mask};
    int r = digest_add(digester, DIGEST_SHA256, gb_bytes(head, sizeof head));
    for (unsigned pcr = 0; r == GB_OK && pcr < GB_LIMIT_PCRS; pcr++)
        if (bank->mask >> pcr & 1 && pcr != REPLAY_IMA_PCR)
            r = digest_add(digester, DIGEST_SHA256,
                           gb_bytes(bank->value[pcr], digest_size(bank->alg)));
    return r;
}

int rounds_hash_values(struct digester *digester, const struct pcr_values *proven, uint8_t out[32],
                       struct gb_err *err)
{
    int r = digest_begin(digester, DIGEST_SHA256);
    for (size_t i = 0; r == GB_OK && i < proven->count; i++)
        r = add_bank(digester, &proven->banks[i]);
    if (r == GB_OK)
        r = digest_end(digester, DIGEST_SHA256, out);
    return r < 0 ? gb_err_set(err, GB_ERR_BUG, "sha256 failed") : GB_OK;
}

int rounds_check_boot(struct digester *digester, const struct tpm_attest *attest,
                      const struct pcr_values *proven, const struct seen *before,
                      struct gb_err *err)
{
    uint8_t values[32];
    if (!same_boot(attest, before))
        return ask_again(err, "the TPM was reset or restarted");
    int r = rounds_hash_values(digester, proven, values, err);
    if (r < 0)
        return r;
    if (memcmp(values, before->boot_values, sizeof values) != 0)
        return ask_again(err, "something but IMA measured since the last round");
    return GB_OK;
}
