/* The os link: which files were run, and whether anything tells what was left out. */
#include "../test.h"
#include "base/encode.h"
#include "make_claims.h"

static const struct node_policy plain = {.name = "nodes", .version = 1};

static struct verdict judge(struct make *make, const struct node_policy *node,
                            const struct ref_set *sets)
{
    const struct policy policy = {
        .policies = node, .sets = sets, .files = make_index(make->arena, sets)};
    struct verdict verdict = {0};
    assert_int_equal(appraise(make->arena, &policy, &make->claims, &verdict, NULL), 0);
    return verdict;
}

/* A good boot that measured /bin/sh, with its sets. */
static const struct ref_set *good(struct make *make, const char *cmdline)
{
    make_init(make);
    make_uki(make, "good", cmdline);
    make_file(make, "sh", "/bin/sh");
    return make_sets(make, true, true, true);
}

static const char *message(struct make *make, const struct verdict *verdict,
                           enum gb_finding_code code)
{
    const char *text = make_message(make->arena, verdict, GB_LINK_OS, code);
    return text ? text : "no such finding";
}

static const char *hex(struct make *make, const char *word)
{
    return gb_hex(make->arena, make_digest(make->arena, word));
}

static void unknown_and_changed_files_are_named(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *sets = good(&make, "ima_policy=tcb");
    make_file(&make, "evil", "/opt/evil\n");
    make_file(&make, "sh-2", "/bin/sh");
    struct verdict verdict = judge(&make, &plain, sets);
    assert_int_equal(verdict.links[GB_LINK_OS].tier, GB_TIER_CONTRAINDICATED);
    assert_int_equal(verdict.links[GB_LINK_CMDLINE].tier, GB_TIER_AFFIRMING);
    assert_int_equal(verdict.tier, GB_TIER_CONTRAINDICATED);
    assert_string_equal(
        message(&make, &verdict, GB_FINDING_IMA_UNKNOWN),
        gb_arena_printf(make.arena,
                        "/opt/evil\\x0a was run or read, but no accepted set has its digest "
                        "sha256:%s",
                        hex(&make, "evil")));
    assert_string_equal(message(&make, &verdict, GB_FINDING_IMA_CHANGED),
                        gb_arena_printf(make.arena,
                                        "/bin/sh has digest sha256:%s, accepted is sha256:%s",
                                        hex(&make, "sh-2"), hex(&make, "sh")));
    assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_IMA_UNKNOWN), 1);
    assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_IMA_CHANGED), 1);
    for (const struct gb_finding *f = verdict.findings.first; f; f = f->next) {
        if (f->code == GB_FINDING_IMA_UNKNOWN) {
            assert_int_equal(f->event.log, GB_LOG_IMA);
            assert_int_equal(f->event.index, 2);
        }
    }
    make_done(&make);
}

/* The digest is judged, the path is a hint: a good file under another name is still good. */
static void a_known_digest_counts_under_any_name(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *sets = good(&make, "ima_policy=tcb");
    make_file(&make, "sh", "/bin/dash");
    struct verdict verdict = judge(&make, &plain, sets);
    assert_int_equal(verdict.links[GB_LINK_OS].tier, GB_TIER_AFFIRMING);
    assert_string_equal(message(&make, &verdict, GB_FINDING_IMA_MATCH),
                        "2 measured files are on the allow-list");
    make_done(&make);
}

/* An old runtime that the packages know, and no set of the engine: a list that hides where it lies
 * must not get it past these. */
static void T14_a_file_without_a_path_answers_to_the_engine(void **state)
{
    (void)state;
    static const char *const paths[] = {"/usr/bin/runc", ""};
    for (size_t i = 0; i < GB_ARRAY_LEN(paths); i++) {
        struct make make;
        struct policy engines;
        make_init(&make);
        make_uki(&make, "good", "ima_policy=tcb");
        make_file(&make, "sh", "/bin/sh");
        make_file(&make, "runc-1", paths[i]);
        struct ref_set *sets = (struct ref_set *)(uintptr_t)make_sets(&make, true, true, true);
        const char *text = gb_arena_printf(
            make.arena,
            "apiVersion: garboard.dev/v1alpha1\nkind: ReferenceSet\nmetadata: {name: e}\n"
            "spec:\n  class: engine\n  files:\n    algorithm: sha256\n    list: |\n"
            "      %s  /usr/bin/runc\n",
            hex(&make, "runc-2"));
        const struct policy_file file = {"e.yaml", gb_bytes_str(text)};
        assert_int_equal(policy_read(make.arena, &file, 1, 1, &engines, NULL), GB_OK);
        ((struct ref_set *)(uintptr_t)engines.sets)->next = sets;
        struct verdict verdict = judge(&make, &plain, engines.sets);
        assert_int_equal(verdict.links[GB_LINK_OS].tier, GB_TIER_AFFIRMING);
        assert_int_equal(verdict.links[GB_LINK_ENGINE].tier, GB_TIER_CONTRAINDICATED);
        make_done(&make);
    }
}

