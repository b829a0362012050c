/* Which policies are for a node, which sets speak in them, and what becomes of those that do not
 * decide. */
#include "../test.h"
#include "make_claims.h"
#include "policy/judge/engine.h"
#include "policy/rules/pattern.h"
#include "policy/select.h"
#include "wire/cbor.h"

#define POLICY(name, spec)                                                                         \
    "---\napiVersion: garboard.dev/v1alpha1\nkind: NodePolicy\nmetadata:\n  name: " name           \
    "\n  version: 3\nspec:\n  secureBoot: any\n" spec

static const struct gb_label labels[] = {{"rack", "7"}, {"site", "fra-2"}};
static const struct node_facts worker = {"worker-1", {labels, 2}};
static const struct node_facts gate = {"gate-1", {labels, 1}};

static struct policy read_all(struct gb_arena *arena, const char *text)
{
    const struct policy_file file = {"p.yaml", gb_bytes_str(text)};
    struct policy policy = {0};
    struct gb_err err = {0};
    if (policy_read(arena, &file, 1, 7, &policy, &err) < 0)
        fail_msg("%s", err.text);
    return policy;
}

static void patterns_match_whole_texts(void **state)
{
    static const struct {
        const char *pattern, *text;
        bool matches;
    } rows[] = {
        {"", "", true},
        {"", "a", false},
        {"*", "", true},
        {"*", "abc", true},
        {"abc", "abc", true},
        {"abc", "abcd", false},
        {"abc", "ab", false},
        {"a*", "abc", true},
        {"*c", "abc", true},
        {"*c", "abcd", false},
        {"a*c", "abcbc", true},
        {"a*b*c", "a1b2c", true},
        {"a*b*c", "a1c2b", false},
        {"**", "x", true},
        {"a**b", "ab", true},
        {"*ab", "aab", true},
        {"*aab*", "aaab", true},
        {"?", "x", false},
        {"[ab]", "a", false},
        {"A", "a", false},
    };
    (void)state;
    for (size_t i = 0; i < GB_ARRAY_LEN(rows); i++)
        if (pattern_matches(gb_bytes_str(rows[i].pattern), gb_bytes_str(rows[i].text)) !=
            rows[i].matches)
            fail_msg("\"%s\" and \"%s\"", rows[i].pattern, rows[i].text);
}

static void a_policy_is_for_labels_and_names(void **state)
{
    static const struct {
        const char *nodes;
        bool worker, gate, unknown;
    } rows[] = {
        {"", true, true, true},
        {"  nodes: {labels: {site: fra-2}}\n", true, false, false},
        {"  nodes: {labels: {site: \"fra-*\", rack: \"7\"}}\n", true, false, false},
        {"  nodes: {labels: {rack: \"*\"}}\n", true, true, false},
        {"  nodes: {labels: {row: \"*\"}}\n", false, false, false},
        {"  nodes: {names: [\"worker-*\", \"gate-1\"]}\n", true, true, false},
        {"  nodes: {names: [worker]}\n", false, false, false},
        {"  nodes: {names: [\"gate-*\"], labels: {rack: \"7\"}}\n", false, true, false},
        {"  nodes: {names: [\"gate-*\"], labels: {site: fra-2}}\n", false, false, false},
    };
    (void)state;
    for (size_t i = 0; i < GB_ARRAY_LEN(rows); i++) {
        gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
        const char *text = gb_arena_printf(arena, POLICY("p", "%s"), rows[i].nodes);
        struct policy policy = read_all(arena, text);
        struct selected selected;
        /* As written, so read: the second time around it is our own text. */
        for (int again = 0; again < 2; again++) {
            policy_select(&policy, &worker, &selected);
            assert_int_equal(selected.node != NULL, rows[i].worker);
            policy_select(&policy, &gate, &selected);
            assert_int_equal(selected.node != NULL, rows[i].gate);
            policy_select(&policy, NULL, &selected);
            assert_int_equal(selected.node != NULL, rows[i].unknown);
            gb_cleanup(gb_buf_done) struct gb_buf out;
            gb_buf_init(&out, 1 << 16);
            node_policy_write(&out, policy.policies);
            text = (const char *)gb_arena_copy(arena, gb_buf_bytes(&out)).data;
            policy = read_all(arena, text);
        }
    }
}

