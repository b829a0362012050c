#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "ledger/checkpoint.h"
#include "make_ledger.h"

static struct gb_arena *arena;
static struct make_key log_key;
static struct make_key next_key;
static struct make_key other_key;
static struct make_key witnesses[2];
static const uint8_t root[32] = {1, 2, 3};

static int setup(void **state)
{
    (void)state;
    arena = gb_arena_new();
    make_key(MAKE_LEDGER_ORIGIN, NOTE_ED25519, &log_key);
    make_key(MAKE_LEDGER_ORIGIN, NOTE_ED25519, &next_key);
    make_key(MAKE_LEDGER_ORIGIN, NOTE_ED25519, &other_key);
    make_key("example.net/w1", NOTE_COSIGNATURE, &witnesses[0]);
    make_key("example.net/w2", NOTE_COSIGNATURE, &witnesses[1]);
    return arena ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    gb_arena_free(arena);
    make_key_done(&log_key);
    make_key_done(&next_key);
    make_key_done(&other_key);
    make_key_done(&witnesses[0]);
    make_key_done(&witnesses[1]);
    return 0;
}

static struct gb_bytes signed_by(const struct make_key *by, const struct make_key *witness,
                                 const char *origin)
{
    struct gb_buf out;
    make_note(by, witness, origin, 7, root, &out);
    struct gb_bytes copy = gb_arena_copy(arena, gb_buf_bytes(&out));
    gb_buf_done(&out);
    return copy;
}

/* The fault found, or NULL. */
static const char *fault(const struct checkpoint_trust *trust, struct gb_bytes note)
{
    struct checkpoint_opened opened;
    assert_int_equal(checkpoint_open(arena, trust, note, &opened, NULL), 0);
    if (!opened.fault) {
        assert_int_equal(opened.head.size, 7);
        assert_memory_equal(opened.head.root, root, 32);
    }
    return opened.fault;
}

static void a_signed_head_opens(void **state)
{
    (void)state;
    struct checkpoint_trust trust = {.keys = &log_key.key, .key_count = 1};
    assert_null(fault(&trust, signed_by(&log_key, NULL, MAKE_LEDGER_ORIGIN)));
    const struct note_key both[] = {log_key.key, next_key.key};
    trust = (struct checkpoint_trust){.keys = both, .key_count = 2};
    assert_null(fault(&trust, signed_by(&log_key, NULL, MAKE_LEDGER_ORIGIN)));
    assert_null(fault(&trust, signed_by(&next_key, NULL, MAKE_LEDGER_ORIGIN)));
}

static void T28_a_checkpoint_of_another_key_is_refused(void **state)
{
    (void)state;
    struct checkpoint_trust trust = {.keys = &log_key.key, .key_count = 1};
    assert_string_equal(fault(&trust, signed_by(&other_key, NULL, MAKE_LEDGER_ORIGIN)),
                        "not signed by the log's key");
    struct checkpoint_opened opened;
    assert_int_equal(checkpoint_open(arena, &trust, signed_by(&other_key, NULL, MAKE_LEDGER_ORIGIN),
                                     &opened, NULL),
                     0);
    char ids[64];
    snprintf(ids, sizeof ids, "signed by %08x; known: %08x", (unsigned)other_key.key.id,
             (unsigned)log_key.key.id);
    assert_string_equal(opened.whose, ids);
    trust.key_count = 0;
    assert_string_equal(fault(&trust, signed_by(&log_key, NULL, MAKE_LEDGER_ORIGIN)),
                        "not signed by the log's key");
}

static void T28_a_forged_checkpoint_is_refused(void **state)
{
    (void)state;
    const struct checkpoint_trust trust = {.keys = &log_key.key, .key_count = 1};
    struct gb_bytes note = signed_by(&log_key, NULL, MAKE_LEDGER_ORIGIN);
    uint8_t *size = (uint8_t *)(uintptr_t)note.data + strlen(MAKE_LEDGER_ORIGIN) + 1;
    assert_int_equal(*size, '7');
    *size = '8';
    assert_string_equal(fault(&trust, note), "a signature of the log's key is wrong");
}

static void T28_a_checkpoint_of_another_log_is_refused(void **state)
{
    (void)state;
    struct checkpoint_trust trust = {.keys = &log_key.key, .key_count = 1};
    struct gb_bytes note = signed_by(&log_key, NULL, "example.org/other");
    assert_string_equal(fault(&trust, note), "it is another log's: its origin is not");
    trust.origin = "example.org/other";
    assert_null(fault(&trust, note));
}