static void T14_violations_are_findings(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *sets = good(&make, "ima_policy=tcb");
    struct ima_entry *entry = make_file(&make, NULL, "/var/log/x");
    entry->is_violation = true;
    struct verdict verdict = judge(&make, &plain, sets);
    assert_int_equal(verdict.links[GB_LINK_OS].tier, GB_TIER_CONTRAINDICATED);
    assert_string_equal(message(&make, &verdict, GB_FINDING_IMA_VIOLATION),
                        "/var/log/x was open for writing while it was measured");
    struct node_policy node = plain;
    node.rules.ima.allow_violations = true;
    node.require[GB_LINK_OS] = true;
    verdict = judge(&make, &node, sets);
    assert_int_equal(verdict.links[GB_LINK_OS].tier, GB_TIER_WARNING);
    assert_int_equal(verdict.tier, GB_TIER_WARNING);
    /* What is allowed hides nothing else. */
    make_file(&make, "evil", "/opt/evil");
    verdict = judge(&make, &node, sets);
    assert_int_equal(verdict.links[GB_LINK_OS].tier, GB_TIER_CONTRAINDICATED);
    make_done(&make);
}

/* A required link may have the violations that the policy allows, and no other gap. */
/* Where a set of class engine counts, a violation in the engine's places is the engine's. */
static void T14_a_violation_of_the_engine_blames_the_engine(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *sets = good(&make, "ima_policy=tcb");
    make_file(&make, NULL, "/usr/bin/containerd")->is_violation = true;
    struct verdict verdict = judge(&make, &plain, sets); /* no set of that class: the os's */
    assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_IMA_VIOLATION), 1);
    struct ref_set engine = {.name = "engine", .cls = REF_ENGINE, .next = NULL};
    struct ref_set *last = (struct ref_set *)(uintptr_t)sets;
    while (last->next)
        last = last->next;
    last->next = &engine;
    verdict = judge(&make, &plain, sets);
    assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_IMA_VIOLATION), 0);
    assert_int_equal(make_count(&verdict, GB_LINK_ENGINE, GB_FINDING_IMA_VIOLATION), 1);
    assert_int_equal(verdict.links[GB_LINK_ENGINE].tier, GB_TIER_CONTRAINDICATED);
    assert_int_equal(verdict.tier, GB_TIER_CONTRAINDICATED);
    struct node_policy node = plain;
    node.rules.ima.allow_violations = true;
    verdict = judge(&make, &node, sets);
    assert_int_equal(verdict.links[GB_LINK_ENGINE].tier, GB_TIER_WARNING);
    make_file(&make, NULL, "/var/log/x")->is_violation = true; /* and others are not */
    verdict = judge(&make, &plain, sets);
    assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_IMA_VIOLATION), 1);
    make_done(&make);
}

