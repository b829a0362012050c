/* Literal blocks that are cut out of a document before libyaml reads it: every document must be
 * what libyaml makes of it whole. Many random and hostile ones; the same is a fuzz target. */
#include "../test.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "wire/yaml_cut.h"

static const struct yaml_ways cut_all = {0, 0};
static const struct yaml_ways cut_none = {SIZE_MAX, GB_LIMIT_YAML_SCALAR};

/* What documents are made of; blocks, and what makes a block something else. */
static const char *const pieces[] = {
    "k: |\n",
    "list: |\n",
    "files: |\n",
    "x",
    "y: 1",
    "  ",
    " ",
    "    ",
    "\n",
    "\n\n",
    "# c\n",
    "- ",
    "\"",
    "'",
    "\\",
    "\t",
    "|\n",
    ">\n",
    "|-\n",
    "|+\n",
    "|2\n",
    "[",
    "]",
    "{",
    "}",
    ", ",
    ": ",
    "---\n",
    "...\n",
    "\r\n",
    "\r",
    "\xc2\x85",
    "\xe2\x80\xa8",
    "\xc3\xa4",
    "\xf0\x9f\x98\x80",
    "\xff",
    "\xef\xbb\xbf",
    "%TAG ! x\n",
    "&a ",
    "*a",
    "!t ",
    "? ",
    "\x01",
    "a: b\n",
    "  a  /b\n",
    "   c  /d\n",
    "    e\n",
    " f: |\n",
    "  g: |\n",
    "  - h: |\n",
    "  i\n",
    "   j\n",
    "a: |\n  b\n",
    "  c: |\n    d  e\n",
    "spec:\n",
};

static uint64_t next(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407U;
    return *state >> 33;
}

static bool same_text(const struct yaml_node *a, const struct yaml_node *b)
{
    struct gb_buf text;
    struct yaml_lines lines;
    struct gb_bytes line;
    if (b->kind == YAML_SCALAR)
        return gb_bytes_equal(a->text, b->text);
    gb_buf_init(&text, 1 << 20);
    yaml_lines_init(&lines, b);
    while (yaml_lines_next(&lines, &line)) {
        gb_buf_add(&text, line.data, line.len);
        if (text.len < b->literal->len)
            gb_buf_u8(&text, '\n');
    }
    bool same = gb_bytes_equal(a->text, gb_buf_bytes(&text)) && text.len == b->literal->len;
    gb_buf_done(&text);
    return same;
}

static bool same(const struct yaml_node *a, const struct yaml_node *b)
{
    if ((a->kind != b->kind && (a->kind != YAML_SCALAR || b->kind != YAML_LITERAL)) ||
        a->line != b->line || a->key_line != b->key_line || a->at != b->at || a->end != b->end ||
        a->key_at != b->key_at || a->plain != b->plain || a->count != b->count ||
        !gb_bytes_equal(a->key, b->key) || (a->kind == YAML_SCALAR && !same_text(a, b)))
        return false;
    const struct yaml_node *y = b->first;
    for (const struct yaml_node *x = a->first; x; x = x->next, y = y->next)
        if (!same(x, y))
            return false;
    return true;
}

static size_t count_literals(const struct yaml_node *node)
{
    size_t count = node->kind == YAML_LITERAL;
    for (const struct yaml_node *c = node->first; c; c = c->next)
        count += count_literals(c);
    return count;
}

/* How many blocks were read without libyaml; -1 when it is an error, in both ways. */
static int compare(struct gb_bytes text)
{
    struct gb_arena *arena = gb_arena_new();
    struct yaml_node *whole = NULL, *cut = NULL;
    struct gb_err e1 = {0}, e2 = {0};
    int r1 = yaml_read_in_ways(arena, text, "f", &cut_none, &whole, &e1);
    int r2 = yaml_read_in_ways(arena, text, "f", &cut_all, &cut, &e2);
    int count = -1;
    if (r1 != r2 || (r1 == 0 && !same(whole, cut)))
        fail_msg("%.*s\nwhole: %d %s\ncut: %d %s", (int)text.len, (const char *)text.data, r1,
                 e1.text, r2, e2.text);
    if (r1 == 0)
        count = (int)count_literals(cut);
    gb_arena_free(arena);
    return count;
}

