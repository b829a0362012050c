#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "base/encode.h"
#include "ledger/entry.h"
#include "os/file.h"

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

#define HEX  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define HEAD "{\"v\":1,\"at\":\"2026-11-29T01:02:03.456Z\",\"what\":\"node.remove\","
#define LINE                                                                                       \
    HEAD "\"who\":{\"commitment\":\"" HEX                                                          \
         "\"},\"whom\":\"node/0f\",\"why\":\"\\u0007 \\\"x\\\"\","                                 \
         "\"data\":{\"b\":1,\"a\":[true,null,\"\xc3\xa9\"]}}"

static void an_entry_is_written_in_one_form(void **state)
{
    (void)state;
    struct gb_buf out;
    gb_cleanup(json_freep) struct json *data = json_new_object();
    struct json *list = json_new_array();
    struct entry entry = {.at_ms = INT64_C(1795914123456),
                          .what = ENTRY_NODE_REMOVE,
                          .who = {.personal = true},
                          .whom = {.text = gb_bytes_str("node/0f")},
                          .why = {.text = gb_bytes_str("\a \"x\"")},
                          .data = data};
    assert_true(gb_hex_decode(gb_bytes_str(HEX), entry.who.commitment, ENTRY_COMMITMENT));
    json_push(list, json_bool(true));
    json_push(list, json_text(NULL));
    json_push(list, json_text("\xc3\xa9"));
    json_set(data, "b", json_number(1));
    json_set(data, "a", list);
    gb_buf_init(&out, 1 << 20);
    assert_int_equal(entry_write(&entry, &out, NULL), 0);
    assert_true(gb_bytes_is(gb_buf_bytes(&out), LINE));
    gb_buf_done(&out);
}

static int read_line(const char *line, struct entry *ret_entry)
{
    struct json *tree = NULL;
    struct gb_err err;
    int r = entry_read(gb_bytes_str(line), ret_entry, NULL, &tree, &err);
    json_free(tree);
    return r;
}

static void it_is_read_as_it_was_written(void **state)
{
    (void)state;
    struct entry entry;
    struct gb_bytes word;
    struct gb_bytes text;
    gb_cleanup(json_freep) struct json *tree = NULL;
    assert_int_equal(entry_read(gb_bytes_str(LINE), &entry, &word, &tree, NULL), 0);
    assert_int_equal(entry.at_ms, INT64_C(1795914123456));
    assert_int_equal(entry.what, ENTRY_NODE_REMOVE);
    assert_true(gb_bytes_is(word, "node.remove"));
    assert_true(entry.who.personal);
    assert_int_equal(entry.who.commitment[31], 0x1f);
    assert_true(gb_bytes_is(entry.whom.text, "node/0f"));
    assert_true(gb_bytes_is(entry.why.text, "\a \"x\""));
    assert_true(json_as_text(json_at(json_get(entry.data, "a"), 2), &text));
    assert_true(gb_bytes_is(text, "\xc3\xa9"));
}

#define REST "\"who\":\"server\",\"whom\":\"\",\"why\":\"\",\"data\":{}}"

static void any_other_form_is_refused(void **state)
{
    (void)state;
    struct entry entry;
    const char *bad[] = {
        "",
        "{}",
        "[]",
        HEAD REST "\n",
        HEAD " " REST,
        "{\"v\":2,\"at\":\"2026-11-29T01:02:03.456Z\",\"what\":\"verdict\"," REST,
        "{\"at\":\"2026-11-29T01:02:03.456Z\",\"v\":1,\"what\":\"verdict\"," REST,
        "{\"v\":1,\"at\":\"2026-11-29T01:02:03Z\",\"what\":\"verdict\"," REST,
        "{\"v\":1,\"at\":\"2026-11-29T01:02:03.4567Z\",\"what\":\"verdict\"," REST,
        "{\"v\":1,\"at\":\"2026-11-31T01:02:03.456Z\",\"what\":\"verdict\"," REST,
        "{\"v\":1,\"at\":\"1969-11-29T01:02:03.456Z\",\"what\":\"verdict\"," REST,
        "{\"v\":1,\"at\":\"2026-11-29T01:02:03.456Z\",\"what\":\"\"," REST,
        HEAD "\"who\":\"server\",\"whom\":\"\",\"why\":\"\",\"data\":[]}",
        HEAD "\"who\":\"server\",\"whom\":\"\",\"why\":\"\"}",
        HEAD "\"who\":\"server\",\"whom\":\"\",\"why\":\"\",\"data\":{},\"more\":1}",
        HEAD "\"who\":\"server\",\"why\":\"\",\"whom\":\"\",\"data\":{}}",
        HEAD "\"who\":\"\\u0073erver\",\"whom\":\"\",\"why\":\"\",\"data\":{}}",
        HEAD "\"who\":{\"commitment\":\"00\"},\"whom\":\"\",\"why\":\"\",\"data\":{}}",
        HEAD "\"who\":{\"commitment\":\"" HEX "\",\"x\":1},\"whom\":\"\",\"why\":\"\",\"data\":{}}",
        HEAD "\"who\":\"server\",\"whom\":\"\",\"why\":\"\",\"data\":{\"x\":1.5}}",
        HEAD "\"who\":\"server\",\"whom\":\"\",\"why\":\"\",\"data\":{\"x\":-1}}",
        HEAD "\"who\":\"server\",\"whom\":\"\",\"why\":\"\",\"data\":{\"x\":1,\"x\":1}}",
    };
    assert_int_equal(read_line(HEAD REST, &entry), 0);
    for (size_t i = 0; i < GB_ARRAY_LEN(bad); i++) {
        if (read_line(bad[i], &entry) != GB_ERR_INPUT)
            print_error("accepted: %s\n", bad[i]);
        assert_int_equal(read_line(bad[i], &entry), GB_ERR_INPUT);
    }
}

