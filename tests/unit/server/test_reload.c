#include <stdatomic.h>
#include <stdio.h>

#include "../test.h"
#include "os/file.h"
#include "running.h"
#include "server/courier.h"
#include "server/reload.h"
#include "server/snapshot.h"

static struct running running;
static char path[128];

static int setup(void **state)
{
    (void)state;
    running_start(&running);
    snprintf(path, sizeof path, "%s/garboardd.conf", running.folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    running_stop(&running);
    return 0;
}

/* Only to be compared: the holder has it. */
static const struct snapshot *current(void)
{
    struct snapshot *snapshot = snapshot_get(running.server->trust);
    snapshot_unref(snapshot);
    return snapshot;
}

static void T17_a_reload_waits_for_a_change_of_policy(void **state)
{
    (void)state;
    const struct snapshot *before = current();
    atomic_store(&running.server->applying, true);
    assert_int_equal(reload(running.server, running.threads, path, NULL), GB_ERR_AGAIN);
    assert_ptr_equal(current(), before);
    assert_true(atomic_load(&running.server->applying)); /* not ours to end */
    atomic_store(&running.server->applying, false);
    assert_int_equal(reload(running.server, running.threads, path, NULL), GB_OK);
    assert_ptr_not_equal(current(), before);
    assert_false(atomic_load(&running.server->applying));
}

/* What keyd refuses does not count again because somebody sends a signal. */
static void T17_a_reload_does_not_overrule_keyd(void **state)
{
    (void)state;
    struct gb_err err = {0};
    (void)gb_err_set(&err, GB_ERR_DENIED, "version 2 is older than 3");
    courier_note(running.server, GB_ERR_DENIED, &err);
    assert_non_null(snapshot_refused(current()));
    assert_int_equal(reload(running.server, running.threads, path, NULL), GB_OK);
    assert_non_null(snapshot_refused(current()));
    assert_false(courier_agreed(running.server));
    courier_note(running.server, GB_OK, &err);
    assert_null(snapshot_refused(current()));
    assert_true(courier_agreed(running.server));
}

static void a_reload_is_whole_or_not_at_all(void **state)
{
    (void)state;
    char key[160], body[256];
    const struct snapshot *before = current();
    const struct kit_people *who = kit_people();
    snprintf(key, sizeof key, "%s/server.key", running.folder); /* another's: seen at the last */
    assert_int_equal(file_write(key, kit_key_pem(&who->node), NULL), GB_OK);
    assert_true(reload(running.server, running.threads, path, NULL) < 0);
    assert_ptr_equal(current(), before);
    assert_false(atomic_load(&running.server->applying));
    assert_int_equal(
        running_ask(running.api, &who->operator, "GET /healthz", "", body, sizeof body), 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(T17_a_reload_waits_for_a_change_of_policy),
        cmocka_unit_test(T17_a_reload_does_not_overrule_keyd),
        cmocka_unit_test(a_reload_is_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
