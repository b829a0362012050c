#include <string.h>

#include "../test.h"
#include "base/arena.h"
#include "server/nodes/waiting.h"

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
    assert_true(ask(*state, 1, "192.0.2.1:1", 0));
    assert_true(ask(*state, 2, "192.0.2.2:1", 10));
    assert_true(ask(*state, 3, "192.0.2.3:1", 10));
    assert_true(ask(*state, 4, "192.0.2.4:1", 10));
    assert_false(ask(*state, 5, "192.0.2.5:1", 99));
    assert_true(ask(*state, 5, "192.0.2.5:1", 100)); /* the first one's time is over */
    assert_int_equal(count(*state, 100), 4);
    assert_int_equal(count(*state, 110), 1);
    assert_int_equal(count(*state, 1000), 0);
}

static void who_came_in_waits_no_more(void **state)
{
    uint8_t ek[32];
    memset(ek, 7, sizeof ek);
    assert_true(ask(*state, 7, "192.0.2.1:1", 0));
    assert_true(ask(*state, 8, "192.0.2.1:1", 0));
    waiting_remove(*state, ek);
    waiting_remove(*state, ek);
    assert_int_equal(count(*state, 0), 1);
}

static void of_ipv6_a_network_is_one(void **state)
{
    assert_true(ask(*state, 1, "[2001:db8:0:1::1]:1", 0));
    assert_true(ask(*state, 2, "[2001:db8:0:1:ffff::2]:1", 0));
    assert_false(ask(*state, 3, "[2001:db8:0:1::3]:1", 0));
    assert_true(ask(*state, 3, "[2001:db8:0:2::3]:1", 0));
    assert_true(ask(*state, 4, "[::ffff:192.0.2.1]:1", 0));
}

/* An EK's public area is no secret. */
static void what_was_said_first_stays(void **state)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct waiting_node *nodes;
    size_t found;
    uint8_t ek[32];
    memset(ek, 1, sizeof ek);
    assert_true(ask(*state, 1, "192.0.2.1:1", 0));
    assert_true(waiting_ask(*state, "another", ek, "192.0.2.9:1", 50, 1050));
    assert_true(waiting_ask(*state, "another", ek, "192.0.2.1:1", 50, 1050));
    assert_int_equal(waiting_list(*state, arena, 50, &nodes, &found, NULL), GB_OK);
    assert_int_equal(found, 1);
    assert_string_equal(nodes[0].name, "worker");
    assert_string_equal(nodes[0].remote, "192.0.2.1");
    assert_int_equal(nodes[0].asked_s, 1000);
    assert_int_equal(nodes[0].asks, 3);
    assert_int_equal(count(*state, LIFE_MS), 0); /* nor did others keep it alive */
    assert_true(ask(*state, 1, "192.0.2.1:1", LIFE_MS));
    assert_true(ask(*state, 1, "192.0.2.1:2", LIFE_MS + 50)); /* it itself does */
    assert_int_equal(count(*state, 2 * LIFE_MS), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_remote_has_its_share_only, setup, teardown),
        cmocka_unit_test_setup_teardown(the_table_has_an_end_and_places_expire, setup, teardown),
        cmocka_unit_test_setup_teardown(who_came_in_waits_no_more, setup, teardown),
        cmocka_unit_test_setup_teardown(of_ipv6_a_network_is_one, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_said_first_stays, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