static void T14_allowed_violations_excuse_nothing_else(void **state)
{
    (void)state;
    enum { FLOOD = 2 * GB_LIMIT_FINDINGS };
    struct make make;
    struct node_policy node = plain;
    node.rules.ima.allow_violations = true;
    node.require[GB_LINK_OS] = true;
    make_init(&make);
    make_uki(&make, "good", "ima_policy=tcb");
    make_phase(&make, "own phase"); /* the set of the os speaks for the link, too */
    make_file(&make, "sh", "/bin/sh");
    const struct ref_set *sets = make_sets(&make, true, true, true);
    make_file(&make, NULL, "/var/log/x")->is_violation = true;
    struct verdict verdict = judge(&make, &node, sets);
    assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_REF_MATCH), 1);
    assert_int_equal(verdict.links[GB_LINK_OS].tier, GB_TIER_WARNING);
    /* no set says which files are good */
    verdict = judge(&make, &node, make_sets(&make, true, true, false));
    assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_REF_MATCH), 1);
    assert_int_equal(verdict.links[GB_LINK_OS].tier, GB_TIER_CONTRAINDICATED);
    /* nobody sees what was dropped */
    struct ima_entry *many = gb_arena_new_array(make.arena, struct ima_entry, FLOOD);
    assert_non_null(many);
    for (size_t i = 0; i < FLOOD; i++)
        many[i] = make.ima[i < 2 ? i : 2];
    make.claims.ima = many;
    make.claims.ima_count = FLOOD;
    verdict = judge(&make, &node, sets);
    assert_true(verdict.findings.dropped > 0);
    assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_REF_MATCH), 1);
    assert_int_equal(verdict.links[GB_LINK_OS].tier, GB_TIER_CONTRAINDICATED);
    make_done(&make);
}

/* T15, the command line's side: its words are proven. */
static void T15_the_policy_must_be_named(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *sets = good(&make, "ima_policy=tcb");
    struct verdict verdict = judge(&make, &plain, sets);
    assert_int_equal(verdict.links[GB_LINK_OS].tier, GB_TIER_AFFIRMING);
    make_done(&make);

    sets = good(&make, "quiet");
    verdict = judge(&make, &plain, sets);
    assert_int_equal(verdict.links[GB_LINK_OS].tier, GB_TIER_CONTRAINDICATED);
    assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_IMA_POLICY), 1);
    /* Any accepted file may be called so by the node: the set's name for it counts. */
    make_file(&make, "sh", "/tmp/x/ima-policy");
    verdict = judge(&make, &plain, sets);
    assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_IMA_POLICY), 1);
    /* A measured, accepted record of the policy says it, too. */
    make_file(&make, "policy", "/etc/ima/ima-policy");
    verdict = judge(&make, &plain, sets);
    assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_IMA_POLICY), 1);
    verdict = judge(&make, &plain, make_sets(&make, true, true, true));
    assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_IMA_POLICY), 0);
    assert_int_equal(verdict.links[GB_LINK_OS].tier, GB_TIER_AFFIRMING);
    make_done(&make);
}

/* The record of the policy counts like any file: by a whole digest of a known algorithm. */
static void T15_a_policy_record_must_be_proven(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *sets = good(&make, "quiet");
    struct ima_entry *record = make_file(&make, "policy", "/etc/ima/ima-policy");
    sets = make_sets(&make, true, true, true);
    struct verdict verdict = judge(&make, &plain, sets);
    assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_IMA_POLICY), 0);
    record->file_alg = DIGEST_NONE; /* SM3, which is as long as SHA-256 */
    verdict = judge(&make, &plain, sets);
    assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_IMA_POLICY), 1);
    record->file_alg = DIGEST_SHA256;
    record->is_violation = true;
    struct node_policy node = plain;
    node.rules.ima.allow_violations = true;
    verdict = judge(&make, &node, sets);
    assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_IMA_POLICY), 1);
    assert_int_equal(verdict.links[GB_LINK_OS].tier, GB_TIER_CONTRAINDICATED);
    make_done(&make);
}

/* Words that are proven are asked, not those that a set claims for the same digest. */
static void T15_the_proven_text_goes_before_the_accepted_one(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *sets = good(&make, "ima_policy=tcb");
    make.claims.cmdline = gb_bytes_str("quiet");
    struct verdict verdict = judge(&make, &plain, sets);
    assert_int_equal(verdict.links[GB_LINK_CMDLINE].tier, GB_TIER_AFFIRMING);
    assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_IMA_POLICY), 1);
    make_done(&make);
}

/* What somebody measured later says nothing of the kernel. */
static void T15_another_text_names_no_policy(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *sets = good(&make, "quiet");
    struct gb_bytes wide;
    assert_true(gb_utf16_encode(make.arena, gb_bytes_str("ima_policy=tcb"), &wide));
    make_event(&make, 12, EV_IPL, "later", "", true)->data = wide;
    struct verdict verdict = judge(&make, &plain, sets);
    assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_IMA_POLICY), 0); /* blamed there */
    assert_int_equal(verdict.links[GB_LINK_CMDLINE].tier, GB_TIER_CONTRAINDICATED);
    verdict = judge(&make, &plain, make_sets(&make, true, true, true));
    assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_IMA_POLICY), 1);
    make_done(&make);
}

