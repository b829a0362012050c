/* Archives by strangers: whatever is cut, lies about its size or grows without end is refused. */
#include <string.h>

#include "../reference/make_tar.h"
#include "../test.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/limits.h"
#include "wire/arc.h"

#define TEXT(text) gb_bytes_str(text)

/* Entries and bytes read to the end, or the error. */
static int read_all(struct arc *arc, size_t *ret_entries, uint64_t *ret_bytes, struct gb_err *err)
{
    struct arc_entry entry;
    *ret_entries = 0;
    *ret_bytes = 0;
    int r;
    while ((r = arc_next(arc, &entry, err)) > 0) {
        struct gb_bytes piece;
        ++*ret_entries;
        while ((r = arc_read(arc, &piece, err)) == GB_OK && piece.len > 0)
            *ret_bytes += piece.len;
        if (r < 0)
            return r;
    }
    return r;
}

static int try_bytes(enum arc_kind kind, bool plain, struct gb_bytes bytes, size_t *ret_entries,
                     uint64_t *ret_bytes, struct gb_err *err)
{
    struct arc_bytes source = {.rest = bytes};
    gb_cleanup(arc_freep) struct arc *arc = NULL;
    int r = arc_open(kind, plain, arc_input_bytes(&source), &arc, err);
    return r < 0 ? r : read_all(arc, ret_entries, ret_bytes, err);
}

static void make_tar(struct gb_buf *out)
{
    make_tar_entry(out, "./usr/", MAKE_TAR_FOLDER, "", TEXT(""));
    make_tar_entry(out, "./usr/one", MAKE_TAR_FILE, "", TEXT("one"));
    make_tar_entry(out, "./usr/two", MAKE_TAR_SYMLINK, "one", TEXT(""));
    make_tar_entry(out, "./usr/three", MAKE_TAR_HARDLINK, "./usr/one", TEXT(""));
}

static void entries_are_handed_out_as_they_stand(void **state)
{
    (void)state;
    gb_cleanup(gb_buf_done) struct gb_buf tar;
    gb_cleanup(arc_freep) struct arc *arc = NULL;
    struct arc_entry entry;
    gb_buf_init(&tar, 1 << 20);
    make_tar(&tar);
    make_tar_entry(&tar, "../../etc/passwd", MAKE_TAR_FILE, "", TEXT("x"));
    make_tar_end(&tar);
    struct arc_bytes source = {.rest = gb_buf_bytes(&tar)};
    assert_int_equal(arc_open(ARC_TAR, true, arc_input_bytes(&source), &arc, NULL), GB_OK);
    assert_int_equal(arc_next(arc, &entry, NULL), 1);
    assert_int_equal(entry.type, ARC_FOLDER);
    assert_int_equal(arc_next(arc, &entry, NULL), 1);
    assert_true(gb_bytes_is(entry.path, "./usr/one"));
    assert_int_equal(entry.size, 3);
    assert_int_equal(arc_next(arc, &entry, NULL), 1);
    assert_int_equal(entry.type, ARC_SYMLINK);
    assert_true(gb_bytes_is(entry.target, "one"));
    assert_int_equal(arc_next(arc, &entry, NULL), 1);
    assert_int_equal(entry.type, ARC_HARDLINK);
    assert_true(gb_bytes_is(entry.target, "./usr/one"));
    assert_int_equal(arc_next(arc, &entry, NULL), 1);
    assert_true(gb_bytes_is(entry.path, "../../etc/passwd")); /* the caller's affair */
    assert_int_equal(arc_next(arc, &entry, NULL), 0);
}

/* Between two entries a tar may end; within one it is damaged. */
static void every_cut_is_refused_or_ends_between_entries(void **state)
{
    (void)state;
    gb_cleanup(gb_buf_done) struct gb_buf tar;
    gb_buf_init(&tar, 1 << 20);
    make_tar(&tar);
    const struct gb_bytes whole = gb_buf_bytes(&tar);
    for (size_t len = 1; len < whole.len; len++) {
        size_t entries = 0;
        uint64_t bytes = 0;
        int r = try_bytes(ARC_TAR, true, gb_bytes(whole.data, len), &entries, &bytes, NULL);
        /* folder, file and its block, two links: what is whole is told, padding may be missing */
        bool at_end = len % 512 == 0 || (len >= 512 * 2 + 3 && len <= 512 * 3);
        if (!at_end && r >= 0)
            fail_msg("%zu of %zu bytes pass: %zu entries", len, whole.len, entries);
        if (r >= 0)
            assert_true(len < 512 * 3 || bytes == 3);
    }
}

