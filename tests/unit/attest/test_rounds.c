/* Stories of nodes that attest again and again. */
#include <string.h>

#include "../test.h"
#include "crypto/x509.h"
#include "make_rounds.h"
#include "wire/cbor.h"

static const enum digest_alg sha256[] = {DIGEST_SHA256, DIGEST_NONE};
static const enum digest_alg three[] = {DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA384, DIGEST_NONE};

/* A first round, all in order. */
static void begin(struct rounds *r, const enum digest_alg *banks)
{
    rounds_init(r, banks);
    assert_int_equal(rounds_run(r), GB_OK);
    rounds_assert(r, GB_TIER_AFFIRMING);
    assert_true(r->held.seen.whole);
    assert_false(r->claims.continues);
}

static void assert_run(struct rounds *r, enum gb_tier tier)
{
    int code = rounds_run(r);
    if (code < 0)
        fail_msg("%d: %s", code, r->err.text);
    rounds_assert(r, tier);
}

static void assert_again(struct rounds *r, int code, const char *text)
{
    assert_int_equal(code, GB_ERR_AGAIN);
    if (!strstr(r->err.text, text))
        fail_msg("\"%s\" does not say \"%s\"", r->err.text, text);
}

static void a_steady_node_proves_what_is_new(void **state)
{
    (void)state;
    struct rounds r;
    begin(&r, sha256);
    for (unsigned n = 0; n < 20; n++) {
        for (unsigned k = 0; k < n % 4; k++)
            rounds_file(&r, n);
        assert_run(&r, GB_TIER_AFFIRMING);
        assert_true(r.claims.continues);
        assert_int_equal(r.claims.ima_count, n % 4);
        assert_int_equal(r.verdict.links[GB_LINK_KERNEL].tier, GB_TIER_AFFIRMING);
    }
    assert_int_equal(r.held.seen.ima.next, 3 + 30);
    rounds_done(&r);
}

static void all_quoted_banks_are_carried_on(void **state)
{
    (void)state;
    struct rounds r;
    begin(&r, three);
    assert_int_equal(r.held.seen.other_count, 2);
    for (unsigned n = 0; n < 5; n++) {
        rounds_file(&r, n);
        assert_run(&r, GB_TIER_AFFIRMING);
        assert_int_equal(r.held.seen.others[0].next, 4 + n);
    }
    /* Something extended one of them alone. */
    pcr_bank_find(&r.m.pcrs, DIGEST_SHA384)->value[10][0] ^= 1;
    assert_run(&r, GB_TIER_CONTRAINDICATED);
    assert_true(rounds_has(&r, GB_FINDING_IMA_REPLAY));
    rounds_done(&r);
}

static void entries_after_the_quote_wait(void **state)
{
    (void)state;
    struct rounds r;
    begin(&r, sha256);
    rounds_file(&r, 1);
    rounds_quote(&r);
    rounds_file(&r, 2);
    rounds_make_more(&r, 3);
    assert_int_equal(rounds_send(&r), GB_OK);
    rounds_assert(&r, GB_TIER_AFFIRMING);
    assert_true(rounds_has(&r, GB_FINDING_IMA_LATER));
    assert_int_equal(r.held.seen.ima.next, 4);
    assert_run(&r, GB_TIER_AFFIRMING);
    assert_int_equal(r.claims.ima_count, 1);
    assert_int_equal(r.held.seen.ima.next, 5);
    rounds_done(&r);
}

