#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "ledger/entry.h"
#include "ledger/proof.h"
#include "make_ledger.h"

enum { SIZE = 600, INDEX = 300, LEAVES = 5 };

static struct make_key key;
static struct gb_arena *arena;
static struct digester *digester;
static char dir[PATH_MAX];
static struct log *ledger;
static struct checkpoint_trust trust;
static uint8_t leaves[LEAVES * ROUNDS_LEAF];

static int setup(void **state)
{
    (void)state;
    make_key(MAKE_LEDGER_ORIGIN, NOTE_ED25519, &key);
    make_dir(dir);
    arena = gb_arena_new();
    trust = (struct checkpoint_trust){.keys = &key.key, .key_count = 1};
    for (uint8_t i = 0; i < LEAVES; i++) {
        const struct rounds_leaf leaf = {.node = {i}, .verified_at_s = 1790000000, .trusted = true};
        rounds_leaf_write(&leaf, leaves + (size_t)i * ROUNDS_LEAF);
    }
    return digester_new(&digester, NULL) | log_open(dir, &ledger, NULL);
}

static int teardown(void **state)
{
    (void)state;
    make_key_done(&key);
    log_free(ledger);
    make_dir_done(dir);
    gb_arena_free(arena);
    digester_free(digester);
    return 0;
}

/* An entry that seals the minute of `leaves`. */
static struct gb_bytes sealing(void)
{
    struct gb_buf out;
    struct rounds_sealed sealed = {.minute_s = 1790000040 / 60 * 60, .count = LEAVES};
    assert_int_equal(rounds_root(digester, gb_bytes(leaves, sizeof leaves), sealed.root, NULL), 0);
    gb_cleanup(json_freep) struct json *data = rounds_sealed_write(&sealed, json_new_object());
    const struct entry entry = {.what = ENTRY_ROUNDS, .data = data};
    gb_buf_init(&out, GB_LIMIT_ENTRY);
    assert_int_equal(entry_write(&entry, &out, NULL), 0);
    struct gb_bytes line = gb_arena_copy(arena, gb_buf_bytes(&out));
    gb_buf_done(&out);
    return line;
}

/* A proof file of the entry at INDEX, which seals a minute, and of leaf 2. */
static struct gb_bytes proof_file(bool with_leaf)
{
    struct gb_buf out;
    struct gb_buf extra;
    struct ledger_proof proof = {.index = INDEX};
    struct ledger_proof_extra beside = {.entry = sealing()};
    make_grow(ledger, &key, NULL, INDEX);
    assert_int_equal(log_add(ledger, beside.entry, NULL), 0);
    make_grow(ledger, &key, NULL, SIZE);
    assert_int_equal(log_prove_inclusion(ledger, INDEX, SIZE, &proof.inclusion, NULL), 0);
    assert_int_equal(log_checkpoint(ledger, arena, &proof.checkpoint, NULL), 0);
    if (with_leaf) {
        beside.leaf = gb_bytes(leaves + (size_t)2 * ROUNDS_LEAF, ROUNDS_LEAF);
        beside.leaf_index = 2;
        assert_int_equal(rounds_prove(digester, gb_bytes(leaves, sizeof leaves), 2,
                                      &beside.leaf_inclusion, NULL),
                         0);
    }
    gb_buf_init(&extra, GB_LIMIT_PROOF);
    gb_buf_init(&out, GB_LIMIT_PROOF);
    ledger_proof_extra_write(&beside, &extra);
    proof.extra = gb_buf_bytes(&extra);
    ledger_proof_write(&proof, &out);
    assert_true(gb_buf_ok(&out));
    struct gb_bytes file = gb_arena_copy(arena, gb_buf_bytes(&out));
    gb_buf_done(&extra);
    gb_buf_done(&out);
    return file;
}

static void read_file(struct gb_bytes file, struct ledger_proof *proof,
                      struct ledger_proof_extra *extra)
{
    assert_int_equal(ledger_proof_read(arena, file, proof, NULL), 0);
    assert_int_equal(ledger_proof_extra_read(proof->extra, extra, NULL), 0);
}

static const char *fault(const struct ledger_proof *proof, struct gb_bytes entry)
{
    uint8_t hash[MERKLE_HASH];
    struct ledger_proof_answer answer;
    assert_int_equal(merkle_leaf(digester, entry, hash), 0);
    assert_int_equal(ledger_proof_judge(arena, digester, proof, hash, &trust, &answer, NULL), 0);
    return answer.fault;
}

static const char *leaf_fault(const struct ledger_proof_extra *extra)
{
    const char *what = "unjudged";
    assert_int_equal(ledger_proof_judge_leaf(digester, extra, &what, NULL), 0);
    return what;
}

static void a_proof_stands_alone(void **state)
{
    (void)state;
    struct ledger_proof proof;
    struct ledger_proof_extra extra;
    struct gb_bytes file = proof_file(true);
    assert_true(gb_bytes_starts(file, gb_bytes_str("c2sp.org/tlog-proof@v1\nextra ")));
    read_file(file, &proof, &extra);
    assert_int_equal(proof.index, INDEX);
    assert_true(gb_bytes_equal(extra.entry, sealing()));
    assert_null(fault(&proof, extra.entry));
    assert_null(leaf_fault(&extra));
}

