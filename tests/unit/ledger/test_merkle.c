#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "base/encode.h"
#include "ledger/merkle.h"

static struct digester *digester;

static int setup(void **state)
{
    (void)state;
    return digester_new(&digester, NULL);
}

static int teardown(void **state)
{
    (void)state;
    digester_free(digester);
    return 0;
}

/* The eight entries and roots that logs of Certificate Transparency are tested with. */
static const char *const known[][2] = {
    {"", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
    {"00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
    {"10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
    {"2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
    {"3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
    {"40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
    {"5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
    {"606162636465666768696a6b6c6d6e6f",
     "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
};

static void is_hash(const uint8_t hash[MERKLE_HASH], const char *hex)
{
    char text[2 * MERKLE_HASH + 1];
    gb_hex_encode(gb_bytes(hash, MERKLE_HASH), text);
    assert_string_equal(text, hex);
}

static void the_roots_of_rfc_6962(void **state)
{
    (void)state;
    struct merkle_range range = {0};
    uint8_t root[MERKLE_HASH];
    assert_int_equal(merkle_range_root(digester, &range, root), 0);
    is_hash(root, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (size_t i = 0; i < GB_ARRAY_LEN(known); i++) {
        uint8_t entry[16];
        uint8_t leaf[MERKLE_HASH];
        size_t len = strlen(known[i][0]) / 2;
        assert_true(gb_hex_decode(gb_bytes_str(known[i][0]), entry, len));
        assert_int_equal(merkle_leaf(digester, gb_bytes(entry, len), leaf), 0);
        assert_int_equal(merkle_range_add(digester, &range, leaf), 0);
        assert_int_equal(merkle_range_root(digester, &range, root), 0);
        is_hash(root, known[i][1]);
    }
}

enum { LEAVES = 70 };
static uint8_t leaves[LEAVES][MERKLE_HASH];

/* MTH of RFC 6962, 2.1, word for word: nothing of the code under test but one hash. */
static void mth(size_t first, size_t count, uint8_t out[MERKLE_HASH])
{
    uint8_t left[MERKLE_HASH];
    uint8_t right[MERKLE_HASH];
    size_t k = 1;
    if (count == 1) {
        memcpy(out, leaves[first], MERKLE_HASH);
        return;
    }
    while (2 * k < count)
        k *= 2;
    mth(first, k, left);
    mth(first + k, count - k, right);
    assert_int_equal(merkle_node(digester, left, right, out), 0);
}

static int node(void *arg, unsigned level, uint64_t index, uint8_t out[MERKLE_HASH],
                struct gb_err *err)
{
    (void)arg;
    (void)err;
    assert_true(((index + 1) << level) <= LEAVES);
    mth((size_t)index << level, (size_t)1 << level, out);
    return 0;
}

static const struct merkle_source source = {.node = node};

static void fill(void)
{
    for (size_t i = 0; i < LEAVES; i++) {
        uint8_t entry = (uint8_t)i;
        assert_int_equal(merkle_leaf(digester, gb_bytes(&entry, 1), leaves[i]), 0);
    }
}

static void the_right_edge_gives_every_root(void **state)
{
    (void)state;
    struct merkle_range range = {0};
    fill();
    for (size_t size = 1; size <= LEAVES; size++) {
        uint8_t is[MERKLE_HASH];
        uint8_t must[MERKLE_HASH];
        struct merkle_range loaded;
        assert_int_equal(merkle_range_add(digester, &range, leaves[size - 1]), 0);
        assert_int_equal(merkle_range_root(digester, &range, is), 0);
        mth(0, size, must);
        assert_memory_equal(is, must, MERKLE_HASH);
        assert_int_equal(merkle_range_load(&source, size, &loaded, NULL), 0);
        assert_int_equal(merkle_range_root(digester, &loaded, is), 0);
        assert_memory_equal(is, must, MERKLE_HASH);
    }
}

static bool included(uint64_t index, uint64_t size, const struct merkle_proof *proof)
{
    uint8_t root[MERKLE_HASH];
    bool valid = false;
    mth(0, (size_t)size, root);
    assert_int_equal(merkle_verify_inclusion(digester, index, size, leaves[index],
                                             (const uint8_t(*)[MERKLE_HASH])proof->hashes,
                                             proof->count, root, &valid),
                     0);
    return valid;
}

static void every_entry_is_proven_and_no_other(void **state)
{
    (void)state;
    fill();
    for (uint64_t size = 1; size <= LEAVES; size++) {
        for (uint64_t index = 0; index < size; index++) {
            struct merkle_proof proof;
            assert_int_equal(merkle_prove_inclusion(digester, &source, index, size, &proof, NULL),
                             0);
            assert_true(included(index, size, &proof));
            assert_false(size > 1 && included(index ^ 1, size, &proof));
            for (size_t i = 0; i < proof.count; i++) {
                proof.hashes[i][i % MERKLE_HASH] ^= 1;
                assert_false(included(index, size, &proof));
                proof.hashes[i][i % MERKLE_HASH] ^= 1;
            }
            proof.count++;
            assert_false(included(index, size, &proof));
        }
    }
    struct merkle_proof proof;
    assert_int_equal(merkle_prove_inclusion(digester, &source, 5, 5, &proof, NULL),
                     GB_ERR_NOTFOUND);
}

static bool grew(uint64_t old_size, uint64_t size, const struct merkle_proof *proof)
{
    uint8_t old_root[MERKLE_HASH] = {0};
    uint8_t root[MERKLE_HASH];
    bool valid = false;
    if (old_size > 0)
        mth(0, (size_t)old_size, old_root);
    mth(0, (size_t)size, root);
    assert_int_equal(merkle_verify_growth(digester, old_size, size, old_root, root,
                                          (const uint8_t(*)[MERKLE_HASH])proof->hashes,
                                          proof->count, &valid),
                     0);
    return valid;
}

static void every_growth_is_proven_and_no_other(void **state)
{
    (void)state;
    fill();
    for (uint64_t size = 1; size <= LEAVES; size++) {
        for (uint64_t old = 0; old <= size; old++) {
            struct merkle_proof proof;
            assert_int_equal(merkle_prove_consistency(digester, &source, old, size, &proof, NULL),
                             0);
            assert_true(grew(old, size, &proof));
            assert_true(proof.count == 0 || (old > 0 && old < size));
            assert_false(old > 1 && old < size && grew(old - 1, size, &proof));
            for (size_t i = 0; i < proof.count; i++) {
                proof.hashes[i][i % MERKLE_HASH] ^= 0x80;
                assert_false(grew(old, size, &proof));
                proof.hashes[i][i % MERKLE_HASH] ^= 0x80;
            }
            memset(proof.hashes[proof.count++], 0, MERKLE_HASH);
            assert_false(grew(old, size, &proof));
        }
    }
}

/* A log whose third entry was changed after it was signed. */
static void T28_a_fork_is_no_growth(void **state)
{
    (void)state;
    uint8_t old_root[MERKLE_HASH];
    uint8_t root[MERKLE_HASH];
    struct merkle_proof proof;
    bool valid = true;
    fill();
    mth(0, 9, old_root);
    leaves[2][0] ^= 1;
    mth(0, 21, root);
    assert_int_equal(merkle_prove_consistency(digester, &source, 9, 21, &proof, NULL), 0);
    assert_int_equal(merkle_verify_growth(digester, 9, 21, old_root, root,
                                          (const uint8_t(*)[MERKLE_HASH])proof.hashes, proof.count,
                                          &valid),
                     0);
    assert_false(valid);
}

static void T28_a_smaller_tree_is_no_growth(void **state)
{
    (void)state;
    uint8_t a[MERKLE_HASH];
    uint8_t b[MERKLE_HASH];
    uint8_t empty[MERKLE_HASH];
    bool valid = true;
    fill();
    mth(0, 9, a);
    mth(0, 8, b);
    assert_int_equal(merkle_empty(digester, empty), 0);
    assert_int_equal(merkle_verify_growth(digester, 9, 8, a, b, NULL, 0, &valid), 0);
    assert_false(valid);
    assert_int_equal(merkle_verify_growth(digester, 9, 0, a, empty, NULL, 0, &valid), 0);
    assert_false(valid);
    assert_int_equal(merkle_verify_growth(digester, 9, 9, a, b, NULL, 0, &valid), 0);
    assert_false(valid);
    assert_int_equal(merkle_verify_growth(digester, 0, 0, a, a, NULL, 0, &valid), 0);
    assert_false(valid);
    assert_int_equal(merkle_verify_growth(digester, 0, 0, a, empty, NULL, 0, &valid), 0);
    assert_true(valid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_roots_of_rfc_6962),
        cmocka_unit_test(the_right_edge_gives_every_root),
        cmocka_unit_test(every_entry_is_proven_and_no_other),
        cmocka_unit_test(every_growth_is_proven_and_no_other),
        cmocka_unit_test(T28_a_fork_is_no_growth),
        cmocka_unit_test(T28_a_smaller_tree_is_no_growth),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
