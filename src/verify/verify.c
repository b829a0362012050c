#include "verify/verify.h"

#include "crypto/digest.h"
#include "evidence/bundle.h"
#include "evidence/pcr.h"
#include "evidence/tpm_wire.h"
#include "verify/anchors.h"
#include "verify/binding.h"
#include "verify/boot.h"
#include "verify/claims.h"
#include "verify/cmdline.h"
#include "verify/freshness.h"
#include "verify/identity.h"
#include "verify/proof.h"
#include "verify/quirks.h"
#include "verify/rounds.h"
#include "verify/runtime.h"
#include "verify/seen.h"
#include "verify/selection.h"
#include "verify/signature.h"

/* What the quote must carry: the nonce, or with a transport key the digest that binds both. A nonce
 * that is not there binds nothing. */
static int judge_freshness(struct gb_arena *arena, struct digester *digester,
                           const struct asked *asked, const struct evidence *evidence,
                           bool *ret_fresh, struct gb_findings *findings, struct gb_err *err)
{
    uint8_t binding[BINDING_SIZE];
    bool has_nonce = asked->has_nonce || asked->transport;
    struct gb_bytes expected = asked->has_nonce ? asked->nonce : gb_bytes(NULL, 0);
    if (asked->transport && expected.len > 0) {
        int r = binding_of(digester, asked->nonce, asked->transport, evidence->raw->extras, binding,
                           err);
        if (r < 0)
            return r;
        expected = gb_bytes(binding, sizeof binding);
    }
    *ret_fresh = freshness_judge(arena, &evidence->attest, has_nonce, expected, findings);
    return GB_OK;
}

static int judge_quote(struct gb_arena *arena, struct digester *digester, const struct asked *asked,
                       const struct evidence *evidence, bool *ret_proven, struct pcr_values *proven,
                       struct gb_findings *findings, struct gb_err *err)
{
    bool good = false, fresh = false;
    int r = signature_judge(arena, digester, evidence, asked->ak, &good, findings, err);
    if (r == GB_OK)
        r = judge_freshness(arena, digester, asked, evidence, &fresh, findings, err);
    if (r < 0)
        return r;
    *ret_proven = good && fresh;
    enum digest_alg hash = digest_from_id(evidence->signature.hash_id);
    if (evidence->attest.type != TPM_ST_ATTEST_QUOTE || hash == DIGEST_NONE)
        return GB_OK; /* nothing says what PCRs should be; the reason is among the findings */
    return selection_prove(arena, digester, &evidence->attest, hash, &evidence->pcrs, proven,
                           findings, err);
}

/* The bank in which all is judged: it covers what every quote must, and what the logs extend. A
 * log that is silent in it explains nothing. */
static enum digest_alg choose_bank(struct gb_arena *arena, const struct evidence *evidence,
                                   const struct boot *boot, const struct pcr_values *proven,
                                   struct gb_findings *findings)
{
    if (proven->count == 0)
        return DIGEST_NONE;
    enum digest_alg bank = selection_bank(arena, &evidence->attest, proven,
                                          SELECTION_REQUIRED | boot_extended(boot), findings);
    const struct pcr_bank *said = pcr_bank_get(&boot->values, bank);
    if (bank != DIGEST_NONE && boot_extended(boot) != 0 && (!said || said->mask == 0))
        gb_finding_add(findings, GB_FINDING_LOG_EMPTY, GB_NO_EVENT, NULL, NULL, NULL);
    return bank;
}

/* Four numbers of 16 bits, most significant first: as TPM_PT_FIRMWARE_VERSION_1 and _2 are read. */
static const char *firmware_text(struct gb_arena *arena, uint64_t version)
{
    return gb_arena_printf(arena, "%u.%u.%u.%u", (unsigned)(version >> 48),
                           (unsigned)(version >> 32 & 0xffff), (unsigned)(version >> 16 & 0xffff),
                           (unsigned)(version & 0xffff));
}

static int claim_quote(struct gb_arena *arena, const struct asked *asked,
                       const struct evidence *evidence, enum digest_alg bank, struct claims *claims,
                       struct gb_err *err)
{
    const struct tpm_attest *attest = &evidence->attest;
    if (asked->transport)
        claims->extras = evidence->raw->extras;
    claims->quote_proven = true;
    claims->bank = bank;
    claims->quoted = attest->quote.selection;
    claims->clock_ms = attest->clock_ms;
    claims->reset_count = attest->reset_count;
    claims->restart_count = attest->restart_count;
    claims->firmware_version = attest->firmware_version;
    claims->tpm.firmware = firmware_text(arena, attest->firmware_version);
    return claims->tpm.firmware ? GB_OK : gb_err_nomem(err);
}

static int claim_boot(struct gb_arena *arena, struct digester *digester,
                      const struct evidence *evidence, const struct boot *boot,
                      const struct pcr_values *proven, struct claims *claims, struct gb_err *err)
{
    int r = boot_measured(arena, digester, evidence, boot, proven, claims->bank, &claims->boot,
                          &claims->boot_count, err);
    if (r < 0)
        return r;
    claims->has_boot = true;
    return cmdline_prove(arena, digester, claims->boot, claims->boot_count, claims->bank,
                         evidence->raw->cmdline, &claims->cmdline, &claims->cmdline_at, err);
}

