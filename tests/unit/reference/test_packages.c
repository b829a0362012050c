/* Packages by strangers (deb, rpm): cut, lying, leaving their folder. */
#include <string.h>

#include "../test.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "make_tar.h"
#include "reference/packages/deb.h"
#include "reference/packages/file_list.h"
#include "reference/packages/file_tree.h"
#include "reference/packages/package.h"
#include "reference/packages/rpm_header.h"

#define TEXT(text) gb_bytes_str(text)
#define CONTROL    "Package: p\nVersion: 1\nArchitecture: all\n"

/* ---- deb ---- */

struct kit {
    struct gb_arena *arena;
    struct gb_arena *scratch;
    struct digester *digester;
    struct file_list list;
};

static int read_deb(struct kit *kit, struct gb_bytes bytes, struct gb_err *err)
{
    const struct package_room room = {
        .scratch = kit->scratch, .digester = kit->digester, .seed = 7};
    struct package package;
    gb_arena_reset(kit->scratch);
    kit->list = (struct file_list){.arena = kit->arena};
    return deb_read(&room, bytes, &package, &kit->list, err);
}

static int set_up(void **state)
{
    static struct kit kit;
    kit.arena = gb_arena_new();
    kit.scratch = gb_arena_new();
    *state = &kit;
    return kit.arena && kit.scratch ? digester_new(&kit.digester, NULL) : -1;
}

static int tear_down(void **state)
{
    struct kit *kit = *state;
    digester_freep(&kit->digester);
    gb_arena_free(kit->scratch);
    gb_arena_free(kit->arena);
    return 0;
}

/* Of the files of two tars. */
static struct gb_bytes make_deb(struct gb_arena *arena, struct gb_buf *control, struct gb_buf *data)
{
    gb_cleanup(gb_buf_done) struct gb_buf out;
    gb_buf_init(&out, 64 << 20);
    make_tar_end(control);
    make_tar_end(data);
    make_ar_start(&out);
    make_ar_member(&out, "debian-binary", TEXT("2.0\n"));
    make_ar_member(&out, "control.tar", gb_buf_bytes(control));
    make_ar_member(&out, "data.tar", gb_buf_bytes(data));
    assert_true(gb_buf_ok(&out));
    gb_buf_done(control);
    gb_buf_done(data);
    return gb_arena_copy(arena, gb_buf_bytes(&out));
}

static struct gb_bytes honest_deb(struct gb_arena *arena)
{
    struct gb_buf control, data;
    gb_buf_init(&control, 1 << 20);
    gb_buf_init(&data, 1 << 20);
    make_tar_entry(&control, "./control", MAKE_TAR_FILE, "", TEXT(CONTROL));
    make_tar_entry(&control, "./postinst", MAKE_TAR_FILE, "", TEXT("#!/bin/sh\n"));
    make_tar_entry(&data, "./usr/one", MAKE_TAR_FILE, "", TEXT("one"));
    make_tar_entry(&data, "./usr/two", MAKE_TAR_HARDLINK, "./usr/one", TEXT(""));
    return make_deb(arena, &control, &data);
}

static void an_honest_package_passes(void **state)
{
    struct kit *kit = *state;
    assert_int_equal(read_deb(kit, honest_deb(kit->arena), NULL), GB_OK);
    assert_int_equal(kit->list.count, 3);
    assert_true(gb_bytes_is(kit->list.first->path, "/var/lib/dpkg/info/p.postinst"));
}

/* dpkg looks at the top alone, and unpacks a script that is a hard link like any other. */
static void control_files_are_those_that_dpkg_keeps(void **state)
{
    struct kit *kit = *state;
    struct gb_buf control, data;
    gb_buf_init(&control, 1 << 20);
    gb_buf_init(&data, 1 << 20);
    make_tar_entry(&control, "./control", MAKE_TAR_FILE, "", TEXT(CONTROL));
    make_tar_entry(&control, "./postinst", MAKE_TAR_FILE, "", TEXT("#!/bin/sh\n"));
    make_tar_entry(&control, "./preinst", MAKE_TAR_HARDLINK, "./postinst", TEXT(""));
    make_tar_entry(&control, "./deep/control", MAKE_TAR_FILE, "",
                   TEXT("Package: q\nVersion: 9\nArchitecture: all\n"));
    make_tar_entry(&control, "./deep/prerm", MAKE_TAR_FILE, "", TEXT("x"));
    assert_int_equal(read_deb(kit, make_deb(kit->arena, &control, &data), NULL), GB_OK);
    assert_int_equal(kit->list.count, 2);
    const struct file_item *first = kit->list.first, *second = first->next;
    assert_true(gb_bytes_is(first->path, "/var/lib/dpkg/info/p.preinst"));
    assert_true(gb_bytes_is(second->path, "/var/lib/dpkg/info/p.postinst"));
    assert_memory_equal(first->digest, second->digest, FILE_DIGEST);
}

