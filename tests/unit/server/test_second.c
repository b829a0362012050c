#include <pthread.h>
#include <string.h>

#include "../test.h"
#include "server/api/second.h"

enum { NOW_S = 1000000, HOUR_MS = 3600 * 1000, MANY = 16 };

static struct second *second;

static int setup(void **state)
{
    (void)state;
    return second_new(&second, NULL);
}

static int teardown(void **state)
{
    (void)state;
    second_free(second);
    return 0;
}

static struct second_now at(int64_t now_ms)
{
    return (struct second_now){.ms = now_ms, .s = NOW_S + now_ms / 1000, .trust_id = 7};
}

static enum second_answer ask(const char *identity, uint8_t call, int64_t now_ms,
                              struct second_wait *ret_wait)
{
    struct second_call what = {.identity = identity,
                               .name = identity,
                               .action = ACCESS_DO_NODE_REMOVE,
                               .people = ACCESS_BIT(ACCESS_ADMIN),
                               .call = "DELETE /v1/nodes/x"};
    memset(what.digest, call, sizeof what.digest);
    struct second_now now = at(now_ms);
    return second_ask(second, &what, &now, ret_wait);
}

static size_t waiting(int64_t now_ms)
{
    struct gb_arena *arena = gb_arena_new();
    struct second_wait *waits;
    size_t count;
    struct second_now now = at(now_ms);
    assert_int_equal(second_list(second, arena, &now, &waits, &count, NULL), GB_OK);
    gb_arena_free(arena);
    return count;
}

static int find(const struct second_wait *wait, int64_t now_ms, struct second_wait *ret_wait)
{
    struct second_now now = at(now_ms);
    return second_find(second, wait->id, &now, ret_wait, NULL);
}

static void the_same_person_is_not_two(void **state)
{
    (void)state;
    struct second_wait first, again;
    assert_int_equal(ask("anna", 1, 0, &first), SECOND_ASKED);
    assert_int_equal(ask("anna", 1, 10, &again), SECOND_STILL);
    assert_memory_equal(first.id, again.id, SECOND_ID);
    assert_int_equal(again.expires_s, NOW_S + 3600); /* asking again does not prolong it */
    assert_int_equal(waiting(10), 1);
}

static void another_person_agrees_to_the_same_call_only(void **state)
{
    (void)state;
    struct second_wait wait;
    assert_int_equal(ask("anna", 1, 0, &wait), SECOND_ASKED);
    assert_int_equal(ask("bob", 2, 0, &wait), SECOND_ASKED);
    assert_int_equal(waiting(0), 2);
    assert_int_equal(ask("bob", 1, 1, &wait), SECOND_AGREED);
    assert_string_equal(wait.identity, "anna");
    second_settle(second, wait.id, true, 1);
    assert_int_equal(waiting(1), 1);
}

static void an_hour_later_nobody_waits(void **state)
{
    (void)state;
    struct second_wait wait;
    assert_int_equal(ask("anna", 1, 0, &wait), SECOND_ASKED);
    assert_int_equal(waiting(HOUR_MS - 1), 1);
    assert_int_equal(ask("bob", 1, HOUR_MS, &wait), SECOND_ASKED); /* bob is the first now */
    assert_string_equal(wait.identity, "bob");
}

static void what_failed_waits_again(void **state)
{
    (void)state;
    struct second_wait wait;
    assert_int_equal(ask("anna", 1, 0, &wait), SECOND_ASKED);
    assert_int_equal(ask("bob", 1, 1, &wait), SECOND_AGREED);
    assert_int_equal(ask("carl", 1, 1, &wait), SECOND_UNDERWAY);
    assert_int_equal(find(&wait, 1, &wait), GB_ERR_NOTFOUND);
    second_settle(second, wait.id, false, 2);
    assert_int_equal(ask("carl", 1, 2, &wait), SECOND_AGREED);
}