static int compare_text(const char *text)
{
    return compare(gb_bytes_str(text));
}

static void blocks_are_cut_out(void **state)
{
    (void)state;
    assert_int_equal(compare_text("list: |\n  a  /b\n  c  /d\n"), 1);
    assert_int_equal(compare_text("list: |\n  a  /b\n  c  /d"), 1);
    assert_int_equal(compare_text("list: |\n a\n   b\n  c # no comment\nnext: 1\n"), 1);
    assert_int_equal(compare_text("a:\n  list: |\n   x\n\n\n  listB: |\n     y\n\n"), 2);
    assert_int_equal(compare_text("a: |\n  \xc3\xa4\xf0\x9f\x98\x80\nb: [1, 2]\nc: |\n  d\n"), 2);
    assert_int_equal(compare_text("---\na: |\n  x\n---\nb: |\n  y\n...\n"), 2);
    assert_int_equal(compare_text("- 1\n-\n  a: |\n    x\n    y\n"), 1);
}

static void what_is_no_block_is_left_alone(void **state)
{
    (void)state;
    assert_int_equal(compare_text("a: \"\n  list: |\n    x\n  \"\n"), 0);
    assert_int_equal(compare_text("a: '\n  list: |\n    x\n  '\nb: |\n  y\n"), 0);
    assert_int_equal(compare_text("a: \"\n list: |\n   \\x41 \"\n"),
                     0); /* its end is in the block */
    assert_int_equal(compare_text("a: |\n  b: |\n    c\n  d\n"), 1);
    assert_int_equal(compare_text("a: >\n  b: |\n    c\n  d\n"), 0);
    assert_int_equal(compare_text("a: |\n  x\n\n  y\n"), 0); /* an empty line within */
    assert_int_equal(compare_text("a: |\n  x\n   \n"), 0);   /* and one that is not */
    assert_int_equal(compare_text("a: |\n  y\xe2\x80\xa8  x\n"),
                     0); /* ends a line in YAML 1.1 only */
    assert_int_equal(compare_text("a: |\n  y\xc2\x85  x\n"), 0);
    assert_int_equal(compare_text("a: |\n  x\ty\n"), 0);
    assert_int_equal(compare_text("a: |\r\n  x\r\n"), 0);
    assert_int_equal(compare_text("b: \"\r c: 1\"\na: |\n  x\n"),
                     0); /* lines are counted otherwise */
    assert_int_equal(compare_text("a: |\n\n"), 0);
    assert_int_equal(compare_text("a: |"), 0);
    assert_int_equal(compare_text("a: |\n  \x01\n"), -1);
    assert_int_equal(compare_text("a: |\n  x\n b: 1\n"), -1);
    assert_int_equal(compare_text("a: |\n  x\n\tb: 1\n"), -1);
    assert_int_equal(compare_text("[a: |\n  x\n"), -1);
}

static void random_documents_are_read_alike(void **state)
{
    (void)state;
    enum { DOCUMENTS = 60000, PIECES = 24 };
    uint64_t seed = 2026;
    size_t cut = 0, good = 0;
    struct gb_buf text;
    gb_buf_init(&text, 1 << 16);
    for (size_t i = 0; i < DOCUMENTS; i++) {
        size_t count = 1 + next(&seed) % PIECES;
        size_t kinds =
            next(&seed) % 2 ? GB_ARRAY_LEN(pieces) : 14; /* tame ones are valid more often */
        text.len = 0;
        for (size_t k = 0; k < count; k++) {
            size_t from = kinds == 14 && next(&seed) % 2 ? GB_ARRAY_LEN(pieces) - 14 : 0;
            gb_buf_puts(&text, pieces[from + next(&seed) % (from ? 14 : kinds)]);
        }
        int blocks = compare(gb_buf_bytes(&text));
        good += blocks >= 0;
        cut += blocks > 0;
    }
    print_message("%zu of %d were YAML, %zu had blocks that were cut out\n", good, DOCUMENTS, cut);
    assert_true(cut > DOCUMENTS / 100);
    gb_buf_done(&text);
}

