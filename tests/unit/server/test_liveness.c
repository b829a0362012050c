#include "../test.h"
#include "server/nodes/liveness.h"

static const struct liveness_spans spans = {.fresh_s = 180, .unreachable_s = 600};

static void age_decides(void **state)
{
    (void)state;
    assert_int_equal(liveness_of(&spans, 0, 5000), LIVENESS_NEVER);
    assert_int_equal(liveness_of(&spans, 5000, 5000), LIVENESS_FRESH);
    assert_int_equal(liveness_of(&spans, 5000, 5180), LIVENESS_FRESH);
    assert_int_equal(liveness_of(&spans, 5000, 5181), LIVENESS_STALE);
    assert_int_equal(liveness_of(&spans, 5000, 5600), LIVENESS_STALE);
    assert_int_equal(liveness_of(&spans, 5000, 5601), LIVENESS_UNREACHABLE);
}

static void a_proof_that_lies_ahead_is_not_fresh(void **state)
{
    (void)state;
    assert_int_equal(liveness_of(&spans, 5000, 4999), LIVENESS_STALE);
    assert_int_equal(liveness_of(&spans, 5000, 10), LIVENESS_STALE);
}

static void the_policys_freshness_goes_before(void **state)
{
    (void)state;
    struct liveness_spans own = liveness_spans_for(&spans, 0);
    assert_int_equal(own.fresh_s, 180);
    assert_int_equal(own.unreachable_s, 600);
    own = liveness_spans_for(&spans, 60);
    assert_int_equal(liveness_of_age(&own, 60), LIVENESS_FRESH);
    assert_int_equal(liveness_of_age(&own, 61), LIVENESS_STALE);
    assert_int_equal(liveness_of_age(&own, 601), LIVENESS_UNREACHABLE);
    own = liveness_spans_for(&spans, 3600);
    assert_int_equal(liveness_of_age(&own, 3600), LIVENESS_FRESH);
    assert_int_equal(liveness_of_age(&own, 3601), LIVENESS_UNREACHABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(age_decides),
        cmocka_unit_test(a_proof_that_lies_ahead_is_not_fresh),
        cmocka_unit_test(the_policys_freshness_goes_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