static void the_highest_priority_judges(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct selected selected;
    struct policy policy =
        read_all(arena, POLICY("low", "  identity: {expired: allow}\n")
                            POLICY("high", "  priority: 7\n  nodes: {labels: {site: fra-2}}\n")
                                POLICY("s1", "  mode: shadow\n") POLICY("s2", "  mode: shadow\n")
                                    POLICY("s3", "  mode: shadow\n  priority: 9\n"));
    policy_select(&policy, &worker, &selected);
    assert_string_equal(selected.node->name, "high");
    assert_null(selected.rival);
    assert_int_equal(selected.shadow_count, 2); /* the ceiling; the highest first */
    assert_string_equal(selected.shadows[0]->name, "s3");
    assert_string_equal(selected.shadows[1]->name, "s1");
    assert_int_equal(selected.shadows_left, 1);
    assert_false(policy_allows_expired(&policy, &worker));
    policy_select(&policy, &gate, &selected);
    assert_string_equal(selected.node->name, "low");
    assert_true(policy_allows_expired(&policy, &gate));
}

/* A tie allows nothing, whatever both allow. */
static void a_tie_decides_nothing(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct selected selected;
    struct policy policy =
        read_all(arena, POLICY("a", "  identity: {expired: allow}\n")
                            POLICY("b", "  mode: warn\n  identity: {expired: allow}\n"));
    policy_select(&policy, &worker, &selected);
    assert_non_null(selected.rival);
    assert_false(policy_allows_expired(&policy, &worker));
}

/* A good boot with /bin/sh and the sets that know it. */
static const struct ref_set *good(struct make *make)
{
    make_init(make);
    make_uki(make, "good", "ima_policy=tcb");
    make_file(make, "sh", "/bin/sh");
    return make_sets(make, true, true, true);
}

static struct verdict judge(struct make *make, const struct node_policy *nodes,
                            const struct ref_set *sets)
{
    const struct policy policy = {
        .policies = nodes, .sets = sets, .files = make_index(make->arena, sets)};
    struct verdict verdict = {0};
    assert_int_equal(appraise(make->arena, &policy, &make->claims, &verdict, NULL), 0);
    return verdict;
}

static void warn_trusts_what_is_proven(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *sets = good(&make);
    const struct node_policy warn = {.name = "w", .version = 2, .mode = POLICY_WARN};
    const struct node_policy enforce = {.name = "e", .version = 2};
    make_file(&make, "evil", "/opt/evil");
    struct verdict verdict = judge(&make, &warn, sets);
    assert_int_equal(verdict.tier, GB_TIER_CONTRAINDICATED);
    assert_string_equal(verdict.mode, "warn");
    assert_true(verdict_is_trusted(&verdict));
    verdict = judge(&make, &enforce, sets);
    assert_false(verdict_is_trusted(&verdict));
    /* evidence that proves nothing is not trusted by any mode */
    gb_finding_add(&make.claims.findings, GB_FINDING_QUOTE_SIGNATURE, GB_NO_EVENT, NULL, NULL,
                   NULL);
    verdict = judge(&make, &warn, sets);
    assert_false(verdict_is_trusted(&verdict));
    make_done(&make);
}

/* ---- what a machine says of itself ---- */

/* A map of text, key after value; the quote is taken to cover it. */
static void say(struct make *make, const char *const *words, size_t count)
{
    struct gb_buf out;
    gb_buf_init(&out, 4096);
    cbor_map(&out, count / 2);
    for (size_t i = 0; i < count; i++)
        cbor_text(&out, gb_bytes_str(words[i]));
    make->claims.extras = gb_arena_copy(make->arena, gb_buf_bytes(&out));
    gb_buf_done(&out);
}

