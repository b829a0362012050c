/* Aims at envelope_read, bundle_read, attest_next and runtime_continue. What is read is written and
 * read again. A fuzzer makes no signatures, so that lists which go on from their middle are also
 * replayed from a held state to the value that they lead to. */
#include <stdlib.h>

#include "attest/next.h"
#include "evidence/envelope.h"
#include "verify/runtime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct digester *digester;

/* Key for key the same; what is empty may be left out. */
static void write_again(struct gb_arena *arena, const struct bundle *bundle)
{
    struct gb_buf a, b;
    struct bundle again;
    gb_buf_init(&a, 16 << 20);
    gb_buf_init(&b, 16 << 20);
    envelope_write(&a, bundle);
    if (gb_buf_ok(&a)) {
        if (envelope_read(arena, gb_buf_bytes(&a), &again, NULL) < 0)
            abort();
        envelope_write(&b, &again);
        if (!gb_bytes_equal(gb_buf_bytes(&a), gb_buf_bytes(&b)))
            abort();
    }
    gb_buf_done(&a);
    gb_buf_done(&b);
}

/* A boot of which this bundle may go on, as far as it says itself. */
static struct progress held_for(const struct bundle *bundle)
{
    struct progress held = {.seen = {.known = true, .whole = true, .bank = DIGEST_SHA256}};
    replay_ima_init(&held.seen.ima, DIGEST_SHA256, false);
    replay_ima_init(&held.seen.others[0], DIGEST_SHA1, false);
    held.seen.other_count = 1;
    held.seen.ima.next = (size_t)bundle->ima_from;
    if (bundle->boot_log_digest.len == sizeof held.seen.boot_log)
        memcpy(held.seen.boot_log, bundle->boot_log_digest.data, sizeof held.seen.boot_log);
    return held;
}

static void judge(struct gb_arena *arena, const struct bundle *bundle, const struct progress *held)
{
    static const uint8_t transport[32];
    static const struct trust trust;
    const struct asked asked = {
        .has_nonce = true, .nonce = gb_bytes_str("0123456789abcdef"), .transport = transport};
    struct progress after;
    struct claims claims;
    struct verdict verdict;
    if (attest_next(arena, digester, &trust, &asked, bundle, held, &after, &claims, &verdict,
                    NULL) < 0)
        return;
    if (verdict.tier == GB_TIER_NONE || (claims.continues && !bundle_continues(bundle)))
        abort();
    if (!claims.quote_proven &&
        (verdict.tier != GB_TIER_CONTRAINDICATED || after.seen.clock_ms != held->seen.clock_ms ||
         after.seen.whole != held->seen.whole || claims.has_ima || claims.extras.data))
        abort();
}

/* PCR 10 where the list leads from the state held. */
static struct pcr_values led_to(const struct ima_log *log, const struct seen *seen)
{
    struct replay_ima states[2] = {seen->ima, seen->others[0]};
    struct replay_ima_answer answer;
    struct pcr_values values = {0};
    states[0].next = states[1].next = 0;
    if (replay_ima_pass(digester, log, NULL, states, 2, NULL, &answer, NULL) < 0)
        abort();
    for (size_t i = 0; i < 2; i++) {
        struct pcr_bank *bank = pcr_bank_add(&values, states[i].alg);
        bank->mask = 0xffffff;
        memcpy(bank->value[REPLAY_IMA_PCR], states[i].value, sizeof states[i].value);
    }
    return values;
}

static void go_on(struct gb_arena *arena, const struct bundle *bundle, const struct seen *seen)
{
    struct gb_findings findings = {.arena = arena};
    struct evidence e;
    struct runtime runtime;
    if (bundle_read(arena, bundle, &e, NULL) < 0 || seen->ima.next == 0)
        return;
    struct pcr_values values = led_to(&e.ima, seen);
    int r = runtime_continue(arena, digester, &e, seen, &values, &runtime, &findings, NULL);
    if (r == GB_ERR_AGAIN)
        return;
    if (r < 0 || !runtime.holds || runtime.count > e.ima.count ||
        runtime.states[0].next != seen->ima.next + runtime.count)
        abort();
    for (const struct gb_finding *f = findings.first; f; f = f->next)
        if (f->code == GB_FINDING_IMA_REPLAY)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    static const struct progress nothing;
    struct bundle bundle;
    if (!arena || (!digester && digester_new(&digester, NULL) < 0))
        return 0;
    if (envelope_read(arena, gb_bytes(data, size), &bundle, NULL) < 0)
        return 0;
    struct progress held = held_for(&bundle);
    write_again(arena, &bundle);
    judge(arena, &bundle, &nothing);
    judge(arena, &bundle, &held);
    go_on(arena, &bundle, &held.seen);
    return 0;
}
