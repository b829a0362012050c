#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../test.h"
#include "base/mem.h"
#include "ledger/folder.h"
#include "ledger/log.h"
#include "ledger/tiles.h"
#include "make_ledger.h"
#include "os/file.h"

static struct make_key key;
static char dir[PATH_MAX];

static int setup(void **state)
{
    (void)state;
    make_key(MAKE_LEDGER_ORIGIN, NOTE_ED25519, &key);
    make_dir(dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    make_key_done(&key);
    make_dir_done(dir);
    return 0;
}

static struct log *open_log(void)
{
    struct log *log = NULL;
    struct gb_err err;
    int r = log_open(dir, &log, &err);
    if (r < 0)
        print_error("%s\n", err.text);
    assert_int_equal(r, 0);
    return log;
}

static const char *below(const char *name)
{
    static char path[PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static bool there(const char *name)
{
    return access(below(name), F_OK) == 0;
}

static void overwrite(const char *name, const char *text)
{
    assert_int_equal(file_write(below(name), gb_bytes_str(text), NULL), 0);
}

/* The root over the first `size` entries, from memory. */
static void root_of(uint64_t size, uint8_t out[MERKLE_HASH])
{
    struct merkle_range range = {0};
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    assert_int_equal(digester_new(&digester, NULL), 0);
    for (uint64_t i = 0; i < size; i++) {
        char text[32];
        uint8_t leaf[MERKLE_HASH];
        assert_int_equal(merkle_leaf(digester, make_entry(i, text), leaf), 0);
        assert_int_equal(merkle_range_add(digester, &range, leaf), 0);
    }
    assert_int_equal(merkle_range_root(digester, &range, out), 0);
}

static void is_log_of(struct log *log, uint64_t size)
{
    uint8_t is[MERKLE_HASH];
    uint8_t must[MERKLE_HASH];
    assert_int_equal(log_size(log), size);
    assert_int_equal(log_root(log, is, NULL), 0);
    root_of(size, must);
    assert_memory_equal(is, must, MERKLE_HASH);
}

static void a_log_grows_and_is_found_again(void **state)
{
    (void)state;
    const uint64_t sizes[] = {0, 1, 2, 255, 256, 257, 300, 511, 512, 700, 1024};
    for (size_t i = 0; i < GB_ARRAY_LEN(sizes); i++) {
        gb_cleanup(log_freep) struct log *log = open_log();
        is_log_of(log, i == 0 ? 0 : sizes[i - 1]);
        make_grow(log, &key, NULL, sizes[i]);
        is_log_of(log, sizes[i]);
        assert_int_equal(log_signed(log), sizes[i]);
    }
}

static void the_files_are_those_of_tlog_tiles(void **state)
{
    (void)state;
    gb_cleanup(log_freep) struct log *log = open_log();
    make_grow(log, &key, NULL, 700);
    assert_true(there("checkpoint"));
    assert_true(there("tile/0/000"));
    assert_true(there("tile/0/001"));
    assert_true(there("tile/0/002.p/188"));
    assert_true(there("tile/1/000.p/2"));
    assert_true(there("tile/entries/000"));
    assert_true(there("tile/entries/002.p/188"));
    assert_false(there("tile/2"));
    make_grow(log, &key, NULL, 768);
    assert_true(there("tile/0/002"));
    assert_false(there("tile/0/002.p/188"));
    assert_false(there("tile/entries/002.p/188"));
    assert_true(there("tile/1/000.p/2")); /* its tile is not full */
    assert_true(there("tile/1/000.p/3"));
}

static void entries_and_proofs_come_from_the_files(void **state)
{
    (void)state;
    enum { SIZE = 70000 };
    uint8_t roots[2][MERKLE_HASH];
    struct merkle_proof proof;
    bool valid = false;
    const uint64_t indexes[] = {0, 1, 255, 256, 65535, 65536, 69887, SIZE - 1};
    const uint64_t olds[] = {1, 2, 255, 256, 257, 65535, 65536, 65537, SIZE - 1, SIZE};
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_cleanup(log_freep) struct log *log = open_log();
    assert_int_equal(digester_new(&digester, NULL), 0);
    make_grow(log, &key, NULL, SIZE);
    assert_true(there("tile/0/273.p/112"));
    assert_true(there("tile/1/001.p/17"));
    assert_true(there("tile/2/000.p/1"));
    assert_int_equal(log_root(log, roots[1], NULL), 0);
    for (size_t i = 0; i < GB_ARRAY_LEN(indexes); i++) {
        char text[32];
        uint8_t leaf[MERKLE_HASH];
        struct gb_bytes entry;
        assert_int_equal(log_entry(log, arena, indexes[i], &entry, NULL), 0);
        assert_true(gb_bytes_equal(entry, make_entry(indexes[i], text)));
        assert_int_equal(merkle_leaf(digester, entry, leaf), 0);
        assert_int_equal(log_prove_inclusion(log, indexes[i], SIZE, &proof, NULL), 0);
        assert_int_equal(merkle_verify_inclusion(digester, indexes[i], SIZE, leaf,
                                                 (const uint8_t(*)[MERKLE_HASH])proof.hashes,
                                                 proof.count, roots[1], &valid),
                         0);
        assert_true(valid);
    }
    for (size_t i = 0; i < GB_ARRAY_LEN(olds); i++) {
        assert_int_equal(log_root_at(log, olds[i], roots[0], NULL), 0);
        assert_int_equal(log_prove_consistency(log, olds[i], SIZE, &proof, NULL), 0);
        assert_int_equal(merkle_verify_growth(digester, olds[i], SIZE, roots[0], roots[1],
                                              (const uint8_t(*)[MERKLE_HASH])proof.hashes,
                                              proof.count, &valid),
                         0);
        assert_true(valid);
    }
    struct gb_bytes entry;
    assert_int_equal(log_entry(log, arena, SIZE, &entry, NULL), GB_ERR_NOTFOUND);
    assert_int_equal(log_prove_inclusion(log, 0, SIZE + 1, &proof, NULL), GB_ERR_NOTFOUND);
}

static void what_is_not_flushed_is_not_proven_nor_signed(void **state)
{
    (void)state;
    uint8_t root[MERKLE_HASH];
    char text[32];
    struct merkle_proof proof;
    struct gb_buf note;
    gb_cleanup(log_freep) struct log *log = open_log();
    make_grow(log, &key, NULL, 3);
    assert_int_equal(log_add(log, make_entry(3, text), NULL), 0);
    assert_int_equal(log_size(log), 4);
    assert_int_equal(log_flushed(log), 3);
    assert_int_equal(log_prove_consistency(log, 3, 4, &proof, NULL), GB_ERR_NOTFOUND);
    assert_int_equal(log_root(log, root, NULL), 0);
    make_note(&key, NULL, MAKE_LEDGER_ORIGIN, 4, root, &note);
    assert_int_equal(log_set_checkpoint(log, gb_buf_bytes(&note), NULL), GB_ERR_INPUT);
    assert_int_equal(log_flush(log, NULL), 0);
    assert_int_equal(log_set_checkpoint(log, gb_buf_bytes(&note), NULL), 0);
    gb_buf_done(&note);
}

static void a_checkpoint_must_be_this_logs_and_newer(void **state)
{
    (void)state;
    uint8_t root[MERKLE_HASH];
    struct gb_buf note;
    gb_cleanup(log_freep) struct log *log = open_log();
    make_grow(log, &key, NULL, 5);
    root_of(4, root);
    make_note(&key, NULL, MAKE_LEDGER_ORIGIN, 4, root, &note);
    assert_int_equal(log_set_checkpoint(log, gb_buf_bytes(&note), NULL), GB_ERR_INPUT);
    gb_buf_done(&note);
    make_note(&key, NULL, MAKE_LEDGER_ORIGIN, 5, root, &note);
    assert_int_equal(log_set_checkpoint(log, gb_buf_bytes(&note), NULL), GB_ERR_INPUT);
    gb_buf_done(&note);
    root_of(5, root);
    make_note(&key, NULL, MAKE_LEDGER_ORIGIN, 5, root, &note); /* the same again: cosignatures */
    assert_int_equal(log_set_checkpoint(log, gb_buf_bytes(&note), NULL), 0);
    gb_buf_done(&note);
}

static void a_second_writer_is_refused(void **state)
{
    (void)state;
    struct gb_err err;
    struct log *other = NULL;
    gb_cleanup(log_freep) struct log *log = open_log();
    assert_int_equal(log_open(dir, &other, &err), GB_ERR_AGAIN);
    assert_non_null(strstr(err.text, "another process writes this ledger"));
}

static void entries_have_bounds(void **state)
{
    (void)state;
    static uint8_t long_one[GB_LIMIT_ENTRY + 1];
    gb_cleanup(log_freep) struct log *log = open_log();
    assert_int_equal(log_add(log, gb_bytes(NULL, 0), NULL), GB_ERR_INPUT);
    assert_int_equal(log_add(log, gb_bytes(long_one, sizeof long_one), NULL), GB_ERR_LIMIT);
    assert_int_equal(log_add(log, gb_bytes(long_one, sizeof long_one - 1), NULL), 0);
    assert_int_equal(log_size(log), 1);
}

/* What a crash between flush and checkpoint leaves: files beyond the checkpoint, some torn. */
static void T28_torn_and_surplus_tiles_beyond_the_checkpoint_are_written_anew(void **state)
{
    (void)state;
    char text[32];
    struct log *log = open_log();
    make_grow(log, &key, NULL, 250);
    for (uint64_t i = 250; i < 600; i++) /* flushed, never signed */
        assert_int_equal(log_add(log, make_entry(i, text), NULL), 0);
    assert_int_equal(log_flush(log, NULL), 0);
    log_free(log);
    assert_true(there("tile/0/001"));
    assert_true(there("tile/0/002.p/88"));
    overwrite("tile/0/000", "torn");
    overwrite("tile/0/002.p/88", "");
    overwrite("tile/entries/001", "torn");
    overwrite("tile/1/000.p/2", "torn");
    overwrite("tile/0/writing.tmp", "torn");
    log = open_log();
    is_log_of(log, 250);
    assert_false(there("tile/0/001"));
    assert_false(there("tile/0/002.p/88"));
    assert_false(there("tile/1/000.p/2"));
    assert_true(there("tile/0/000.p/250"));
    make_grow(log, &key, NULL, 600);
    is_log_of(log, 600);
    log_free(log);
    log = open_log();
    is_log_of(log, 600);
    log_free(log);
}

/* Each allocation fails in turn while a log grows: an error, and the next opening finds what was
 * signed. */
static void a_failure_while_growing_leaves_what_was_signed(void **state)
{
    (void)state;
    struct log *log = open_log();
    make_grow(log, &key, NULL, 250);
    log_free(log);
    for (unsigned long n = 1;; n++) {
        char text[32];
        int r = 0;
        log = NULL;
        gb_mem_fail_nth(n);
        r = log_open(dir, &log, NULL);
        for (uint64_t i = 250; r == 0 && i < 300; i++)
            r = log_add(log, make_entry(i, text), NULL);
        if (r == 0)
            r = log_flush(log, NULL);
        int failed = gb_mem_failed();
        gb_mem_fail_nth(0);
        assert_int_equal(r, failed ? GB_ERR_NOMEM : 0);
        if (log)
            is_log_of(log, failed ? log_size(log) : 300);
        log_free(log);
        log = open_log();
        is_log_of(log, 250);
        log_free(log);
        if (!failed)
            break;
    }
}

static void refused(const char *says)
{
    struct gb_err err;
    struct log *log = NULL;
    assert_int_equal(log_open(dir, &log, &err), GB_ERR_INPUT);
    if (!strstr(err.text, says))
        print_error("%s\n", err.text);
    assert_non_null(strstr(err.text, says));
}

/* 300 entries, signed, with one change to the file. */
static void changed(const char *name, off_t at)
{
    struct log *log = open_log();
    make_grow(log, &key, NULL, 300);
    log_free(log);
    FILE *f = fopen(below(name), "r+");
    assert_non_null(f);
    fseek(f, at, SEEK_SET);
    int c = fgetc(f);
    fseek(f, at, SEEK_SET);
    fputc(c ^ 1, f);
    fclose(f);
}

static void T28_a_changed_tile_is_found_when_the_log_is_opened(void **state)
{
    (void)state;
    changed("tile/0/001.p/44", 32 * 43 + 5);
    refused("the last entries do not have their hashes");
}

static void T28_a_changed_tile_above_is_found_when_the_log_is_opened(void **state)
{
    (void)state;
    changed("tile/1/000.p/1", 9);
    refused("the tiles do not give the checkpoint's root");
}

static void T28_an_edited_entry_is_found_when_the_log_is_opened(void **state)
{
    (void)state;
    changed("tile/entries/001.p/44", 4);
    refused("the last entries do not have their hashes");
}

static void T28_a_cut_log_is_found_when_it_is_opened(void **state)
{
    (void)state;
    struct log *log = open_log();
    make_grow(log, &key, NULL, 300);
    log_free(log);
    assert_int_equal(unlink(below("tile/0/001.p/44")), 0);
    refused("a tile is missing");
    overwrite("tile/0/001.p/44", "short");
    refused("bytes, not 1408");
}

static void T28_a_forked_head_is_found_when_the_log_is_opened(void **state)
{
    (void)state;
    uint8_t root[MERKLE_HASH] = {1};
    struct gb_buf note;
    struct log *log = open_log();
    make_grow(log, &key, NULL, 300);
    log_free(log);
    make_note(&key, NULL, MAKE_LEDGER_ORIGIN, 300, root, &note);
    assert_int_equal(file_write(below("checkpoint"), gb_buf_bytes(&note), NULL), 0);
    gb_buf_done(&note);
    refused("the tiles do not give the checkpoint's root");
}

/* What another program does that only reads: it falls back to the full tile. */
static void a_reader_needs_only_the_files(void **state)
{
    (void)state;
    struct gb_bytes entry;
    char text[32];
    struct merkle_proof proof;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    gb_cleanup(folder_freep) struct folder *folder = NULL;
    struct log *log = open_log();
    make_grow(log, &key, NULL, 100);
    make_grow(log, &key, NULL, 512);
    log_free(log);
    assert_int_equal(digester_new(&digester, NULL), 0);
    assert_int_equal(folder_open(dir, &folder, NULL), 0);
    assert_int_equal(folder_entry(folder, arena, 99, 100, &entry, NULL), 0);
    assert_true(gb_bytes_equal(entry, make_entry(99, text)));
    struct merkle_source source = folder_source(folder, 100);
    assert_int_equal(merkle_prove_inclusion(digester, &source, 17, 100, &proof, NULL), 0);
    assert_int_equal(proof.count, 7);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_log_grows_and_is_found_again),
        T(the_files_are_those_of_tlog_tiles),
        T(entries_and_proofs_come_from_the_files),
        T(what_is_not_flushed_is_not_proven_nor_signed),
        T(a_checkpoint_must_be_this_logs_and_newer),
        T(a_second_writer_is_refused),
        T(entries_have_bounds),
        T(T28_torn_and_surplus_tiles_beyond_the_checkpoint_are_written_anew),
        T(a_failure_while_growing_leaves_what_was_signed),
        T(T28_a_changed_tile_is_found_when_the_log_is_opened),
        T(T28_a_changed_tile_above_is_found_when_the_log_is_opened),
        T(T28_an_edited_entry_is_found_when_the_log_is_opened),
        T(T28_a_cut_log_is_found_when_it_is_opened),
        T(T28_a_forked_head_is_found_when_the_log_is_opened),
        T(a_reader_needs_only_the_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