static void an_unknown_program_stays_until_reboot(void **state)
{
    (void)state;
    struct rounds r;
    begin(&r, sha256);
    rounds_file(&r, 1);
    assert_run(&r, GB_TIER_AFFIRMING);
    machine_file(&r.m, "/tmp/evil", 66);
    assert_run(&r, GB_TIER_CONTRAINDICATED);
    assert_true(rounds_has(&r, GB_FINDING_IMA_UNKNOWN));
    for (const struct gb_finding *f = r.verdict.findings.first; f; f = f->next)
        if (f->code == GB_FINDING_IMA_UNKNOWN)
            assert_int_equal(f->event.index, 4); /* its place in the whole list */
    for (unsigned n = 2; n < 5; n++) {
        rounds_file(&r, n);
        assert_run(&r, GB_TIER_CONTRAINDICATED);
        assert_false(rounds_has(&r, GB_FINDING_IMA_UNKNOWN)); /* told once */
        assert_true(rounds_has(&r, GB_FINDING_LINK_EARLIER));
        assert_int_equal(r.verdict.findings.worst, GB_TIER_CONTRAINDICATED);
        assert_int_equal(r.verdict.links[GB_LINK_OS].tier, GB_TIER_CONTRAINDICATED);
        assert_int_equal(r.verdict.links[GB_LINK_KERNEL].tier, GB_TIER_AFFIRMING);
    }
    rounds_reboot(&r);
    assert_again(&r, rounds_run(&r), "reset");
    rounds_quote(&r);
    rounds_make_whole(&r);
    assert_int_equal(rounds_send(&r), GB_OK);
    rounds_assert(&r, GB_TIER_AFFIRMING);
    rounds_done(&r);
}

static void whole_evidence_of_the_same_boot_is_judged_anew(void **state)
{
    (void)state;
    struct rounds r;
    begin(&r, sha256);
    machine_file(&r.m, "/tmp/evil", 66);
    assert_run(&r, GB_TIER_CONTRAINDICATED);
    rounds_quote(&r);
    rounds_make_whole(&r);
    assert_int_equal(rounds_send(&r), GB_OK);
    rounds_assert(&r, GB_TIER_CONTRAINDICATED);
    assert_true(rounds_has(&r, GB_FINDING_IMA_UNKNOWN)); /* told again */
    assert_true(r.held.seen.whole);
    rounds_done(&r);
}

static void another_policy_wants_all(void **state)
{
    (void)state;
    struct rounds r;
    uint64_t from;
    begin(&r, sha256);
    r.trust.id = 2;
    assert_false(progress_continues(&r.held, &r.trust, &from));
    rounds_quote(&r);
    rounds_make_more(&r, 3);
    assert_again(&r, rounds_send(&r), "policy");
    assert_run(&r, GB_TIER_AFFIRMING);
    assert_false(r.claims.continues);
    assert_run(&r, GB_TIER_AFFIRMING);
    assert_true(r.claims.continues);
    rounds_done(&r);
}

/* No EK certificate, and roots to judge it by: the first round finds it, and it stands. */
static void T05_warn_trusts_no_broken_identity_in_a_later_round(void **state)
{
    (void)state;
    struct rounds r;
    gb_cleanup(x509_store_freep) struct x509_store *roots = NULL;
    rounds_init(&r, sha256);
    struct node_policy warn = *r.trust.policy.policies;
    warn.mode = POLICY_WARN;
    r.trust.policy.policies = &warn;
    machine_file(&r.m, "/tmp/evil", 66);
    assert_run(&r, GB_TIER_CONTRAINDICATED);
    assert_true(verdict_is_trusted(&r.verdict)); /* a set's verdict */
    assert_int_equal(x509_store_new(&roots, NULL), GB_OK);
    r.trust.anchors.ek_roots = roots;
    r.trust.id++;
    for (unsigned n = 0; n < 3; n++) {
        assert_run(&r, GB_TIER_CONTRAINDICATED);
        assert_int_equal(r.claims.continues, n > 0);
        assert_int_equal(r.verdict.links[GB_LINK_IDENTITY].tier, GB_TIER_CONTRAINDICATED);
        assert_false(verdict_is_trusted(&r.verdict));
    }
    rounds_done(&r);
}