static void sizes_that_lie_are_refused(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {1000, 4096, UINT64_C(077777777777)};
    for (size_t i = 0; i < GB_ARRAY_LEN(sizes); i++) {
        gb_cleanup(gb_buf_done) struct gb_buf tar;
        size_t entries;
        uint64_t bytes;
        gb_buf_init(&tar, 1 << 20);
        make_tar_lie(&tar, "a", MAKE_TAR_FILE, "", sizes[i], TEXT("short"));
        assert_int_equal(try_bytes(ARC_TAR, true, gb_buf_bytes(&tar), &entries, &bytes, NULL),
                         GB_ERR_INPUT);
    }
}

static void a_header_that_was_changed_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < 257; i += 3) { /* the checksum covers all of it */
        gb_cleanup(gb_buf_done) struct gb_buf tar;
        size_t entries = 0;
        uint64_t bytes = 0;
        gb_buf_init(&tar, 1 << 20);
        make_tar(&tar);
        make_tar_end(&tar);
        tar.data[512 + i] ^= 0x01;
        if (try_bytes(ARC_TAR, true, gb_buf_bytes(&tar), &entries, &bytes, NULL) >= 0)
            fail_msg("byte %zu", i);
    }
}

static void names_have_a_ceiling(void **state)
{
    (void)state;
    static char name[GB_LIMIT_ARC_PATH + 2];
    for (int over = 0; over < 2; over++) {
        gb_cleanup(gb_buf_done) struct gb_buf tar;
        size_t entries = 0;
        uint64_t bytes;
        size_t len = (size_t)GB_LIMIT_ARC_PATH + (size_t)over;
        gb_buf_init(&tar, 1 << 20);
        memset(name, 'n', len);
        make_tar_entry(&tar, "././@LongLink", MAKE_TAR_LONG_NAME, "", gb_bytes(name, len + 1));
        make_tar_entry(&tar, "short", MAKE_TAR_FILE, "", TEXT("x"));
        make_tar_end(&tar);
        int r = try_bytes(ARC_TAR, true, gb_buf_bytes(&tar), &entries, &bytes, NULL);
        assert_int_equal(r, over ? GB_ERR_LIMIT : 0);
    }
}

/* 10 KB that would become 320 MB. */
static void a_bomb_is_refused(void **state)
{
    (void)state;
    gb_cleanup(gb_buf_done) struct gb_buf bomb;
    struct gb_err err;
    size_t entries;
    uint64_t bytes;
    gb_buf_init(&bomb, 1 << 20);
    make_zeros(&bomb, 2560);
    assert_int_equal(try_bytes(ARC_RAW, false, gb_buf_bytes(&bomb), &entries, &bytes, &err),
                     GB_ERR_LIMIT);
    assert_string_equal(err.text, "unpacks to more than 1000 times its size");
    assert_true(bytes >> 20 <= GB_LIMIT_ARC_FREE_MB);
}