static void control_files_that_are_none_are_refused(void **state)
{
    struct kit *kit = *state;
    static const struct {
        char type;
        const char *target;
    } links[] = {{MAKE_TAR_SYMLINK, "postinst"},
                 {MAKE_TAR_HARDLINK, "./nothing"},
                 {MAKE_TAR_HARDLINK, "./deep/control"}};
    for (size_t i = 0; i < GB_ARRAY_LEN(links); i++) {
        struct gb_buf control, data;
        gb_buf_init(&control, 1 << 20);
        gb_buf_init(&data, 1 << 20);
        make_tar_entry(&control, "./control", MAKE_TAR_FILE, "", TEXT(CONTROL));
        make_tar_entry(&control, "./preinst", links[i].type, links[i].target, TEXT(""));
        assert_int_equal(read_deb(kit, make_deb(kit->arena, &control, &data), NULL), GB_ERR_INPUT);
    }
}

/* A cut one never passes for one with fewer files. */
static void every_cut_is_refused(void **state)
{
    struct kit *kit = *state;
    struct gb_bytes whole = honest_deb(kit->arena);
    for (size_t len = 0; len < whole.len; len++) {
        struct gb_err err = {0};
        int r = read_deb(kit, gb_bytes(whole.data, len), &err);
        /* The end mark of the last tar may be missing: all of its files are there. */
        if (r == GB_OK && (kit->list.count != 3 || len + 1024 < whole.len))
            fail_msg("%zu of %zu bytes pass", len, whole.len);
        assert_true(r == GB_OK || r == GB_ERR_INPUT);
    }
}

static const struct {
    const char *path;
    char type;
    const char *target;
    const char *says;
} climbers[] = {
    {"./../etc/passwd", MAKE_TAR_FILE, "", "./../etc/passwd: "},
    {"usr/../../etc/passwd", MAKE_TAR_FILE, "", "usr/../../etc/passwd: "},
    {"..", MAKE_TAR_SYMLINK, "/", "..: "},
    {"./a", MAKE_TAR_HARDLINK, "../../etc/shadow", "./a: "},
    {"./a", MAKE_TAR_HARDLINK, "nothing", "./a: a hard link to what is not there"},
};

static void paths_that_leave_the_root_are_refused(void **state)
{
    struct kit *kit = *state;
    for (size_t i = 0; i < GB_ARRAY_LEN(climbers); i++) {
        struct gb_err err = {0};
        struct gb_buf control, data;
        gb_buf_init(&control, 1 << 20);
        gb_buf_init(&data, 1 << 20);
        make_tar_entry(&control, "./control", MAKE_TAR_FILE, "", TEXT(CONTROL));
        make_tar_entry(&data, climbers[i].path, climbers[i].type, climbers[i].target, TEXT(""));
        assert_int_equal(read_deb(kit, make_deb(kit->arena, &control, &data), &err), GB_ERR_INPUT);
        assert_true(gb_bytes_starts(gb_bytes_str(err.text), gb_bytes_str(climbers[i].says)));
    }
}

/* Each below the ceiling of one file, and 80 MB of memory together. */
static void scripts_have_a_ceiling_together(void **state)
{
    struct kit *kit = *state;
    enum { EACH = 8 << 20, COUNT = 10 };
    struct gb_err err = {0};
    struct gb_buf control, data;
    uint8_t *zeros = gb_arena_new_array(kit->arena, uint8_t, EACH);
    gb_buf_init(&control, (COUNT + 1) * EACH);
    gb_buf_init(&data, 1 << 20);
    make_tar_entry(&control, "./control", MAKE_TAR_FILE, "", TEXT(CONTROL));
    for (int i = 0; i < COUNT; i++)
        make_tar_entry(&control, i % 2 ? "./postinst" : "./preinst", MAKE_TAR_FILE, "",
                       gb_bytes(zeros, EACH));
    gb_cleanup(gb_buf_done) struct gb_buf out;
    gb_buf_init(&out, (COUNT + 2) * EACH);
    make_tar_end(&control);
    make_ar_start(&out);
    make_ar_member(&out, "debian-binary", TEXT("2.0\n"));
    make_ar_member(&out, "control.tar", gb_buf_bytes(&control));
    assert_true(gb_buf_ok(&out));
    assert_int_equal(read_deb(kit, gb_buf_bytes(&out), &err), GB_ERR_LIMIT);
    gb_buf_done(&control);
    gb_buf_done(&data);
}