/* Identity is judged once a boot; later rounds still say what TPM it is. */
static void T13_the_kind_of_tpm_is_carried_on(void **state)
{
    (void)state;
    struct rounds r;
    begin(&r, sha256);
    assert_int_equal(r.verdict.tpm, VERDICT_TPM_UNKNOWN);
    r.held.standings.tpm = VERDICT_TPM_VIRTUAL; /* as if a certificate had said so */
    assert_run(&r, GB_TIER_AFFIRMING);
    assert_true(r.claims.continues);
    assert_int_equal(r.verdict.tpm, VERDICT_TPM_VIRTUAL);
    rounds_quote(&r);
    rounds_make_whole(&r);
    assert_int_equal(rounds_send(&r), GB_OK); /* all evidence: judged anew */
    assert_int_equal(r.verdict.tpm, VERDICT_TPM_UNKNOWN);
    rounds_done(&r);
}

/* The policy, but that one file may be unknown until then. */
static void except(struct rounds *r, struct node_policy *own, struct ima_exception *exception)
{
    *own = *r->trust.policy.policies;
    own->rules.ima.exceptions = exception;
    own->rules.ima.exception_count = 1;
    r->trust.policy.policies = own;
}

static void an_exception_ends_within_a_boot(void **state)
{
    (void)state;
    struct rounds r;
    struct node_policy own;
    begin(&r, sha256);
    struct ima_exception exception = {
        .path = "/tmp/x*", .reason = "being moved", .until = "a day", .until_s = r.now_s + 180};
    except(&r, &own, &exception);
    assert_run(&r, GB_TIER_AFFIRMING);
    assert_int_equal(r.held.standings.own.until_s, 0); /* nothing leaned on it */
    machine_file(&r.m, "/tmp/x1", 66);
    assert_run(&r, GB_TIER_WARNING);
    assert_true(rounds_has(&r, GB_FINDING_IMA_EXCEPTED));
    assert_true(r.claims.continues);
    assert_int_equal(r.held.standings.own.until_s, exception.until_s);
    assert_again(&r, rounds_run(&r), "exception"); /* its time is over this very second */
    rounds_quote(&r);
    rounds_make_whole(&r);
    assert_int_equal(rounds_send(&r), GB_OK);
    rounds_assert(&r, GB_TIER_CONTRAINDICATED);
    assert_true(rounds_has(&r, GB_FINDING_IMA_UNKNOWN));
    assert_int_equal(r.held.standings.own.until_s, 0);
    assert_run(&r, GB_TIER_CONTRAINDICATED); /* and goes on */
    assert_true(r.claims.continues);
    rounds_done(&r);
}

static void an_exception_without_an_end_does_not(void **state)
{
    (void)state;
    struct rounds r;
    struct node_policy own;
    begin(&r, sha256);
    struct ima_exception exception = {
        .path = "/tmp/x*", .reason = "for good", .until_s = INT64_MAX};
    except(&r, &own, &exception);
    machine_file(&r.m, "/tmp/x1", 66);
    for (unsigned n = 0; n < 5; n++) {
        assert_run(&r, GB_TIER_WARNING);
        assert_true(r.claims.continues);
    }
    rounds_done(&r);
}

static void a_late_measurement_wants_all(void **state)
{
    (void)state;
    struct rounds r;
    begin(&r, sha256);
    machine_word(&r.m, "ready", true);
    assert_again(&r, rounds_run(&r), "measured");
    rounds_quote(&r);
    rounds_make_whole(&r);
    assert_int_equal(rounds_send(&r), GB_OK);
    assert_true(r.claims.has_boot);
    rounds_done(&r);
}

