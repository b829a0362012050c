/* What archives by strangers make of a tree: links, whiteouts, and what either may cost. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../test.h"
#include "base/buf.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "reference/packages/file_list.h"
#include "reference/packages/file_tree.h"
#include "reference/packages/unpack.h"
#include "wire/arc.h"

struct room {
    struct gb_arena *arena;
    struct digester *digester;
    struct file_tree *tree;
    struct gb_err err;
};

static void open_room(struct room *room)
{
    *room = (struct room){.arena = gb_arena_new()};
    assert_non_null(room->arena);
    assert_int_equal(digester_new(&room->digester, NULL), GB_OK);
    assert_int_equal(file_tree_new(room->arena, 1, &room->tree, NULL), GB_OK);
}

static void close_room(struct room *room)
{
    digester_free(room->digester);
    gb_arena_free(room->arena);
}

static int put(struct room *room, const char *path, enum file_kind kind, uint32_t layer,
               struct file_node **ret_node)
{
    return file_tree_put(room->tree, gb_bytes_str(path), kind, layer, ret_node, &room->err);
}

static bool there(struct room *room, const char *path)
{
    struct file_node *node = NULL;
    assert_int_equal(file_tree_find(room->tree, gb_bytes_str(path), &node, NULL), GB_OK);
    return node != NULL;
}

static double cpu_s(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static void a_folder_is_emptied_of_lower_layers_alone(void **state)
{
    (void)state;
    struct room room;
    struct file_node *node;
    open_room(&room);
    assert_int_equal(put(&room, "a/old", FILE_REGULAR, 1, &node), GB_OK);
    assert_int_equal(put(&room, "a/b/old", FILE_REGULAR, 1, &node), GB_OK);
    assert_int_equal(put(&room, "a/b/new", FILE_REGULAR, 2, &node), GB_OK);
    assert_int_equal(file_tree_empty(room.tree, gb_bytes_str("a"), 2, NULL), GB_OK);
    assert_false(there(&room, "a/old"));
    assert_false(there(&room, "a/b/old"));
    assert_true(there(&room, "a/b/new"));
    /* Said again, and of what came since. */
    assert_int_equal(put(&room, "a/old", FILE_REGULAR, 2, &node), GB_OK);
    assert_int_equal(file_tree_empty(room.tree, gb_bytes_str("a"), 2, NULL), GB_OK);
    assert_int_equal(file_tree_hide(room.tree, gb_bytes_str("a"), 2, NULL), GB_OK);
    assert_true(there(&room, "a/old"));
    assert_int_equal(put(&room, "a/b/third", FILE_REGULAR, 3, &node), GB_OK);
    assert_int_equal(file_tree_empty(room.tree, gb_bytes_str("a"), 3, NULL), GB_OK);
    assert_false(there(&room, "a/old"));
    assert_false(there(&room, "a/b/new"));
    assert_true(there(&room, "a/b/third"));
    close_room(&room);
}

/* A layer of many files that says of their folder, as often, that it is empty. */
static void whiteouts_cost_what_they_are_long(void **state)
{
    enum { MANY = 100000, MOST_S = 10 };
    (void)state;
    struct room room;
    struct file_node *node;
    char path[32];
    double before = cpu_s();
    open_room(&room);
    for (int i = 0; i < MANY; i++) {
        snprintf(path, sizeof path, "d/%d", i);
        assert_int_equal(put(&room, path, FILE_REGULAR, 2, &node), GB_OK);
    }
    for (int i = 0; i < MANY && cpu_s() - before < (double)MOST_S; i++) {
        assert_int_equal(file_tree_empty(room.tree, gb_bytes_str("d"), 2, NULL), GB_OK);
        assert_int_equal(file_tree_hide(room.tree, gb_bytes_str("d"), 2, NULL), GB_OK);
    }
    assert_true(cpu_s() - before < (double)MOST_S);
    close_room(&room);
}

