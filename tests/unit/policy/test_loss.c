/* What a change certainly takes from a trusted node: each row is documents before and after, and
 * what node n, which rests on set fi, loses. */
#include "../test.h"
#include "base/arena.h"
#include "base/bytes.h"
#include "base/limits.h"
#include "base/mem.h"
#include "policy/lint/loss.h"
#include "policy/policy.h"
#include "verify/facts.h"

#define D "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define E "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"
#define DOC(kind, name, version, spec)                                                             \
    "---\napiVersion: garboard.dev/v1alpha1\nkind: " kind "\nmetadata: {name: " name               \
    ", version: " version "}\nspec: " spec "\n"
#define POLICY(name, version, spec) DOC("NodePolicy", name, version, spec)
#define FILES(name, version, life, digests)                                                        \
    DOC("ReferenceSet", name, version,                                                             \
        "{class: packages, life: " life ", files: {algorithm: sha256, digests: [" digests "]}}")
#define OS(name, version, digest)                                                                  \
    DOC("ReferenceSet", name, version,                                                             \
        "{class: os, events: [{link: kernel, pcr: 9, type: EV_IPL, sha256: " digest "}]}")
#define P  POLICY("p", "1", "{require: [os]}")
#define FI FILES("fi", "1", "accepted", D)

static const struct {
    const char *before;
    const char *after;
    enum loss_kind kind;
    const char *name;
    const char *other;
} rows[] = {
    {P FI, P FI, LOSS_NONE, NULL, NULL},
    /* the judge */
    {P FI, POLICY("p", "2", "{mode: shadow}") FI, LOSS_JUDGE, "p", NULL},
    {P FI, POLICY("p", "2", "{nodes: {names: [m]}}") FI, LOSS_JUDGE, "p", NULL},
    {P FI, P FI POLICY("q", "1", "{require: [os]}"), LOSS_TIE, "p", "q"},
    {P FI, P FI POLICY("q", "1", "{require: [os], priority: 1}"), LOSS_NONE, NULL, NULL},
    {P FI, P FI POLICY("q", "1", "{mode: shadow}"), LOSS_NONE, NULL, NULL},
    {POLICY("p", "1", "{mode: shadow}") FI, POLICY("p", "2", "{nodes: {names: [m]}}") FI, LOSS_NONE,
     NULL, NULL},
    /* links */
    {P FI, POLICY("p", "2", "{require: [os, posture]}") FI, LOSS_LINK, "p", "posture"},
    {P FI, POLICY("p", "2", "{require: [os, kernel]}") FI, LOSS_LINK, "p", "kernel"},
    {P FI, POLICY("p", "2", "{require: [os, kernel]}") FI OS("k", "1", D), LOSS_NONE, NULL, NULL},
    {P FI, POLICY("p", "2", "{require: [os, identity, evidence]}") FI, LOSS_NONE, NULL, NULL},
    {P FI, POLICY("p", "2", "{mode: warn, require: [os, posture]}") FI, LOSS_NONE, NULL, NULL},
    /* the set that it rests on */
    {P FI OS("k", "1", D), P FILES("fi", "2", "candidate", D) FILES("fj", "1", "accepted", E),
     LOSS_SET, "fi", NULL},
    {P FI FILES("fj", "1", "accepted", E), P FILES("fj", "1", "accepted", E), LOSS_SET, "fi", NULL},
    {P FI, P FILES("fi", "2", "accepted", E), LOSS_SET, "fi", NULL},
    {P FI, P FILES("fi", "2", "accepted", D ", " E), LOSS_NONE, NULL, NULL},
    {P FI, P FILES("fi", "2", "retired", D) FILES("fj", "1", "accepted", D), LOSS_NONE, NULL, NULL},
    {P FI FILES("fj", "1", "shadow", D),
     P FILES("fi", "2", "retired", D) FILES("fj", "2", "accepted", D), LOSS_NONE, NULL, NULL},
    {P FI FILES("fj", "1", "accepted", E),
     POLICY("p", "2", "{require: [os], referenceSets: [fj]}") FI FILES("fj", "1", "accepted", E),
     LOSS_SET, "fi", NULL},
    {POLICY("p", "1", "{mode: enforce}") FI,
     POLICY("p", "1", "{mode: enforce}") FILES("fi", "2", "retired", D), LOSS_NONE, NULL, NULL},
    {P FI, POLICY("p", "2", "{mode: warn}") FILES("fi", "2", "retired", D), LOSS_NONE, NULL, NULL},
};

static struct policy *read_text(struct gb_arena *arena, const char *text)
{
    const struct policy_file file = {"p.yaml", gb_bytes_str(text)};
    struct policy *policy = gb_arena_new_one(arena, struct policy);
    struct gb_err err = {0};
    assert_non_null(policy);
    if (policy_read(arena, &file, 1, 7, policy, &err) != GB_OK)
        fail_msg("%s: %s", text, err.text);
    return policy;
}

static void T17_what_is_lost_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < GB_ARRAY_LEN(rows); i++) {
        gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
        const struct node_facts facts = {.name = "n"};
        struct loss_change change;
        struct loss loss;
        struct gb_err err = {0};
        assert_non_null(arena);
        assert_int_equal(loss_compare(arena, read_text(arena, rows[i].before),
                                      read_text(arena, rows[i].after), &change, &err),
                         GB_OK);
        loss_of_judge(&change, &facts, &loss);
        if (loss.kind == LOSS_NONE && !loss_of_set(&change, &facts, gb_bytes_str("fi"), &loss))
            assert_int_equal(loss.kind, LOSS_NONE);
        if (loss.kind != rows[i].kind)
            fail_msg("row %zu: kind %d, not %d", i, (int)loss.kind, (int)rows[i].kind);
        if (rows[i].name)
            assert_string_equal(loss.name, rows[i].name);
        if (rows[i].other)
            assert_string_equal(loss.other, rows[i].other);
        assert_false(loss_of_set(&change, &facts, gb_bytes_str("never"), &loss));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(T17_what_is_lost_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