static void what_is_not_held_is_asked_for(void **state)
{
    (void)state;
    struct rounds r;
    begin(&r, sha256);
    rounds_file(&r, 1);
    struct progress held = r.held;
    r.held = (struct progress){.trust_id = 1};
    rounds_quote(&r);
    rounds_make_more(&r, 3);
    assert_again(&r, rounds_send(&r), "nothing");
    r.held = held;
    rounds_quote(&r);
    rounds_make_more(&r, 3);
    r.log_digest[31] ^= 1;
    assert_again(&r, rounds_send(&r), "another one");
    rounds_quote(&r);
    rounds_make_more(&r, 3);
    r.m.bundle.boot_log = gb_buf_bytes(&r.m.boot_log);
    assert_again(&r, rounds_send(&r), "whole IMA list");
    assert_memory_equal(&r.held, &held, sizeof held);
    rounds_done(&r);
}

static void T14_a_list_that_begins_elsewhere_is_asked_for(void **state)
{
    (void)state;
    struct rounds r;
    begin(&r, sha256);
    rounds_file(&r, 1);
    rounds_file(&r, 2);
    for (uint64_t from = 0; from < 7; from++) {
        if (from == 3)
            continue;
        rounds_quote(&r);
        rounds_make_more(&r, from);
        assert_again(&r, rounds_send(&r), "goes on from entry");
    }
    /* The entries lie about where they begin. */
    rounds_quote(&r);
    rounds_make_more(&r, 4);
    r.m.bundle.ima_from = 3;
    assert_int_equal(rounds_send(&r), GB_OK);
    rounds_assert(&r, GB_TIER_CONTRAINDICATED);
    rounds_quote(&r);
    rounds_make_more(&r, 2);
    r.m.bundle.ima_from = 3;
    assert_int_equal(rounds_send(&r), GB_OK);
    rounds_assert(&r, GB_TIER_CONTRAINDICATED);
    assert_run(&r, GB_TIER_AFFIRMING); /* and nothing of it was held */
    rounds_done(&r);
}

/* Runs a round whose new entries were changed after the quote. */
/* What the agent says of its machine, as a map of text. */
static void say(struct rounds *r, struct gb_buf *out, const char *agent, const char *kernel)
{
    out->len = 0;
    cbor_map(out, kernel ? 2 : 1);
    cbor_text(out, gb_bytes_str("agent"));
    cbor_text(out, gb_bytes_str(agent));
    if (kernel) {
        cbor_text(out, gb_bytes_str("kernel"));
        cbor_text(out, gb_bytes_str(kernel));
    }
    assert_true(gb_buf_ok(out));
    r->extras = gb_buf_bytes(out);
}

static void assert_said_anew(struct rounds *r)
{
    assert_again(r, rounds_run(r), "other words");
    rounds_quote(r);
    rounds_make_whole(r);
    assert_int_equal(rounds_send(r), GB_OK);
    rounds_assert(r, GB_TIER_AFFIRMING);
    assert_run(r, GB_TIER_AFFIRMING);
    assert_true(r->claims.continues);
}

/* The words choose the sets: whoever changes them between rounds would show each file to the set
 * that has it. */
static void T14_other_words_of_the_machine_want_all(void **state)
{
    (void)state;
    struct rounds r;
    struct gb_buf out;
    gb_buf_init(&out, 4096);
    begin(&r, sha256);
    say(&r, &out, "1", "6.1");
    assert_said_anew(&r); /* nothing was said before */
    say(&r, &out, "2", "6.1");
    assert_run(&r, GB_TIER_AFFIRMING);
    assert_true(r.claims.continues); /* a newer agent chooses no sets */
    say(&r, &out, "2", "6.2");
    rounds_file(&r, 1);
    assert_said_anew(&r);
    say(&r, &out, "2", NULL);
    assert_said_anew(&r);
    r.extras = gb_bytes(NULL, 0);
    assert_run(&r, GB_TIER_AFFIRMING); /* nothing said is nothing said */
    assert_true(r.claims.continues);
    gb_buf_done(&out);
    rounds_done(&r);
}

