#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "base/limits.h"
#include "ledger/tiles.h"

static const struct {
    struct tiles_name name;
    const char *path;
} paths[] = {
    {{false, 0, 0, 256}, "tile/0/000"},
    {{false, 0, 0, 1}, "tile/0/000.p/1"},
    {{false, 1, 5, 255}, "tile/1/005.p/255"},
    {{false, 63, 999, 256}, "tile/63/999"},
    {{false, 0, 1000, 256}, "tile/0/x001/000"},
    {{false, 0, 1234067, 256}, "tile/0/x001/x234/067"}, /* the specification's example */
    {{true, 0, 1234067, 9}, "tile/entries/x001/x234/067.p/9"},
    {{true, 0, INT64_MAX, 256}, "tile/entries/x009/x223/x372/x036/x854/x775/807"},
};

static void paths_are_written_and_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < GB_ARRAY_LEN(paths); i++) {
        char path[TILES_PATH];
        struct tiles_name name;
        tiles_path(&paths[i].name, path);
        assert_string_equal(path, paths[i].path);
        assert_true(tiles_parse(gb_bytes_str(path), &name));
        assert_int_equal(name.entries, paths[i].name.entries);
        assert_int_equal(name.level, paths[i].name.level);
        assert_int_equal(name.index, paths[i].name.index);
        assert_int_equal(name.width, paths[i].name.width);
    }
}

static void any_other_path_is_refused(void **state)
{
    (void)state;
    const char *bad[] = {
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/entries",
        "tile/Entries/000",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/x001/x002",
        "tile/0/x001/x002/",
        "tile/0/000/",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/1/",
        "tile/0/000.q/1",
        "/tile/0/000",
        "tile//0/000",
        "tile/0/../000",
        "tile/0/x009/x223/x372/x036/x854/x775/808",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(bad); i++) {
        struct tiles_name name;
        if (tiles_parse(gb_bytes_str(bad[i]), &name))
            print_error("accepted: %s\n", bad[i]);
        assert_false(tiles_parse(gb_bytes_str(bad[i]), &name));
    }
    struct tiles_name name;
    assert_false(tiles_parse(gb_bytes("tile/0/000\0", 11), &name));
}

static void widths_follow_the_size(void **state)
{
    (void)state;
    /* The specification's example: 70,000 entries. */
    assert_int_equal(tiles_width(70000, 0, 272), 256);
    assert_int_equal(tiles_width(70000, 0, 273), 112);
    assert_int_equal(tiles_width(70000, 0, 274), 0);
    assert_int_equal(tiles_width(70000, 1, 0), 256);
    assert_int_equal(tiles_width(70000, 1, 1), 17);
    assert_int_equal(tiles_width(70000, 2, 0), 1);
    assert_int_equal(tiles_width(70000, 3, 0), 0);
    assert_int_equal(tiles_width(256, 1, 0), 1);
    assert_int_equal(tiles_width(0, 0, 0), 0);
    assert_int_equal(tiles_width(INT64_MAX, 7, 0), 127);
    assert_int_equal(tiles_width(INT64_MAX, 8, 0), 0);
    assert_int_equal(tiles_width(5, 0, UINT64_MAX), 0);
}

static void bundles_are_written_and_read(void **state)
{
    (void)state;
    struct gb_buf out;
    struct gb_bytes entries[TILES_WIDTH];
    static uint8_t longest[GB_LIMIT_ENTRY];
    gb_buf_init(&out, 1 << 20);
    tiles_bundle_add(&out, gb_bytes_str("one"));
    tiles_bundle_add(&out, gb_bytes(longest, sizeof longest));
    assert_true(gb_buf_ok(&out));
    assert_int_equal(tiles_bundle_read(gb_buf_bytes(&out), 2, entries, NULL), 0);
    assert_true(gb_bytes_is(entries[0], "one"));
    assert_int_equal(entries[1].len, GB_LIMIT_ENTRY);
    assert_int_equal(tiles_bundle_read(gb_buf_bytes(&out), 1, entries, NULL), GB_ERR_INPUT);
    assert_int_equal(tiles_bundle_read(gb_buf_bytes(&out), 3, entries, NULL), GB_ERR_INPUT);
    for (size_t len = 0; len < 6; len++)
        assert_int_equal(tiles_bundle_read(gb_bytes(out.data, len), 2, entries, NULL),
                         GB_ERR_INPUT);
    out.data[0] = 0x40; /* 16387 bytes: one more than any may have, and more than are there */
    assert_int_equal(tiles_bundle_read(gb_buf_bytes(&out), 2, entries, NULL), GB_ERR_LIMIT);
    gb_buf_done(&out);
}

static void an_entry_too_long_for_its_length_is_refused(void **state)
{
    (void)state;
    struct gb_buf out;
    static uint8_t huge[65536];
    gb_buf_init(&out, 1 << 20);
    tiles_bundle_add(&out, gb_bytes(huge, sizeof huge));
    assert_false(gb_buf_ok(&out));
    gb_buf_done(&out);
}

static void a_tile_gives_the_hashes_between_its_levels(void **state)
{
    (void)state;
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    uint8_t hashes[TILES_WIDTH][MERKLE_HASH];
    struct merkle_range range = {0};
    assert_int_equal(digester_new(&digester, NULL), 0);
    for (unsigned i = 0; i < TILES_WIDTH; i++) {
        uint8_t entry = (uint8_t)i;
        assert_int_equal(merkle_leaf(digester, gb_bytes(&entry, 1), hashes[i]), 0);
        assert_int_equal(merkle_range_add(digester, &range, hashes[i]), 0);
        for (unsigned height = 0; height <= TILES_HEIGHT; height++) {
            uint8_t is[MERKLE_HASH];
            if (!(range.size >> height & 1))
                continue;
            unsigned first = (unsigned)(range.size - (1U << height)) & ~((1U << height) - 1);
            assert_int_equal(
                tiles_node(digester, (const uint8_t(*)[MERKLE_HASH])hashes, first, height, is), 0);
            if (first + (1U << height) == range.size)
                assert_memory_equal(is, range.hashes[height], MERKLE_HASH);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_written_and_read),
        cmocka_unit_test(any_other_path_is_refused),
        cmocka_unit_test(widths_follow_the_size),
        cmocka_unit_test(bundles_are_written_and_read),
        cmocka_unit_test(an_entry_too_long_for_its_length_is_refused),
        cmocka_unit_test(a_tile_gives_the_hashes_between_its_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
