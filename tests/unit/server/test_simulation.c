/* A simulation for somebody who went away ends; for somebody who asks it goes on. */
#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "../verify/make_quote.h"
#include "base/clock.h"
#include "running.h"
#include "server/kept/simulation.h"
#include "server/kept/simulations.h"

enum { NODES = 5000 };

static struct running running;

static void add_nodes(void)
{
    struct make_ak ak;
    struct gb_buf area;
    make_ak_init(&ak, "P-256", 0, KEY_ECDSA, DIGEST_SHA256);
    gb_buf_init(&area, 4096);
    make_ak_public(&ak, MAKE_AK_GOOD, &area);
    make_ak_done(&ak);
    for (uint32_t i = 0; i < NODES; i++) {
        char name[32];
        struct store_node node = {.name = name, .ak_public = gb_buf_bytes(&area)};
        snprintf(name, sizeof name, "w%u", (unsigned)i);
        memcpy(node.id, &i, sizeof i);
        assert_int_equal(nodes_add(running.server->nodes, &node, NULL), GB_OK);
    }
    gb_buf_done(&area);
}

static struct simulation *begin(void)
{
    static const char policy[] = "apiVersion: garboard.dev/v1alpha1\nkind: NodePolicy\n"
                                 "metadata: {name: x, version: 1}\nspec: {}\n";
    struct simulation *simulation = NULL;
    struct gb_err err;
    if (simulation_new(running.server, gb_bytes_str(policy), &simulation, &err) < 0)
        fail_msg("%s", err.text);
    return simulation;
}

static void wait_for(struct simulation *simulation)
{
    for (int i = 0; simulation_ended_ms(simulation) == 0; i++) {
        assert_in_range(i, 0, 6000);
        usleep(10000);
    }
}

static void assert_says(struct simulation *simulation, const char *word)
{
    struct gb_buf out;
    gb_buf_init(&out, 4 << 20);
    simulation_write(simulation, &out);
    gb_buf_add(&out, "", 1);
    assert_true(gb_buf_ok(&out));
    if (!strstr((const char *)out.data, word))
        fail_msg("\"%s\" is not in %.300s", word, (const char *)out.data);
    gb_buf_done(&out);
}

static void nobody_asks_and_it_ends(void **state)
{
    (void)state;
    struct simulation *simulation = begin();
    simulation_look(simulation, gb_clock_ms() + SIMULATION_ALONE_MS);
    assert_true(simulation_start(simulation));
    wait_for(simulation);
    assert_int_equal(simulation_state(simulation), SIMULATION_CANCELLED);
    assert_says(simulation, "nobody asked for it for a minute");
    assert_says(simulation, "\"done\":0,");
    simulation_unref(simulation);
}

static void who_asks_is_waited_for(void **state)
{
    (void)state;
    struct simulation *simulation = begin();
    usleep(20000);
    int64_t now_ms = gb_clock_ms();
    assert_says(simulation, "\"state\":\"running\"");
    simulation_look(simulation, now_ms + SIMULATION_ALONE_MS - 10);
    assert_true(simulation_start(simulation));
    wait_for(simulation);
    assert_int_equal(simulation_state(simulation), SIMULATION_DONE);
    assert_says(simulation, "\"without_evidence_count\":5000");
    simulation_unref(simulation);
}

/* As DELETE does, while it runs. */
static void who_cancels_stops_the_work(void **state)
{
    (void)state;
    struct simulation *simulation = begin();
    assert_true(
        simulations_add(running.server->simulations, simulation_ref(simulation), gb_clock_ms()));
    assert_true(simulation_start(simulation));
    assert_true(simulations_remove(running.server->simulations, simulation_id(simulation)));
    wait_for(simulation);
    assert_int_equal(simulation_state(simulation), SIMULATION_CANCELLED);
    assert_says(simulation, "it was cancelled");
    simulation_unref(simulation);
}

static int setup(void **state)
{
    (void)state;
    running_start(&running);
    add_nodes();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    running_stop(&running);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_asks_and_it_ends),
        cmocka_unit_test(who_asks_is_waited_for),
        cmocka_unit_test(who_cancels_stops_the_work),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