/* Words of a quote that proves nothing change nothing that is held. */
static void T14_words_of_refused_evidence_are_nobodys(void **state)
{
    (void)state;
    struct rounds r;
    struct gb_buf out;
    gb_buf_init(&out, 4096);
    begin(&r, sha256);
    rounds_quote(&r);
    rounds_make_more(&r, 3);
    say(&r, &out, "1", "6.1"); /* not those that were quoted */
    r.m.bundle.extras = r.extras;
    assert_int_equal(rounds_send(&r), GB_OK);
    rounds_assert(&r, GB_TIER_CONTRAINDICATED);
    r.extras = gb_bytes(NULL, 0);
    assert_run(&r, GB_TIER_AFFIRMING);
    assert_true(r.claims.continues);
    gb_buf_done(&out);
    rounds_done(&r);
}

static void tampered(struct rounds *r, enum gb_finding_code code)
{
    struct progress held = r->held;
    assert_int_equal(rounds_send(r), GB_OK);
    rounds_assert(r, GB_TIER_CONTRAINDICATED);
    assert_true(rounds_has(r, code));
    assert_int_equal(r->verdict.links[GB_LINK_EVIDENCE].tier, GB_TIER_CONTRAINDICATED);
    held.seen.rolled_back = code == GB_FINDING_CLOCK_BACK;
    assert_memory_equal(&r->held, &held, sizeof held);
}

static void T14_a_removed_entry_is_found(void **state)
{
    (void)state;
    struct rounds r;
    begin(&r, sha256);
    machine_file(&r.m, "/tmp/evil", 66);
    rounds_file(&r, 1);
    rounds_quote(&r);
    rounds_make_more(&r, 4); /* without the first */
    r.m.bundle.ima_from = 3;
    tampered(&r, GB_FINDING_IMA_REPLAY);
    rounds_quote(&r);
    rounds_make_more(&r, 3); /* without the last */
    r.m.bundle.ima.len /= 2;
    struct ima_log log;
    assert_int_equal(ima_read(r.m.arena, r.m.bundle.ima, DIGEST_NONE, &log, NULL), GB_ERR_INPUT);
    r.m.bundle.ima = gb_bytes("", 0);
    tampered(&r, GB_FINDING_IMA_REPLAY);
    assert_run(&r, GB_TIER_CONTRAINDICATED);
    assert_true(rounds_has(&r, GB_FINDING_IMA_UNKNOWN));
    rounds_done(&r);
}

static void T14_an_edited_entry_is_found(void **state)
{
    (void)state;
    struct rounds r;
    begin(&r, sha256);
    machine_file(&r.m, "/tmp/evil", 66);
    struct gb_buf *list = &r.m.ima.binary;
    rounds_quote(&r);
    rounds_make_more(&r, 3);
    list->data[list->len - 3] ^= 1; /* in its path */
    tampered(&r, GB_FINDING_IMA_REPLAY);
    list->data[list->len - 3] ^= 1;
    rounds_quote(&r);
    rounds_make_more(&r, 3);
    list->data[list->len - r.m.bundle.ima.len + 4] ^= 1; /* in its template digest */
    tampered(&r, GB_FINDING_IMA_TEMPLATE_HASH);
    rounds_done(&r);
}

static void T01_a_replayed_round_is_refused(void **state)
{
    (void)state;
    struct rounds r;
    begin(&r, sha256);
    rounds_quote(&r);
    rounds_make_more(&r, 3);
    assert_int_equal(rounds_send(&r), GB_OK);
    rounds_assert(&r, GB_TIER_AFFIRMING);
    tampered(&r, GB_FINDING_NONCE_MISMATCH); /* the same bytes, another nonce */
    assert_run(&r, GB_TIER_AFFIRMING);
    rounds_done(&r);
}

