#include <string.h>

#include "../test.h"
#include "../verify/make_quote.h"
#include "attest/trust.h"
#include "base/clock.h"
#include "running.h"
#include "server/nodes.h"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(T12_only_who_is_trusted_now_is_vouched_for),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
