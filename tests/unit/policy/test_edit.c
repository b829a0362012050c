/* A document's life and version, changed in its text. */
#include <stdio.h>

#include "../test.h"
#include "policy/documents/edit.h"

static const char *edited(const char *text, uint64_t version, const char *life, int want)
{
    static char result[2048];
    struct gb_arena *arena = gb_arena_new();
    const struct document_edit edit = {version, life};
    struct gb_buf out;
    struct gb_err err = {0};
    gb_buf_init(&out, sizeof result - 1);
    int r = document_edit(arena, "d", gb_bytes_str(text), &edit, &out, &err);
    if (r != want)
        print_message("%d: %s\n", r, err.text);
    assert_int_equal(r, want);
    snprintf(result, sizeof result, "%.*s", (int)out.len, out.data ? (const char *)out.data : "");
    gb_buf_done(&out);
    gb_arena_free(arena);
    return result;
}

static void comments_and_layout_stay(void **state)
{
    (void)state;
    assert_string_equal(
        edited("---\n# why\nkind: K\nmetadata:\n  name: a # it\n  version: 3\n  signatures:\n"
               "    - key: \"x\"\n      value: \"y\"\nspec:\n  class: os\n  # note \xc3\xa4\n"
               "  life: candidate # soon\n  events: []\n",
               4, "accepted", 0),
        "---\n# why\nkind: K\nmetadata:\n  name: a # it\n  version: 4\nspec:\n  class: os\n"
        "  # note \xc3\xa4\n  life: accepted # soon\n  events: []\n");
}

static void what_is_not_there_is_put_in(void **state)
{
    (void)state;
    assert_string_equal(
        edited("kind: K\nmetadata:\n  name: a\nspec:\n  source: x\n  class: os\n", 2, "shadow", 0),
        "kind: K\nmetadata:\n  version: 2\n  name: a\nspec:\n  source: x\n  life: shadow\n"
        "  class: os\n");
    assert_string_equal(
        edited("{kind: K, metadata: {name: a}, spec: {class: os}}", 2, "retired", 0),
        "{kind: K, metadata: {\"version\": 2, name: a}, spec: {\"life\": retired, "
        "class: os}}");
}

static void signatures_go_wherever_they_stand(void **state)
{
    (void)state;
    assert_string_equal(
        edited("kind: K\nmetadata: {\"signatures\": [{key: x, value: y}], name: a, version: 1}\n"
               "spec: {class: os}\n",
               2, NULL, 0),
        "kind: K\nmetadata: {name: a, version: 2}\nspec: {class: os}\n");
    assert_string_equal(
        edited("kind: K\nmetadata: {name: a, version: 1, signatures: [{key: x, value: y}]}\n", 2,
               NULL, 0),
        "kind: K\nmetadata: {name: a, version: 2}\n");
    assert_string_equal(
        edited("kind: K\nmetadata:\n  name: a\n  signatures: [{key: x, value: y}]\n  version: 1\n",
               2, NULL, 0),
        "kind: K\nmetadata:\n  name: a\n  version: 2\n");
}

static void what_cannot_be_edited_is_refused(void **state)
{
    (void)state;
    (void)edited("- a\n", 2, NULL, GB_ERR_CONFIG);
    (void)edited("kind: K\n", 2, NULL, GB_ERR_CONFIG);
    (void)edited("kind: K\nmetadata: {name: a}\n---\nkind: K\n", 2, NULL, GB_ERR_CONFIG);
    (void)edited("kind: K\nmetadata: {name: a}\nspec: {life: [x]}\n", 2, "accepted", GB_ERR_CONFIG);
    (void)edited("kind: K\nmetadata: {name: a}\n", 2, "accepted", GB_ERR_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comments_and_layout_stay),
        cmocka_unit_test(what_is_not_there_is_put_in),
        cmocka_unit_test(signatures_go_wherever_they_stand),
        cmocka_unit_test(what_cannot_be_edited_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
