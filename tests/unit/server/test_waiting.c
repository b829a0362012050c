#include <string.h>

#include "../test.h"
#include "base/arena.h"
#include "server/waiting.h"

enum { MAX = 4, MAX_EACH = 2, LIFE_MS = 100 };

static int setup(void **state)
{
    struct waiting *waiting;
    assert_int_equal(waiting_new(MAX, MAX_EACH, LIFE_MS, &waiting, NULL), GB_OK);
    *state = waiting;
    return 0;
}

static int teardown(void **state)
{
    waiting_free(*state);
    return 0;
}

static bool ask(struct waiting *waiting, uint8_t tag, const char *remote, int64_t now_ms)
{
    uint8_t ek[32];
    memset(ek, tag, sizeof ek);
    return waiting_ask(waiting, "worker", ek, remote, now_ms, 1000 + now_ms);
}

static size_t count(struct waiting *waiting, int64_t now_ms)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct waiting_node *nodes;
    size_t found;
    assert_int_equal(waiting_list(waiting, arena, now_ms, &nodes, &found, NULL), GB_OK);
    return found;
}

static void one_remote_has_its_share_only(void **state)
{
    assert_true(ask(*state, 1, "192.0.2.1:1", 0));
    assert_true(ask(*state, 2, "192.0.2.1:2", 0));
    assert_false(ask(*state, 3, "192.0.2.1:3", 0));
    assert_true(ask(*state, 3, "[2001:db8::1]:3", 0));
    assert_true(ask(*state, 1, "192.0.2.1:4", 0)); /* known: renewed, no new place */
    assert_int_equal(count(*state, 0), 3);
}

static void the_table_has_an_end_and_places_expire(void **state)
{
    assert_true(ask(*state, 1, "a:1", 0));
    assert_true(ask(*state, 2, "b:1", 10));
    assert_true(ask(*state, 3, "c:1", 10));
    assert_true(ask(*state, 4, "d:1", 10));
    assert_false(ask(*state, 5, "e:1", 99));
    assert_true(ask(*state, 5, "e:1", 100)); /* the first one's time is over */
    assert_int_equal(count(*state, 100), 4);
    assert_int_equal(count(*state, 110), 1);
    assert_int_equal(count(*state, 1000), 0);
}

static void who_came_in_waits_no_more(void **state)
{
    uint8_t ek[32];
    memset(ek, 7, sizeof ek);
    assert_true(ask(*state, 7, "a:1", 0));
    assert_true(ask(*state, 8, "a:1", 0));
    waiting_remove(*state, ek);
    waiting_remove(*state, ek);
    assert_int_equal(count(*state, 0), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_remote_has_its_share_only, setup, teardown),
        cmocka_unit_test_setup_teardown(the_table_has_an_end_and_places_expire, setup, teardown),
        cmocka_unit_test_setup_teardown(who_came_in_waits_no_more, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
