#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../test.h"
#include "base/check.h"
#include "cli/reference/file_set.h"

static char root[64];

static int set_up(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/garboard-file-set-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static const char *at(struct gb_arena *arena, const char *name)
{
    return gb_arena_printf(arena, "%s/%s", root, name);
}

static void add(struct file_set *set, const char *name, const char *text, mode_t mode)
{
    file_set_file(set, at(set->arena, name), gb_bytes_str(text), mode, (uid_t)-1, (gid_t)-1);
}

static bool exists(struct gb_arena *arena, const char *name)
{
    struct stat st;
    return lstat(at(arena, name), &st) == 0;
}

static void all_are_made_with_their_modes(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct file_set set = {.arena = arena};
    struct stat st;
    mode_t old = umask(0077); /* must not matter */
    file_set_folder(&set, at(arena, "d"), 0755, (uid_t)-1, (gid_t)-1);
    add(&set, "d/open", "abc", 0644);
    add(&set, "d/closed", "", 0600);
    assert_int_equal(file_set_make(&set, NULL), 0);
    umask(old);
    assert_int_equal(stat(at(arena, "d"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0755);
    assert_int_equal(stat(at(arena, "d/open"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0644);
    assert_int_equal(st.st_size, 3);
    assert_int_equal(stat(at(arena, "d/closed"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    unlink(at(arena, "d/open"));
    unlink(at(arena, "d/closed"));
    assert_int_equal(rmdir(at(arena, "d")), 0);
    assert_int_equal(rmdir(root), 0);
}

static void nothing_is_overwritten_and_nothing_is_left_half(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct gb_err err = {0};
    struct file_set set = {.arena = arena};
    assert_int_equal(symlink("/nonexistent/target", at(arena, "there")), 0);
    add(&set, "new", "abc", 0600);
    add(&set, "there", "abc", 0600);
    assert_int_equal(file_set_make(&set, &err), GB_ERR_CONFIG);
    assert_non_null(strstr(err.text, "/there is there already; nothing was changed"));
    assert_false(exists(arena, "new"));
    assert_int_equal(unlink(at(arena, "there")), 0);

    set = (struct file_set){.arena = arena};
    file_set_folder(&set, root, 0700, (uid_t)-1, (gid_t)-1); /* is there: stays */
    file_set_folder(&set, at(arena, "d"), 0700, (uid_t)-1, (gid_t)-1);
    add(&set, "d/first", "abc", 0600);
    add(&set, "missing/second", "abc", 0600);
    assert_int_equal(file_set_make(&set, &err), GB_ERR_IO);
    assert_non_null(strstr(err.text, "missing/second: cannot make the file"));
    assert_false(exists(arena, "d"));
    assert_int_equal(rmdir(root), 0); /* empty again */
}

static void too_many_files_are_refused_before_any_is_made(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct file_set set = {.arena = arena};
    for (int i = 0; i <= FILE_SET_MAX; i++)
        add(&set, gb_arena_printf(arena, "%d", i), "", 0600);
    assert_true(file_set_make(&set, NULL) < 0);
    assert_int_equal(rmdir(root), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(all_are_made_with_their_modes, set_up),
        cmocka_unit_test_setup(nothing_is_overwritten_and_nothing_is_left_half, set_up),
        cmocka_unit_test_setup(too_many_files_are_refused_before_any_is_made, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
