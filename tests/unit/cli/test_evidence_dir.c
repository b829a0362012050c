#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../test.h"
#include "base/arena.h"
#include "cli/evidence/evidence_dir.h"

static struct gb_arena *arena;
static char dir[64];

static const char *in_dir(const char *name)
{
    return gb_arena_printf(arena, "%s/%s", dir, name);
}

static void put(const char *name, const char *text)
{
    FILE *file = fopen(in_dir(name), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int setup(void **state)
{
    (void)state;
    arena = gb_arena_new();
    snprintf(dir, sizeof dir, "/tmp/garboard-evidence-XXXXXX");
    if (!arena || !mkdtemp(dir))
        return -1;
    put("quote.msg", "q");
    put("quote.sig", "s");
    put("ak.pub", "k");
    put("pcrs.yaml", "p");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    int r = system(gb_arena_printf(arena, "rm -r %s", dir));
    gb_arena_free(arena);
    return r;
}

static void reads_each_file_into_its_place(void **state)
{
    (void)state;
    struct evidence_dir read;
    put("ak.pem", "pem");
    put("quote.pcrs", "tools");
    put("eventlog.bin", "log");
    put("tpm2-measure.log", "systemd");
    put("cmdline", "quiet\n");
    put("ima_ascii", "ascii");
    put("nonce", "12");
    put("ekcert-b.der", "b");
    put("ekcert-a.der", "a");
    put("ca-x.pem", "x");
    put("notes.txt", "left alone");
    assert_int_equal(evidence_dir_read(arena, dir, &read, NULL), 0);
    const struct bundle *b = &read.bundle;
    assert_true(gb_bytes_is(b->quote, "q"));
    assert_true(gb_bytes_is(b->signature, "s"));
    assert_true(gb_bytes_is(b->ak_public, "k"));
    assert_true(gb_bytes_is(b->ak_pem, "pem"));
    assert_true(gb_bytes_is(b->pcrs_text, "p"));
    assert_true(gb_bytes_is(b->pcrs_tools, "tools"));
    assert_true(gb_bytes_is(b->boot_log, "log"));
    assert_true(gb_bytes_is(b->systemd_log, "systemd"));
    assert_true(gb_bytes_is(b->cmdline, "quiet\n"));
    assert_true(gb_bytes_is(b->ima, "ascii"));
    assert_int_equal(b->ekcert_count, 2);
    assert_string_equal(b->ekcerts[0].name, "ekcert-a.der");
    assert_true(gb_bytes_is(b->ekcerts[1].bytes, "b"));
    assert_int_equal(b->intermediate_count, 1);
    assert_true(gb_bytes_is(b->intermediates[0].bytes, "x"));
    assert_true(read.has_nonce);
    assert_true(gb_bytes_is(read.nonce, "12"));
}

static void what_is_not_there_is_not_given(void **state)
{
    (void)state;
    struct evidence_dir read;
    assert_int_equal(evidence_dir_read(arena, dir, &read, NULL), 0);
    assert_false(read.has_nonce);
    assert_null(read.bundle.boot_log.data);
    assert_null(read.bundle.ima.data);
    assert_null(read.bundle.ak_pem.data);
    assert_int_equal(read.bundle.ekcert_count, 0);
}

/* An empty nonce was given, and is no match for any quote. */
static void T01_an_empty_nonce_file_is_a_nonce(void **state)
{
    (void)state;
    struct evidence_dir read;
    put("nonce", "");
    assert_int_equal(evidence_dir_read(arena, dir, &read, NULL), 0);
    assert_true(read.has_nonce);
    assert_int_equal(read.nonce.len, 0);
}

static void the_binary_list_goes_before_the_text(void **state)
{
    (void)state;
    struct evidence_dir read;
    put("ima_ascii", "ascii");
    put("ima_binary", "binary");
    assert_int_equal(evidence_dir_read(arena, dir, &read, NULL), 0);
    assert_true(gb_bytes_is(read.bundle.ima, "binary"));
}

static void assert_missing(const char *name)
{
    struct evidence_dir read;
    struct gb_err err;
    assert_int_equal(unlink(in_dir(name)), 0);
    assert_int_equal(evidence_dir_read(arena, dir, &read, &err), GB_ERR_NOTFOUND);
    assert_non_null(strstr(err.text, name));
    put(name, "again");
}

static void missing_files_are_named(void **state)
{
    (void)state;
    struct evidence_dir read;
    assert_missing("quote.msg");
    assert_missing("quote.sig");
    assert_missing("ak.pub");
    assert_missing("pcrs.yaml");
    assert_int_equal(unlink(in_dir("ak.pub")), 0);
    put("ak.pem", "pem");
    assert_int_equal(unlink(in_dir("pcrs.yaml")), 0);
    put("quote.pcrs", "tools");
    assert_int_equal(evidence_dir_read(arena, dir, &read, NULL), 0);
}

static void the_folder_itself_must_be_one(void **state)
{
    (void)state;
    struct evidence_dir read;
    assert_int_equal(evidence_dir_read(arena, in_dir("absent"), &read, NULL), GB_ERR_NOTFOUND);
    assert_int_equal(evidence_dir_read(arena, in_dir("quote.msg"), &read, NULL), GB_ERR_CONFIG);
}

static void sizes_and_counts_have_ceilings(void **state)
{
    (void)state;
    struct evidence_dir read;
    char text[GB_LIMIT_NONCE + 2] = {0};
    memset(text, 'x', sizeof text - 1);
    put("nonce", text);
    assert_int_equal(evidence_dir_read(arena, dir, &read, NULL), GB_ERR_LIMIT);
    put("nonce", "1");
    for (int i = 0; i <= BUNDLE_MAX_EKCERTS; i++)
        put(gb_arena_printf(arena, "ekcert%02d.der", i), "x");
    assert_int_equal(evidence_dir_read(arena, dir, &read, NULL), GB_ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_each_file_into_its_place, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_there_is_not_given, setup, teardown),
        cmocka_unit_test_setup_teardown(T01_an_empty_nonce_file_is_a_nonce, setup, teardown),
        cmocka_unit_test_setup_teardown(the_binary_list_goes_before_the_text, setup, teardown),
        cmocka_unit_test_setup_teardown(missing_files_are_named, setup, teardown),
        cmocka_unit_test_setup_teardown(the_folder_itself_must_be_one, setup, teardown),
        cmocka_unit_test_setup_teardown(sizes_and_counts_have_ceilings, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