static void T03_a_relayed_round_is_refused(void **state)
{
    (void)state;
    struct rounds r;
    begin(&r, sha256);
    rounds_quote(&r);
    rounds_make_more(&r, 3);
    r.transport[0] ^= 1; /* who speaks is not whom the quote names */
    tampered(&r, GB_FINDING_NONCE_MISMATCH);
    r.transport[0] ^= 1;
    rounds_quote(&r);
    rounds_make_more(&r, 3);
    r.m.bundle.extras = gb_bytes_str("added");
    tampered(&r, GB_FINDING_NONCE_MISMATCH);
    rounds_done(&r);
}

static void T07_another_attestation_is_no_round(void **state)
{
    (void)state;
    static const uint16_t types[] = {TPM_ST_ATTEST_CERTIFY, TPM_ST_ATTEST_NV, 0x8019};
    struct rounds r;
    begin(&r, sha256);
    for (size_t i = 0; i < GB_ARRAY_LEN(types); i++) {
        rounds_quote(&r);
        rounds_make_more(&r, 3);
        r.m.quote.data[4] = (uint8_t)(types[i] >> 8);
        r.m.quote.data[5] = (uint8_t)types[i];
        r.m.signature.len = 0;
        make_signature(&r.m.ak, gb_buf_bytes(&r.m.quote), &r.m.signature);
        r.m.bundle.signature = gb_buf_bytes(&r.m.signature);
        tampered(&r, GB_FINDING_QUOTE_TYPE);
    }
    rounds_done(&r);
}

static void T12_a_reboot_is_noticed(void **state)
{
    (void)state;
    struct rounds r;
    begin(&r, sha256);
    rounds_reboot(&r);
    assert_again(&r, rounds_run(&r), "reset");
    rounds_quote(&r);
    rounds_make_whole(&r);
    assert_int_equal(rounds_send(&r), GB_OK);
    rounds_assert(&r, GB_TIER_AFFIRMING);
    assert_false(rounds_has(&r, GB_FINDING_REBOOT_UNSEEN));
    assert_int_equal(r.held.seen.reset_count, 8);
    assert_run(&r, GB_TIER_AFFIRMING);
    assert_true(r.claims.continues);
    rounds_done(&r);
}

/* The same boot values and list as before: only the counters tell. */
static void T12_a_hidden_reboot_is_noticed(void **state)
{
    (void)state;
    struct rounds r;
    begin(&r, sha256);
    rounds_reboot(&r);
    rounds_reboot(&r);
    rounds_reboot(&r);
    assert_again(&r, rounds_run(&r), "reset");
    rounds_quote(&r);
    rounds_make_whole(&r);
    assert_int_equal(rounds_send(&r), GB_OK);
    rounds_assert(&r, GB_TIER_AFFIRMING);
    assert_true(rounds_has(&r, GB_FINDING_REBOOT_UNSEEN));
    for (const struct gb_finding *f = r.verdict.findings.first; f; f = f->next)
        if (f->code == GB_FINDING_REBOOT_UNSEEN)
            assert_string_equal(f->args[0], "2");
    rounds_done(&r);
}

static void T12_a_resumed_node_proves_all_again(void **state)
{
    (void)state;
    struct rounds r;
    begin(&r, sha256);
    r.m.clock.restart_count++;
    assert_again(&r, rounds_run(&r), "restarted");
    rounds_quote(&r);
    rounds_make_whole(&r);
    assert_int_equal(rounds_send(&r), GB_OK);
    rounds_assert(&r, GB_TIER_AFFIRMING);
    rounds_done(&r);
}

/* Sends everything with this clock. */
static void rolled_back(const struct make_clock *clock, enum gb_finding_code code)
{
    struct rounds r;
    begin(&r, sha256);
    struct progress held = r.held;
    r.m.clock = *clock;
    rounds_quote(&r);
    rounds_make_whole(&r);
    assert_int_equal(rounds_send(&r), GB_OK);
    rounds_assert(&r, GB_TIER_CONTRAINDICATED);
    assert_true(rounds_has(&r, code));
    held.seen.rolled_back = true;
    assert_memory_equal(&r.held, &held, sizeof held);
    rounds_done(&r);
}

