/* Documents that garboardd sends: keyd believes its officers, and nobody who only carries. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../policy/make_signed.h"
#include "../test.h"
#include "base/clock.h"
#include "base/encode.h"
#include "crypto/signer.h"
#include "keyd/monitor.h"
#include "make_state.h"
#include "os/file.h"
#include "policy/policy.h"

static struct gb_arena *arena;
static struct digester *digester;
static struct keyd_state state;
static struct keyd_config config;
static struct house house;
static struct signer *alice, *bob, *mallory;
static struct gb_err err;

static int setup(void **unused)
{
    (void)unused;
    char more[512];
    arena = gb_arena_new();
    if (!arena || digester_new(&digester, NULL) < 0 || signer_new(&alice, NULL) < 0 ||
        signer_new(&bob, NULL) < 0 || signer_new(&mallory, NULL) < 0)
        return -1;
    keyd_state_make(&state, "", "");
    make_officer_file(alice, gb_arena_printf(arena, "%s/alice.pem", state.folder));
    make_officer_file(bob, gb_arena_printf(arena, "%s/bob.pem", state.folder));
    snprintf(more, sizeof more, "officer_key = %s/alice.pem\nofficer_key = %s/bob.pem\n",
             state.folder, state.folder);
    keyd_state_configure(&state, "", more);
    if (keyd_config_read(arena, state.config, &config, &err) < 0)
        return -1;
    return house_open(&config, &house, &err);
}

static int teardown(void **unused)
{
    (void)unused;
    house_close(&house);
    keyd_state_done(&state);
    signer_free(alice);
    signer_free(bob);
    signer_free(mallory);
    digester_free(digester);
    gb_arena_free(arena);
    return 0;
}

static void restart(void)
{
    house_close(&house);
    if (house_open(&config, &house, &err) < 0)
        fail_msg("%s", err.text);
}

static int send_all(const struct gb_bytes *documents, size_t count, bool trial)
{
    gb_cleanup(beliefs_unrefp) const struct beliefs *beliefs = beliefs_get(house.beliefs);
    struct desk desk = {.house = &house,
                        .arena = arena,
                        .digester = digester,
                        .beliefs = beliefs,
                        .now_s = gb_clock_s(),
                        .now_ms = gb_clock_ms()};
    const struct rpc_request request = {.kind = RPC_POLICY, .policy = {documents, count, trial}};
    struct rpc_reply reply;
    err = (struct gb_err){0};
    return monitor_serve(&desk, &request, &reply, &err);
}

static int send_one(struct gb_bytes document)
{
    return send_all(&document, 1, false);
}

/* A NodePolicy "nodes" of this version, signed by these. */
static struct gb_bytes policy(unsigned version, const struct signer *first,
                              const struct signer *second)
{
    const char *text =
        gb_arena_printf(arena,
                        "apiVersion: garboard.dev/v1alpha1\nkind: NodePolicy\nmetadata:\n"
                        "  name: nodes\n  version: %u\nspec:\n  secureBoot: any\n",
                        version);
    struct gb_bytes signed_text = first ? make_signed(arena, text, first) : gb_bytes_str(text);
    return second ? make_signed(arena, (const char *)signed_text.data, second) : signed_text;
}

static const char two_persons[] = "apiVersion: garboard.dev/v1alpha1\nkind: AccessPolicy\n"
                                  "metadata: {name: people, version: 1}\nspec:\n  people: [{name: "
                                  "a, roles: [admin, security-officer]}]\n  twoPerson: [policy]\n";
static const char one_person[] = "apiVersion: garboard.dev/v1alpha1\nkind: AccessPolicy\n"
                                 "metadata: {name: people, version: 2}\nspec:\n  people: [{name: "
                                 "a, roles: [admin, security-officer]}]\n";