static void said_words_choose_sets_and_only_narrow(void **state)
{
    (void)state;
    static const char *const dell[] = {"vendor", "Dell Inc.", "model",  "R760",   "firmware",
                                       "2.1",    "os",        "debian", "kernel", "6.1.0-49"};
    static const char *const hp[] = {"vendor", "HPE", "kernel", "6.1.0-49"};
    static const struct set_selector applies[] = {{.vendor = "Dell*"},
                                                  {.model = "R7*"},
                                                  {.firmware = "2.*"},
                                                  {.distribution = "debian"},
                                                  {.vendor = "Dell*", .kernel = "6.1.0-*"}};
    struct make make;
    const struct ref_set *sets = good(&make);
    struct ref_set *first = (struct ref_set *)(uintptr_t)sets;
    const struct node_policy plain = {.name = "p", .version = 1};
    for (size_t i = 0; i < GB_ARRAY_LEN(applies); i++) {
        first->applies = applies[i];
        say(&make, dell, GB_ARRAY_LEN(dell));
        struct verdict verdict = judge(&make, &plain, sets);
        assert_int_equal(verdict.links[GB_LINK_FIRMWARE].tier, GB_TIER_AFFIRMING);
        say(&make, hp, GB_ARRAY_LEN(hp)); /* one word that fits does not make up for another */
        verdict = judge(&make, &plain, sets);
        assert_int_equal(make_count(&verdict, GB_LINK_FIRMWARE, GB_FINDING_REF_OTHER_MACHINE), 1);
        make.claims.extras = gb_bytes(NULL, 0); /* who says nothing is nothing */
        verdict = judge(&make, &plain, sets);
        assert_int_equal(make_count(&verdict, GB_LINK_FIRMWARE, GB_FINDING_REF_OTHER_MACHINE), 1);
        assert_int_equal(verdict.tier, GB_TIER_CONTRAINDICATED);
    }
    make_done(&make);
}

/* A set that decides nothing knows this boot, and its words tell which build that is. */
static void another_build_is_named(void **state)
{
    (void)state;
    struct make make, other;
    const struct ref_set *sets = good(&make);
    make_init(&other);
    make_uki(&other, "good", "ima_policy=tcb");
    for (size_t i = 0; i < other.claims.boot_count; i++)
        if (other.boot[i].pcr == 4 &&
            gb_bytes_equal(other.boot[i].digest, make_digest(other.arena, "inner kernel")))
            other.boot[i].digest = make_digest(other.arena, "newer kernel");
    struct ref_set *newer = (struct ref_set *)(uintptr_t)make_sets(&other, false, true, false);
    newer->name = "newer";
    newer->life = REF_CANDIDATE;
    const char *const builds[] = {"Linux 6.1.0-49", "Linux 6.1.0-50"};
    struct ref_set *both[] = {(struct ref_set *)(uintptr_t)sets->next, newer};
    for (size_t i = 0; i < GB_ARRAY_LEN(both); i++)
        for (struct ref_event *e = both[i]->events; e; e = e->next)
            if (e->link == GB_LINK_KERNEL)
                e->about = builds[i];
    both[0]->next->next = newer; /* behind platform, os and packages */
    const struct node_policy plain = {.name = "p", .version = 1};
    make.claims.boot = other.claims.boot;
    make.claims.boot_count = other.claims.boot_count;
    make.claims.cmdline_at = other.claims.cmdline_at;
    struct verdict verdict = judge(&make, &plain, sets);
    assert_int_equal(verdict.links[GB_LINK_KERNEL].tier, GB_TIER_CONTRAINDICATED);
    assert_string_equal(
        make_message(make.arena, &verdict, GB_LINK_KERNEL, GB_FINDING_SET_OTHER_BUILD),
        "it is Linux 6.1.0-50, of candidate set newer; accepted: Linux 6.1.0-49");
    /* where both have the same words, only the set is named */
    for (struct ref_event *e = newer->events; e; e = e->next)
        if (e->link == GB_LINK_KERNEL)
            e->about = builds[0];
    verdict = judge(&make, &plain, sets);
    assert_int_equal(make_count(&verdict, GB_LINK_KERNEL, GB_FINDING_SET_OTHER_BUILD), 0);
    assert_int_equal(make_count(&verdict, GB_LINK_KERNEL, GB_FINDING_SET_OTHER_LIFE), 1);
    make_done(&make);
    make_done(&other);
}

