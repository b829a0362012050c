#include "verify/verify.h"

#include "crypto/digest.h"
#include "evidence/bundle.h"
#include "evidence/eventlog.h"
#include "evidence/pcr.h"
#include "evidence/tpm_wire.h"
#include "verify/anchors.h"
#include "verify/binding.h"
#include "verify/boot.h"
#include "verify/claims.h"
#include "verify/cmdline.h"
#include "verify/freshness.h"
#include "verify/identity.h"
#include "verify/rounds.h"
#include "verify/runtime.h"
#include "verify/seen.h"
#include "verify/selection.h"
#include "verify/signature.h"

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

/* What the readers noticed comes first. */
static void take_quirks(const struct evidence *evidence, struct gb_findings *findings)
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

static void claim_quote(const struct asked *asked, const struct evidence *evidence,
                        enum digest_alg bank, struct claims *claims)
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
                         evidence->raw->cmdline, &claims->cmdline, err);
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

/* One attestation on its way from evidence to claims. */
struct round {
    struct gb_arena *arena;
    struct digester *digester;
    const struct asked *asked;
    const struct evidence *evidence;
    const struct seen *before; /* NULL: this attestation stands alone */
    struct pcr_values proven;
    bool quote_proven;
    struct boot boot;
    struct runtime runtime;
    struct claims claims;
};

/* Logs against the proven values, then into the claims what a proven quote proves. */
static int judge_logs(struct round *round, struct gb_err *err)
{
    struct gb_arena *arena = round->arena;
    struct digester *digester = round->digester;
    const struct evidence *evidence = round->evidence;
    const struct pcr_values *proven = &round->proven;
    struct claims *claims = &round->claims;
    int r = boot_judge(arena, digester, evidence, proven, &round->boot, &claims->findings, err);
    if (r < 0)
        return r;
    enum digest_alg bank = choose_bank(arena, evidence, &round->boot, proven, &claims->findings);
    r = runtime_judge(arena, digester, evidence, &round->boot, proven, bank, &round->runtime,
                      &claims->findings, err);
    if (r < 0 || !round->quote_proven || proven->count == 0)
        return r;
    claim_quote(round->asked, evidence, bank, claims);
    if (boot_holds(&round->boot, proven, bank))
        r = claim_boot(arena, digester, evidence, &round->boot, proven, claims, err);
    if (r == GB_OK && round->runtime.holds)
        r = claim_runtime(arena, evidence, &round->runtime, claims, err);
    return r;
}

/* The boot part was proven by an earlier round and is unchanged; only IMA's list has grown. */
static int judge_more(struct round *round, struct gb_err *err)
{
    const struct seen *before = round->before;
    struct claims *claims = &round->claims;
    claims->continues = true;
    if (!round->quote_proven || round->proven.count == 0)
        return GB_OK; /* the reason is among the findings */
    int r =
        rounds_check_boot(round->digester, &round->evidence->attest, &round->proven, before, err);
    if (r == GB_OK)
        r = runtime_continue(round->arena, round->digester, round->evidence, before, &round->proven,
                             &round->runtime, &claims->findings, err);
    if (r < 0)
        return r;
    claim_quote(round->asked, round->evidence, before->bank, claims);
    claims->ima_from = before->ima.next;
    return round->runtime.holds
               ? claim_runtime(round->arena, round->evidence, &round->runtime, claims, err)
               : GB_OK;
}

/* T12, and a nonce that was quoted long before it was sent back. */
static int judge_time(struct round *round, struct gb_err *err)
{
    const struct asked *asked = round->asked;
    const struct tpm_attest *attest = &round->evidence->attest;
    if (!round->before || !round->quote_proven)
        return GB_OK;
    if (rounds_early(attest, round->before, asked->issued_s, asked->time_s))
        return gb_err_set(
            err, GB_ERR_AGAIN,
            "the quote was made long before it was sent: quote a fresh nonce at once");
    rounds_judge_clock(round->arena, attest, round->before, &round->claims.findings);
    return GB_OK;
}

static int judge_round(struct round *round, const struct anchors *anchors, struct gb_err *err)
{
    struct claims *claims = &round->claims;
    bool continues = round->before && bundle_continues(round->evidence->raw);
    int r = continues ? rounds_check_bundle(round->evidence->raw, round->before, err) : GB_OK;
    if (r < 0)
        return r;
    take_quirks(round->evidence, &claims->findings);
    r = judge_quote(round->arena, round->digester, round->asked, round->evidence,
                    &round->quote_proven, &round->proven, &claims->findings, err);
    if (r == GB_OK)
        r = judge_time(round, err);
    if (r == GB_OK)
        r = continues ? judge_more(round, err) : judge_logs(round, err);
    if (r == GB_OK && !continues) /* identity was judged with the whole evidence */
        r = identity_judge(round->arena, anchors, round->evidence->raw, round->asked->time_s,
                           round->asked->allow_expired, &claims->ek_certified, &claims->findings,
                           err);
    if (r == GB_OK && claims->findings.failed) /* an incomplete list must not become a verdict */
        r = gb_err_nomem(err);
    return r;
}