/* 0: no policy. */
static uint64_t in_force(void)
{
    gb_cleanup(beliefs_unrefp) const struct beliefs *beliefs = beliefs_get(house.beliefs);
    return beliefs->trust.policy.policies ? beliefs->trust.policy.policies->version : 0;
}

static void says(const char *part)
{
    if (!strstr(err.text, part))
        fail_msg("\"%s\" lacks \"%s\"", err.text, part);
}

static void what_an_officer_signed_is_in_force_and_stays(void **unused)
{
    (void)unused;
    struct stat st;
    assert_int_equal(in_force(), 0);
    assert_int_equal(send_one(policy(1, alice, NULL)), 0);
    assert_int_equal(in_force(), 1);
    restart();
    assert_int_equal(in_force(), 1);
    assert_int_equal(send_one(policy(3, bob, NULL)), 0);
    restart();
    assert_int_equal(in_force(), 3);
    assert_int_equal(stat(gb_arena_printf(arena, "%s/documents", state.folder), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_trial_changes_nothing(void **unused)
{
    (void)unused;
    const struct gb_bytes good = policy(1, alice, NULL), bad = policy(1, NULL, NULL);
    assert_int_equal(send_all(&good, 1, true), 0);
    assert_int_equal(in_force(), 0);
    assert_int_equal(send_all(&bad, 1, true), GB_ERR_DENIED);
    restart();
    assert_int_equal(in_force(), 0);
}

static void T17_a_garboardd_that_lies_gets_nothing_into_force(void **unused)
{
    (void)unused;
    assert_int_equal(send_one(policy(2, alice, NULL)), 0);
    /* unsigned, by a stranger, with another document's signature */
    assert_int_equal(send_one(policy(3, NULL, NULL)), GB_ERR_DENIED);
    says("NodePolicy nodes: nobody has signed it");
    assert_int_equal(send_one(policy(3, mallory, NULL)), GB_ERR_DENIED);
    says("who is no officer here");
    char *moved = gb_arena_printf(arena, "%s", (const char *)policy(2, alice, NULL).data);
    *(strstr(moved, "version: 2") + 9) = '3';
    assert_int_equal(send_one(gb_bytes_str(moved)), GB_ERR_DENIED);
    says("is not over this document");
    /* no YAML, no document, nothing at all */
    assert_int_equal(send_one(gb_bytes_str("{")), GB_ERR_DENIED);
    assert_int_equal(send_one(gb_bytes_str("kind: Nothing\nmetadata: {name: n}\n")), GB_ERR_DENIED);
    assert_int_equal(send_all(NULL, 0, false), GB_ERR_DENIED);
    says("NodePolicy nodes, version 2, has vanished");
    assert_int_equal(in_force(), 2);
    restart();
    assert_int_equal(in_force(), 2);
}

static void T17_an_old_signed_document_does_not_come_back(void **unused)
{
    (void)unused;
    const struct gb_bytes old = policy(1, alice, NULL);
    assert_int_equal(send_one(old), 0);
    assert_int_equal(send_one(policy(2, alice, NULL)), 0);
    assert_int_equal(send_one(old), GB_ERR_DENIED);
    says("version 1 is older than 2");
    restart(); /* what was in force is remembered */
    assert_int_equal(send_one(old), GB_ERR_DENIED);
    assert_int_equal(in_force(), 2);
}

static void two_persons_are_two_officers(void **unused)
{
    (void)unused;
    const struct gb_bytes rule_by_one = make_signed(arena, two_persons, alice);
    const struct gb_bytes rule = make_signed(arena, (const char *)rule_by_one.data, bob);
    const struct gb_bytes lifted_by_one = make_signed(arena, one_person, alice);
    const struct gb_bytes lifted = make_signed(arena, (const char *)lifted_by_one.data, bob);
    const struct gb_bytes before[] = {policy(1, alice, NULL), rule};
    const struct gb_bytes half[] = {policy(1, alice, bob), rule_by_one};
    const struct gb_bytes both[] = {policy(1, alice, bob), rule};
    const struct gb_bytes alone[] = {policy(2, alice, alice), rule};
    const struct gb_bytes lift_alone[] = {both[0], lifted_by_one};
    const struct gb_bytes lift[] = {both[0], lifted};
    const struct gb_bytes after[] = {policy(2, alice, NULL), lifted};
    assert_int_equal(send_all(before, 2, false), GB_ERR_DENIED);
    says("NodePolicy nodes: signed by 1 of 2 different officers");
    assert_int_equal(send_all(half, 2, false), GB_ERR_DENIED);
    assert_int_equal(send_all(both, 2, false), 0);
    /* one officer twice is one; the rule in force judges who lifts it */
    assert_int_equal(send_all(alone, 2, false), GB_ERR_DENIED);
    assert_int_equal(send_all(lift_alone, 2, false), GB_ERR_DENIED);
    says("AccessPolicy people: signed by 1 of 2 different officers");
    assert_int_equal(in_force(), 1);
    assert_int_equal(send_all(lift, 2, false), 0);
    assert_int_equal(send_all(after, 2, false), 0);
    assert_int_equal(in_force(), 2);
}

/* An officer's key is taken away: what only it signed does not count any more, and nothing else
 * does; versions are remembered all the same. */
static void T17_without_its_officer_nothing_counts_until_it_is_mended(void **unused)
{
    (void)unused;
    const struct gb_bytes old = policy(1, bob, NULL);
    char more[256];
    assert_int_equal(send_one(policy(2, alice, NULL)), 0);
    snprintf(more, sizeof more, "officer_key = %s/bob.pem\n", state.folder);
    keyd_state_configure(&state, "", more);
    assert_int_equal(keyd_config_read(arena, state.config, &config, &err), 0);
    assert_int_equal(house_reload(&house, &config, &err), 0);
    assert_int_equal(in_force(), 0);
    restart();
    assert_int_equal(in_force(), 0);
    assert_int_equal(send_one(old), GB_ERR_DENIED);
    says("version 1 is older than 2");
    assert_int_equal(send_one(policy(2, bob, NULL)), 0);
    assert_int_equal(in_force(), 2);
}

static void a_damaged_file_is_refused_with_its_remedy(void **unused)
{
    (void)unused;
    const char *path = gb_arena_printf(arena, "%s/documents", state.folder);
    assert_int_equal(send_one(policy(1, alice, NULL)), 0);
    assert_int_equal(file_write(path,
                                gb_bytes_str("\x82"
                                             "A"),
                                NULL),
                     0);
    assert_int_equal(house_reload(&house, &config, &err), GB_ERR_CONFIG);
    says("documents is damaged (move it away");
    assert_int_equal(in_force(), 1); /* the old ones stay */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(house_reload(&house, &config, &err), 0);
    assert_int_equal(in_force(), 0);
}

static void a_disk_that_is_full_leaves_the_old_in_force(void **unused)
{
    (void)unused;
    assert_int_equal(send_one(policy(1, alice, NULL)), 0);
    for (unsigned long nth = 1; nth <= 2; nth++) {
        file_fail_nth_sync(nth);
        assert_int_equal(send_one(policy(2, alice, NULL)), GB_ERR_IO);
        file_fail_nth_sync(0);
        assert_int_equal(in_force(), 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_an_officer_signed_is_in_force_and_stays, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_trial_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(T17_a_garboardd_that_lies_gets_nothing_into_force, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(T17_an_old_signed_document_does_not_come_back, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(two_persons_are_two_officers, setup, teardown),
        cmocka_unit_test_setup_teardown(T17_without_its_officer_nothing_counts_until_it_is_mended,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_damaged_file_is_refused_with_its_remedy, setup, teardown),
        cmocka_unit_test_setup_teardown(a_disk_that_is_full_leaves_the_old_in_force, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