/* In an entry that nobody reads, which has to be unpacked to get behind it. */
static void a_bomb_that_is_passed_over_is_refused(void **state)
{
    (void)state;
    enum { BLOCKS = 2560, BLOCK = 128 << 10 };
    gb_cleanup(gb_buf_done) struct gb_buf tar;
    gb_cleanup(gb_buf_done) struct gb_buf bomb;
    gb_cleanup(arc_freep) struct arc *arc = NULL;
    struct arc_entry entry;
    gb_buf_init(&tar, 1 << 20);
    gb_buf_init(&bomb, 1 << 20);
    make_tar_lie(&tar, "zeros", MAKE_TAR_FILE, "", (uint64_t)BLOCKS * BLOCK, TEXT(""));
    /* A frame of one raw block (RFC 8878, 3.1.1), and one of zeros behind it. */
    static const uint8_t head[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38};
    uint32_t raw = 1 | (uint32_t)tar.len << 3;
    gb_buf_add(&bomb, head, sizeof head);
    for (int i = 0; i < 3; i++)
        gb_buf_u8(&bomb, (uint8_t)(raw >> 8 * i));
    gb_buf_add(&bomb, tar.data, tar.len);
    make_zeros(&bomb, BLOCKS);
    struct arc_bytes source = {.rest = gb_buf_bytes(&bomb)};
    assert_int_equal(arc_open(ARC_TAR, false, arc_input_bytes(&source), &arc, NULL), GB_OK);
    assert_int_equal(arc_next(arc, &entry, NULL), 1);
    assert_true(gb_bytes_is(entry.path, "zeros"));
    assert_int_equal(arc_next(arc, &entry, NULL), GB_ERR_LIMIT);
}

static void small_zeros_are_no_bomb(void **state)
{
    (void)state;
    gb_cleanup(gb_buf_done) struct gb_buf zeros;
    size_t entries;
    uint64_t bytes;
    gb_buf_init(&zeros, 1 << 20);
    make_zeros(&zeros, 8);
    assert_int_equal(try_bytes(ARC_RAW, false, gb_buf_bytes(&zeros), &entries, &bytes, NULL), 0);
    assert_int_equal(bytes, 1 << 20);
    /* and where plain bytes are asked for, they are what they are */
    assert_int_equal(try_bytes(ARC_RAW, true, gb_buf_bytes(&zeros), &entries, &bytes, NULL), 0);
    assert_int_equal(bytes, zeros.len);
    assert_true(try_bytes(ARC_TAR, true, gb_buf_bytes(&zeros), &entries, &bytes, NULL) < 0);
}

static int break_off(void *ctx, struct gb_bytes *ret_piece, struct gb_err *err)
{
    int *calls = ctx;
    static uint8_t zeros[512];
    if (++*calls == 1) {
        memcpy(zeros, "!<arch>\n", 8);
        *ret_piece = gb_bytes(zeros, 8);
        return GB_OK;
    }
    return gb_err_set(err, GB_ERR_IO, "the disk is gone");
}

static void the_inputs_error_is_the_readers(void **state)
{
    (void)state;
    int calls = 0;
    gb_cleanup(arc_freep) struct arc *arc = NULL;
    struct arc_entry entry;
    struct gb_err err = {0};
    const struct arc_input input = {.read = break_off, .ctx = &calls};
    int r = arc_open(ARC_AR, true, input, &arc, &err);
    if (r == GB_OK)
        r = arc_next(arc, &entry, &err);
    assert_int_equal(r, GB_ERR_IO);
    assert_string_equal(err.text, "the disk is gone");
}

static void what_is_no_archive_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "hello, world",
        "!<arch>\nnonsense, and so much of it that it would be a whole header, or even more",
        "070701zz"};
    for (int kind = ARC_AR; kind <= ARC_CPIO; kind++)
        for (size_t i = 0; i < GB_ARRAY_LEN(texts); i++) {
            size_t entries;
            uint64_t bytes;
            if (try_bytes((enum arc_kind)kind, false, TEXT(texts[i]), &entries, &bytes, NULL) >= 0)
                fail_msg("\"%s\" is an archive of kind %d", texts[i], kind);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_handed_out_as_they_stand),
        cmocka_unit_test(every_cut_is_refused_or_ends_between_entries),
        cmocka_unit_test(sizes_that_lie_are_refused),
        cmocka_unit_test(a_header_that_was_changed_is_refused),
        cmocka_unit_test(names_have_a_ceiling),
        cmocka_unit_test(a_bomb_is_refused),
        cmocka_unit_test(a_bomb_that_is_passed_over_is_refused),
        cmocka_unit_test(small_zeros_are_no_bomb),
        cmocka_unit_test(the_inputs_error_is_the_readers),
        cmocka_unit_test(what_is_no_archive_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