/* Resets until the counter is where it was prove nothing: the mark stays for all boots. */
static void T12_a_rolled_back_tpm_does_not_catch_up(void **state)
{
    (void)state;
    struct rounds r;
    begin(&r, sha256);
    r.m.clock = (struct make_clock){100000, 6, 9, false};
    rounds_quote(&r);
    rounds_make_whole(&r);
    assert_int_equal(rounds_send(&r), GB_OK);
    assert_true(rounds_has(&r, GB_FINDING_RESET_BACK));
    for (uint32_t count = 7; count < 12; count++) {
        r.m.clock = (struct make_clock){200000 + 1000 * count, count, 0, false};
        rounds_quote(&r);
        rounds_make_whole(&r);
        assert_int_equal(rounds_send(&r), GB_OK);
        rounds_assert(&r, GB_TIER_CONTRAINDICATED);
        assert_true(r.held.seen.rolled_back);
    }
    assert_true(rounds_has(&r, GB_FINDING_ROLLED_BACK));
    rounds_done(&r);
}

static void T12_counters_and_clock_never_go_back(void **state)
{
    (void)state;
    rolled_back(&(struct make_clock){100000, 6, 9, false}, GB_FINDING_RESET_BACK);
    rolled_back(&(struct make_clock){100000, 7, 1, false}, GB_FINDING_RESET_BACK);
    rolled_back(&(struct make_clock){0, 0, 0, false}, GB_FINDING_RESET_BACK);
    rolled_back(&(struct make_clock){60999, 7, 2, false}, GB_FINDING_CLOCK_BACK);
    rolled_back(&(struct make_clock){60999, 7, 3, false}, GB_FINDING_CLOCK_BACK);
}

static void T12_a_rollback_within_a_boot_is_found_in_a_steady_round(void **state)
{
    (void)state;
    struct rounds r;
    begin(&r, sha256);
    assert_run(&r, GB_TIER_AFFIRMING);
    r.m.clock.clock_ms -= 1;
    rounds_quote(&r);
    rounds_make_more(&r, 3);
    r.m.clock.clock_ms -= 1;
    rounds_quote(&r);
    rounds_make_more(&r, 3);
    tampered(&r, GB_FINDING_CLOCK_BACK);
    rounds_done(&r);
}

/* A later boot whose evidence is refused: its counters count all the same. */
static void T12_a_refused_boot_cannot_be_rolled_back_behind(void **state)
{
    (void)state;
    struct rounds r;
    begin(&r, sha256);
    rounds_reboot(&r);
    rounds_quote(&r);
    rounds_make_whole(&r);
    r.m.bundle.ima = gb_bytes("", 0);
    assert_int_equal(rounds_send(&r), GB_OK);
    rounds_assert(&r, GB_TIER_CONTRAINDICATED);
    assert_false(r.held.seen.whole);
    assert_int_equal(r.held.seen.reset_count, 8);
    r.m.clock.reset_count = 7;
    assert_run(&r, GB_TIER_CONTRAINDICATED);
    assert_true(rounds_has(&r, GB_FINDING_RESET_BACK));
    rounds_done(&r);
}

static void T12_an_unsafe_clock_is_a_warning_while_it_lasts(void **state)
{
    (void)state;
    struct rounds r;
    begin(&r, sha256);
    r.m.clock.unsafe = true;
    assert_run(&r, GB_TIER_WARNING);
    assert_true(rounds_has(&r, GB_FINDING_CLOCK_UNSAFE));
    assert_run(&r, GB_TIER_WARNING);
    r.m.clock.unsafe = false;
    assert_run(&r, GB_TIER_AFFIRMING);
    rounds_done(&r);
}