/* What verify() found against the TPM or the logs is no matter of policy; what a rule says of the
 * TPM's kind is one. */
static void T05_warn_softens_policy_and_no_broken_identity(void **state)
{
    (void)state;
    static const struct tpm_kind weak[] = {{.manufacturer = "AMD"}};
    struct make make;
    const struct ref_set *sets = good(&make);
    struct node_policy warn = {.name = "w", .version = 2, .mode = POLICY_WARN};
    warn.rules.tpm = (struct tpm_rule){.deny = weak, .deny_count = 1};
    make.claims.tpm = (struct tpm_facts){"AMD", "AMD", "3.58.0.5"};
    struct verdict verdict = judge(&make, &warn, sets);
    assert_int_equal(verdict.links[GB_LINK_IDENTITY].tier, GB_TIER_CONTRAINDICATED);
    assert_true(verdict_is_trusted(&verdict));
    gb_finding_add(&make.claims.findings, GB_FINDING_EK_UNTRUSTED, GB_NO_EVENT, "ekcert", "why",
                   NULL);
    verdict = judge(&make, &warn, sets);
    assert_string_equal(verdict.mode, "warn");
    assert_false(verdict_is_trusted(&verdict));
    make_done(&make);
}

static void T20_warn_trusts_nothing_that_the_firmware_reports_as_an_error(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *sets = good(&make);
    const struct node_policy warn = {.name = "w", .version = 2, .mode = POLICY_WARN};
    gb_finding_add(&make.claims.findings, GB_FINDING_EVENT_SEPARATOR_ERROR, GB_NO_EVENT, "0", NULL,
                   NULL);
    struct verdict verdict = judge(&make, &warn, sets);
    assert_int_equal(verdict.links[GB_LINK_FIRMWARE].tier, GB_TIER_CONTRAINDICATED);
    assert_false(verdict_is_trusted(&verdict));
    make_done(&make);
}

/* Findings beyond the ceiling are known by their tier alone. */
static void T20_warn_trusts_nothing_that_was_dropped(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *sets = good(&make);
    const struct node_policy warn = {.name = "w", .version = 2, .mode = POLICY_WARN};
    for (size_t i = 0; i <= GB_LIMIT_FINDINGS; i++)
        gb_finding_add(&make.claims.findings,
                       i < GB_LIMIT_FINDINGS ? GB_FINDING_EVENT_LATE : GB_FINDING_EK_UNTRUSTED,
                       GB_NO_EVENT, "a", "b", NULL);
    struct verdict verdict = judge(&make, &warn, sets);
    assert_false(verdict_is_trusted(&verdict));
    make_done(&make);
}

static void the_shadow_decides_nothing(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *sets = good(&make);
    struct node_policy strict = {.name = "s", .version = 5, .mode = POLICY_SHADOW};
    struct node_policy plain = {.name = "p", .version = 4, .next = &strict};
    strict.require[GB_LINK_ENGINE] = true;
    struct verdict verdict = judge(&make, &plain, sets);
    assert_int_equal(verdict.tier, GB_TIER_AFFIRMING);
    assert_true(verdict_is_trusted(&verdict));
    assert_int_equal(verdict.shadow_count, 1);
    assert_string_equal(verdict.shadows[0].name, "s");
    assert_int_equal(verdict.shadows[0].version, 5);
    assert_int_equal(verdict.shadows[0].verdict->tier, GB_TIER_CONTRAINDICATED);
    /* nor does a good one lift a bad verdict */
    plain.require[GB_LINK_ENGINE] = true;
    strict.require[GB_LINK_ENGINE] = false;
    verdict = judge(&make, &plain, sets);
    assert_int_equal(verdict.shadows[0].verdict->tier, GB_TIER_AFFIRMING);
    assert_false(verdict_is_trusted(&verdict));
    verdict = judge(&make, &strict, sets); /* alone it is no judge */
    assert_int_equal(make_count(&verdict, GB_LINK_NONE, GB_FINDING_POLICY_NO_MATCH), 1);
    assert_false(verdict_is_trusted(&verdict));
    make_done(&make);
}

