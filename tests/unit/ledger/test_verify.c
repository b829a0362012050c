#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../test.h"
#include "base/mem.h"
#include "ledger/log.h"
#include "ledger/tiles.h"
#include "ledger/verify.h"
#include "make_ledger.h"
#include "os/file.h"

enum { SIZE = 1500 };

static struct make_key key;
static struct make_key witness;
static char dir[PATH_MAX];
static struct gb_arena *arena;
static struct ledger_asked asked;

static int setup(void **state)
{
    (void)state;
    make_key(MAKE_LEDGER_ORIGIN, NOTE_ED25519, &key);
    make_key("example.net/witness", NOTE_COSIGNATURE, &witness);
    make_dir(dir);
    arena = gb_arena_new();
    asked = (struct ledger_asked){.trust = {.keys = &key.key, .key_count = 1}};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    make_key_done(&key);
    make_key_done(&witness);
    make_dir_done(dir);
    gb_arena_free(arena);
    return 0;
}

static const char *below(const char *name)
{
    static char path[PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static void grow(uint64_t size, const struct make_key *cosigner)
{
    struct log *log = NULL;
    assert_int_equal(log_open(dir, &log, NULL), 0);
    make_grow(log, &key, cosigner, size);
    log_free(log);
}

static struct ledger_report verify_it(void)
{
    struct ledger_report report;
    struct gb_err err;
    int r = ledger_verify(arena, dir, &asked, &report, &err);
    if (r < 0)
        print_error("%s\n", err.text);
    assert_int_equal(r, 0);
    return report;
}

static void verifies(void)
{
    struct ledger_report report = verify_it();
    if (report.fault)
        print_error("%s\n", report.fault);
    assert_null(report.fault);
}

/* With these words, and at this entry. */
static void faulty_at(const char *says, uint64_t index)
{
    struct ledger_report report = verify_it();
    assert_non_null(report.fault);
    if (!strstr(report.fault, says))
        print_error("%s\n", report.fault);
    assert_non_null(strstr(report.fault, says));
    assert_true(report.has_index);
    assert_int_equal(report.index, index);
}

static void faulty(const char *says)
{
    struct ledger_report report = verify_it();
    assert_non_null(report.fault);
    if (!strstr(report.fault, says))
        print_error("%s\n", report.fault);
    assert_non_null(strstr(report.fault, says));
    assert_false(report.has_index);
}

static struct gb_bytes slurp(const char *name)
{
    struct gb_bytes bytes;
    assert_int_equal(file_read(arena, below(name), 8 << 20, &bytes, NULL), 0);
    return bytes;
}

static void put(const char *name, struct gb_bytes bytes)
{
    assert_int_equal(file_write(below(name), bytes, NULL), 0);
}

static void flip(const char *name, size_t at)
{
    struct gb_bytes bytes = slurp(name);
    ((uint8_t *)(uintptr_t)bytes.data)[at] ^= 1;
    put(name, bytes);
}

static uint64_t looked;

static int look(void *arg, uint64_t index, struct gb_bytes entry, struct gb_err *err)
{
    char text[32];
    (void)err;
    assert_ptr_equal(arg, &looked);
    assert_int_equal(index, looked);
    assert_true(gb_bytes_equal(entry, make_entry(index, text)));
    looked++;
    return 0;
}

static uint64_t last_done;

static void progress(void *arg, uint64_t done, uint64_t size)
{
    (void)arg;
    assert_true(done > last_done && done <= size);
    last_done = done;
}

static void a_right_ledger_verifies_entry_by_entry(void **state)
{
    (void)state;
    const uint64_t sizes[] = {0, 1, 255, 256, 257, SIZE, 65536, 65537 + 256};
    for (size_t i = 0; i < GB_ARRAY_LEN(sizes); i++) {
        grow(sizes[i], NULL);
        looked = 0;
        last_done = 0;
        asked.entry = look;
        asked.progress = progress;
        asked.arg = &looked;
        struct ledger_report report = verify_it();
        assert_null(report.fault);
        assert_int_equal(report.opened.head.size, sizes[i]);
        assert_int_equal(looked, sizes[i]);
        assert_int_equal(last_done, sizes[i]);
    }
}

static void T28_an_edited_entry_is_named(void **state)
{
    (void)state;
    grow(SIZE, NULL);
    flip("tile/entries/003", 2 + 4); /* the bundle's first entry */
    faulty_at("the entry does not have the hash that its tile has", 768);
}

static void T28_an_edited_entry_of_the_partial_bundle_is_named(void **state)
{
    (void)state;
    grow(SIZE, NULL);
    struct gb_bytes bundle = slurp("tile/entries/005.p/220");
    flip("tile/entries/005.p/220", bundle.len - 1);
    faulty_at("the entry does not have the hash that its tile has", SIZE - 1);
}

static void T28_reordered_entries_are_named(void **state)
{
    (void)state;
    struct gb_bytes entries[TILES_WIDTH];
    struct gb_buf out;
    grow(SIZE, NULL);
    assert_int_equal(tiles_bundle_read(slurp("tile/entries/001"), TILES_WIDTH, entries, NULL), 0);
    struct gb_bytes swap = entries[10];
    entries[10] = entries[11];
    entries[11] = swap;
    gb_buf_init(&out, 1 << 20);
    for (size_t i = 0; i < TILES_WIDTH; i++)
        tiles_bundle_add(&out, entries[i]);
    put("tile/entries/001", gb_buf_bytes(&out));
    gb_buf_done(&out);
    faulty_at("the entry does not have the hash that its tile has", 266);
}

static void T28_a_changed_tile_is_named(void **state)
{
    (void)state;
    grow(SIZE, NULL);
    flip("tile/0/002", 32 * 7);
    faulty_at("the entry does not have the hash that its tile has", 512 + 7);
}

static void T28_a_changed_tile_above_is_named(void **state)
{
    (void)state;
    grow(SIZE, NULL);
    flip("tile/1/000.p/5", 32 * 3 + 1);
    faulty_at("tile/1/000.p/5: hash 3 is not that of the tile below", 768);
}

/* Entry and tiles changed together: whoever does that needs the log's key, too. */
static void T28_a_ledger_rewritten_as_a_whole_is_found(void **state)
{
    (void)state;
    char other[PATH_MAX];
    struct log *log = NULL;
    grow(SIZE, NULL);
    struct gb_bytes head = slurp("checkpoint");
    memcpy(other, dir, sizeof other);
    make_dir(dir);
    assert_int_equal(log_open(dir, &log, NULL), 0);
    assert_int_equal(log_add(log, gb_bytes_str("another entry 0"), NULL), 0);
    make_grow(log, &key, NULL, SIZE);
    log_free(log);
    put("checkpoint", head);
    faulty("the entries do not give the root that was signed");
    make_dir_done(dir);
    memcpy(dir, other, sizeof other);
}

static void T28_a_cut_ledger_is_found(void **state)
{
    (void)state;
    grow(1000, NULL);
    struct gb_bytes old = slurp("checkpoint");
    grow(SIZE, NULL);
    asked.since = slurp("checkpoint");
    put("checkpoint", old); /* the files of the rest may still be there */
    faulty_at("the log was cut: the older checkpoint has more entries", 1000);
    asked.since = gb_bytes(NULL, 0);
    assert_int_equal(unlink(below("tile/entries/002")), 0);
    faulty_at("tile/entries/002", 512);
}

static void T28_a_fork_is_found_by_the_older_checkpoint(void **state)
{
    (void)state;
    struct log *log = NULL;
    grow(1000, NULL);
    asked.since = slurp("checkpoint");
    verifies();
    grow(SIZE, NULL);
    verifies();
    make_dir_done(dir);
    make_dir(dir);
    assert_int_equal(log_open(dir, &log, NULL), 0); /* the same key signs another history */
    assert_int_equal(log_add(log, gb_bytes_str("another entry 0"), NULL), 0);
    make_grow(log, &key, NULL, SIZE);
    log_free(log);
    faulty("the older checkpoint is not the beginning of this log");
}

static void T28_an_older_checkpoint_of_somebody_else_is_refused(void **state)
{
    (void)state;
    uint8_t root[32] = {0};
    struct gb_buf note;
    struct make_key other;
    grow(300, NULL);
    make_key(MAKE_LEDGER_ORIGIN, NOTE_ED25519, &other);
    make_note(&other, NULL, MAKE_LEDGER_ORIGIN, 100, root, &note);
    asked.since = gb_buf_bytes(&note);
    faulty("the older checkpoint: not signed by the log's key");
    make_key_done(&other);
    gb_buf_done(&note);
}

static void T28_a_ledger_of_another_key_is_refused(void **state)
{
    (void)state;
    struct make_key other;
    grow(300, NULL);
    make_key(MAKE_LEDGER_ORIGIN, NOTE_ED25519, &other);
    asked.trust.keys = &other.key;
    faulty("checkpoint: not signed by the log's key");
    make_key_done(&other);
}

static void T28_a_forged_head_is_refused(void **state)
{
    (void)state;
    grow(300, NULL);
    flip("checkpoint", strlen(MAKE_LEDGER_ORIGIN) + 3); /* 300 entries become 310 */
    faulty("checkpoint: a signature of the log's key is wrong");
}

static void T28_a_ledger_without_its_cosignature_is_refused(void **state)
{
    (void)state;
    asked.trust.witnesses = &witness.key;
    asked.trust.witness_count = 1;
    asked.trust.quorum = 1;
    grow(300, NULL);
    faulty("checkpoint: too few known witnesses cosigned it");
    grow(301, &witness);
    verifies();
}

static void T28_torn_partial_files_are_named(void **state)
{
    (void)state;
    grow(SIZE, NULL);
    struct gb_bytes bundle = slurp("tile/entries/005.p/220");
    put("tile/entries/005.p/220", gb_bytes(bundle.data, bundle.len - 3));
    faulty_at("ends early", 1280);
    put("tile/entries/005.p/220", bundle);
    verifies();
    struct gb_bytes tile = slurp("tile/0/005.p/220");
    put("tile/0/005.p/220", gb_bytes(tile.data, 64));
    faulty_at("tile/0/005.p/220: 64 bytes, not 7040", 1280);
    put("tile/0/005.p/220", tile);
    put("tile/1/000.p/5", gb_bytes(tile.data, 31));
    faulty_at("tile/1/000.p/5: 31 bytes, not 160", 0);
}

/* An edited ledger, while each allocation and each read fails in turn: an error or the fault, never
 * "verified". */
static void a_failure_of_ours_never_verifies(void **state)
{
    (void)state;
    struct ledger_report report;
    grow(SIZE, NULL);
    flip("tile/entries/003", 2 + 4);
    for (unsigned long n = 1;; n++) {
        gb_mem_fail_nth(n);
        int r = ledger_verify(arena, dir, &asked, &report, NULL);
        int failed = gb_mem_failed();
        gb_mem_fail_nth(0);
        assert_true(r < 0 || report.fault);
        if (!failed)
            break;
        assert_int_equal(r, GB_ERR_NOMEM);
    }
    for (unsigned long n = 1;; n++) {
        file_fail_nth_read(n);
        int r = ledger_verify(arena, dir, &asked, &report, NULL);
        bool failed = file_read_failed();
        file_fail_nth_read(0);
        assert_true(r < 0 || report.fault);
        if (!failed)
            break;
        assert_int_equal(r, GB_ERR_IO);
    }
}

static void no_ledger_is_an_error(void **state)
{
    (void)state;
    struct ledger_report report;
    assert_int_equal(ledger_verify(arena, dir, &asked, &report, NULL), GB_ERR_NOTFOUND);
    put("checkpoint", gb_bytes_str("no note"));
    assert_int_equal(ledger_verify(arena, dir, &asked, &report, NULL), GB_ERR_INPUT);
}

/* Its hashes are compared when it becomes full, not at the end. */
static void T28_a_changed_hash_in_a_full_upper_tile_is_found(void **state)
{
    (void)state;
    grow(65536 + 256, NULL);
    verifies();
    flip("tile/1/000", 7 * MERKLE_HASH);
    faulty_at("tile/1/000: hash 7 is not that of the tile below", UINT64_C(7) * 256);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_right_ledger_verifies_entry_by_entry),
        T(T28_a_changed_hash_in_a_full_upper_tile_is_found),
        T(T28_an_edited_entry_is_named),
        T(T28_an_edited_entry_of_the_partial_bundle_is_named),
        T(T28_reordered_entries_are_named),
        T(T28_a_changed_tile_is_named),
        T(T28_a_changed_tile_above_is_named),
        T(T28_a_ledger_rewritten_as_a_whole_is_found),
        T(T28_a_cut_ledger_is_found),
        T(T28_a_fork_is_found_by_the_older_checkpoint),
        T(T28_an_older_checkpoint_of_somebody_else_is_refused),
        T(T28_a_ledger_of_another_key_is_refused),
        T(T28_a_forged_head_is_refused),
        T(T28_a_ledger_without_its_cosignature_is_refused),
        T(T28_torn_partial_files_are_named),
        T(a_failure_of_ours_never_verifies),
        T(no_ledger_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
