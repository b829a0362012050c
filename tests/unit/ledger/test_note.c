#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "base/encode.h"
#include "ledger/note.h"
#include "make_ledger.h"

static struct digester *digester;
static struct gb_arena *arena;
static struct make_key ours;
static struct make_key theirs;
static struct make_key witness;

static int setup(void **state)
{
    (void)state;
    arena = gb_arena_new();
    assert_int_equal(digester_new(&digester, NULL), 0);
    make_key("example.org/ledger", NOTE_ED25519, &ours);
    make_key("example.org/other", NOTE_ED25519, &theirs);
    make_key("example.net/witness", NOTE_COSIGNATURE, &witness);
    return arena ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    digester_free(digester);
    gb_arena_free(arena);
    make_key_done(&ours);
    make_key_done(&theirs);
    make_key_done(&witness);
    return 0;
}

static int read_text(const char *text, struct note *ret_note)
{
    return note_read(arena, gb_bytes_str(text), ret_note, NULL);
}

static enum note_standing standing(const char *text, const struct note_key *key)
{
    struct note note;
    enum note_standing is = NOTE_WRONG;
    assert_int_equal(read_text(text, &note), 0);
    assert_int_equal(note_verify(&note, key, &is, NULL, NULL), 0);
    return is;
}

/* The example of the specification (C2SP signed-note): made by another program. */
static const char example_key[] =
    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
static const char example[] = "This is an example message.\n\n"
                              "\xe2\x80\x94 example.com/foo "
                              "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3"
                              "mFXmRKuwHjG1Yu72IneyaQM=\n";

static void the_example_of_the_specification_verifies(void **state)
{
    (void)state;
    struct note_key key;
    char text[NOTE_VKEY];
    char changed[sizeof example];
    assert_int_equal(note_key_read(digester, gb_bytes_str(example_key), &key, NULL), 0);
    assert_string_equal(key.name, "example.com/foo");
    note_key_write(&key, text);
    assert_string_equal(text, example_key);
    assert_int_equal(standing(example, &key), NOTE_SIGNED);
    memcpy(changed, example, sizeof example);
    changed[0] = 't';
    assert_int_equal(standing(changed, &key), NOTE_WRONG);
}

static void what_is_no_verifier_key_is_refused(void **state)
{
    (void)state;
    const char *bad[] = {
        "",
        "example.com/foo",
        "example.com/foo+530d903a",
        "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/bar+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2",
        "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "a b+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(bad); i++) {
        struct note_key key;
        assert_int_equal(note_key_read(digester, gb_bytes_str(bad[i]), &key, NULL), GB_ERR_CONFIG);
    }
}

/* A note signed by both kinds of key, as text in the arena. */
static const char *both(struct gb_bytes text)
{
    struct gb_buf out;
    gb_buf_init(&out, GB_LIMIT_NOTE);
    note_begin(&out, text);
    assert_int_equal(note_sign(ours.private, &ours.key, text, 0, &out, NULL), 0);
    assert_int_equal(note_sign(witness.private, &witness.key, text, 1679315147, &out, NULL), 0);
    const char *copy = (const char *)gb_arena_copy(arena, gb_buf_bytes(&out)).data;
    gb_buf_done(&out);
    return copy;
}

static void what_is_signed_verifies(void **state)
{
    (void)state;
    struct note note;
    enum note_standing is = NOTE_UNSIGNED;
    uint64_t time_s = 0;
    assert_int_equal(read_text(both(gb_bytes_str("a\n\nb\n")), &note), 0);
    assert_int_equal(note.count, 2);
    assert_true(gb_bytes_is(note.text, "a\n\nb\n"));
    assert_int_equal(note_verify(&note, &ours.key, &is, &time_s, NULL), 0);
    assert_int_equal(is, NOTE_SIGNED);
    assert_int_equal(time_s, 0);
    assert_int_equal(note_verify(&note, &witness.key, &is, &time_s, NULL), 0);
    assert_int_equal(is, NOTE_SIGNED);
    assert_int_equal(time_s, 1679315147);
    assert_int_equal(note_verify(&note, &theirs.key, &is, &time_s, NULL), 0);
    assert_int_equal(is, NOTE_UNSIGNED);
}

/* A key with our name but another id, and one with our id but another name. */
static void signatures_of_unknown_keys_are_ignored(void **state)
{
    (void)state;
    struct note_key key = ours.key;
    const char *text = both(gb_bytes_str("text\n"));
    key.id ^= 1;
    assert_int_equal(standing(text, &key), NOTE_UNSIGNED);
    key = ours.key;
    key.name[0] ^= 1;
    assert_int_equal(standing(text, &key), NOTE_UNSIGNED);
    key = ours.key;
    key.public[0] ^= 1;
    assert_int_equal(standing(text, &key), NOTE_WRONG);
}

/* The same key in the other kind: a log's signature is no cosignature. */
static void a_kind_of_signature_does_not_pass_for_the_other(void **state)
{
    (void)state;
    struct note_key as;
    const char *text = both(gb_bytes_str("text\n"));
    assert_int_equal(
        note_key_make(digester, ours.key.name, NOTE_COSIGNATURE, ours.key.public, &as, NULL), 0);
    assert_int_not_equal(as.id, ours.key.id);
    assert_int_equal(standing(text, &as), NOTE_UNSIGNED);
    as.id = ours.key.id;
    assert_int_equal(standing(text, &as), NOTE_WRONG);
}

