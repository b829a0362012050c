#include "../test.h"
#include "verify/freshness.h"

static const struct gb_finding *judge(struct gb_arena *arena, const char *said, bool has_nonce,
                                      const char *asked, bool expected)
{
    struct gb_findings *findings = gb_arena_new_one(arena, struct gb_findings);
    assert_non_null(findings);
    findings->arena = arena;
    struct tpm_attest attest = {.extra_data = gb_bytes_str(said)};
    bool fresh = freshness_judge(arena, &attest, has_nonce, gb_bytes_str(asked), findings);
    assert_int_equal(fresh, expected);
    assert_int_equal(findings->count, findings->first ? 1 : 0);
    return findings->first;
}

static void T01_the_nonce_asked_is_the_nonce_answered(void **state)
{
    assert_null(judge(*state, "12345678", true, "12345678", true));
}

static void T01_another_nonce_is_contraindicated(void **state)
{
    const struct gb_finding *f = judge(*state, "1234", true, "1235", false);
    assert_int_equal(f->code, GB_FINDING_NONCE_MISMATCH);
    assert_int_equal(f->tier, GB_TIER_CONTRAINDICATED);
    assert_string_equal(f->args[0], "31323334");
    assert_string_equal(f->args[1], "31323335");
    assert_int_equal(judge(*state, "1234", true, "12345", false)->code, GB_FINDING_NONCE_MISMATCH);
    assert_int_equal(judge(*state, "12345", true, "1234", false)->code, GB_FINDING_NONCE_MISMATCH);
    assert_int_equal(judge(*state, "1234", true, "", false)->code, GB_FINDING_NONCE_MISMATCH);
}

static void T01_an_empty_nonce_never_matches(void **state)
{
    assert_int_equal(judge(*state, "", true, "1234", false)->code, GB_FINDING_NONCE_EMPTY);
    assert_int_equal(judge(*state, "", true, "", false)->code, GB_FINDING_NONCE_EMPTY);
}

static void no_nonce_asked_is_said(void **state)
{
    const struct gb_finding *f = judge(*state, "1234", false, "", true);
    assert_int_equal(f->code, GB_FINDING_NONCE_UNCHECKED);
    assert_int_equal(f->tier, GB_TIER_NONE);
}

static int setup(void **state)
{
    *state = gb_arena_new();
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    gb_arena_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(T01_the_nonce_asked_is_the_nonce_answered),
        cmocka_unit_test(T01_another_nonce_is_contraindicated),
        cmocka_unit_test(T01_an_empty_nonce_never_matches),
        cmocka_unit_test(no_nonce_asked_is_said),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
