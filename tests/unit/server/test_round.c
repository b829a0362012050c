/* What of a round is news: told at once, kept with its evidence, an entry of the ledger. */
#include <string.h>

#include "../test.h"
#include "server/ledger/round.h"
#include "server/nodes/nodes.h"

/* A node that was told of before, and a round that comes to the same. */
struct steady {
    struct node node;
    struct node_verdict before;
    struct round round;
};

static void begin(struct steady *s)
{
    *s = (struct steady){.before = {.judged = true,
                                    .trusted = true,
                                    .tier = GB_TIER_AFFIRMING,
                                    .trust_id = 7,
                                    .sets_id = 8,
                                    .labels_num = 9,
                                    .reset_count = 3,
                                    .verified_s = 100,
                                    .ima_entries = 5}};
    s->round = (struct round){.node = &s->node, .told = s->before};
    s->round.told.verified_s = 160; /* a newer proof of the same */
    s->round.told.ima_entries = 9;
    s->round.claims.continues = true;
}

static void a_newer_proof_of_the_same_is_no_news(void **state)
{
    (void)state;
    struct steady s;
    begin(&s);
    assert_false(round_is_news(&s.before, &s.round));
    s.before.sets_id = 0; /* not known since the start */
    assert_false(round_is_news(&s.before, &s.round));
}

#define NEWS(change)                                                                               \
    do {                                                                                           \
        struct steady s;                                                                           \
        begin(&s);                                                                                 \
        change;                                                                                    \
        assert_true(round_is_news(&s.before, &s.round));                                           \
    } while (0)

static void whatever_else_differs_is_news(void **state)
{
    (void)state;
    NEWS(s.before.judged = false);
    NEWS(s.before.unkept = true);
    NEWS(s.round.told.trusted = false);
    NEWS(s.round.told.tier = GB_TIER_WARNING);
    NEWS(s.round.told.links[GB_LINK_OS] = GB_TIER_WARNING);
    NEWS(s.round.told.trust_id++);
    NEWS(s.round.told.labels_num++);
    NEWS(s.round.told.sets_id++);
    NEWS(s.round.told.reset_count++);
}

/* A rollout looks at which sets spoke, and at what stands in the shadow. */
static void other_sets_and_shadows_are_news(void **state)
{
    (void)state;
    NEWS(s.round.after.standings.sets.matched[1] = 1);
    NEWS(s.round.after.standings.sets.needed[0] = 1);
    NEWS(s.round.after.standings.shadows[1].links[GB_LINK_OS].worst = GB_TIER_CONTRAINDICATED);
    NEWS(s.round.after.standings.shadows[0].policy_named = true);
}

/* One thing more against a link that is broken already; not the same again. */
static void one_more_thing_against_a_node_is_news(void **state)
{
    (void)state;
    struct steady s;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    begin(&s);
    s.round.verdict.findings.arena = arena;
    gb_finding_add(&s.round.verdict.findings, GB_FINDING_LINK_EARLIER, GB_NO_EVENT,
                   "contraindicated", NULL, NULL);
    assert_false(round_is_news(&s.before, &s.round));
    gb_finding_add(&s.round.verdict.findings, GB_FINDING_IMA_UNKNOWN, GB_NO_EVENT, "/tmp/x", "00",
                   NULL);
    assert_true(round_is_news(&s.before, &s.round));
    s.round.claims.continues = false; /* all evidence again: the same is found again */
    assert_false(round_is_news(&s.before, &s.round));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_newer_proof_of_the_same_is_no_news),
        cmocka_unit_test(whatever_else_differs_is_news),
        cmocka_unit_test(other_sets_and_shadows_are_news),
        cmocka_unit_test(one_more_thing_against_a_node_is_news),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
