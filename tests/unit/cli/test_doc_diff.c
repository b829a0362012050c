/* What differs between two documents, and what does not count. */
#include "../test.h"
#include "cli/documents/doc_diff.h"
#include "cli/documents/doc_kind.h"

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

static const struct yaml_node *read_one(const char *text)
{
    struct yaml_node *docs = NULL;
    if (!text)
        return NULL;
    assert_int_equal(yaml_read(arena, gb_bytes_str(text), "d", &docs, NULL), 0);
    return docs->first;
}

/* "path from>to" or "path +n-m", fields parted by "; ". */
static const char *differ(const char *old, const char *fresh, bool any_version)
{
    struct doc_diff diff = {0};
    const char *all = "";
    assert_int_equal(doc_diff(arena, read_one(old), read_one(fresh), any_version, &diff, NULL), 0);
    for (const struct doc_field *f = diff.first; f; f = f->next)
        all = f->is_list ? gb_arena_printf(arena, "%s%s%s +%zu-%zu", all, *all ? "; " : "", f->path,
                                           f->added_count, f->removed_count)
                         : gb_arena_printf(arena, "%s%s%s %s>%s", all, *all ? "; " : "", f->path,
                                           f->from ? f->from : "", f->to ? f->to : "");
    return all;
}

static void only_what_is_said_counts(void **state)
{
    (void)state;
    const char *old = "metadata: {name: a, version: 1, signatures: [{key: x, value: y}]}\n"
                      "spec: {class: os, require: [os, engine]}\n";
    assert_string_equal(differ(old, old, false), "");
    assert_string_equal(differ(old,
                               "# words\nspec:\n  require:\n  - os\n  - engine\n  class: \"os\"\n"
                               "metadata: {version: 1, name: a}\n",
                               false),
                        "");
    assert_string_equal(
        differ(old, "metadata: {name: a}\nspec: {class: os, require: [os, engine]}", true), "");
    assert_string_equal(
        differ(old, "metadata: {name: a}\nspec: {class: os, require: [os, engine]}", false),
        "metadata.version 1>");
}

static void each_field_is_named_with_both_values(void **state)
{
    (void)state;
    assert_string_equal(
        differ("spec: {a: 1, b: {c: 2}, d: x}", "spec: {a: 2, b: {c: 2, e: 3}}", false),
        "spec.a 1>2; spec.b.e >3; spec.d x>");
    assert_string_equal(differ(NULL, "spec: {a: 1, l: [x, y]}", false), "spec.a >1; spec.l +2-0");
    assert_string_equal(differ("spec: {a: {b: 1}}", "spec: {a: 1}", false), "spec.a {b: 1}>1");
}

static void lists_are_sets_and_texts_of_lines_are_lists(void **state)
{
    (void)state;
    assert_string_equal(differ("l: [a, b, c]", "l: [c, d, a]", false), "l +1-1");
    assert_string_equal(differ("l: [a, b]", "l: [b, a]", false), "l in one order>in another");
    assert_string_equal(differ("l: [a, a]", "l: [a]", false), "l +0-1");
    assert_string_equal(differ("l: [{x: 1, y: 2}]", "l: [{x: 1, y: 3}]", false), "l +1-1");
    assert_string_equal(
        differ("l: |\n  00 /a\n  11 /b\n", "l: |\n  11 /b\n  22 /c\n  33 /d\n", false), "l +2-1");
    assert_string_equal(differ("l: |\n  00 /a\n  11 /b\n", "l: |\n  11 /b\n  00 /a\n", false), "");
}

static void kinds_have_long_and_short_names(void **state)
{
    (void)state;
    assert_string_equal(doc_kind_find("rs")->kind, "ReferenceSet");
    assert_string_equal(doc_kind_find("NodePolicies")->kind, "NodePolicy");
    assert_string_equal(doc_kind_find("accesspolicy")->kind, "AccessPolicy");
    assert_null(doc_kind_find("policy"));
    assert_null(doc_kind_find(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_said_counts),
        cmocka_unit_test(each_field_is_named_with_both_values),
        cmocka_unit_test(lists_are_sets_and_texts_of_lines_are_lists),
        cmocka_unit_test(kinds_have_long_and_short_names),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