/* ---- trees ---- */

static void a_tree_is_as_deep_as_its_ceiling(void **state)
{
    struct kit *kit = *state;
    struct file_tree *tree;
    struct file_node *node;
    gb_cleanup(gb_buf_done) struct gb_buf path;
    gb_arena_reset(kit->scratch);
    assert_int_equal(file_tree_new(kit->scratch, 7, &tree, NULL), GB_OK);
    gb_buf_init(&path, 1 << 20);
    for (int i = 0; i < GB_LIMIT_TREE_DEPTH; i++)
        gb_buf_puts(&path, "d/");
    assert_int_equal(file_tree_put(tree, gb_buf_bytes(&path), FILE_FOLDER, 0, &node, NULL), GB_OK);
    gb_buf_puts(&path, "d");
    assert_int_equal(file_tree_put(tree, gb_buf_bytes(&path), FILE_FOLDER, 0, &node, NULL),
                     GB_ERR_LIMIT);
}

static int put_link(struct gb_arena *arena, struct file_tree *tree, const char *path,
                    const char *target)
{
    struct file_node *node = NULL;
    int r = file_tree_put(tree, TEXT(path), FILE_SYMLINK, 0, &node, NULL);
    if (r == GB_OK)
        node->target = gb_arena_copy(arena, TEXT(target));
    return r;
}

/* What is put below a link lands where a kernel would put it, and never above the root. */
static void links_never_leave_the_root(void **state)
{
    struct kit *kit = *state;
    struct file_tree *tree;
    struct file_node *node;
    gb_arena_reset(kit->scratch);
    assert_int_equal(file_tree_new(kit->scratch, 7, &tree, NULL), GB_OK);
    assert_int_equal(put_link(kit->scratch, tree, "up", "../../../../etc"), GB_OK);
    assert_int_equal(put_link(kit->scratch, tree, "round", "round"), GB_OK);
    assert_int_equal(put_link(kit->scratch, tree, "a", "b"), GB_OK);
    assert_int_equal(put_link(kit->scratch, tree, "b", "a"), GB_OK);
    assert_int_equal(file_tree_put(tree, TEXT("up/x"), FILE_REGULAR, 0, &node, NULL), GB_OK);
    assert_true(gb_bytes_is(file_node_path(kit->scratch, node), "/etc/x"));
    assert_int_equal(file_tree_put(tree, TEXT("round/x"), FILE_REGULAR, 0, &node, NULL),
                     GB_ERR_INPUT);
    assert_int_equal(file_tree_put(tree, TEXT("a/x"), FILE_REGULAR, 0, &node, NULL), GB_ERR_INPUT);
    assert_int_equal(file_tree_put(tree, TEXT("etc/x/y"), FILE_REGULAR, 0, &node, NULL),
                     GB_ERR_INPUT);
}

/* ---- rpm ---- */

enum { TAG_NAME = 1000, TAG_SIZES = 1028, TAG_BASENAMES = 1117 };

/* A header of three tags over a store of 24 bytes. */
static void make_header(struct gb_buf *out, uint32_t entries, uint32_t size)
{
    const uint32_t index[3][4] = {{TAG_NAME, RPM_STRING, 0, 1},
                                  {TAG_SIZES, RPM_INT32, 4, 2},
                                  {TAG_BASENAMES, RPM_STRINGS, 12, 3}};
    gb_buf_u32be(out, 0x8eade801);
    gb_buf_u32be(out, 0);
    gb_buf_u32be(out, entries);
    gb_buf_u32be(out, size);
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 4; k++)
            gb_buf_u32be(out, index[i][k]);
    gb_buf_add(out, "abc", 4);
    gb_buf_u32be(out, 5);
    gb_buf_u32be(out, 6);
    gb_buf_add(out, "one\0two\0xyz", 12);
}

static void an_rpms_header_is_read(void **state)
{
    (void)state;
    gb_cleanup(gb_buf_done) struct gb_buf bytes;
    struct rpm_header header;
    struct rpm_value value;
    struct gb_bytes text;
    gb_buf_init(&bytes, 1 << 10);
    make_header(&bytes, 3, 24);
    assert_int_equal(rpm_header_read(gb_buf_bytes(&bytes), &header, NULL), GB_OK);
    assert_true(rpm_find(&header, TAG_SIZES, RPM_INT32, &value));
    assert_int_equal(rpm_number(&value, 1), 6);
    assert_true(rpm_find(&header, TAG_BASENAMES, RPM_STRINGS, &value));
    assert_true(rpm_next_text(&value, &text) && gb_bytes_is(text, "one"));
    assert_true(rpm_next_text(&value, &text) && gb_bytes_is(text, "two"));
    assert_true(rpm_next_text(&value, &text) && gb_bytes_is(text, "xyz"));
    assert_false(rpm_next_text(&value, &text));
    assert_true(rpm_find(&header, TAG_NAME, RPM_STRINGS, &value)); /* a list of one */
    assert_false(rpm_find(&header, TAG_NAME, RPM_INT32, &value));
    assert_false(rpm_find(&header, 1, RPM_INT32, &value));
}

