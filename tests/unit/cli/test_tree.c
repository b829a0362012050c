#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../test.h"
#include "base/arena.h"
#include "base/mem.h"
#include "cli/reference/tree.h"

static struct gb_arena *arena;
static struct digester *digester;
static char root[64];

static const char *in_root(const char *name)
{
    return gb_arena_printf(arena, "%s/%s", root, name);
}

static void put(const char *name, const char *text)
{
    FILE *file = fopen(in_root(name), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int setup(void **state)
{
    (void)state;
    arena = gb_arena_new();
    snprintf(root, sizeof root, "/tmp/garboard-tree-XXXXXX");
    if (!arena || !mkdtemp(root) || digester_new(&digester, NULL) != 0)
        return -1;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    int r = system(gb_arena_printf(arena, "chmod -R u+rwx %s && rm -r %s", root, root));
    digester_free(digester);
    gb_arena_free(arena);
    return r;
}

static int hash(bool skip, struct tree *tree, struct gb_err *err)
{
    const struct tree_wish wish = {.alg = DIGEST_SHA256, .skip_unreadable = skip};
    return tree_hash(arena, digester, root, &wish, tree, err);
}

static void assert_file(const struct tree *tree, size_t i, const char *path, const char *text)
{
    uint8_t digest[32];
    assert_true(i < tree->count);
    assert_true(gb_bytes_is(tree->paths[i], path));
    assert_int_equal(digest_of(digester, DIGEST_SHA256, gb_bytes_str(text), digest), 0);
    assert_memory_equal(tree->keys + 32 * i, digest, 32);
}

static void hashes_all_regular_files_in_order(void **state)
{
    (void)state;
    struct tree tree;
    assert_int_equal(mkdir(in_root("usr"), 0755), 0);
    assert_int_equal(mkdir(in_root("usr/bin"), 0755), 0);
    assert_int_equal(mkdir(in_root("empty"), 0755), 0);
    put("usr/bin/b", "bee");
    put("usr/bin/a", "ay");
    put("usr/a\nb \x1b", "odd name");
    put("nothing", "");
    assert_int_equal(hash(false, &tree, NULL), 0);
    assert_int_equal(tree.count, 4);
    assert_int_equal(tree.left_out, 0);
    assert_file(&tree, 0, "/nothing", "");
    assert_file(&tree, 1, "/usr/a\nb \x1b", "odd name");
    assert_file(&tree, 2, "/usr/bin/a", "ay");
    assert_file(&tree, 3, "/usr/bin/b", "bee");
}

static void follows_no_link_and_waits_for_no_pipe(void **state)
{
    (void)state;
    struct tree tree;
    put("file", "text");
    assert_int_equal(link(in_root("file"), in_root("hard")), 0);
    assert_int_equal(symlink("/etc/passwd", in_root("outside")), 0);
    assert_int_equal(symlink("/", in_root("everything")), 0);
    assert_int_equal(symlink(".", in_root("loop")), 0);
    assert_int_equal(mkfifo(in_root("pipe"), 0644), 0);
    assert_int_equal(hash(false, &tree, NULL), 0);
    assert_int_equal(tree.count, 2);
    assert_file(&tree, 0, "/file", "text");
    assert_file(&tree, 1, "/hard", "text");
}

static void an_empty_tree_has_no_files(void **state)
{
    (void)state;
    struct tree tree;
    assert_int_equal(hash(false, &tree, NULL), 0);
    assert_int_equal(tree.count, 0);
}

static void the_root_must_be_a_folder(void **state)
{
    (void)state;
    struct tree tree;
    struct gb_err err;
    const struct tree_wish wish = {.alg = DIGEST_SHA256};
    put("file", "text");
    assert_int_equal(tree_hash(arena, digester, in_root("file"), &wish, &tree, &err),
                     GB_ERR_CONFIG);
    assert_int_equal(tree_hash(arena, digester, in_root("absent"), &wish, &tree, &err),
                     GB_ERR_NOTFOUND);
}

static void what_cannot_be_read_is_named_or_left_out_on_demand(void **state)
{
    (void)state;
    struct tree tree;
    struct gb_err err;
    if (geteuid() == 0) {
        print_message("skipped: root reads everything\n");
        skip();
    }
    put("a", "text");
    put("secret\x07", "text");
    assert_int_equal(chmod(in_root("secret\x07"), 0), 0);
    assert_int_equal(hash(false, &tree, &err), GB_ERR_IO);
    assert_non_null(strstr(err.text, "/secret\\x07"));
    assert_int_equal(hash(true, &tree, &err), 0);
    assert_int_equal(tree.count, 1);
    assert_int_equal(tree.left_out, 1);
}

static void depth_has_a_ceiling(void **state)
{
    (void)state;
    struct tree tree;
    struct gb_err err;
    int at = open(root, O_RDONLY | O_DIRECTORY);
    for (int i = 0; i <= GB_LIMIT_TREE_DEPTH; i++) {
        assert_int_equal(mkdirat(at, "d", 0755), 0);
        int below = openat(at, "d", O_RDONLY | O_DIRECTORY);
        close(at);
        at = below;
    }
    close(at);
    assert_int_equal(hash(false, &tree, &err), GB_ERR_LIMIT);
}

static void every_failing_allocation_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(mkdir(in_root("usr"), 0755), 0);
    put("usr/a", "text");
    for (unsigned long nth = 1;; nth++) {
        struct tree tree;
        struct gb_arena *small = gb_arena_new();
        const struct tree_wish wish = {.alg = DIGEST_SHA256};
        assert_non_null(small);
        gb_mem_fail_nth(nth);
        int r = tree_hash(small, digester, root, &wish, &tree, NULL);
        int failed = gb_mem_failed();
        gb_mem_fail_nth(0);
        gb_arena_free(small);
        assert_int_equal(r, failed ? GB_ERR_NOMEM : 0);
        if (!failed)
            return;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hashes_all_regular_files_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(follows_no_link_and_waits_for_no_pipe, setup, teardown),
        cmocka_unit_test_setup_teardown(an_empty_tree_has_no_files, setup, teardown),
        cmocka_unit_test_setup_teardown(the_root_must_be_a_folder, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_read_is_named_or_left_out_on_demand, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(depth_has_a_ceiling, setup, teardown),
        cmocka_unit_test_setup_teardown(every_failing_allocation_is_an_error, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