static void a_cosignature_covers_its_time(void **state)
{
    (void)state;
    struct note note;
    enum note_standing is = NOTE_SIGNED;
    assert_int_equal(read_text(both(gb_bytes_str("text\n")), &note), 0);
    uint8_t *raw = (uint8_t *)(uintptr_t)note.lines[1].signature.data;
    raw[7] ^= 1;
    assert_int_equal(note_verify(&note, &witness.key, &is, NULL, NULL), 0);
    assert_int_equal(is, NOTE_WRONG);
    raw[7] ^= 1;
    raw[0] = 0x80; /* beyond 2^63 - 1 */
    assert_int_equal(note_verify(&note, &witness.key, &is, NULL, NULL), 0);
    assert_int_equal(is, NOTE_WRONG);
}

/* A right line of a key does not heal a wrong one of the same key. */
static void one_wrong_line_of_a_known_key_is_enough(void **state)
{
    (void)state;
    const char *right = both(gb_bytes_str("text\n"));
    const char *other = both(gb_bytes_str("texx\n"));
    const char *line = strchr(strstr(other, "\n\n") + 2, '\n');
    const char *begin = strstr(other, "\n\n") + 2;
    const char *text = gb_arena_printf(arena, "%s%.*s", right, (int)(line + 1 - begin), begin);
    assert_int_equal(standing(text, &ours.key), NOTE_WRONG);
    assert_int_equal(standing(text, &witness.key), NOTE_SIGNED);
}

static void what_is_no_note_is_refused(void **state)
{
    (void)state;
#define SIG "\xe2\x80\x94 a AAAAAAAA\n"
    const char *bad[] = {
        "",
        "text\n",
        "text\n\n",
        "text\n" SIG,
        "text\n\nno dash\n",
        "text\n\n" SIG "more",
        "text\n\n\xe2\x80\x94 a AAAA\n",
        "text\n\n\xe2\x80\x94 a AAAAAAA\n",
        "text\n\n\xe2\x80\x94  AAAAAAAA\n",
        "text\n\n\xe2\x80\x94 a+b AAAAAAAA\n",
        "text\n\n\xe2\x80\x94 a\xc2\xa0"
        "b AAAAAAAA\n",
        "text\n\n\xe2\x80\x94 a AAAAAAAA \n",
        "te\txt\n\n" SIG,
        "te\rxt\n\n" SIG,
        "te\x80xt\n\n" SIG,
    };
    struct note note;
    assert_int_equal(read_text("text\n\n" SIG, &note), 0);
    for (size_t i = 0; i < GB_ARRAY_LEN(bad); i++) {
        if (read_text(bad[i], &note) != GB_ERR_INPUT)
            print_error("accepted: %s\n", bad[i]);
        assert_int_equal(read_text(bad[i], &note), GB_ERR_INPUT);
    }
    assert_int_equal(note_read(arena, gb_bytes("text\0\n\n" SIG, 19), &note, NULL), GB_ERR_INPUT);
}

static void a_note_has_ceilings(void **state)
{
    (void)state;
    struct gb_buf out;
    struct note note;
    gb_buf_init(&out, GB_LIMIT_NOTE + 1);
    gb_buf_puts(&out, "text\n\n");
    for (int i = 0; i < GB_LIMIT_NOTE_LINES; i++)
        gb_buf_puts(&out, SIG);
    assert_int_equal(note_read(arena, gb_buf_bytes(&out), &note, NULL), 0);
    assert_int_equal(note.count, GB_LIMIT_NOTE_LINES);
    gb_buf_puts(&out, SIG);
    assert_int_equal(note_read(arena, gb_buf_bytes(&out), &note, NULL), GB_ERR_LIMIT);
    while (out.len <= GB_LIMIT_NOTE)
        gb_buf_puts(&out, "\n");
    assert_int_equal(note_read(arena, gb_buf_bytes(&out), &note, NULL), GB_ERR_LIMIT);
    gb_buf_done(&out);
}

static void nobody_signs_under_the_name_of_another(void **state)
{
    (void)state;
    struct gb_buf out;
    gb_buf_init(&out, GB_LIMIT_NOTE);
    assert_int_equal(note_sign(ours.private, &theirs.key, gb_bytes_str("text\n"), 0, &out, NULL),
                     GB_ERR_BUG);
    assert_int_equal(out.len, 0);
    gb_buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_the_specification_verifies),
        cmocka_unit_test(what_is_no_verifier_key_is_refused),
        cmocka_unit_test(what_is_signed_verifies),
        cmocka_unit_test(signatures_of_unknown_keys_are_ignored),
        cmocka_unit_test(a_kind_of_signature_does_not_pass_for_the_other),
        cmocka_unit_test(a_cosignature_covers_its_time),
        cmocka_unit_test(one_wrong_line_of_a_known_key_is_enough),
        cmocka_unit_test(what_is_no_note_is_refused),
        cmocka_unit_test(a_note_has_ceilings),
        cmocka_unit_test(nobody_signs_under_the_name_of_another),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