static void T28_a_missing_cosignature_is_refused(void **state)
{
    (void)state;
    const struct note_key both[] = {witnesses[0].key, witnesses[1].key};
    struct checkpoint_trust trust = {
        .keys = &log_key.key, .key_count = 1, .witnesses = both, .witness_count = 2, .quorum = 1};
    assert_string_equal(fault(&trust, signed_by(&log_key, NULL, MAKE_LEDGER_ORIGIN)),
                        "too few known witnesses cosigned it");
    assert_null(fault(&trust, signed_by(&log_key, &witnesses[1], MAKE_LEDGER_ORIGIN)));
    trust.quorum = 2;
    assert_string_equal(fault(&trust, signed_by(&log_key, &witnesses[1], MAKE_LEDGER_ORIGIN)),
                        "too few known witnesses cosigned it");
}

static void a_witness_counts_once(void **state)
{
    (void)state;
    const struct note_key twice[] = {witnesses[0].key, witnesses[0].key};
    const struct checkpoint_trust trust = {
        .keys = &log_key.key, .key_count = 1, .witnesses = twice, .witness_count = 2, .quorum = 2};
    assert_string_equal(fault(&trust, signed_by(&log_key, &witnesses[0], MAKE_LEDGER_ORIGIN)),
                        "too few known witnesses cosigned it");
}

static void a_wrong_cosignature_is_refused_even_without_a_quorum(void **state)
{
    (void)state;
    struct note_key wrong = witnesses[0].key;
    wrong.public[3] ^= 1;
    const struct checkpoint_trust trust = {
        .keys = &log_key.key, .key_count = 1, .witnesses = &wrong, .witness_count = 1};
    assert_string_equal(fault(&trust, signed_by(&log_key, &witnesses[0], MAKE_LEDGER_ORIGIN)),
                        "a cosignature of a known witness is wrong");
}

static void keys_stay_in_their_part(void **state)
{
    (void)state;
    struct checkpoint_opened opened;
    const struct checkpoint_trust as_log = {.keys = &witnesses[0].key, .key_count = 1};
    const struct checkpoint_trust as_witness = {.keys = &log_key.key,
                                                .key_count = 1,
                                                .witnesses = &log_key.key,
                                                .witness_count = 1,
                                                .quorum = 1};
    struct gb_bytes note = signed_by(&log_key, &witnesses[0], MAKE_LEDGER_ORIGIN);
    assert_int_equal(checkpoint_open(arena, &as_log, note, &opened, NULL), GB_ERR_CONFIG);
    assert_int_equal(checkpoint_open(arena, &as_witness, note, &opened, NULL), GB_ERR_CONFIG);
}

#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"

static void a_body_is_read_and_written(void **state)
{
    (void)state;
    const char *bodies[] = {"example.com/behind-the-sofa\n20852163\n" ROOT,
                            "o\n0\n" ROOT "extension one\nextension two\n"};
    for (size_t i = 0; i < GB_ARRAY_LEN(bodies); i++) {
        struct checkpoint head;
        struct gb_buf out;
        gb_buf_init(&out, GB_LIMIT_NOTE);
        assert_int_equal(checkpoint_read(gb_bytes_str(bodies[i]), &head, NULL), 0);
        checkpoint_write(&head, &out);
        assert_true(gb_buf_ok(&out));
        assert_true(gb_bytes_is(gb_buf_bytes(&out), bodies[i]));
        gb_buf_done(&out);
    }
}

static void what_is_no_body_is_refused(void **state)
{
    (void)state;
    const char *bad[] = {
        "",
        "o\n",
        "o\n1\n",
        "\n1\n" ROOT,
        "o\n\n" ROOT,
        "o\n01\n" ROOT,
        "o\n+1\n" ROOT,
        "o\n-1\n" ROOT,
        "o\n1 \n" ROOT,
        "o\n9223372036854775808\n" ROOT,
        "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I\n",
        "o\n1\nAAAA\n",
        "o\n1\n" ROOT "cut",
        "o\n1\n" ROOT "\n",
        "o\n1\n" ROOT "a\n\nb\n",
    };
    struct checkpoint head;
    for (size_t i = 0; i < GB_ARRAY_LEN(bad); i++)
        assert_int_equal(checkpoint_read(gb_bytes_str(bad[i]), &head, NULL), GB_ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signed_head_opens),
        cmocka_unit_test(T28_a_checkpoint_of_another_key_is_refused),
        cmocka_unit_test(T28_a_forged_checkpoint_is_refused),
        cmocka_unit_test(T28_a_checkpoint_of_another_log_is_refused),
        cmocka_unit_test(T28_a_missing_cosignature_is_refused),
        cmocka_unit_test(a_witness_counts_once),
        cmocka_unit_test(a_wrong_cosignature_is_refused_even_without_a_quorum),
        cmocka_unit_test(keys_stay_in_their_part),
        cmocka_unit_test(a_body_is_read_and_written),
        cmocka_unit_test(what_is_no_body_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