static void a_third_in_the_same_moment_does_not_ask_anew(void **state)
{
    (void)state;
    struct second_wait wait;
    assert_int_equal(ask("anna", 1, 0, &wait), SECOND_ASKED);
    assert_int_equal(ask("bob", 1, 1, &wait), SECOND_AGREED);
    second_settle(second, wait.id, true, 2);
    assert_int_equal(ask("carl", 1, 3, &wait), SECOND_UNDERWAY);
    assert_int_equal(ask("carl", 1, 3 + SECOND_DONE_S * 1000, &wait), SECOND_ASKED);
}

static void withdrawn_is_as_if_never_asked(void **state)
{
    (void)state;
    struct second_wait wait, found;
    assert_int_equal(ask("anna", 1, 0, &wait), SECOND_ASKED);
    assert_int_equal(find(&wait, 0, &found), GB_OK);
    assert_true(second_hold(second, wait.id));
    assert_false(second_hold(second, wait.id));
    assert_int_equal(ask("bob", 1, 0, &found), SECOND_UNDERWAY); /* while that is written down */
    second_forget(second, wait.id);
    assert_int_equal(find(&wait, 0, &found), GB_ERR_NOTFOUND);
    assert_int_equal(ask("bob", 1, 0, &wait), SECOND_ASKED);
}

/* Who asked may have lost the role for it. */
static void what_was_asked_under_another_policy_is_forgotten(void **state)
{
    (void)state;
    struct second_wait wait;
    struct second_call what = {.identity = "bob",
                               .name = "bob",
                               .action = ACCESS_DO_NODE_REMOVE,
                               .people = ACCESS_BIT(ACCESS_ADMIN),
                               .call = "DELETE /v1/nodes/x"};
    struct second_now now = at(1);
    now.trust_id = 8;
    memset(what.digest, 1, sizeof what.digest);
    assert_int_equal(ask("anna", 1, 0, &wait), SECOND_ASKED);
    assert_int_equal(second_ask(second, &what, &now, &wait), SECOND_ASKED);
    assert_string_equal(wait.identity, "bob");
}

static void one_who_asks_much_shuts_out_nobody(void **state)
{
    (void)state;
    struct second_wait wait;
    for (uint8_t i = 0; i < SECOND_MAX_EACH; i++)
        assert_int_equal(ask("anna", i, 0, &wait), SECOND_ASKED);
    assert_int_equal(ask("anna", 99, 0, &wait), SECOND_FULL);
    assert_int_equal(ask("bob", 99, 0, &wait), SECOND_ASKED);
}

static void an_identity_is_never_cut(void **state)
{
    (void)state;
    struct second_wait wait;
    char longer[SECOND_IDENTITY + 8];
    memset(longer, 'a', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(ask(longer, 1, 0, &wait), SECOND_FAILED);
    assert_int_equal(waiting(0), 0);
}

static void *agree(void *ctx)
{
    struct second_wait wait;
    enum second_answer *answer = ctx;
    *answer = ask("bob", 1, 1, &wait);
    return NULL;
}

static void of_many_seconds_at_once_one_carries_out(void **state)
{
    (void)state;
    pthread_t threads[MANY];
    enum second_answer answers[MANY];
    struct second_wait wait;
    size_t agreed = 0;
    assert_int_equal(ask("anna", 1, 0, &wait), SECOND_ASKED);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, agree, &answers[i]), 0);
    for (size_t i = 0; i < MANY; i++) {
        pthread_join(threads[i], NULL);
        agreed += answers[i] == SECOND_AGREED;
        assert_true(answers[i] == SECOND_AGREED || answers[i] == SECOND_UNDERWAY);
    }
    assert_int_equal(agreed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_same_person_is_not_two, setup, teardown),
        cmocka_unit_test_setup_teardown(another_person_agrees_to_the_same_call_only, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_hour_later_nobody_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(what_failed_waits_again, setup, teardown),
        cmocka_unit_test_setup_teardown(a_third_in_the_same_moment_does_not_ask_anew, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(withdrawn_is_as_if_never_asked, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_asked_under_another_policy_is_forgotten, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(one_who_asks_much_shuts_out_nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(an_identity_is_never_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(of_many_seconds_at_once_one_carries_out, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