static void T28_a_proof_of_another_entry_is_refused(void **state)
{
    (void)state;
    struct ledger_proof proof;
    struct ledger_proof_extra extra;
    read_file(proof_file(false), &proof, &extra);
    assert_int_equal(extra.leaf.len, 0);
    assert_null(fault(&proof, extra.entry));
    const char *not_there = "the entry does not stand at this index of the log";
    assert_string_equal(fault(&proof, gb_bytes_str("entry 300")), not_there);
    proof.index++;
    assert_string_equal(fault(&proof, extra.entry), not_there);
    proof.index = SIZE;
    assert_string_equal(fault(&proof, extra.entry), not_there);
    proof.index = INDEX;
    proof.inclusion.hashes[3][0] ^= 1;
    assert_string_equal(fault(&proof, extra.entry), not_there);
}

static void T28_a_proof_signed_by_another_key_is_refused(void **state)
{
    (void)state;
    struct ledger_proof proof;
    struct ledger_proof_extra extra;
    struct make_key other;
    make_key(MAKE_LEDGER_ORIGIN, NOTE_ED25519, &other);
    read_file(proof_file(false), &proof, &extra);
    trust.keys = &other.key;
    assert_string_equal(fault(&proof, extra.entry), "not signed by the log's key");
    make_key_done(&other);
}

static void T28_a_proof_of_another_attestation_is_refused(void **state)
{
    (void)state;
    struct ledger_proof proof;
    struct ledger_proof_extra extra;
    const char *not_there = "the attestation does not stand in the minute that was sealed";
    read_file(proof_file(true), &proof, &extra);
    uint8_t *leaf = (uint8_t *)(uintptr_t)extra.leaf.data;
    leaf[ROUNDS_LEAF - 1] ^= 1; /* trusted becomes untrusted */
    assert_string_equal(leaf_fault(&extra), not_there);
    leaf[ROUNDS_LEAF - 1] ^= 1;
    extra.leaf_index = 3;
    assert_string_equal(leaf_fault(&extra), not_there);
    extra.leaf_index = 2;
    assert_null(leaf_fault(&extra));
    /* An entry of another kind with the same data: only "rounds" seals. */
    char other[1024];
    char sealing[1024];
    snprintf(sealing, sizeof sealing, "%.*s", (int)extra.entry.len, (const char *)extra.entry.data);
    char *word = strstr(sealing, "\"rounds\"");
    assert_non_null(word);
    snprintf(other, sizeof other, "%.*s\"server.start\"%s", (int)(word - sealing), sealing,
             word + strlen("\"rounds\""));
    extra.entry = gb_bytes_str(other);
    assert_int_equal(ledger_proof_judge_leaf(digester, &extra, &not_there, NULL), GB_ERR_INPUT);
    extra.entry = gb_bytes_str("{}");
    assert_int_equal(ledger_proof_judge_leaf(digester, &extra, &not_there, NULL), GB_ERR_INPUT);
}

#define HASH  "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
#define BEGIN "c2sp.org/tlog-proof@v1\n"

static void what_is_no_proof_is_refused(void **state)
{
    (void)state;
    const char *bad[] = {
        "",
        "c2sp.org/tlog-proof@v2\nindex 0\n\n",
        BEGIN,
        BEGIN "index 0\n",
        BEGIN "index 0",
        BEGIN "index \n\n",
        BEGIN "index 01\n\n",
        BEGIN "index -1\n\n",
        BEGIN "index 9223372036854775808\n\n",
        BEGIN "indices 0\n\n",
        BEGIN "extra !\nindex 0\n\n",
        BEGIN "extra AAAA\n",
        BEGIN "extra AAAA\nextra AAAA\nindex 0\n\n",
        BEGIN "index 0\nAAAA\n\n",
        BEGIN "index 0\n" HASH HASH,
    };
    struct ledger_proof proof;
    assert_int_equal(
        ledger_proof_read(arena, gb_bytes_str(BEGIN "index 0\n" HASH "\nhead"), &proof, NULL), 0);
    assert_int_equal(proof.inclusion.count, 1);
    assert_true(gb_bytes_is(proof.checkpoint, "head"));
    for (size_t i = 0; i < GB_ARRAY_LEN(bad); i++)
        assert_int_equal(ledger_proof_read(arena, gb_bytes_str(bad[i]), &proof, NULL),
                         GB_ERR_INPUT);
    struct gb_buf out;
    gb_buf_init(&out, 1 << 20);
    gb_buf_puts(&out, BEGIN "index 0\n");
    for (int i = 0; i <= MERKLE_PROOF; i++)
        gb_buf_puts(&out, HASH);
    gb_buf_puts(&out, "\n");
    assert_int_equal(ledger_proof_read(arena, gb_buf_bytes(&out), &proof, NULL), GB_ERR_LIMIT);
    gb_buf_done(&out);
}

static void what_stands_beside_is_read_strictly(void **state)
{
    (void)state;
    struct ledger_proof proof;
    struct ledger_proof_extra extra;
    read_file(proof_file(true), &proof, &extra);
    for (size_t len = 0; len < proof.extra.len; len++)
        assert_int_not_equal(ledger_proof_extra_read(gb_bytes(proof.extra.data, len), &extra, NULL),
                             0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_proof_stands_alone),
        T(T28_a_proof_of_another_entry_is_refused),
        T(T28_a_proof_signed_by_another_key_is_refused),
        T(T28_a_proof_of_another_attestation_is_refused),
        T(what_is_no_proof_is_refused),
        T(what_stands_beside_is_read_strictly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