/* Quotes as soon as the nonce is there, and keeps the quote for the whole interval. */
static void T12_a_quote_made_early_is_asked_for_again(void **state)
{
    (void)state;
    struct rounds r;
    begin(&r, sha256);
    assert_run(&r, GB_TIER_AFFIRMING);
    struct progress held = r.held;
    rounds_quote(&r);
    rounds_make_more(&r, 3);
    r.now_s += 60;
    assert_again(&r, rounds_send(&r), "long before");
    assert_memory_equal(&r.held, &held, sizeof held);
    /* A fresh nonce, quoted at once, is as good as any. */
    rounds_quote(&r);
    rounds_make_whole(&r);
    assert_int_equal(rounds_send(&r), GB_OK);
    rounds_assert(&r, GB_TIER_AFFIRMING);
    rounds_done(&r);
}

/* TPM clocks may be off by a third, either way. */
static void a_slow_clock_is_not_early(void **state)
{
    (void)state;
    struct rounds r;
    begin(&r, sha256);
    for (int i = 0; i < 5; i++) {
        r.now_s += 600;
        r.m.clock.clock_ms += 400000;
        rounds_quote(&r);
        rounds_make_more(&r, 3);
        assert_int_equal(rounds_send(&r), GB_OK);
        rounds_assert(&r, GB_TIER_AFFIRMING);
    }
    /* It slept for hours with its clock standing, and answers a fresh nonce. */
    r.now_s += 30000;
    r.issued_s = r.now_s - 2;
    rounds_quote(&r);
    rounds_make_more(&r, 3);
    assert_int_equal(rounds_send(&r), GB_OK);
    rounds_assert(&r, GB_TIER_AFFIRMING);
    rounds_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_steady_node_proves_what_is_new),
        cmocka_unit_test(all_quoted_banks_are_carried_on),
        cmocka_unit_test(entries_after_the_quote_wait),
        cmocka_unit_test(an_unknown_program_stays_until_reboot),
        cmocka_unit_test(whole_evidence_of_the_same_boot_is_judged_anew),
        cmocka_unit_test(another_policy_wants_all),
        cmocka_unit_test(T05_warn_trusts_no_broken_identity_in_a_later_round),
        cmocka_unit_test(T13_the_kind_of_tpm_is_carried_on),
        cmocka_unit_test(an_exception_ends_within_a_boot),
        cmocka_unit_test(an_exception_without_an_end_does_not),
        cmocka_unit_test(a_late_measurement_wants_all),
        cmocka_unit_test(what_is_not_held_is_asked_for),
        cmocka_unit_test(T14_a_list_that_begins_elsewhere_is_asked_for),
        cmocka_unit_test(T14_other_words_of_the_machine_want_all),
        cmocka_unit_test(T14_words_of_refused_evidence_are_nobodys),
        cmocka_unit_test(T14_a_removed_entry_is_found),
        cmocka_unit_test(T14_an_edited_entry_is_found),
        cmocka_unit_test(T01_a_replayed_round_is_refused),
        cmocka_unit_test(T03_a_relayed_round_is_refused),
        cmocka_unit_test(T07_another_attestation_is_no_round),
        cmocka_unit_test(T12_a_reboot_is_noticed),
        cmocka_unit_test(T12_a_hidden_reboot_is_noticed),
        cmocka_unit_test(T12_a_resumed_node_proves_all_again),
        cmocka_unit_test(T12_counters_and_clock_never_go_back),
        cmocka_unit_test(T12_a_rolled_back_tpm_does_not_catch_up),
        cmocka_unit_test(T12_a_rollback_within_a_boot_is_found_in_a_steady_round),
        cmocka_unit_test(T12_a_refused_boot_cannot_be_rolled_back_behind),
        cmocka_unit_test(T12_an_unsafe_clock_is_a_warning_while_it_lasts),
        cmocka_unit_test(T12_a_quote_made_early_is_asked_for_again),
        cmocka_unit_test(a_slow_clock_is_not_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
