/* Rounds one after another come to what the whole evidence comes to at once; and never to more. */
#include <string.h>

#include "../test.h"
#include "base/mem.h"
#include "make_rounds.h"

static const enum digest_alg sha256[] = {DIGEST_SHA256, DIGEST_NONE};
static const enum digest_alg three[] = {DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA384, DIGEST_NONE};

/* One of what a node may do between two rounds. */
static void act(struct rounds *r, unsigned what)
{
    switch (what % 8) {
    case 5:
        machine_file(&r->m, "/tmp/evil", 66);
        break;
    case 6:
        machine_file(&r->m, "/usr/bin/init", 67); /* known path, other contents */
        break;
    case 7:
        break;
    default:
        rounds_file(r, what % 50);
    }
}

/* All that happened so far, judged by attest() as if nothing was known of the node. */
static void judge_whole(struct rounds *r, struct verdict *ret_verdict)
{
    struct asked asked = {.has_nonce = true,
                          .nonce = gb_bytes(r->nonce, sizeof r->nonce),
                          .transport = r->transport,
                          .time_s = r->now_s};
    rounds_quote(r);
    rounds_make_whole(r);
    assert_int_equal(attest(r->policy_arena, r->m.digester, &r->trust, &asked, &r->m.bundle, NULL,
                            ret_verdict, NULL),
                     GB_OK);
}

static void assert_same(const struct verdict *a, const struct verdict *b, unsigned seed)
{
    if (a->tier != b->tier)
        fail_msg("seed %u: %s, but %s at once", seed, gb_tier_name(a->tier), gb_tier_name(b->tier));
    for (int i = 0; i < GB_LINK_COUNT; i++)
        if (a->links[i].tier != b->links[i].tier)
            fail_msg("seed %u: %s is %s, but %s at once", seed, gb_link_name((enum gb_link)i),
                     gb_tier_name(a->links[i].tier), gb_tier_name(b->links[i].tier));
}

static void story(const enum digest_alg *banks, unsigned seed)
{
    struct rounds r;
    struct verdict whole;
    unsigned dice = seed * 2654435761u + 1;
    rounds_init(&r, banks);
    for (unsigned round = 0; round < 8; round++) {
        for (unsigned k = dice >> 28; k > 0; k--) {
            dice = dice * 1664525u + 1013904223u;
            /* Bad deeds are rare, so that some stories end well. */
            act(&r, dice >> 27 ? (dice >> 16) % 5 : (dice >> 16));
        }
        assert_int_equal(rounds_run(&r), GB_OK);
        assert_int_equal(r.claims.continues, round > 0);
        judge_whole(&r, &whole);
        assert_same(&r.verdict, &whole, seed);
        dice = dice * 1664525u + 1013904223u;
    }
    rounds_done(&r);
}

static void T14_any_split_comes_to_the_same(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 60; seed++)
        story(seed % 4 ? sha256 : three, seed);
}

/* The first round may come before the IMA policy is loaded, or anything is run. */
static void T15_what_was_missing_may_still_come(void **state)
{
    (void)state;
    struct rounds r;
    struct verdict whole;
    rounds_init(&r, sha256);
    machine_reboot(&r.m);
    machine_aggregate(&r.m, DIGEST_SHA256, 9);
    assert_int_equal(rounds_run(&r), GB_OK);
    rounds_assert(&r, GB_TIER_CONTRAINDICATED);
    assert_true(rounds_has(&r, GB_FINDING_IMA_ABSENT));
    assert_true(rounds_has(&r, GB_FINDING_IMA_POLICY));
    rounds_file(&r, 1);
    assert_int_equal(rounds_run(&r), GB_OK);
    rounds_assert(&r, GB_TIER_CONTRAINDICATED);
    assert_true(r.claims.continues);
    assert_false(rounds_has(&r, GB_FINDING_IMA_ABSENT));
    assert_true(rounds_has(&r, GB_FINDING_IMA_POLICY)); /* told while it lasts */
    machine_file(&r.m, "/etc/ima/ima-policy", 1);
    assert_int_equal(rounds_run(&r), GB_OK);
    rounds_assert(&r, GB_TIER_AFFIRMING);
    assert_true(r.claims.continues);
    judge_whole(&r, &whole);
    assert_same(&r.verdict, &whole, 0);
    rounds_done(&r);
}

