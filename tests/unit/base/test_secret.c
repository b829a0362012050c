#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "base/secret.h"

/* The flags of the mapping at `address`, as /proc tells them; false when it is not mapped. */
static bool flags_of(const void *address, char ret_flags[512])
{
    FILE *maps = fopen("/proc/self/smaps", "re");
    assert_non_null(maps);
    char line[512];
    bool inside = false;
    bool found = false;
    while (!found && fgets(line, sizeof line, maps)) {
        unsigned long from = 0;
        unsigned long to = 0;
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            inside = (uintptr_t)address >= from && (uintptr_t)address < to;
        else if (inside && strncmp(line, "VmFlags:", 8) == 0) {
            memcpy(ret_flags, line, sizeof line);
            found = true;
        }
    }
    fclose(maps);
    return found;
}

static void a_secret_is_zeroed_and_left_out_of_dumps(void **state)
{
    (void)state;
    struct secret secret = {0};
    assert_true(secret_init(&secret, 5000));
    assert_int_equal(secret.len, 5000);
    assert_true(gb_bytes_all(secret_bytes(&secret), 0));
    memset(secret.data, 0xa5, secret.len);
    char flags[512] = "";
    assert_true(flags_of(secret.data, flags));
    assert_non_null(strstr(flags, " dd")); /* do not dump */
    secret_done(&secret);
    assert_null(secret.data);
    secret_done(&secret);
}

static void an_empty_secret_is_one(void **state)
{
    (void)state;
    struct secret secret = {0};
    assert_true(secret_init(&secret, 0));
    assert_non_null(secret.data);
    assert_int_equal(secret_bytes(&secret).len, 0);
    secret_done(&secret);
    assert_false(secret_init(&secret, SIZE_MAX));
    assert_null(secret.data);
}

static void comparing_and_wiping(void **state)
{
    (void)state;
    uint8_t a[] = {1, 2, 3, 4};
    uint8_t b[] = {1, 2, 3, 4};
    assert_true(secret_equal(gb_bytes(a, 4), gb_bytes(b, 4)));
    assert_false(secret_equal(gb_bytes(a, 4), gb_bytes(b, 3)));
    assert_true(secret_equal(gb_bytes(NULL, 0), gb_bytes(NULL, 0)));
    for (size_t i = 0; i < 4; i++) {
        b[i] ^= 0x80;
        assert_false(secret_equal(gb_bytes(a, 4), gb_bytes(b, 4)));
        b[i] ^= 0x80;
    }
    secret_wipe(a, sizeof a);
    assert_true(gb_bytes_all(gb_bytes(a, sizeof a), 0));
    secret_wipe(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_is_zeroed_and_left_out_of_dumps),
        cmocka_unit_test(an_empty_secret_is_one),
        cmocka_unit_test(comparing_and_wiping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