static int claim_runtime(struct gb_arena *arena, const struct evidence *evidence,
                         const struct runtime *runtime, struct claims *claims, struct gb_err *err)
{
    int r = runtime_measured(arena, &evidence->ima, runtime->count, &claims->ima, err);
    if (r < 0)
        return r;
    claims->has_ima = true;
    claims->ima_count = runtime->count;
    return GB_OK;
}

/* Logs against the proven values, then into the claims what a proven quote proves. */
static int judge_logs(struct proof *proof, struct gb_err *err)
{
    struct gb_arena *arena = proof->arena;
    struct digester *digester = proof->digester;
    const struct evidence *evidence = proof->evidence;
    const struct pcr_values *proven = &proof->proven;
    struct claims *claims = &proof->claims;
    int r = boot_judge(arena, digester, evidence, proven, &proof->boot, &claims->findings, err);
    if (r < 0)
        return r;
    enum digest_alg bank = choose_bank(arena, evidence, &proof->boot, proven, &claims->findings);
    r = runtime_judge(arena, digester, evidence, &proof->boot, proven, bank, &proof->runtime,
                      &claims->findings, err);
    if (r < 0 || !proof->quote_proven || proven->count == 0)
        return r;
    r = claim_quote(arena, proof->asked, evidence, bank, claims, err);
    if (r == GB_OK && boot_holds(&proof->boot, proven, bank))
        r = claim_boot(arena, digester, evidence, &proof->boot, proven, claims, err);
    if (r == GB_OK && proof->runtime.holds)
        r = claim_runtime(arena, evidence, &proof->runtime, claims, err);
    return r;
}

/* The boot part was proven by an earlier round and is unchanged; only IMA's list has grown. */
static int judge_more(struct proof *proof, struct gb_err *err)
{
    const struct seen *before = proof->before;
    struct claims *claims = &proof->claims;
    claims->continues = true;
    if (!proof->quote_proven || proof->proven.count == 0)
        return GB_OK; /* the reason is among the findings */
    int r =
        rounds_check_boot(proof->digester, &proof->evidence->attest, &proof->proven, before, err);
    if (r == GB_OK)
        r = runtime_continue(proof->arena, proof->digester, proof->evidence, before, &proof->proven,
                             &proof->runtime, &claims->findings, err);
    if (r < 0)
        return r;
    r = claim_quote(proof->arena, proof->asked, proof->evidence, before->bank, claims, err);
    claims->ima_from = before->ima.next;
    if (r < 0)
        return r;
    return proof->runtime.holds
               ? claim_runtime(proof->arena, proof->evidence, &proof->runtime, claims, err)
               : GB_OK;
}

/* T12, and a nonce that was quoted long before it was sent back. */
static int judge_time(struct proof *proof, struct gb_err *err)
{
    const struct asked *asked = proof->asked;
    const struct tpm_attest *attest = &proof->evidence->attest;
    if (!proof->before || !proof->quote_proven)
        return GB_OK;
    if (rounds_early(attest, proof->before, asked->issued_s, asked->time_s))
        return gb_err_set(
            err, GB_ERR_AGAIN,
            "the quote was made long before it was sent: quote a fresh nonce at once");
    rounds_judge_clock(proof->arena, attest, proof->before, &proof->claims.findings);
    return GB_OK;
}

int proof_judge(struct proof *proof, const struct anchors *anchors, struct gb_err *err)
{
    struct claims *claims = &proof->claims;
    bool continues = proof->before && bundle_continues(proof->evidence->raw);
    int r = continues ? rounds_check_bundle(proof->evidence->raw, proof->before, err) : GB_OK;
    if (r < 0)
        return r;
    quirks_take(proof->evidence, &claims->findings);
    r = judge_quote(proof->arena, proof->digester, proof->asked, proof->evidence,
                    &proof->quote_proven, &proof->proven, &claims->findings, err);
    if (r == GB_OK)
        r = judge_time(proof, err);
    if (r == GB_OK)
        r = continues ? judge_more(proof, err) : judge_logs(proof, err);
    if (r == GB_OK && !continues) /* identity was judged with the whole evidence */
        r = identity_judge(proof->arena, anchors, proof->evidence->raw, proof->asked->time_s,
                           proof->asked->allow_expired, &claims->ek_certified, &claims->tpm,
                           &claims->findings, err);
    if (r == GB_OK && claims->findings.failed) /* an incomplete list must not become a verdict */
        r = gb_err_nomem(err);
    return r;
}

struct proof *proof_new(struct gb_arena *arena, struct digester *digester,
                        const struct asked *asked, const struct evidence *evidence,
                        const struct seen *before)
{
    struct proof *proof = gb_arena_new_one(arena, struct proof);
    if (!proof)
        return NULL;
    proof->arena = arena;
    proof->digester = digester;
    proof->asked = asked;
    proof->evidence = evidence;
    proof->before = before;
    proof->claims.findings.arena = arena;
    proof->claims.facts = asked->facts;
    proof->claims.time_s = asked->time_s;
    return proof;
}

int verify(struct gb_arena *arena, struct digester *digester, const struct anchors *anchors,
           const struct asked *asked, const struct evidence *evidence, struct claims *ret_claims,
           struct gb_err *err)
{
    struct proof *proof = proof_new(arena, digester, asked, evidence, NULL);
    if (!proof)
        return gb_err_nomem(err);
    int r = proof_judge(proof, anchors, err);
    if (r == GB_OK)
        *ret_claims = proof->claims;
    return r;
}
