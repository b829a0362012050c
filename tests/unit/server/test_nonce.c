#include <string.h>

#include "../test.h"
#include "server/nodes/nonce.h"

enum { LIFE_MS = 1000 };

static void T01_a_nonce_is_good_once(void **state)
{
    (void)state;
    struct nonce nonce = {0}, taken;
    assert_int_equal(nonce_take(&nonce, 5, LIFE_MS, 0, &taken), NONCE_NONE);
    assert_int_equal(nonce_issue(&nonce, 5, 77, NULL), GB_OK);
    const struct nonce issued = nonce;
    assert_int_equal(nonce_take(&nonce, 6, LIFE_MS, 0, &taken), NONCE_TAKEN);
    assert_memory_equal(taken.bytes, issued.bytes, NONCE_SIZE);
    assert_int_equal(taken.issued_s, 77);
    assert_false(nonce.outstanding);
    assert_int_equal(nonce_take(&nonce, 6, LIFE_MS, 0, &taken), NONCE_NONE);
}

static void T01_a_nonce_expires_and_is_gone_then(void **state)
{
    (void)state;
    struct nonce nonce, taken;
    assert_int_equal(nonce_issue(&nonce, 5, 77, NULL), GB_OK);
    assert_int_equal(nonce_take(&nonce, 5 + LIFE_MS + 1, LIFE_MS, 0, &taken), NONCE_EXPIRED);
    assert_int_equal(nonce_take(&nonce, 6, LIFE_MS, 0, &taken), NONCE_NONE);
    assert_int_equal(nonce_issue(&nonce, 5, 77, NULL), GB_OK);
    assert_int_equal(nonce_take(&nonce, 5 + LIFE_MS, LIFE_MS, 0, &taken), NONCE_TAKEN);
}

static void T01_one_issued_before_a_fresh_one_was_wanted_is_void(void **state)
{
    (void)state;
    struct nonce nonce, taken;
    assert_int_equal(nonce_issue(&nonce, 5, 77, NULL), GB_OK);
    assert_int_equal(nonce_take(&nonce, 6, LIFE_MS, 5, &taken), NONCE_VOID);
    assert_int_equal(nonce_take(&nonce, 6, LIFE_MS, 0, &taken), NONCE_NONE);
    assert_int_equal(nonce_issue(&nonce, 6, 77, NULL), GB_OK);
    assert_int_equal(nonce_take(&nonce, 6, LIFE_MS, 5, &taken), NONCE_TAKEN);
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, NONCE_SIZE);
}

static void T01_no_two_nonces_are_alike(void **state)
{
    (void)state;
    enum { MANY = 20000 };
    static uint8_t all[MANY][NONCE_SIZE];
    for (size_t i = 0; i < MANY; i++) {
        struct nonce nonce;
        assert_int_equal(nonce_issue(&nonce, 1, 1, NULL), GB_OK);
        memcpy(all[i], nonce.bytes, NONCE_SIZE);
    }
    qsort(all, MANY, NONCE_SIZE, compare);
    for (size_t i = 1; i < MANY; i++)
        assert_memory_not_equal(all[i - 1], all[i], NONCE_SIZE);
}

static void of_keyd_a_node_holds_one_until_it_is_used(void **state)
{
    (void)state;
    const uint8_t bytes[NONCE_SIZE] = {1}, other[NONCE_SIZE] = {2};
    struct keyd_nonce kept = {0};
    assert_false(keyd_nonce_lives(&kept, 1000));
    keyd_nonce_keep(&kept, bytes, 1000);
    assert_true(keyd_nonce_lives(&kept, 1000));
    assert_true(keyd_nonce_lives(&kept, 50999));
    assert_false(keyd_nonce_lives(&kept, 51000)); /* keyd forgets it at 61000 */
    keyd_nonce_used(&kept, other, GB_OK);
    keyd_nonce_used(&kept, bytes, GB_ERR_INPUT);
    keyd_nonce_used(&kept, bytes, GB_ERR_IO);
    assert_true(keyd_nonce_lives(&kept, 1000));
    keyd_nonce_used(&kept, bytes, GB_ERR_DENIED);
    assert_false(keyd_nonce_lives(&kept, 1000));
    keyd_nonce_keep(&kept, bytes, 1000);
    keyd_nonce_used(&kept, bytes, GB_ERR_AGAIN);
    assert_false(keyd_nonce_lives(&kept, 1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(T01_a_nonce_is_good_once),
        cmocka_unit_test(T01_a_nonce_expires_and_is_gone_then),
        cmocka_unit_test(T01_one_issued_before_a_fresh_one_was_wanted_is_void),
        cmocka_unit_test(T01_no_two_nonces_are_alike),
        cmocka_unit_test(of_keyd_a_node_holds_one_until_it_is_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
