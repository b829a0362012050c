/*
 * The nth allocation and the nth read fail, for every n, while a folder of evidence is judged
 * against a policy: each time there is an error and no verdict; sanitizers see to it that nothing
 * leaks.
 */
#include <stdio.h>

#include "../unit/test.h"
#include "base/mem.h"
#include "cli/evidence/attest_dir.h"
#include "os/file.h"

/* One whole judgement from files. 0 with a verdict, or the error. */
static int judge(enum gb_tier *ret_tier)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct gb_err err = {0};
    struct trust trust = {0};
    struct verdict verdict;
    struct gb_bytes policy;
    char path[4096];
    const char *source = getenv("GARBOARD_SOURCE");
    if (!arena)
        return GB_ERR_NOMEM;
    snprintf(path, sizeof path, "%s/tests/faults/policy.yaml", source);
    int r = file_read(arena, path, GB_LIMIT_POLICY, &policy, &err);
    if (r < 0)
        return r;
    const struct policy_file file = {"policy.yaml", policy};
    r = policy_read(arena, &file, 1, 42, &trust.policy, &err);
    if (r < 0)
        return r;
    const struct asked asked = {.time_s = 1800000000};
    snprintf(path, sizeof path, "%s/tests/cases/evidence/good", source);
    r = attest_dir(arena, &trust, &asked, path, NULL, &verdict, &err);
    if (r == 0)
        *ret_tier = verdict.tier;
    return r;
}

static void without_faults_it_is_affirming(void **state)
{
    (void)state;
    enum gb_tier tier = GB_TIER_NONE;
    assert_int_equal(judge(&tier), GB_OK);
    assert_int_equal(tier, GB_TIER_AFFIRMING);
}

static void T20_a_failed_allocation_is_never_a_verdict(void **state)
{
    (void)state;
    unsigned long n = 1;
    for (;; n++) {
        enum gb_tier tier = GB_TIER_NONE;
        gb_mem_fail_nth(n);
        int r = judge(&tier);
        bool happened = gb_mem_failed();
        gb_mem_fail_nth(0);
        if (!happened)
            break;
        if (r != GB_ERR_NOMEM)
            fail_msg("allocation %lu failed, and the answer was %d", n, r);
        assert_int_equal(tier, GB_TIER_NONE);
    }
    assert_in_range(n, 10, 100000);
}

static void T20_a_failed_read_is_never_a_verdict(void **state)
{
    (void)state;
    unsigned long n = 1;
    for (;; n++) {
        enum gb_tier tier = GB_TIER_NONE;
        file_fail_nth_read(n);
        int r = judge(&tier);
        bool happened = file_read_failed();
        file_fail_nth_read(0);
        if (!happened)
            break;
        assert_int_equal(r, GB_ERR_IO);
        assert_int_equal(tier, GB_TIER_NONE);
    }
    assert_in_range(n, 10, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_faults_it_is_affirming),
        cmocka_unit_test(T20_a_failed_allocation_is_never_a_verdict),
        cmocka_unit_test(T20_a_failed_read_is_never_a_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
