#include <string.h>

#include "../test.h"
#include "../witness/make_log.h"
#include "ledger/add_checkpoint.h"
#include "ledger/fork_proof.h"

static struct gb_arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = gb_arena_new();
    return arena ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    gb_arena_free(arena);
    return 0;
}

#define HASH "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw="

static int read_text(const char *text, struct add_checkpoint *ret_ask)
{
    return add_checkpoint_read(arena, gb_bytes_str(text), ret_ask, NULL);
}

static void reads_what_it_writes(void **state)
{
    (void)state;
    static const char text[] = "old 20852014\n" HASH "\n" HASH "\n\nsome/log\n20852163\n";
    struct add_checkpoint ask;
    struct gb_buf out;
    assert_int_equal(read_text(text, &ask), 0);
    assert_int_equal(ask.old_size, 20852014);
    assert_int_equal(ask.proof_count, 2);
    assert_true(gb_bytes_is(ask.note, "some/log\n20852163\n"));
    gb_buf_init(&out, 4096);
    add_checkpoint_write(&ask, &out);
    assert_true(gb_buf_ok(&out) && gb_bytes_is(gb_buf_bytes(&out), text));
    gb_buf_done(&out);
    assert_int_equal(read_text("old 0\n\nx\n", &ask), 0);
    assert_int_equal(ask.proof_count, 0);
}

/* One request has one spelling. */
static void refuses_other_forms(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "old 1",
        "old 1\n",
        "old 1\n\n",
        "old 01\n\nx\n",
        "old +1\n\nx\n",
        "old -1\n\nx\n",
        "old  1\n\nx\n",
        "old 1 \n\nx\n",
        "old \n\nx\n",
        "Old 1\n\nx\n",
        "old 1\r\n\nx\n",
        "old 9223372036854775808\n\nx\n",
        "\nold 1\n\nx\n",
        "old 1\nx\n",
        "old 1\n" HASH "\nx\n",
        "old 1\n" HASH " \n\nx\n",
        "old 1\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpka==\n\nx\n",
        "old 1\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkax=\n\nx\n", /* bits left over */
        "old 1\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkawA\n\nx\n",
    };
    struct add_checkpoint ask;
    for (size_t i = 0; i < GB_ARRAY_LEN(bad); i++)
        if (read_text(bad[i], &ask) != GB_ERR_INPUT)
            fail_msg("taken: %s", bad[i]);
}

static void has_a_ceiling(void **state)
{
    (void)state;
    struct add_checkpoint ask;
    struct gb_buf text;
    for (int extra = 0; extra < 2; extra++) {
        gb_buf_init(&text, 16 << 10);
        gb_buf_puts(&text, "old 1\n");
        for (int i = 0; i < GB_LIMIT_CONSISTENCY + extra; i++)
            gb_buf_puts(&text, HASH "\n");
        gb_buf_puts(&text, "\nx\n");
        assert_int_equal(add_checkpoint_read(arena, gb_buf_bytes(&text), &ask, NULL),
                         extra ? GB_ERR_LIMIT : 0);
        gb_buf_done(&text);
    }
}

static void sizes_are_plain(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "1", "1\n\n", "01\n", "x\n", " 1\n", "1\r\n"};
    uint64_t size = 7;
    assert_int_equal(add_checkpoint_size_read(gb_bytes_str("42\n"), &size, NULL), 0);
    assert_int_equal(size, 42);
    assert_int_equal(add_checkpoint_size_read(gb_bytes_str("0\n"), &size, NULL), 0);
    assert_int_equal(size, 0);
    for (size_t i = 0; i < GB_ARRAY_LEN(bad); i++)
        assert_int_equal(add_checkpoint_size_read(gb_bytes_str(bad[i]), &size, NULL), GB_ERR_INPUT);
}

static bool shown(const struct made_log *log, size_t old_size, size_t size,
                  const uint8_t old_root[MERKLE_HASH], const uint8_t root[MERKLE_HASH],
                  size_t proof_from, size_t spoiled)
{
    struct add_checkpoint ask;
    bool forked = true;
    struct gb_bytes body = made_log_ask_with(log, old_size, proof_from, size, gb_bytes_str("x\n"));
    assert_int_equal(add_checkpoint_read(arena, body, &ask, NULL), 0);
    if (spoiled < ask.proof_count)
        ask.proof[spoiled][0] ^= 1;
    assert_int_equal(fork_proof_holds(log->digester, old_size, size, old_root, root, ask.proof,
                                      ask.proof_count, &forked),
                     0);
    return forked;
}

/* Every pair of sizes: an honest proof over a forked tree shows the fork, but for powers of two;
 * honest growth and spoiled proofs never show one. */
static void T28_a_proof_shows_a_fork(void **state)
{
    (void)state;
    struct made_log a;
    made_log_new(&a, arena, "a/ledger");
    made_log_grow(&a, "both", 3);
    struct made_log b = made_log_copy(&a);
    made_log_grow(&a, "a", 30);
    made_log_grow(&b, "b", 30);
    for (size_t old_size = 4; old_size <= 32; old_size++)
        for (size_t size = old_size + 1; size <= 33; size++) {
            uint8_t old_a[MERKLE_HASH], new_a[MERKLE_HASH], new_b[MERKLE_HASH];
            made_log_root(&a, old_size, old_a);
            made_log_root(&a, size, new_a);
            made_log_root(&b, size, new_b);
            bool power = (old_size & (old_size - 1)) == 0;
            assert_int_equal(shown(&b, old_size, size, old_a, new_b, old_size, 99), !power);
            assert_false(shown(&a, old_size, size, old_a, new_a, old_size, 99));
            for (size_t i = 0; i < 6; i++)
                assert_false(shown(&a, old_size, size, old_a, new_a, old_size, i));
            assert_false(shown(&a, old_size, size, old_a, new_b, old_size, 99));
        }
    uint8_t root_a[MERKLE_HASH], root_b[MERKLE_HASH];
    made_log_root(&a, 9, root_a);
    made_log_root(&b, 9, root_b);
    assert_true(shown(&a, 9, 9, root_a, root_b, 9, 99));
    assert_false(shown(&a, 9, 9, root_a, root_a, 9, 99));
    made_log_done(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_writes),
        cmocka_unit_test(refuses_other_forms),
        cmocka_unit_test(has_a_ceiling),
        cmocka_unit_test(sizes_are_plain),
        cmocka_unit_test(T28_a_proof_shows_a_fork),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
