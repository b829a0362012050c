/*
 * A node that sends each of its rounds again and again while the service is killed and started
 * under it (test_killed.sh): whatever became of the first sending, no second one may count. Goes on
 * until SIGTERM. usage: replay, with HOSTILE_ENROLL, HOSTILE_API, HOSTILE_CA, HOSTILE_TPM (the
 * folder of a TPM) and HOSTILE_TOKEN (a join token for the name "replay") in the environment.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../unit/test.h"
#include "node.h"
#include "os/file.h"

enum { AGAIN = 3, PATIENCE = 600 };

static volatile sig_atomic_t over;
static struct service service;
static struct node node;
static struct gb_arena *arena;

static void stop(int signal)
{
    (void)signal;
    over = 1;
}

static void pause_for(long ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

/* Tries until there is an answer. */
static void ask_nonce(void)
{
    for (int i = 0; i < PATIENCE; i++) {
        if (node_ask(&node).status == 200)
            return;
        pause_for(50);
    }
    fail_msg("the service does not come back");
}

static bool counts(struct answer answer)
{
    return answer.status == 200 && strcmp(answer.verdict, "trusted") == 0;
}

struct tally {
    unsigned accepted;
    unsigned refused;
    unsigned lost;
};

/* The first may get lost on its way there or back; whatever is sent again must be refused. */
static void one_round(struct tally *tally)
{
    ask_nonce();
    struct gb_bytes evidence = node_evidence(&node, &(struct round){0});
    struct answer first = node_post(&node, evidence);
    tally->accepted += counts(first);
    tally->lost += first.status == 0;
    for (int i = 0; i < AGAIN; i++) {
        struct answer again = node_post(&node, evidence);
        if (counts(again))
            fail_msg("taken again (the first time: %d)", first.status);
        tally->refused += again.status != 0;
        if (again.status == 0)
            pause_for(100);
    }
}

static void T01_no_nonce_counts_twice(void **state)
{
    struct tally tally = {0};
    (void)state;
    while (!over)
        one_round(&tally);
    printf("%u accepted, %u refused, %u lost\n", tally.accepted, tally.refused, tally.lost);
    assert_true(tally.accepted > 0);
    assert_true(tally.refused > 0);
}

static int setup(void **state)
{
    (void)state;
    struct gb_err err;
    signal(SIGTERM, stop);
    arena = gb_arena_new();
    service =
        (struct service){.enroll_url = getenv("HOSTILE_ENROLL"), .api_url = getenv("HOSTILE_API")};
    if (file_read(arena, getenv("HOSTILE_CA"), 1 << 16, &service.ca_pem, &err) < 0)
        return -1;
    node_make(&node, &service, getenv("HOSTILE_TPM"));
    node_enrol(&node, getenv("HOSTILE_TOKEN"), "replay");
    service.may_be_away = true;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    node_done(&node);
    gb_arena_free(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(T01_no_nonce_counts_twice)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
