#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "server/api/refused.h"

static struct refused *refused;

static int setup(void **state)
{
    (void)state;
    return refused_new(&refused, NULL);
}

static int teardown(void **state)
{
    (void)state;
    refused_free(refused);
    return 0;
}

/* How many of `calls` at that moment get an entry. */
static size_t written(const char *identity, int64_t now_ms, size_t calls, uint64_t *ret_more)
{
    size_t count = 0;
    for (size_t i = 0; i < calls; i++) {
        uint64_t more = 0;
        if (!refused_writes(refused, identity, now_ms, &more))
            continue;
        count++;
        *ret_more += more;
    }
    return count;
}

static void entries_are_few_and_nothing_is_lost(void **state)
{
    (void)state;
    uint64_t more = 0;
    assert_int_equal(written("mallory", 1000, 5000, &more), REFUSED_BURST);
    assert_int_equal(more, 0);
    assert_int_equal(written("alice", 1000, 3, &more), 3); /* she has her own */
    assert_int_equal(written("mallory", 1000 + REFUSED_EACH_MS - 1, 1, &more), 0);
    assert_int_equal(written("mallory", 1000 + REFUSED_EACH_MS, 2, &more), 1);
    assert_int_equal(more, 5000 - REFUSED_BURST + 1);
    int64_t later_ms = 1000 + (int64_t)REFUSED_BURST * REFUSED_EACH_MS * 3;
    assert_int_equal(written("mallory", later_ms, 5000, &more), REFUSED_BURST); /* never more */
}

static void what_was_counted_is_told_within_a_minute(void **state)
{
    (void)state;
    char identity[REFUSED_IDENTITY];
    uint64_t more = 0;
    (void)written("mallory", 1000, REFUSED_BURST + 7, &more);
    assert_false(refused_due(refused, 1000 + REFUSED_TOLD_MS - 1, false, identity, &more));
    assert_true(refused_due(refused, 1000 + REFUSED_TOLD_MS, false, identity, &more));
    assert_string_equal(identity, "mallory");
    assert_int_equal(more, 7);
    assert_false(refused_due(refused, 1000 + REFUSED_TOLD_MS, true, identity, &more));
    (void)written("mallory", 1000, 2, &more);
    assert_true(refused_due(refused, 1001, true, identity, &more)); /* before the service stops */
    assert_int_equal(more, 2);
}

/* Thousands of names are no way around it. */
static void the_table_is_bounded(void **state)
{
    (void)state;
    char identity[REFUSED_IDENTITY] = "";
    uint64_t more = 0;
    size_t count = 0;
    for (size_t i = 0; i < REFUSED_PLACES + 1000; i++) {
        snprintf(identity, sizeof identity, "https://id.example %zu", i);
        count += written(identity, 1000, 1, &more);
    }
    assert_int_equal(count, REFUSED_PLACES + REFUSED_BURST);
    assert_true(refused_due(refused, 1000, true, identity, &more));
    assert_string_equal(identity, ""); /* of several people */
    assert_int_equal(more, 1000 - REFUSED_BURST);
    assert_int_equal(written("new", 1000 + REFUSED_EACH_MS, 1, &more), 1); /* who is full goes */
    static char huge[2 * REFUSED_IDENTITY];
    memset(huge, 'a', sizeof huge - 1);
    (void)written(huge, 1000, 1, &more);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(entries_are_few_and_nothing_is_lost, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_counted_is_told_within_a_minute, setup, teardown),
        cmocka_unit_test_setup_teardown(the_table_is_bounded, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