/* A kernel started by kexec measures boot_aggregate again: what was judged was the one before it,
 * and its command line, which named the IMA policy. */
static void T15_another_boot_aggregate_is_judged(void **state)
{
    (void)state;
    struct rounds r;
    rounds_init(&r, sha256);
    assert_int_equal(rounds_run(&r), GB_OK);
    machine_aggregate(&r.m, DIGEST_SHA256, 9);
    for (unsigned n = 0; n < 3; n++) { /* it is remembered, and found again in the whole list */
        assert_int_equal(rounds_run(&r), GB_OK);
        rounds_assert(&r, GB_TIER_CONTRAINDICATED);
        assert_int_equal(r.verdict.links[GB_LINK_KERNEL].tier, GB_TIER_CONTRAINDICATED);
        assert_int_equal(r.verdict.links[GB_LINK_EVIDENCE].tier, GB_TIER_AFFIRMING);
        assert_int_equal(r.claims.continues, n < 2);
        assert_int_equal(rounds_has(&r, GB_FINDING_KERNEL_KEXEC), n != 1);
        rounds_file(&r, n);
        if (n == 1)
            r.held.seen.whole = false;
    }
    machine_file(&r.m, "boot_aggregate", 66);
    assert_int_equal(rounds_run(&r), GB_ERR_AGAIN);
    rounds_quote(&r);
    rounds_make_whole(&r);
    assert_int_equal(rounds_send(&r), GB_OK);
    rounds_assert(&r, GB_TIER_CONTRAINDICATED);
    assert_true(rounds_has(&r, GB_FINDING_IMA_AGGREGATE));
    rounds_done(&r);
}

/* One of a bank that is not quoted proves nothing: the whole list is judged. */
static void T15_another_boot_aggregate_must_be_proven(void **state)
{
    (void)state;
    static const enum digest_alg two[] = {DIGEST_SHA256, DIGEST_SHA384, DIGEST_NONE};
    struct rounds r;
    rounds_init(&r, two);
    r.m.pcrs.count = 1;
    assert_int_equal(rounds_run(&r), GB_OK);
    r.m.pcrs.count = 2;
    machine_aggregate(&r.m, DIGEST_SHA384, 9);
    r.m.pcrs.count = 1;
    assert_int_equal(rounds_run(&r), GB_ERR_AGAIN);
    rounds_quote(&r);
    rounds_make_whole(&r);
    assert_int_equal(rounds_send(&r), GB_OK);
    rounds_assert(&r, GB_TIER_CONTRAINDICATED);
    assert_true(rounds_has(&r, GB_FINDING_IMA_AGGREGATE));
    rounds_done(&r);
}

static void a_padded_bank_is_carried_on(void **state)
{
    (void)state;
    struct rounds r;
    rounds_init(&r, sha256);
    machine_reboot(&r.m);
    r.m.padded = true;
    machine_aggregate(&r.m, DIGEST_SHA256, 9);
    machine_file(&r.m, "/etc/ima/ima-policy", 1);
    machine_file(&r.m, "/usr/bin/init", 2);
    for (unsigned n = 0; n < 3; n++) {
        assert_int_equal(rounds_run(&r), GB_OK);
        rounds_assert(&r, GB_TIER_AFFIRMING);
        assert_true(r.held.seen.ima.padded);
        rounds_file(&r, n);
    }
    machine_extend(&r.m, 10, gb_bytes_str("x"));
    assert_int_equal(rounds_run(&r), GB_ERR_AGAIN); /* the whole list must tell */
    rounds_quote(&r);
    rounds_make_whole(&r);
    assert_int_equal(rounds_send(&r), GB_OK);
    rounds_assert(&r, GB_TIER_CONTRAINDICATED);
    rounds_done(&r);
}