static struct round *round_new(struct gb_arena *arena, struct digester *digester,
                               const struct asked *asked, const struct evidence *evidence,
                               const struct seen *before)
{
    struct round *round = gb_arena_new_one(arena, struct round);
    if (!round)
        return NULL;
    round->arena = arena;
    round->digester = digester;
    round->asked = asked;
    round->evidence = evidence;
    round->before = before;
    round->claims.findings.arena = arena;
    return round;
}

int verify(struct gb_arena *arena, struct digester *digester, const struct anchors *anchors,
           const struct asked *asked, const struct evidence *evidence, struct claims *ret_claims,
           struct gb_err *err)
{
    struct round *round = round_new(arena, digester, asked, evidence, NULL);
    int r = round ? judge_round(round, anchors, err) : gb_err_nomem(err);
    if (r == GB_OK)
        *ret_claims = round->claims;
    return r;
}

/* ---- what the next round starts from ---- */

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

static void see_clock(const struct round *round, struct seen *seen)
{
    const struct tpm_attest *attest = &round->evidence->attest;
    seen->known = true;
    seen->clock_ms = attest->clock_ms;
    seen->reset_count = attest->reset_count;
    seen->restart_count = attest->restart_count;
    seen->asked_s = round->asked->issued_s;
    seen->answered_s = round->asked->time_s;
}

static void see_runtime(const struct round *round, struct seen *seen)
{
    const struct runtime *runtime = &round->runtime;
    seen->ima = runtime->states[0];
    seen->other_count = runtime->state_count - 1;
    for (size_t i = 0; i < seen->other_count; i++)
        seen->others[i] = runtime->states[i + 1];
}

/* Whether boot and list are proven to their ends, so that the next round may go on from there. */
static bool is_whole(struct round *round)
{
    const struct claims *claims = &round->claims;
    if (claims->continues || !claims->has_boot)
        return claims->continues;
    return claims->has_ima || runtime_untouched(&round->proven, claims->bank, &round->runtime);
}

static int see_boot(const struct round *round, struct seen *seen, struct gb_err *err)
{
    seen->bank = round->claims.bank;
    if (digest_of(round->digester, DIGEST_SHA256, round->evidence->raw->boot_log, seen->boot_log) <
        0)
        return gb_err_set(err, GB_ERR_BUG, "sha256 failed");
    return rounds_hash_values(round->digester, &round->proven, seen->boot_values, err);
}

static bool is_later_boot(const struct tpm_attest *attest, const struct seen *before)
{
    return !before->known || attest->reset_count > before->reset_count ||
           (attest->reset_count == before->reset_count &&
            attest->restart_count > before->restart_count && attest->clock_ms >= before->clock_ms);
}

static int see(struct round *round, struct seen *ret_seen, struct gb_err *err)
{
    struct seen seen = {0};
    if (claims_refused(&round->claims)) {
        seen = *round->before;
        if (round->quote_proven && is_later_boot(&round->evidence->attest, round->before)) {
            seen = (struct seen){0};
            see_clock(round, &seen);
        }
        *ret_seen = seen;
        return GB_OK;
    }
    if (round->claims.continues)
        seen = *round->before;
    see_clock(round, &seen);
    seen.whole = is_whole(round);
    if (seen.whole)
        see_runtime(round, &seen);
    int r = seen.whole && !round->claims.continues ? see_boot(round, &seen, err) : GB_OK;
    if (r == GB_OK)
        *ret_seen = seen;
    return r;
}

int verify_next(struct gb_arena *arena, struct digester *digester, const struct anchors *anchors,
                const struct asked *asked, const struct evidence *evidence,
                const struct seen *before, struct seen *ret_seen, struct claims *ret_claims,
                struct gb_err *err)
{
    struct round *round = round_new(arena, digester, asked, evidence, before);
    int r = round ? judge_round(round, anchors, err) : gb_err_nomem(err);
    if (r == GB_OK)
        r = see(round, ret_seen, err);
    if (r == GB_OK)
        *ret_claims = round->claims;
    return r;
}
