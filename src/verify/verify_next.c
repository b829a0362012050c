#include "crypto/digest.h"
#include "evidence/bundle.h"
#include "evidence/tpm_wire.h"
#include "verify/anchors.h"
#include "verify/claims.h"
#include "verify/proof.h"
#include "verify/rounds.h"
#include "verify/runtime.h"
#include "verify/seen.h"
#include "verify/verify.h"

bool claims_refused(const struct claims *claims)
{
    if (!claims->quote_proven || claims->bank == DIGEST_NONE)
        return true;
    if (claims->findings.dropped > 0 && claims->findings.worst == GB_TIER_CONTRAINDICATED)
        return true; /* nobody knows which link the findings beyond the ceiling spoke of */
    for (const struct gb_finding *f = claims->findings.first; f; f = f->next)
        if (f->tier == GB_TIER_CONTRAINDICATED &&
            (f->link == GB_LINK_EVIDENCE || f->link == GB_LINK_NONE))
            return true;
    return false;
}

static void see_clock(const struct proof *proof, struct seen *seen)
{
    const struct tpm_attest *attest = &proof->evidence->attest;
    seen->known = true;
    seen->clock_ms = attest->clock_ms;
    seen->reset_count = attest->reset_count;
    seen->restart_count = attest->restart_count;
    seen->asked_s = proof->asked->issued_s;
    seen->answered_s = proof->asked->time_s;
}

static void see_runtime(const struct proof *proof, struct seen *seen)
{
    const struct runtime *runtime = &proof->runtime;
    seen->ima = runtime->states[0];
    seen->other_count = runtime->state_count - 1;
    for (size_t i = 0; i < seen->other_count; i++)
        seen->others[i] = runtime->states[i + 1];
}

/* Whether boot and list are proven to their ends, so that the next round may go on from there. */
static bool is_whole(struct proof *proof)
{
    const struct claims *claims = &proof->claims;
    if (claims->continues || !claims->has_boot)
        return claims->continues;
    return claims->has_ima || runtime_untouched(&proof->proven, claims->bank, &proof->runtime);
}

static int see_boot(const struct proof *proof, struct seen *seen, struct gb_err *err)
{
    seen->bank = proof->claims.bank;
    if (digest_of(proof->digester, DIGEST_SHA256, proof->evidence->raw->boot_log, seen->boot_log) <
        0)
        return gb_err_set(err, GB_ERR_BUG, "sha256 failed");
    return rounds_hash_values(proof->digester, &proof->proven, seen->boot_values, err);
}

static bool is_later_boot(const struct tpm_attest *attest, const struct seen *before)
{
    return !before->known || attest->reset_count > before->reset_count ||
           (attest->reset_count == before->reset_count &&
            attest->restart_count > before->restart_count && attest->clock_ms >= before->clock_ms);
}

/* A TPM that was rolled back catches up by being reset often enough: the mark stays. */
static bool went_back(const struct claims *claims)
{
    for (const struct gb_finding *f = claims->findings.first; f; f = f->next)
        if (f->code == GB_FINDING_RESET_BACK || f->code == GB_FINDING_CLOCK_BACK ||
            f->code == GB_FINDING_ROLLED_BACK)
            return true;
    return false;
}

static int see(struct proof *proof, struct seen *ret_seen, struct gb_err *err)
{
    struct seen seen = {0};
    if (claims_refused(&proof->claims)) {
        seen = *proof->before;
        if (proof->quote_proven && is_later_boot(&proof->evidence->attest, proof->before)) {
            seen = (struct seen){0};
            see_clock(proof, &seen);
        }
        seen.rolled_back =
            proof->before->rolled_back || (proof->quote_proven && went_back(&proof->claims));
        *ret_seen = seen;
        return GB_OK;
    }
    if (proof->claims.continues)
        seen = *proof->before;
    see_clock(proof, &seen);
    seen.whole = is_whole(proof);
    if (seen.whole)
        see_runtime(proof, &seen);
    int r = seen.whole && !proof->claims.continues ? see_boot(proof, &seen, err) : GB_OK;
    if (r == GB_OK)
        *ret_seen = seen;
    return r;
}

int verify_next(struct gb_arena *arena, struct digester *digester, const struct anchors *anchors,
                const struct asked *asked, const struct evidence *evidence,
                const struct seen *before, struct seen *ret_seen, struct claims *ret_claims,
                struct gb_err *err)
{
    struct proof *proof = proof_new(arena, digester, asked, evidence, before);
    if (!proof)
        return gb_err_nomem(err);
    int r = proof_judge(proof, anchors, err);
    if (r == GB_OK)
        r = see(proof, ret_seen, err);
    if (r == GB_OK)
        *ret_claims = proof->claims;
    return r;
}