static void errors_name_the_line_of_the_file(void **state)
{
    (void)state;
    struct gb_arena *arena = gb_arena_new();
    struct yaml_node *docs = NULL;
    struct gb_err err = {0};
    const char *text = "a: |\n  1\n  2\n  3\nb: |\n  4\n  5\nc: &x 1\n";
    assert_int_equal(yaml_read_in_ways(arena, gb_bytes_str(text), "f.yaml", &cut_all, &docs, &err),
                     GB_ERR_CONFIG);
    assert_string_equal(err.text, "f.yaml:8: anchors (&name) are not accepted");
    text = "a: |\n  1\n  2\n  3\n%TAG ! x\n";
    assert_int_equal(yaml_read_in_ways(arena, gb_bytes_str(text), "f.yaml", &cut_all, &docs, &err),
                     GB_ERR_CONFIG);
    assert_string_equal(err.text, "f.yaml:5: %TAG is not accepted");
    gb_arena_free(arena);
}

/* Of more than 64 KB: what libyaml reads of it is refused; cut out, it is a YAML_LITERAL. */
static void a_long_block_is_a_literal(void **state)
{
    (void)state;
    struct gb_arena *arena = gb_arena_new();
    struct yaml_node *docs = NULL;
    struct gb_err err = {0};
    struct gb_buf text;
    gb_buf_init(&text, 1 << 20);
    gb_buf_puts(&text, "short: |\n  x\nlist: |\n");
    for (int i = 0; i < 8192; i++)
        gb_buf_puts(&text, "  abcdef\n");
    gb_buf_puts(&text, "next: [1]\n");
    assert_int_equal(yaml_read(arena, gb_buf_bytes(&text), "f", &docs, &err), 0); /* 57344 bytes */
    const struct yaml_node *list = yaml_get(docs->first, "list");
    assert_int_equal(list->kind, YAML_SCALAR);
    assert_int_equal(list->text.len, 8192 * 7);
    for (int i = 0; i < 8192; i++)
        gb_buf_puts(&text, i ? "  abcdef\n" : "long: |\n");
    gb_buf_puts(&text, "  abcdef\n  ghi");
    for (int i = 0; i < 1200; i++)
        gb_buf_puts(&text, "jklmnop");
    assert_int_equal(yaml_read(arena, gb_buf_bytes(&text), "f", &docs, &err), 0);
    list = yaml_get(docs->first, "long");
    assert_int_equal(list->kind, YAML_LITERAL);
    assert_int_equal(list->line, 8197);
    assert_int_equal(list->literal->lines, 8193);
    assert_int_equal(list->literal->len, 8192 * 7 + 3 + 8400);
    assert_int_equal(yaml_get(docs->first, "next")->line, 8196);
    gb_buf_done(&text);
    gb_arena_free(arena);
}

static void memory_may_be_short(void **state)
{
    (void)state;
    const struct gb_bytes text = gb_bytes_str("a: |\n  x\nb: {c: d}\ne: |\n  f\n");
    for (unsigned long n = 1;; n++) {
        struct gb_arena *arena = gb_arena_new();
        struct yaml_node *docs = NULL;
        assert_non_null(arena);
        gb_mem_fail_nth(n);
        int r = yaml_read_in_ways(arena, text, "f", &cut_all, &docs, NULL);
        int failed = gb_mem_failed();
        gb_mem_fail_nth(0);
        gb_arena_free(arena);
        assert_int_equal(r, failed ? GB_ERR_NOMEM : 0);
        if (!failed)
            return;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_cut_out),
        cmocka_unit_test(what_is_no_block_is_left_alone),
        cmocka_unit_test(random_documents_are_read_alike),
        cmocka_unit_test(errors_name_the_line_of_the_file),
        cmocka_unit_test(a_long_block_is_a_literal),
        cmocka_unit_test(memory_may_be_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