static void words_of_later_versions_are_kept(void **state)
{
    (void)state;
    struct entry entry;
    struct gb_bytes word;
    gb_cleanup(json_freep) struct json *tree = NULL;
    const char *line = "{\"v\":1,\"at\":\"2026-11-29T01:02:03.456Z\",\"what\":\"later.word\"," REST;
    assert_int_equal(entry_read(gb_bytes_str(line), &entry, &word, &tree, NULL), 0);
    assert_int_equal(entry.what, ENTRY_NONE);
    assert_true(gb_bytes_is(word, "later.word"));
}

static void every_word_names_one_thing(void **state)
{
    (void)state;
    for (enum entry_what what = ENTRY_NONE + 1; what < ENTRY_WHATS; what++) {
        assert_non_null(entry_help(what));
        assert_int_equal(entry_of_word(gb_bytes_str(entry_word(what))), what);
    }
    assert_null(entry_word(ENTRY_NONE));
    assert_null(entry_word(ENTRY_WHATS));
    assert_int_equal(entry_of_word(gb_bytes_str("")), ENTRY_NONE);
}

/* docs/formats/ledger.md has a row for each word, and says the same of it. */
static void every_word_is_documented(void **state)
{
    (void)state;
    char path[4096];
    struct gb_bytes page;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    snprintf(path, sizeof path, "%s/docs/formats/ledger.md", getenv("GARBOARD_SOURCE"));
    assert_int_equal(file_read(arena, path, 1 << 20, &page, NULL), 0);
    for (enum entry_what what = ENTRY_NONE + 1; what < ENTRY_WHATS; what++) {
        const char *row =
            gb_arena_printf(arena, "| `%s` | %s |\n", entry_word(what), entry_help(what));
        if (!memmem(page.data, page.len, row, strlen(row)))
            print_error("docs/formats/ledger.md lacks: %s", row);
        assert_non_null(memmem(page.data, page.len, row, strlen(row)));
    }
}

static void an_entry_has_a_ceiling(void **state)
{
    (void)state;
    static char why[GB_LIMIT_ENTRY];
    struct gb_buf out;
    struct entry entry = {.what = ENTRY_VERDICT};
    gb_buf_init(&out, 1 << 20);
    assert_int_equal(entry_write(&entry, &out, NULL), 0);
    size_t room = GB_LIMIT_ENTRY - out.len;
    out.len = 0;
    memset(why, 'x', sizeof why);
    entry.why.text = gb_bytes(why, room);
    assert_int_equal(entry_write(&entry, &out, NULL), 0);
    assert_int_equal(out.len, GB_LIMIT_ENTRY);
    out.len = 0;
    entry.why.text = gb_bytes(why, room + 1);
    assert_int_equal(entry_write(&entry, &out, NULL), GB_ERR_LIMIT);
    assert_int_equal(out.len, 0);
    gb_buf_done(&out);
}

static void what_is_no_entry_is_not_written(void **state)
{
    (void)state;
    struct gb_buf out;
    gb_cleanup(json_freep) struct json *list = json_new_array();
    gb_buf_init(&out, 1 << 20);
    const struct entry bad[] = {
        {.what = ENTRY_NONE},
        {.what = ENTRY_VERDICT, .at_ms = -1},
        {.what = ENTRY_VERDICT, .data = list},
        {.what = ENTRY_VERDICT, .who = {.text = gb_bytes("\xff", 1)}},
        {.what = ENTRY_VERDICT, .why = {.text = gb_bytes("a\0b", 3)}},
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(bad); i++)
        assert_int_equal(entry_write(&bad[i], &out, NULL), GB_ERR_BUG);
    assert_int_equal(out.len, 0);
    gb_buf_done(&out);
}

/* The value was computed by another program: sha256sum over the same bytes. */
static void a_commitment_opens_with_its_salt_and_value_only(void **state)
{
    (void)state;
    uint8_t salt[ENTRY_SALT] = "0123456789abcde";
    uint8_t commitment[ENTRY_COMMITMENT];
    char hex[2 * ENTRY_COMMITMENT + 1];
    bool opens = false;
    salt[15] = 'f';
    assert_int_equal(entry_commit(digester, salt, gb_bytes_str("alice"), commitment, NULL), 0);
    gb_hex_encode(gb_bytes(commitment, sizeof commitment), hex);
    assert_string_equal(hex, "ecf84c46768551525ed24e7136723b363e2685a8da27d6a5e7d5b3b55cc9f8fc");
    assert_int_equal(entry_opens(digester, commitment, salt, gb_bytes_str("alice"), &opens, NULL),
                     0);
    assert_true(opens);
    assert_int_equal(entry_opens(digester, commitment, salt, gb_bytes_str("bob"), &opens, NULL), 0);
    assert_false(opens);
    salt[0] ^= 1;
    assert_int_equal(entry_opens(digester, commitment, salt, gb_bytes_str("alice"), &opens, NULL),
                     0);
    assert_false(opens);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_is_written_in_one_form),
        cmocka_unit_test(it_is_read_as_it_was_written),
        cmocka_unit_test(any_other_form_is_refused),
        cmocka_unit_test(words_of_later_versions_are_kept),
        cmocka_unit_test(every_word_names_one_thing),
        cmocka_unit_test(every_word_is_documented),
        cmocka_unit_test(an_entry_has_a_ceiling),
        cmocka_unit_test(what_is_no_entry_is_not_written),
        cmocka_unit_test(a_commitment_opens_with_its_salt_and_value_only),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