static void an_rpms_header_that_lies_is_refused(void **state)
{
    (void)state;
    static const struct {
        uint32_t entries, size;
        int result;
    } lies[] = {
        {0, 24, GB_ERR_INPUT},          {4, 24, GB_ERR_INPUT},
        {3, 25, GB_ERR_INPUT},          {3, UINT32_MAX, GB_ERR_INPUT},
        {UINT32_MAX, 24, GB_ERR_LIMIT}, {GB_LIMIT_RPM_TAGS + 1, 0, GB_ERR_LIMIT},
        {0x10000000, 0, GB_ERR_LIMIT}, /* times 16 is 0 in 32 bits */
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(lies); i++) {
        gb_cleanup(gb_buf_done) struct gb_buf bytes;
        struct rpm_header header;
        gb_buf_init(&bytes, 1 << 10);
        make_header(&bytes, lies[i].entries, lies[i].size);
        assert_int_equal(rpm_header_read(gb_buf_bytes(&bytes), &header, NULL), lies[i].result);
    }
}

static void every_cut_of_an_rpms_header_is_refused(void **state)
{
    (void)state;
    gb_cleanup(gb_buf_done) struct gb_buf bytes;
    struct rpm_header header;
    gb_buf_init(&bytes, 1 << 10);
    make_header(&bytes, 3, 24);
    for (size_t len = 0; len < bytes.len; len++)
        assert_true(rpm_header_read(gb_bytes(bytes.data, len), &header, NULL) < 0);
}

/* Each field of the second entry, which is {tag, type, offset, count}, in turn. */
static void an_rpms_entry_may_not_leave_its_store(void **state)
{
    (void)state;
    static const struct {
        size_t field;
        uint32_t value;
    } lies[] = {{2, 25}, {2, 20},         {2, UINT32_MAX}, {3, 0},
                {3, 6},  {3, 0x40000001}, {3, UINT32_MAX}};
    for (size_t i = 0; i < GB_ARRAY_LEN(lies); i++) {
        gb_cleanup(gb_buf_done) struct gb_buf bytes;
        struct rpm_header header;
        struct rpm_value value;
        gb_buf_init(&bytes, 1 << 10);
        make_header(&bytes, 3, 24);
        for (size_t k = 0; k < 4; k++)
            bytes.data[16 + 16 + lies[i].field * 4 + k] = (uint8_t)(lies[i].value >> (24 - 8 * k));
        assert_int_equal(rpm_header_read(gb_buf_bytes(&bytes), &header, NULL), GB_OK);
        if (rpm_find(&header, TAG_SIZES, RPM_INT32, &value))
            fail_msg("row %zu", i);
    }
}

static void an_rpms_text_without_an_end_is_none(void **state)
{
    (void)state;
    gb_cleanup(gb_buf_done) struct gb_buf bytes;
    struct rpm_header header;
    struct rpm_value value;
    struct gb_bytes text;
    gb_buf_init(&bytes, 1 << 10);
    make_header(&bytes, 3, 24);
    bytes.data[bytes.len - 1] = 'z';
    assert_int_equal(rpm_header_read(gb_buf_bytes(&bytes), &header, NULL), GB_OK);
    assert_true(rpm_find(&header, TAG_BASENAMES, RPM_STRINGS, &value));
    assert_true(rpm_next_text(&value, &text));
    assert_true(rpm_next_text(&value, &text));
    assert_false(rpm_next_text(&value, &text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_honest_package_passes),
        cmocka_unit_test(control_files_are_those_that_dpkg_keeps),
        cmocka_unit_test(control_files_that_are_none_are_refused),
        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(paths_that_leave_the_root_are_refused),
        cmocka_unit_test(scripts_have_a_ceiling_together),
        cmocka_unit_test(a_tree_is_as_deep_as_its_ceiling),
        cmocka_unit_test(links_never_leave_the_root),
        cmocka_unit_test(an_rpms_header_is_read),
        cmocka_unit_test(an_rpms_header_that_lies_is_refused),
        cmocka_unit_test(every_cut_of_an_rpms_header_is_refused),
        cmocka_unit_test(an_rpms_entry_may_not_leave_its_store),
        cmocka_unit_test(an_rpms_text_without_an_end_is_none),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