/* Without IMA the boot log still travels once. */
static void a_node_without_ima_is_carried_on(void **state)
{
    (void)state;
    struct rounds r;
    rounds_init(&r, sha256);
    machine_reboot(&r.m);
    r.trust.policy = (struct policy){0};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(rounds_run(&r), GB_OK);
        assert_int_equal(r.claims.continues, i > 0);
        assert_false(r.claims.has_ima);
        assert_int_equal(r.verdict.links[GB_LINK_EVIDENCE].tier, GB_TIER_AFFIRMING);
    }
    machine_aggregate(&r.m, DIGEST_SHA256, 9);
    assert_int_equal(rounds_run(&r), GB_ERR_AGAIN);
    rounds_done(&r);
}

/* A flood of unknown files fills the findings; the tier stays. */
static void T20_what_was_dropped_still_counts(void **state)
{
    (void)state;
    struct rounds r;
    rounds_init(&r, sha256);
    assert_int_equal(rounds_run(&r), GB_OK);
    for (int i = 0; i < GB_LIMIT_FINDINGS + 10; i++)
        machine_file(&r.m, "/tmp/evil", 66);
    assert_int_equal(rounds_run(&r), GB_OK);
    rounds_assert(&r, GB_TIER_CONTRAINDICATED);
    assert_int_equal(rounds_run(&r), GB_OK);
    rounds_assert(&r, GB_TIER_CONTRAINDICATED);
    assert_int_equal(r.verdict.links[GB_LINK_OS].tier, GB_TIER_CONTRAINDICATED);
    rounds_done(&r);
}

static void T20_a_failed_allocation_is_never_a_verdict(void **state)
{
    (void)state;
    struct rounds r;
    unsigned long n = 1;
    rounds_init(&r, sha256);
    assert_int_equal(rounds_run(&r), GB_OK);
    const struct progress held = r.held;
    rounds_file(&r, 1);
    machine_file(&r.m, "/tmp/evil", 66);
    rounds_quote(&r);
    rounds_make_more(&r, 3);
    const struct bundle bundle = r.m.bundle;
    const struct asked asked = {
        .has_nonce = true, .nonce = gb_bytes(r.nonce, sizeof r.nonce), .transport = r.transport};
    for (;; n++) {
        struct verdict verdict = {.tier = GB_TIER_NONE};
        struct progress after = held;
        gb_arena_free(r.m.arena);
        r.m.arena = gb_arena_new();
        gb_mem_fail_nth(n);
        int code = attest_next(r.m.arena, r.m.digester, &r.trust, &asked, &bundle, &held, &after,
                               NULL, &verdict, NULL);
        bool happened = gb_mem_failed();
        gb_mem_fail_nth(0);
        if (!happened) {
            assert_int_equal(code, GB_OK);
            assert_int_equal(verdict.tier, GB_TIER_CONTRAINDICATED);
            break;
        }
        assert_int_equal(code, GB_ERR_NOMEM);
        assert_int_equal(verdict.tier, GB_TIER_NONE);
        assert_memory_equal(&after, &held, sizeof held);
    }
    assert_in_range(n, 3, 1000);
    rounds_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(T14_any_split_comes_to_the_same),
        cmocka_unit_test(T15_what_was_missing_may_still_come),
        cmocka_unit_test(T15_another_boot_aggregate_is_judged),
        cmocka_unit_test(T15_another_boot_aggregate_must_be_proven),
        cmocka_unit_test(a_padded_bank_is_carried_on),
        cmocka_unit_test(a_node_without_ima_is_carried_on),
        cmocka_unit_test(T20_what_was_dropped_still_counts),
        cmocka_unit_test(T20_a_failed_allocation_is_never_a_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