/* T15, the set's side: the node sent no text, but the digest is the accepted one. */
/* A loader's words name no policy where the kernel's stub measured a text that is not proven. */
static void T15_a_loaders_words_name_no_policy(void **state)
{
    (void)state;
    for (int known = 0; known < 2; known++) {
        struct make make;
        struct gb_bytes wide;
        make_init(&make);
        make_efi_stub(&make, "debug", known ? "debug ima_policy=tcb" : NULL);
        assert_true(gb_utf16_encode(make.arena, gb_bytes_str("ima_policy=tcb"), &wide));
        make_event(&make, 12, EV_IPL, "loader", "", true)->data = wide;
        make.boot[make.claims.cmdline_at].type = EV_IPL; /* so the node calls it */
        make_file(&make, "tool", "/usr/bin/tool");
        const struct ref_set *sets = make_sets(&make, true, false, true);
        struct verdict verdict = judge(&make, &plain, sets);
        assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_IMA_POLICY), !known);
        make_done(&make);
    }
}

static void T15_the_accepted_text_speaks_for_an_unproven_one(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *sets = good(&make, "ima_policy=tcb");
    make.claims.cmdline = gb_bytes(NULL, 0);
    struct verdict verdict = judge(&make, &plain, sets);
    assert_int_equal(verdict.links[GB_LINK_OS].tier, GB_TIER_AFFIRMING);
    make_done(&make);

    sets = good(&make, "quiet");
    make.claims.cmdline = gb_bytes(NULL, 0);
    verdict = judge(&make, &plain, sets);
    assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_IMA_POLICY), 1);
    make_done(&make);

    /* Nobody knows the words: who made the set vouches for them. */
    sets = good(&make, NULL);
    verdict = judge(&make, &plain, sets);
    assert_int_equal(verdict.links[GB_LINK_OS].tier, GB_TIER_AFFIRMING);
    /* Without a set, nobody does. */
    verdict = judge(&make, &plain, make_sets(&make, true, false, true));
    assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_IMA_POLICY), 1);
    make_done(&make);
}

static void T15_a_node_that_measures_nothing_is_refused(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *sets = good(&make, "ima_policy=tcb");
    size_t count = make.claims.ima_count;
    make.claims.ima_count = 1; /* boot_aggregate alone */
    struct verdict verdict = judge(&make, &plain, sets);
    assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_IMA_ABSENT), 1);
    assert_int_equal(verdict.tier, GB_TIER_CONTRAINDICATED);
    make.claims.ima_count = count;
    make.claims.has_ima = false;
    verdict = judge(&make, &plain, sets);
    assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_IMA_ABSENT), 1);
    assert_int_equal(verdict.links[GB_LINK_OS].tier, GB_TIER_CONTRAINDICATED);
    make_done(&make);
}

static void digests_that_prove_nothing_are_refused(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *sets = good(&make, "ima_policy=tcb");
    make_file(&make, NULL, "/bin/none");
    struct ima_entry *weak = make_file(&make, "weak", "/bin/weak");
    weak->file_alg = DIGEST_SHA1;
    weak->file_digest.len = 20;
    make_file(&make, "sm3", "/bin/sm3")->file_alg = DIGEST_NONE;
    struct verdict verdict = judge(&make, &plain, sets);
    assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_IMA_NO_DIGEST), 1);
    assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_IMA_WEAK_DIGEST), 2);
    assert_string_equal(message(&make, &verdict, GB_FINDING_IMA_WEAK_DIGEST),
                        "/bin/weak is measured with sha1, which is not accepted");
    assert_int_equal(verdict.links[GB_LINK_OS].tier, GB_TIER_CONTRAINDICATED);
    make_done(&make);
}

