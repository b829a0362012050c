/* Bounded, once, and for a time: slots, nonces, challenges. */
#include <string.h>

#include "../test.h"
#include "keyd/challenges.h"
#include "keyd/nonces.h"
#include "keyd/slots.h"

enum { NOW = 1000, LIFE = 60000 };

static void a_full_table_says_again_until_the_oldest_expires(void **state)
{
    (void)state;
    struct slots slots;
    size_t place = 0;
    assert_int_equal(slots_init(&slots, 3, NULL), 0);
    for (int64_t i = 0; i < 3; i++)
        assert_int_equal(slots_add(&slots, NOW + i, LIFE, &place, NULL), 0);
    assert_int_equal(slots_add(&slots, NOW + 3, LIFE, &place, NULL), GB_ERR_AGAIN);
    assert_int_equal(slots_add(&slots, NOW + LIFE - 1, LIFE, &place, NULL), GB_ERR_AGAIN);
    assert_int_equal(slots_add(&slots, NOW + LIFE, LIFE, &place, NULL), 0);
    assert_int_equal(place, 0); /* the oldest */
    assert_int_equal(slots_add(&slots, NOW + LIFE, LIFE, &place, NULL), GB_ERR_AGAIN);
    slots_drop(&slots, 2);
    assert_int_equal(slots_add(&slots, NOW + LIFE, LIFE, &place, NULL), 0);
    assert_int_equal(place, 2);
    slots_done(&slots);
}

static void an_id_is_found_whole_and_alive_only(void **state)
{
    (void)state;
    struct slots slots;
    uint8_t id[SLOT_ID];
    size_t place = 0;
    assert_int_equal(slots_init(&slots, 3, NULL), 0);
    assert_int_equal(slots_add(&slots, NOW, LIFE, &place, NULL), 0);
    memcpy(id, slots.slots[place].id, sizeof id);
    for (size_t i = 0; i < sizeof id; i++) {
        id[i] ^= 0x80;
        assert_false(slots_find(&slots, id, sizeof id, NOW, &place));
        id[i] ^= 0x80;
    }
    assert_true(slots_find(&slots, id, sizeof id, NOW + LIFE - 1, &place));
    assert_false(slots_find(&slots, id, sizeof id, NOW + LIFE, &place));
    slots_drop(&slots, place);
    assert_false(slots_find(&slots, id, sizeof id, NOW, &place));
    memset(id, 0, sizeof id); /* what an empty slot looks like */
    assert_false(slots_find(&slots, id, sizeof id, NOW, &place));
    slots_done(&slots);
}

static void T01_a_nonce_is_good_once(void **state)
{
    (void)state;
    gb_cleanup(nonces_freep) struct nonces *nonces = NULL;
    uint8_t a[32];
    uint8_t b[32];
    assert_int_equal(nonces_new(2, &nonces, NULL), 0);
    assert_int_equal(nonces_issue(nonces, NOW, a, NULL), 0);
    assert_int_equal(nonces_issue(nonces, NOW, b, NULL), 0);
    assert_int_equal(nonces_issue(nonces, NOW, b, NULL), GB_ERR_AGAIN);
    assert_int_equal(nonces_take(nonces, NOW, a, NULL), 0);
    assert_int_equal(nonces_take(nonces, NOW, a, NULL), GB_ERR_AGAIN);
    assert_int_equal(nonces_take(nonces, NOW + NONCE_LIFE_MS, b, NULL), GB_ERR_AGAIN);
}

static const struct challenge_facts facts = {
    .ak_public = {(const uint8_t *)"ak", 2},
    .certs = {{(const uint8_t *)"ek", 2}, {(const uint8_t *)"ca", 2}},
    .cert_count = 2};
static const uint8_t secret[CHALLENGE_SECRET] = {1};
static const uint8_t nonce[32] = {2};
static const uint8_t request[32] = {3};
static const uint8_t other_request[32] = {4};

static struct challenges *one_challenge(uint8_t id[16])
{
    struct challenges *c = NULL;
    assert_int_equal(challenges_new(1, &c, NULL), 0);
    assert_int_equal(challenges_add(c, NOW, &facts, secret, nonce, id, NULL), 0);
    return c;
}

static int begin(struct challenges *c, struct gb_arena *arena, int64_t now_ms, const uint8_t id[16],
                 const uint8_t name[32], struct challenge_try *attempt)
{
    return challenges_begin(c, arena, now_ms, id, name, attempt, NULL);
}

