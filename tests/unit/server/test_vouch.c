#include <string.h>

#include "../test.h"
#include "../verify/make_quote.h"
#include "attest/trust.h"
#include "base/clock.h"
#include "result/verdict.h"
#include "running.h"
#include "server/ledger/round.h"
#include "server/nodes/nodes.h"
#include "server/snapshot.h"
#include "server/vouch.h"

static struct running running;
static struct node *node;

static int setup(void **state)
{
    (void)state;
    struct make_ak ak;
    struct gb_buf area;
    running_start(&running);
    make_ak_init(&ak, "P-256", 0, KEY_ECDSA, DIGEST_SHA256);
    gb_buf_init(&area, 4096);
    make_ak_public(&ak, MAKE_AK_GOOD, &area);
    const struct store_node facts = {.name = "worker-1", .ak_public = gb_buf_bytes(&area)};
    assert_int_equal(nodes_add(running.server->nodes, &facts, NULL), GB_OK);
    assert_int_equal(nodes_take(running.server->nodes, facts.id, &node, NULL), GB_OK);
    gb_buf_done(&area);
    make_ak_done(&ak);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    nodes_give(running.server->nodes, node);
    running_stop(&running);
    return 0;
}

static struct node_verdict good(void)
{
    gb_cleanup(snapshot_unrefp) struct snapshot *snapshot = snapshot_get(running.server->trust);
    return (struct node_verdict){.judged = true,
                                 .trusted = true,
                                 .trust_id = snapshot_trust(snapshot)->id,
                                 .verified_s = gb_clock_s()};
}

static void expect(struct node_verdict verdict, const char *words)
{
    assert_true(nodes_tell(running.server->nodes, node, &verdict));
    const char *why = vouch_refusal(running.server, node);
    if (!words)
        assert_null(why);
    else if (!why || !strstr(why, words))
        fail_msg("expected \"%s\", found \"%s\"", words, why ? why : "nothing");
}

static void T12_only_who_is_trusted_now_is_vouched_for(void **state)
{
    (void)state;
    assert_non_null(vouch_refusal(running.server, node));
    struct node_verdict verdict = good();
    expect(verdict, NULL);
    verdict.trusted = false;
    expect(verdict, "untrusted");
    verdict = good();
    verdict.trust_id++;
    expect(verdict, "documents in force");
    verdict = good();
    verdict.verified_s -= running.server->spans.fresh_s + 10;
    expect(verdict, "not fresh");
    verdict = good();
    verdict.verified_s += 3600; /* of a clock that was wrong */
    expect(verdict, "not fresh");
    verdict.issued_ms = gb_clock_ms(); /* by which nobody can be wrong */
    expect(verdict, NULL);
    verdict = good();
    verdict.judged = false;
    expect(verdict, "not judged");
}

/* The policy's own span goes before the service's, by either clock. */
static void T12_a_proof_older_than_the_policy_allows_vouches_for_nobody(void **state)
{
    (void)state;
    struct node_verdict verdict = good();
    verdict.verified_s -= 30;
    expect(verdict, NULL);
    verdict.freshness_s = 10;
    expect(verdict, "not fresh");
    verdict.issued_ms = gb_clock_ms() - 30 * 1000;
    expect(verdict, "not fresh");
    verdict.freshness_s = 60;
    expect(verdict, NULL);
    nodes_proven(running.server->nodes, node, &(struct node_verdict){.freshness_s = 10});
    struct node_verdict told;
    nodes_told(running.server->nodes, node, &told);
    assert_int_equal(told.freshness_s, 10);
}

/* What the store keeps of a verdict says it, so that a start does not forget it. */
static void the_policys_freshness_is_kept(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    const struct verdict verdict = {.tier = GB_TIER_AFFIRMING,
                                    .policy = "p version 1",
                                    .policy_name = "p",
                                    .policy_version = 1,
                                    .mode = "enforce",
                                    .freshness_s = 300};
    gb_cleanup(json_freep) struct json *json = verdict_json(arena, &verdict);
    struct gb_buf text;
    struct node_verdict told;
    gb_buf_init(&text, 4096);
    json_line(json, &text);
    assert_true(gb_buf_ok(&text));
    const struct store_verdict stored = {.trusted = true, .json = gb_buf_bytes(&text)};
    assert_true(round_read(arena, &stored, &told));
    assert_int_equal(told.freshness_s, 300);
    gb_buf_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(T12_only_who_is_trusted_now_is_vouched_for),
        cmocka_unit_test(T12_a_proof_older_than_the_policy_allows_vouches_for_nobody),
        cmocka_unit_test(the_policys_freshness_is_kept),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