/* A file may hold, as its contents, what an accepted file's fs-verity digest is a hash of. */
static void verity_digests_are_another_namespace(void **state)
{
    (void)state;
    struct make make;
    make_init(&make);
    make_uki(&make, "good", "ima_policy=tcb");
    make_file(&make, "sh", "/bin/sh")->is_verity = true;
    const struct ref_set *sets = make_sets(&make, true, true, true);
    struct verdict verdict = judge(&make, &plain, sets);
    assert_int_equal(verdict.links[GB_LINK_OS].tier, GB_TIER_AFFIRMING);
    make.ima[1].is_verity = false;
    verdict = judge(&make, &plain, sets);
    assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_IMA_UNKNOWN), 1);
    make_done(&make);

    sets = good(&make, "ima_policy=tcb");
    make.ima[1].is_verity = true;
    verdict = judge(&make, &plain, sets);
    assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_IMA_UNKNOWN), 1);
    make_done(&make);
}

static void kernel_buffers_need_their_digest(void **state)
{
    (void)state;
    struct make make;
    const struct ref_set *sets = good(&make, "ima_policy=tcb");
    make_file(&make, "kexec", "kexec-cmdline")->buffer = gb_bytes_str("single");
    struct verdict verdict = judge(&make, &plain, sets);
    assert_string_equal(message(&make, &verdict, GB_FINDING_IMA_CRITICAL),
                        gb_arena_printf(make.arena,
                                        "the kernel measured kexec-cmdline with digest sha256:%s, "
                                        "which no accepted set has",
                                        hex(&make, "kexec")));
    verdict = judge(&make, &plain, make_sets(&make, true, true, true));
    assert_int_equal(verdict.links[GB_LINK_OS].tier, GB_TIER_AFFIRMING);
    make_done(&make);
}

/* A flood of unknown files is cut at the ceiling, keeps its tier, and hides no other link. */
static void a_flood_of_findings_hides_nothing(void **state)
{
    (void)state;
    enum { FLOOD = 3 * GB_LIMIT_FINDINGS };
    struct make make;
    const struct ref_set *sets = good(&make, "quiet");
    struct ima_entry *many = gb_arena_new_array(make.arena, struct ima_entry, FLOOD);
    assert_non_null(many);
    for (unsigned i = 0; i < FLOOD; i++) {
        many[i] = make.ima[1];
        many[i].path = gb_bytes_str(gb_arena_printf(make.arena, "/x/%u", i));
        many[i].file_digest = make_digest(make.arena, (const char *)many[i].path.data);
    }
    make.claims.ima = many;
    make.claims.ima_count = FLOOD;
    struct verdict verdict = judge(&make, &plain, sets);
    assert_int_equal(verdict.links[GB_LINK_OS].tier, GB_TIER_CONTRAINDICATED);
    assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_IMA_POLICY), 1);
    assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_IMA_UNKNOWN),
                     GB_LIMIT_FINDINGS - 1);
    assert_int_equal(verdict.findings.dropped, FLOOD - GB_LIMIT_FINDINGS + 1);
    assert_int_equal(make_count(&verdict, GB_LINK_CMDLINE, GB_FINDING_REF_MATCH), 1);
    make_done(&make);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_and_changed_files_are_named),
        cmocka_unit_test(a_known_digest_counts_under_any_name),
        cmocka_unit_test(T14_a_file_without_a_path_answers_to_the_engine),
        cmocka_unit_test(T14_violations_are_findings),
        cmocka_unit_test(T14_a_violation_of_the_engine_blames_the_engine),
        cmocka_unit_test(T14_allowed_violations_excuse_nothing_else),
        cmocka_unit_test(T15_the_policy_must_be_named),
        cmocka_unit_test(T15_a_policy_record_must_be_proven),
        cmocka_unit_test(T15_the_proven_text_goes_before_the_accepted_one),
        cmocka_unit_test(T15_another_text_names_no_policy),
        cmocka_unit_test(T15_a_loaders_words_name_no_policy),
        cmocka_unit_test(T15_the_accepted_text_speaks_for_an_unproven_one),
        cmocka_unit_test(T15_a_node_that_measures_nothing_is_refused),
        cmocka_unit_test(digests_that_prove_nothing_are_refused),
        cmocka_unit_test(verity_digests_are_another_namespace),
        cmocka_unit_test(kernel_buffers_need_their_digest),
        cmocka_unit_test(a_flood_of_findings_hides_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
