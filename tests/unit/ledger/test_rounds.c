#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "base/encode.h"
#include "ledger/rounds.h"

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

static struct rounds_leaf leaf_of(uint8_t number)
{
    struct rounds_leaf leaf = {.verified_at_s = UINT64_C(0x0102030405060708),
                               .trust_id = 9,
                               .policy_version = 10,
                               .tier = 2,
                               .trusted = true};
    memset(leaf.node, number, sizeof leaf.node);
    memset(leaf.quote, 0xaa, sizeof leaf.quote);
    return leaf;
}

static void a_leaf_has_one_layout(void **state)
{
    (void)state;
    uint8_t out[ROUNDS_LEAF];
    char hex[2 * ROUNDS_LEAF + 1];
    struct rounds_leaf again;
    const struct rounds_leaf leaf = leaf_of(0x11);
    rounds_leaf_write(&leaf, out);
    gb_hex_encode(gb_bytes(out, sizeof out), hex);
    assert_string_equal(hex, "11111111111111111111111111111111"
                             "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                             "0102030405060708000000000000000900000000000000"
                             "0a0201");
    assert_int_equal(rounds_leaf_read(gb_bytes(out, sizeof out), &again, NULL), 0);
    assert_memory_equal(again.node, leaf.node, sizeof leaf.node);
    assert_memory_equal(again.quote, leaf.quote, sizeof leaf.quote);
    assert_int_equal(again.verified_at_s, leaf.verified_at_s);
    assert_int_equal(again.trust_id, 9);
    assert_int_equal(again.policy_version, 10);
    assert_int_equal(again.tier, 2);
    assert_true(again.trusted);
    assert_int_equal(rounds_leaf_read(gb_bytes(out, sizeof out - 1), &again, NULL), GB_ERR_INPUT);
    out[ROUNDS_LEAF - 1] = 2;
    assert_int_equal(rounds_leaf_read(gb_bytes(out, sizeof out), &again, NULL), GB_ERR_INPUT);
}

static struct rounds_quote quote_of(uint8_t number)
{
    struct rounds_quote quote = {.attest = gb_bytes_str("attest"),
                                 .signature = gb_bytes_str("signature"),
                                 .nonce = gb_bytes_str("nonce"),
                                 .issued_s = 1790000000};
    memset(quote.node, number, sizeof quote.node);
    memset(quote.transport, 1, sizeof quote.transport);
    memset(quote.extras, 2, sizeof quote.extras);
    return quote;
}

static void quotes_are_read_one_after_the_other(void **state)
{
    (void)state;
    struct gb_buf out;
    struct rounds_quote quote;
    gb_buf_init(&out, 1 << 20);
    for (uint8_t i = 0; i < 3; i++) {
        quote = quote_of(i);
        rounds_quote_write(&quote, &out);
    }
    assert_true(gb_buf_ok(&out));
    struct gb_bytes rest = gb_buf_bytes(&out);
    for (uint8_t i = 0; i < 3; i++) {
        assert_int_equal(rounds_quote_next(&rest, &quote, NULL), 1);
        assert_int_equal(quote.node[15], i);
        assert_true(gb_bytes_is(quote.attest, "attest"));
        assert_true(gb_bytes_is(quote.signature, "signature"));
        assert_true(gb_bytes_is(quote.nonce, "nonce"));
        assert_int_equal(quote.issued_s, 1790000000);
        assert_int_equal(quote.transport[31], 1);
        assert_int_equal(quote.extras[31], 2);
    }
    assert_int_equal(rounds_quote_next(&rest, &quote, NULL), 0);
    gb_buf_done(&out);
}

static void a_torn_or_changed_record_is_refused(void **state)
{
    (void)state;
    struct gb_buf out;
    struct rounds_quote quote = quote_of(1);
    gb_buf_init(&out, 1 << 20);
    rounds_quote_write(&quote, &out);
    for (size_t len = 1; len < out.len; len++) {
        struct gb_bytes rest = gb_bytes(out.data, len);
        assert_int_equal(rounds_quote_next(&rest, &quote, NULL), GB_ERR_INPUT);
        assert_int_equal(rest.len, len);
    }
    out.data[3] ^= 2; /* another key in front */
    struct gb_bytes rest = gb_buf_bytes(&out);
    assert_int_equal(rounds_quote_next(&rest, &quote, NULL), GB_ERR_INPUT);
    gb_buf_done(&out);
}

enum { LEAVES = 37 };
static uint8_t file[LEAVES * ROUNDS_LEAF];

