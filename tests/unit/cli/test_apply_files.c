#include <stdio.h>

#include "../test.h"
#include "base/check.h"
#include "cli/documents/apply_files.h"

static const struct cmd_option options[] = {{"filename", "FILE", "", true, 'f'}, {NULL}};
static const struct cmd command = {.name = "apply", .options = options};

static char paths[2][64] = {"/tmp/garboard-apply-a-XXXXXX", "/tmp/garboard-apply-b-XXXXXX"};

static int set_up(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "kind: A\nmetadata: {name: one}", /* lacks its end */
        "metadata: {name: two} # two\nkind: A\n---\n---\nkind: \"B\"\nmetadata: {name: one}\n"};
    for (size_t i = 0; i < 2; i++) {
        int fd = mkstemp(paths[i]);
        if (fd < 0 || dprintf(fd, "%s", texts[i]) < 0)
            return -1;
        close(fd);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(paths[0]) + unlink(paths[1]);
}

static void read_both(struct gb_arena *arena, struct apply_files *files)
{
    struct cmd_line line = {.cmd = &command, .value_count = 2};
    for (size_t i = 0; i < 2; i++) {
        line.values[i].option = options;
        line.values[i].value = paths[i];
    }
    assert_int_equal(apply_files_read(arena, &line, files, NULL), 0);
}

static void files_become_documents_of_one_body(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_cleanup(apply_files_done) struct apply_files files;
    read_both(arena, &files);
    assert_true(
        gb_bytes_is(gb_buf_bytes(&files.body),
                    "---\nkind: A\nmetadata: {name: one}\n---\nmetadata: {name: two} # two\n"
                    "kind: A\n---\n---\nkind: \"B\"\nmetadata: {name: one}\n"));
}

static void lines_of_the_body_become_lines_of_files(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_cleanup(apply_files_done) struct apply_files files;
    read_both(arena, &files);
    const struct {
        const char *said;
        size_t file;
        const char *rest;
    } known[] = {
        {"A/one:3: unknown field", 0, ":2: unknown field"},
        {"A/two:2: x: y", 1, ":1: x: y"},
        {"B/one:2: kind", 1, ":5: kind"},
        {"B/one:3:", 1, ":6:"},
        {"document 3: document:3: kind", 1, ":6: kind"},
        {"document 1: document:2: kind", 0, ":1: kind"},
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(known); i++)
        assert_string_equal(apply_files_locate(arena, &files, known[i].said),
                            gb_arena_printf(arena, "%s%s", paths[known[i].file], known[i].rest));
    static const char *const kept[] = {"no line here",
                                       "a:b:c",
                                       "A/three:2: kind",
                                       "C/one:2: kind",
                                       "document 9: document:2: x",
                                       "A/one:0: x",
                                       "A/one:99999999999999999999: x",
                                       "document 1: separate documents by a line ---"};
    for (size_t i = 0; i < GB_ARRAY_LEN(kept); i++)
        assert_string_equal(apply_files_locate(arena, &files, kept[i]), kept[i]);
}

/* Signing put three lines behind the name, and two into a list further up. */
static void lines_that_signing_put_in_are_taken_away_again(void **state)
{
    (void)state;
    static const struct sign_inserted inserted[] = {{2, 2}, {4, 3}};
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_cleanup(apply_files_done) struct apply_files files;
    read_both(arena, &files);
    files.items[0].text =
        gb_bytes_str("kind: A\na: 1\nb: 1\nc: 1\nmetadata: {name: one}\nd: 1\ne: 1\nf: 1\ng: 1\n");
    files.items[0].inserted = inserted;
    files.items[0].inserted_count = 2;
    assert_int_equal(apply_files_join(&files, NULL), 0);
    /* Lines of the document, whose --- counts; lines of the file. */
    static const size_t lines[][2] = {{2, 1}, {3, 1}, {4, 1}, {5, 2},
                                      {6, 3}, {7, 3}, {9, 3}, {10, 4}};
    for (size_t i = 0; i < GB_ARRAY_LEN(lines); i++)
        assert_string_equal(
            apply_files_locate(arena, &files, gb_arena_printf(arena, "A/one:%zu: x", lines[i][0])),
            gb_arena_printf(arena, "%s:%zu: x", paths[0], lines[i][1]));
    /* The next file begins where it now begins. */
    assert_string_equal(apply_files_locate(arena, &files, "A/two:2: x"),
                        gb_arena_printf(arena, "%s:1: x", paths[1]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_become_documents_of_one_body),
        cmocka_unit_test(lines_of_the_body_become_lines_of_files),
        cmocka_unit_test(lines_that_signing_put_in_are_taken_away_again),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