static void T17_versions_stand_in_every_verdict(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *sets = good(&make);
    const struct node_policy plain = {.name = "p", .version = 4};
    for (const struct ref_set *set = sets; set; set = set->next)
        ((struct ref_set *)(uintptr_t)set)->version = 11;
    struct verdict verdict = judge(&make, &plain, sets);
    assert_string_equal(verdict.policy_name, "p");
    assert_int_equal(verdict.policy_version, 4);
    assert_int_equal(verdict.set_count, 3);
    for (size_t i = 0; i < verdict.set_count; i++) {
        assert_int_equal(verdict.sets[i].version, 11);
        assert_true(verdict.sets[i].needed);
    }
    make_done(&make);
}

/* What an earlier round matched stays matched, and what it needed stays needed. */
static void sets_are_remembered_over_rounds(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *sets = good(&make);
    const struct node_policy plain = {.name = "p", .version = 4};
    const struct policy policy = {
        .policies = &plain, .sets = sets, .files = make_index(make.arena, sets)};
    struct standings first, second;
    struct verdict verdict;
    assert_int_equal(appraise_next(make.arena, &policy, &make.claims, NULL, &first, &verdict, NULL),
                     0);
    assert_int_equal(verdict.set_count, 3);
    make.claims.continues = true;
    make.claims.boot_count = 0;
    make.claims.ima_from = make.claims.ima_count;
    make.claims.ima_count = 0;
    assert_int_equal(
        appraise_next(make.arena, &policy, &make.claims, &first, &second, &verdict, NULL), 0);
    assert_int_equal(verdict.tier, GB_TIER_AFFIRMING);
    assert_int_equal(verdict.set_count, 3);
    for (size_t i = 0; i < verdict.set_count; i++)
        assert_true(verdict.sets[i].needed);
    make_done(&make);
}

static void the_engine_has_usual_places_and_ones_own(void **state)
{
    static const char *const own[] = {"/srv/run/", "/usr/bin/app*"};
    const struct node_policy usual = {.name = "p"};
    const struct node_policy chosen = {.name = "p", .engine_paths = own, .engine_path_count = 2};
    const struct node_policy none = {.name = "p", .engine_paths = own};
    (void)state;
    assert_true(engine_path(&usual, gb_bytes_str("/usr/bin/containerd-shim-runc-v2")));
    assert_true(engine_path(&usual, gb_bytes_str("/opt/cni/bin/bridge")));
    assert_false(engine_path(&usual, gb_bytes_str("/opt/cni/binary")));
    assert_false(engine_path(&usual, gb_bytes_str("/usr/bin/bash")));
    assert_true(engine_path(&chosen, gb_bytes_str("/srv/run/shim")));
    assert_true(engine_path(&chosen, gb_bytes_str("/usr/bin/app2")));
    assert_false(engine_path(&chosen, gb_bytes_str("/opt/cni/bin/bridge")));
    assert_false(engine_path(&none, gb_bytes_str("/opt/cni/bin/bridge")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_match_whole_texts),
        cmocka_unit_test(a_policy_is_for_labels_and_names),
        cmocka_unit_test(the_highest_priority_judges),
        cmocka_unit_test(a_tie_decides_nothing),
        cmocka_unit_test(warn_trusts_what_is_proven),
        cmocka_unit_test(said_words_choose_sets_and_only_narrow),
        cmocka_unit_test(another_build_is_named),
        cmocka_unit_test(T05_warn_softens_policy_and_no_broken_identity),
        cmocka_unit_test(T20_warn_trusts_nothing_that_the_firmware_reports_as_an_error),
        cmocka_unit_test(T20_warn_trusts_nothing_that_was_dropped),
        cmocka_unit_test(the_shadow_decides_nothing),
        cmocka_unit_test(T17_versions_stand_in_every_verdict),
        cmocka_unit_test(sets_are_remembered_over_rounds),
        cmocka_unit_test(the_engine_has_usual_places_and_ones_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