/* Links whose targets go up and down many folders: each path through them would be walked anew. */
static void a_path_takes_a_bounded_walk(void **state)
{
    (void)state;
    struct room room;
    struct file_node *node;
    struct gb_buf target;
    open_room(&room);
    gb_buf_init(&target, GB_LIMIT_ARC_PATH);
    for (int i = 0; i < 400; i++)
        gb_buf_puts(&target, "real/../");
    gb_buf_puts(&target, "real");
    assert_int_equal(put(&room, "real", FILE_FOLDER, 0, &node), GB_OK);
    assert_int_equal(put(&room, "one", FILE_SYMLINK, 0, &node), GB_OK);
    node->target = gb_bytes_str("real/../real");
    assert_int_equal(put(&room, "one/file", FILE_REGULAR, 0, &node), GB_OK);
    assert_true(there(&room, "real/file"));
    assert_int_equal(put(&room, "real/up", FILE_SYMLINK, 0, &node), GB_OK);
    node->target = gb_bytes_str("..");
    assert_int_equal(put(&room, "long", FILE_SYMLINK, 0, &node), GB_OK);
    node->target = gb_buf_bytes(&target);
    assert_int_equal(put(&room, "long/ok", FILE_REGULAR, 0, &node), GB_OK);
    assert_int_equal(put(&room, "long/up/long/no", FILE_REGULAR, 0, &node), GB_ERR_INPUT);
    assert_non_null(strstr(room.err.text, "more than"));
    gb_buf_done(&target);
    close_room(&room);
}

/* cpio(5), "New ASCII Format": one entry, padded. */
static void cpio(struct gb_buf *out, const char *name, unsigned inode, const char *data)
{
    size_t len = strlen(data);
    gb_buf_printf(out, "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x", inode,
                  0100644, 0, 0, 2, 0, len, 0, 0, 0, 0, strlen(name) + 1, 0);
    gb_buf_puts(out, name);
    do
        gb_buf_u8(out, 0);
    while (out->len % 4 != 0);
    gb_buf_puts(out, data);
    while (out->len % 4 != 0)
        gb_buf_u8(out, 0);
}

/* The name twice, one inode: the second brings the data, as a link to itself. */
static void a_link_to_itself_brings_its_data(void **state)
{
    (void)state;
    struct room room;
    struct gb_buf bytes;
    struct file_node *node = NULL;
    uint8_t wanted[FILE_DIGEST];
    open_room(&room);
    gb_buf_init(&bytes, 4096);
    cpio(&bytes, "x", 7, "");
    cpio(&bytes, "x", 7, "data");
    cpio(&bytes, "TRAILER!!!", 0, "");
    struct arc_bytes source = {.rest = gb_buf_bytes(&bytes)};
    const struct unpack_wish wish = {
        .arena = room.arena, .digester = room.digester, .kind = ARC_CPIO};
    assert_int_equal(unpack_tree(&wish, arc_input_bytes(&source), room.tree, &room.err), GB_OK);
    assert_int_equal(digest_of(room.digester, DIGEST_SHA256, gb_bytes_str("data"), wanted), GB_OK);
    assert_int_equal(file_tree_find(room.tree, gb_bytes_str("x"), &node, NULL), GB_OK);
    assert_non_null(node);
    assert_memory_equal((node->same ? node->same : node)->digest, wanted, FILE_DIGEST);
    gb_buf_done(&bytes);
    close_room(&room);
}

/* Links make paths longer than any archive could say, and there may be many: all of them together
 * have a ceiling. */
static void paths_of_a_list_have_a_ceiling(void **state)
{
    (void)state;
    static const uint8_t digest[FILE_DIGEST];
    struct room room;
    open_room(&room);
    struct file_list list = {.arena = room.arena};
    char path[GB_LIMIT_ARC_PATH];
    memset(path, 'x', sizeof path);
    int r = GB_OK;
    size_t count = 0;
    for (; r == GB_OK && count <= GB_LIMIT_TREE_PATHS / sizeof path; count++)
        r = file_list_add(&list, gb_bytes(path, sizeof path), digest, &room.err);
    assert_int_equal(r, GB_ERR_LIMIT);
    assert_true(list.count * sizeof path <= GB_LIMIT_TREE_PATHS);
    close_room(&room);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_is_emptied_of_lower_layers_alone),
        cmocka_unit_test(whiteouts_cost_what_they_are_long),
        cmocka_unit_test(a_path_takes_a_bounded_walk),
        cmocka_unit_test(a_link_to_itself_brings_its_data),
        cmocka_unit_test(paths_of_a_list_have_a_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