static void fill(void)
{
    for (uint8_t i = 0; i < LEAVES; i++) {
        const struct rounds_leaf leaf = leaf_of(i);
        rounds_leaf_write(&leaf, file + (size_t)i * ROUNDS_LEAF);
    }
}

static void every_leaf_of_a_minute_is_proven(void **state)
{
    (void)state;
    uint8_t root[MERKLE_HASH];
    fill();
    for (size_t count = 1; count <= LEAVES; count++) {
        struct gb_bytes leaves = gb_bytes(file, count * ROUNDS_LEAF);
        assert_int_equal(rounds_root(digester, leaves, root, NULL), 0);
        for (size_t i = 0; i < count; i++) {
            struct merkle_proof proof;
            uint8_t hash[MERKLE_HASH];
            bool valid = false;
            assert_int_equal(rounds_prove(digester, leaves, i, &proof, NULL), 0);
            assert_int_equal(
                merkle_leaf(digester, gb_bytes(file + i * ROUNDS_LEAF, ROUNDS_LEAF), hash), 0);
            assert_int_equal(merkle_verify_inclusion(digester, i, count, hash,
                                                     (const uint8_t(*)[MERKLE_HASH])proof.hashes,
                                                     proof.count, root, &valid),
                             0);
            assert_true(valid);
        }
    }
    struct merkle_proof proof;
    struct gb_bytes all = gb_bytes(file, sizeof file);
    assert_int_equal(rounds_prove(digester, all, LEAVES, &proof, NULL), GB_ERR_NOTFOUND);
    all.len--;
    assert_int_equal(rounds_root(digester, all, root, NULL), GB_ERR_INPUT);
}

static void T28_reordered_leaves_give_another_root(void **state)
{
    (void)state;
    uint8_t a[MERKLE_HASH];
    uint8_t b[MERKLE_HASH];
    uint8_t swap[ROUNDS_LEAF];
    fill();
    assert_int_equal(rounds_root(digester, gb_bytes(file, sizeof file), a, NULL), 0);
    memcpy(swap, file, ROUNDS_LEAF);
    memcpy(file, file + ROUNDS_LEAF, ROUNDS_LEAF);
    memcpy(file + ROUNDS_LEAF, swap, ROUNDS_LEAF);
    assert_int_equal(rounds_root(digester, gb_bytes(file, sizeof file), b, NULL), 0);
    assert_memory_not_equal(a, b, MERKLE_HASH);
}

static void what_was_sealed_is_read_again(void **state)
{
    (void)state;
    const struct rounds_sealed sealed = {.minute_s = 1795914120, .count = 3, .root = {1, 2, 3}};
    struct rounds_sealed again;
    gb_cleanup(json_freep) struct json *data = rounds_sealed_write(&sealed, json_new_object());
    assert_int_equal(rounds_sealed_read(data, &again, NULL), 0);
    assert_int_equal(again.minute_s, sealed.minute_s);
    assert_int_equal(again.count, 3);
    assert_memory_equal(again.root, sealed.root, MERKLE_HASH);
    struct gb_buf out;
    gb_buf_init(&out, 4096);
    json_line(data, &out);
    assert_true(gb_bytes_is(gb_buf_bytes(&out),
                            "{\"minute\":\"2026-11-29T01:02:00Z\",\"count\":3,\"root\":\"010203"
                            "0000000000000000000000000000000000000000000000000000000000\","
                            "\"policies\":{}}"));
    gb_buf_done(&out);
    char path[ROUNDS_PATH];
    rounds_path(sealed.minute_s, path);
    assert_string_equal(path, "2026-11-29/0102");
}

static void what_seals_no_minute_is_refused(void **state)
{
    (void)state;
    const struct rounds_sealed bad[] = {{.minute_s = 1795914121, .count = 1},
                                        {.minute_s = 1795914120, .count = 0}};
    for (size_t i = 0; i < GB_ARRAY_LEN(bad); i++) {
        struct rounds_sealed again;
        gb_cleanup(json_freep) struct json *data = rounds_sealed_write(&bad[i], json_new_object());
        assert_int_equal(rounds_sealed_read(data, &again, NULL), GB_ERR_INPUT);
    }
    struct rounds_sealed again;
    assert_int_equal(rounds_sealed_read(NULL, &again, NULL), GB_ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_leaf_has_one_layout),
        cmocka_unit_test(quotes_are_read_one_after_the_other),
        cmocka_unit_test(a_torn_or_changed_record_is_refused),
        cmocka_unit_test(every_leaf_of_a_minute_is_proven),
        cmocka_unit_test(T28_reordered_leaves_give_another_root),
        cmocka_unit_test(what_was_sealed_is_read_again),
        cmocka_unit_test(what_seals_no_minute_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
