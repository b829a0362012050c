#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "base/mem.h"
#include "wire/yaml.h"

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

static const struct yaml_node *read_ok(const char *text)
{
    struct yaml_node *docs = NULL;
    struct gb_err err = {.text = ""};
    int r = yaml_read(arena, gb_bytes_str(text), "f.yaml", &docs, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(r, 0);
    return docs;
}

static void the_tree_remembers_lines_and_order(void **state)
{
    (void)state;
    const struct yaml_node *docs = read_ok("# comment\n"
                                           "kind: NodePolicy\n"
                                           "spec:\n"
                                           "  sets: [one, \"two\"]\n"
                                           "  empty:\n"
                                           "---\n"
                                           "- 1\n");
    assert_int_equal(docs->kind, YAML_SEQUENCE);
    assert_int_equal(docs->count, 2);
    const struct yaml_node *doc = docs->first;
    assert_int_equal(doc->kind, YAML_MAPPING);
    assert_int_equal(doc->line, 2);
    assert_int_equal(doc->count, 2);
    assert_true(gb_bytes_is(yaml_get(doc, "kind")->text, "NodePolicy"));
    const struct yaml_node *sets = yaml_get(yaml_get(doc, "spec"), "sets");
    assert_true(gb_bytes_is(sets->key, "sets"));
    assert_int_equal(sets->key_line, 4);
    assert_int_equal(sets->count, 2);
    assert_true(gb_bytes_is(sets->first->text, "one") && sets->first->plain);
    assert_true(gb_bytes_is(sets->first->next->text, "two") && !sets->first->next->plain);
    assert_null(sets->first->next->next);
    const struct yaml_node *empty = yaml_get(yaml_get(doc, "spec"), "empty");
    assert_int_equal(empty->kind, YAML_SCALAR);
    assert_int_equal(empty->text.len, 0);
    assert_true(empty->plain);
    assert_null(yaml_get(doc, "absent"));
    assert_null(yaml_get(doc->next, "kind")); /* a sequence has no keys */
    assert_int_equal(doc->next->first->line, 7);
}

static void an_empty_file_has_no_documents(void **state)
{
    (void)state;
    assert_int_equal(read_ok("")->count, 0);
    assert_int_equal(read_ok("# nothing\n")->count, 0);
    struct yaml_node *docs = NULL;
    assert_int_equal(yaml_read(arena, gb_bytes(NULL, 0), "f", &docs, NULL), 0);
    assert_int_equal(docs->count, 0);
}

static void refuse(struct gb_bytes in, int code, const char *why)
{
    struct yaml_node *docs = NULL;
    struct gb_err err = {0};
    assert_int_equal(yaml_read(arena, in, "f.yaml", &docs, &err), code);
    assert_null(docs);
    assert_string_equal(err.text, why);
}

static void refuses_what_surprises(void **state)
{
    (void)state;
    const struct {
        const char *text, *why;
    } cases[] = {
        {"a: &x 1\nb: *x\n", "f.yaml:1: anchors (&name) are not accepted"},
        {"a: 1\nb: *x\n", "f.yaml:2: aliases (*name) are not accepted"},
        {"a: !!str 1\n", "f.yaml:1: tags (!name) are not accepted"},
        {"a: ! 1\n", "f.yaml:1: tags (!name) are not accepted"},
        {"a: !x [1]\n", "f.yaml:1: tags (!name) are not accepted"},
        {"a: &x {b: 1}\n", "f.yaml:1: anchors (&name) are not accepted"},
        {"&k a: 1\n", "f.yaml:1: anchors (&name) are not accepted"},
        {"%TAG ! tag:x,2000:\n---\na: 1\n", "f.yaml:1: %TAG is not accepted"},
        {"a:\n\tb: 1\n",
         "f.yaml:2: found a character that cannot start any token (is it a tab? YAML "
         "indents with blanks)"},
        {"apiVersion: 1\nkind: A\napiVersion: 1\nkind: B\n",
         "f.yaml:3: this key stands twice (is a line --- missing above it?): \"apiVersion\""},
        {"a: 1\nb: 2\na: 3\n", "f.yaml:3: this key stands twice: \"a\""},
        {"x:\n  \"b\\e\": 1\n  \"b\\x1b\": 2\n", "f.yaml:3: this key stands twice: \"b\\x1b\""},
        {"{a: 1, 'a': 2}\n", "f.yaml:1: this key stands twice: \"a\""},
        {"? [1]\n: 2\n", "f.yaml:1: a key must be a single word, not a list or mapping"},
        {"? {a: 1}\n: 2\n", "f.yaml:1: a key must be a single word, not a list or mapping"},
        {"\"\": 1\n", "f.yaml:1: a key is empty"},
        {"? \n: 1\n", "f.yaml:1: a key is empty"},
        {"a: \"x\\0y\"\n", "f.yaml:1: a value holds a NUL"},
        {"\"a\\0b\": 1\n", "f.yaml:1: a value holds a NUL"},
        {"a: [1\nb: 2\n", "f.yaml:2: did not find expected ',' or ']'"},
        {"a: b: c\n", "f.yaml:1: mapping values are not allowed in this context"},
        {"a: 1\n\tb: 2\n", "f.yaml:2: found a tab character that violates indentation"},
        {"a: \xff\n", "f.yaml:1: invalid leading UTF-8 octet"},
        {"a: \x01\n", "f.yaml:1: control characters are not allowed"},
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(cases); i++)
        refuse(gb_bytes_str(cases[i].text), GB_ERR_CONFIG, cases[i].why);
    struct yaml_node *docs = NULL;
    assert_int_equal(yaml_read(arena, gb_bytes("\xff\xfe\x61\x00", 4), "f", &docs, NULL),
                     GB_ERR_CONFIG); /* UTF-16 */
}

static void depth_has_a_ceiling(void **state)
{
    (void)state;
    char text[2 * (GB_LIMIT_YAML_DEPTH + 1) + 1] = "";
    size_t n = GB_LIMIT_YAML_DEPTH;
    memset(text, '[', n);
    memset(text + n, ']', n);
    assert_int_equal(read_ok(text)->count, 1);
    n++;
    memset(text, '[', n);
    memset(text + n, ']', n);
    refuse(gb_bytes_str(text), GB_ERR_LIMIT, "f.yaml:1: nested deeper than the ceiling allows");
}

static void values_have_a_ceiling(void **state)
{
    (void)state;
    size_t n = GB_LIMIT_YAML_SCALAR;
    char *text = gb_arena_alloc(arena, n + 2, 1);
    memset(text, 'x', n);
    assert_int_equal(read_ok(text)->first->text.len, n);
    text[n] = 'x';
    refuse(gb_bytes_str(text), GB_ERR_LIMIT, "f.yaml:1: a value is longer than the ceiling allows");
}

static struct gb_bytes written(const char *text, size_t len)
{
    struct gb_buf buf;
    gb_buf_init(&buf, 1 << 20);
    assert_true(yaml_write_scalar(&buf, gb_bytes(text, len)));
    struct gb_bytes out = gb_arena_copy(arena, gb_buf_bytes(&buf));
    gb_buf_done(&buf);
    return out;
}

static void plain_where_it_is_safe(void **state)
{
    (void)state;
    const char *const plain[] = {"sha256:00ff /usr/bin/x86_64-linux-gnu-gcc",
                                 "/a/b.c",
                                 "vmlinuz-6.1",
                                 "console=ttyS0 ro",
                                 "P-256",
                                 "a:b",
                                 "c++",
                                 "x@y",
                                 "f00d"};
    const char *const quoted[] = {"",     " a",  "a ",   "a: b", "a:",   "a #b", "- a", "-a",
                                  "true", "No",  "null", "~",    "1",    "0x1f", "1e5", "12:30",
                                  "[a]",  "a,b", "{",    "*a",   "&a",   "!a",   "'a'", "\"",
                                  "%a",   "@a",  "`a",   "?",    "a\nb", "a\tb", "---", "...",
                                  "a  :", "# a", "1.5",  "=",    ">x",   "|x",   "a\\", "<<"};
    for (size_t i = 0; i < GB_ARRAY_LEN(plain); i++)
        assert_true(gb_bytes_is(written(plain[i], strlen(plain[i])), plain[i]));
    for (size_t i = 0; i < GB_ARRAY_LEN(quoted); i++)
        assert_int_equal(written(quoted[i], strlen(quoted[i])).data[0], '"');
    assert_true(gb_bytes_is(written("a\"\\\n\x7f\xc2\x85\xe2\x80\xae\xc3\xa9\xf3\xa0\x80\x81", 16),
                            "\"a\\\"\\\\\\x0a\\x7f\\x85\\u202e\xc3\xa9\\U000e0001\""));
}

/* As a list item, as a value, in flow style: the same bytes come back. */
static void round_trip(const char *text, size_t len)
{
    struct gb_bytes one = written(text, len);
    const char *doc = gb_arena_printf(arena, "- %s\n- k: %s\n- [%s, {k: %s}]\n", one.data, one.data,
                                      one.data, one.data);
    const struct yaml_node *item = read_ok(doc)->first->first;
    const struct yaml_node *flow = item->next->next;
    struct gb_bytes want = gb_bytes(text, len);
    assert_true(gb_bytes_equal(item->text, want));
    assert_true(gb_bytes_equal(yaml_get(item->next, "k")->text, want));
    assert_true(gb_bytes_equal(flow->first->text, want));
    assert_true(gb_bytes_equal(yaml_get(flow->first->next, "k")->text, want));
}

static void every_short_text_comes_back(void **state)
{
    (void)state;
    static const char marks[] = " :#-?,[]{}&*!|>'\"%@`~=<\\\n\r\t.a1/";
    size_t n = sizeof marks - 1;
    for (size_t i = 0; i < n * n * n; i++) {
        const char text[] = {marks[i % n], marks[i / n % n], marks[i / n / n]};
        round_trip(text, 3);
        if (i % 1000 == 0)
            gb_arena_reset(arena);
    }
}

static void every_code_point_comes_back(void **state)
{
    (void)state;
    for (uint32_t code = 1; code < 0x110000; code += code < 0x3000 ? 1 : 61) {
        if (code >= 0xd800 && code < 0xe000)
            continue;
        char text[8] = "a";
        size_t len = 1;
        if (code < 0x80) {
            text[len++] = (char)code;
        } else if (code < 0x800) {
            text[len++] = (char)(0xc0 | code >> 6);
            text[len++] = (char)(0x80 | (code & 63));
        } else if (code < 0x10000) {
            text[len++] = (char)(0xe0 | code >> 12);
            text[len++] = (char)(0x80 | (code >> 6 & 63));
            text[len++] = (char)(0x80 | (code & 63));
        } else {
            text[len++] = (char)(0xf0 | code >> 18);
            text[len++] = (char)(0x80 | (code >> 12 & 63));
            text[len++] = (char)(0x80 | (code >> 6 & 63));
            text[len++] = (char)(0x80 | (code & 63));
        }
        round_trip(text, len);
        if (code % 64 == 0)
            gb_arena_reset(arena);
    }
}

static void what_yaml_cannot_hold_is_not_written(void **state)
{
    (void)state;
    const struct gb_bytes bad[] = {gb_bytes("a\xff", 2), gb_bytes("a\0b", 3),
                                   gb_bytes("\xed\xa0\x80", 3), gb_bytes("\xc0\x80", 2)};
    for (size_t i = 0; i < GB_ARRAY_LEN(bad); i++) {
        struct gb_buf buf;
        gb_buf_init(&buf, 1 << 20);
        assert_false(yaml_write_scalar(&buf, bad[i]));
        assert_false(gb_buf_ok(&buf));
        gb_buf_done(&buf);
    }
    struct gb_buf buf;
    gb_buf_init(&buf, 1 << 20);
    char *text = gb_arena_alloc(arena, GB_LIMIT_YAML_SCALAR + 1, 1);
    memset(text, 'x', GB_LIMIT_YAML_SCALAR + 1);
    assert_false(yaml_write_scalar(&buf, gb_bytes(text, GB_LIMIT_YAML_SCALAR + 1)));
    gb_buf_done(&buf);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (unsigned long nth = 1;; nth++) {
        gb_cleanup(gb_arena_freep) struct gb_arena *own = gb_arena_new();
        struct yaml_node *docs = NULL;
        gb_mem_fail_nth(nth);
        char *big = gb_arena_alloc(own, 16 << 10, 1); /* the next one needs a new block */
        int r = big ? yaml_read(own, gb_bytes_str("a: 1\nb: [2, {c: d}]\n"), "f", &docs, NULL)
                    : GB_ERR_NOMEM;
        int failed = gb_mem_failed();
        gb_mem_fail_nth(0);
        assert_int_equal(r, failed ? GB_ERR_NOMEM : 0);
        if (!failed)
            break;
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_tree_remembers_lines_and_order),
        T(an_empty_file_has_no_documents),
        T(refuses_what_surprises),
        T(depth_has_a_ceiling),
        T(values_have_a_ceiling),
        T(plain_where_it_is_safe),
        T(every_short_text_comes_back),
        T(every_code_point_comes_back),
        T(what_yaml_cannot_hold_is_not_written),
        T(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