static void T04_one_try_at_a_time_and_a_failure_is_the_last(void **state)
{
    (void)state;
    uint8_t id[16];
    struct challenge_try attempt;
    struct challenge_try second;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_cleanup(challenges_freep) struct challenges *c = one_challenge(id);
    assert_int_equal(begin(c, arena, NOW, id, request, &attempt), 0);
    assert_memory_equal(attempt.secret, secret, sizeof secret);
    assert_memory_equal(attempt.nonce, nonce, sizeof nonce);
    assert_true(gb_bytes_is(attempt.facts.ak_public, "ak"));
    assert_true(gb_bytes_is(attempt.facts.certs[1], "ca"));
    assert_int_equal(begin(c, arena, NOW, id, request, &second), GB_ERR_AGAIN);
    assert_int_equal(begin(c, arena, NOW, id, other_request, &second), GB_ERR_AGAIN);
    challenges_end(c, &attempt, gb_bytes(NULL, 0));
    assert_int_equal(begin(c, arena, NOW, id, request, &second), GB_ERR_AGAIN);
    assert_int_equal(challenges_add(c, NOW, &facts, secret, nonce, id, NULL), 0);
}

/* What is being judged outlives its time, and nobody takes its place meanwhile. */
static void a_challenge_in_hand_is_not_swept(void **state)
{
    (void)state;
    uint8_t id[16];
    struct challenge_try attempt;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_cleanup(challenges_freep) struct challenges *c = one_challenge(id);
    assert_int_equal(begin(c, arena, NOW, id, request, &attempt), 0);
    challenges_sweep(c, NOW + 10 * CHALLENGE_LIFE_MS);
    assert_int_equal(
        challenges_add(c, NOW + 10 * CHALLENGE_LIFE_MS, &facts, secret, nonce, id, NULL),
        GB_ERR_AGAIN);
    assert_memory_equal(attempt.secret, secret, sizeof secret);
    challenges_end(c, &attempt, gb_bytes("pem", 3));
    assert_int_equal(
        challenges_add(c, NOW + 10 * CHALLENGE_LIFE_MS, &facts, secret, nonce, id, NULL), 0);
}

static void an_answer_is_for_the_same_request_only(void **state)
{
    (void)state;
    uint8_t id[16];
    struct challenge_try attempt;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_cleanup(challenges_freep) struct challenges *c = one_challenge(id);
    assert_int_equal(begin(c, arena, NOW, id, request, &attempt), 0);
    challenges_end(c, &attempt, gb_bytes("pem", 3));
    assert_int_equal(begin(c, arena, NOW, id, request, &attempt), 0);
    assert_true(gb_bytes_is(attempt.answer, "pem"));
    assert_int_equal(begin(c, arena, NOW, id, other_request, &attempt), GB_ERR_DENIED);
    assert_int_equal(begin(c, arena, NOW + CHALLENGE_LIFE_MS, id, request, &attempt), GB_ERR_AGAIN);
}

static void expired_secrets_are_swept(void **state)
{
    (void)state;
    uint8_t id[16];
    uint8_t id2[16];
    gb_cleanup(challenges_freep) struct challenges *c = one_challenge(id);
    assert_int_equal(challenges_add(c, NOW, &facts, secret, nonce, id2, NULL), GB_ERR_AGAIN);
    assert_int_equal(challenges_add(c, NOW + CHALLENGE_LIFE_MS, &facts, secret, nonce, id2, NULL),
                     0);
    assert_memory_not_equal(id, id2, sizeof id);
}

static void too_much_to_keep_is_refused(void **state)
{
    (void)state;
    static const uint8_t big[CHALLENGE_KEPT + 1];
    uint8_t id[16];
    struct challenge_facts too_big = {.ak_public = {big, sizeof big}};
    gb_cleanup(challenges_freep) struct challenges *c = NULL;
    assert_int_equal(challenges_new(4, &c, NULL), 0);
    assert_int_equal(challenges_add(c, NOW, &too_big, secret, nonce, id, NULL), GB_ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_table_says_again_until_the_oldest_expires),
        cmocka_unit_test(an_id_is_found_whole_and_alive_only),
        cmocka_unit_test(T01_a_nonce_is_good_once),
        cmocka_unit_test(T04_one_try_at_a_time_and_a_failure_is_the_last),
        cmocka_unit_test(a_challenge_in_hand_is_not_swept),
        cmocka_unit_test(an_answer_is_for_the_same_request_only),
        cmocka_unit_test(expired_secrets_are_swept),
        cmocka_unit_test(too_much_to_keep_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
