#include <stdio.h>
#include <unistd.h>

#include "../evidence/make_ima.h"
#include "../test.h"
#include "base/mem.h"
#include "cli/cmd.h"
#include "cli/opt.h"
#include "wire/json.h"

enum { MOST = 64 << 10 };

/* A list on disk, and what the command printed about it. */
struct run {
    char file[32];
    char out[MOST];
    int exit;
};

static void write_list(struct run *run, struct gb_bytes list)
{
    snprintf(run->file, sizeof run->file, "/tmp/garboard-ima-XXXXXX");
    int fd = mkstemp(run->file);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, list.data, list.len), list.len);
    close(fd);
}

/* Runs `garboard ima FILE more...` with standard output in a file of its own. */
static void run_ima(struct run *run, const char *more0, const char *more1)
{
    struct cmd_line line;
    char *argv[3] = {run->file, (char *)(uintptr_t)more0, (char *)(uintptr_t)more1};
    assert_int_equal(opt_parse(&cmd_ima, more0 ? 3 : 1, argv, &line), OPT_RUN);
    FILE *to = tmpfile();
    assert_non_null(to);
    fflush(stdout);
    int saved = dup(STDOUT_FILENO);
    assert_true(saved >= 0 && dup2(fileno(to), STDOUT_FILENO) >= 0);
    run->exit = cmd_run(&line);
    fflush(stdout);
    assert_true(dup2(saved, STDOUT_FILENO) >= 0);
    close(saved);
    rewind(to);
    run->out[fread(run->out, 1, MOST - 1, to)] = 0;
    fclose(to);
    unlink(run->file);
}

static void make_list(struct make_ima *m)
{
    static const uint8_t digest[32] = {7};
    const struct make_ima_field fields[] = {{MAKE_IMA_DIGEST, digest, 32, "sha256:"},
                                            {MAKE_IMA_TEXT, "/bin/x", 6, NULL}};
    make_ima_init(m, DIGEST_SHA1);
    make_ima_filled(m, "boot_aggregate", 1);
    make_ima_add(m, 11, "ima-ng", fields, 2, false);
}

static void assert_indexes(const struct json *object, const char *key, const char *text)
{
    /* Compared through the array's length and print, so that an index cannot hide. */
    const struct json *array = json_get(object, key);
    char *printed = NULL;
    assert_non_null(array);
    assert_int_equal(json_print(array, &printed, NULL), 0);
    assert_string_equal(printed, text);
    gb_free(printed);
}

static void assert_finding(const struct json *object, size_t at, const char *tier, const char *code,
                           uint64_t index)
{
    const struct json *finding = json_at(json_get(object, "findings"), at);
    struct gb_bytes text;
    uint64_t number;
    assert_true(json_get_text(finding, "tier", &text) && gb_bytes_is(text, tier));
    assert_true(json_get_text(finding, "code", &text) && gb_bytes_is(text, code));
    const struct json *event = json_get(finding, "event");
    assert_true(json_get_text(event, "log", &text) && gb_bytes_is(text, "ima"));
    assert_true(json_get_number(event, "index", &number));
    assert_int_equal(number, index);
}

static void a_good_list_is_affirmed(void **state)
{
    (void)state;
    struct make_ima m;
    struct run run;
    struct json *object;
    struct gb_bytes padded, plain;
    make_list(&m);
    write_list(&run, gb_buf_bytes(&m.ascii));
    run_ima(&run, "--format", "json");
    assert_int_equal(run.exit, CMD_OK); /* an entry of PCR 11 is a warning */
    assert_int_equal(json_read(gb_bytes_str(run.out), &object, NULL), 0);
    assert_indexes(object, "entries", "2\n");
    assert_indexes(object, "violations", "[]\n");
    assert_indexes(object, "template_mismatches", "[]\n");
    assert_int_equal(json_count(json_get(object, "findings")), 1);
    assert_finding(object, 0, "warning", "ima.other-pcr", 1);
    assert_true(json_get_text(json_get(object, "pcr10"), "sha1", &plain));
    assert_true(json_get_text(json_get(object, "pcr10_padded"), "sha1", &padded));
    assert_true(gb_bytes_equal(plain, padded));
    assert_true(json_get_text(json_get(object, "pcr10"), "sha512", &plain));
    assert_true(json_get_text(json_get(object, "pcr10_padded"), "sha512", &padded));
    assert_int_equal(padded.len, 128);
    assert_false(gb_bytes_equal(plain, padded));
    json_free(object);
    make_ima_done(&m);
}

static void T14_violations_and_edits_are_contraindicated(void **state)
{
    (void)state;
    struct make_ima m;
    struct run run;
    struct json *object;
    make_list(&m);
    make_ima_violation(&m, "/var/log/wtmp");
    make_ima_filled(&m, "/bin/zz", 2);
    m.binary.data[m.binary.len - 2] = 'y';
    write_list(&run, gb_buf_bytes(&m.binary));
    run_ima(&run, "--format", "json");
    assert_int_equal(run.exit, CMD_CONTRAINDICATED);
    assert_int_equal(json_read(gb_bytes_str(run.out), &object, NULL), 0);
    assert_indexes(object, "violations", "[\n  2\n]\n");
    assert_indexes(object, "template_mismatches", "[\n  3\n]\n");
    assert_int_equal(json_count(json_get(object, "findings")), 3);
    assert_finding(object, 1, "contraindicated", "ima.violation", 2);
    assert_finding(object, 2, "contraindicated", "ima.template-mismatch", 3);
    json_free(object);
    make_ima_done(&m);
}

static void the_text_marks_what_stands_out(void **state)
{
    (void)state;
    struct make_ima m;
    struct run run;
    make_list(&m);
    make_ima_violation(&m, "/var/log/\033[2Jwtmp");
    write_list(&run, gb_buf_bytes(&m.binary));
    run_ima(&run, NULL, NULL);
    assert_int_equal(run.exit, CMD_CONTRAINDICATED);
    assert_non_null(strstr(run.out, "      1             ima-ng  sha256:0700"));
    assert_non_null(strstr(run.out, "      2  violation  ima-ng  sha256:0000"));
    assert_non_null(strstr(run.out, "  /bin/x  (PCR 11)\n"));
    assert_non_null(strstr(run.out, "3 entries, template digests in sha1\n\nPCR 10\n  sha1    "));
    assert_null(strchr(run.out, '\033'));
    make_ima_done(&m);
}

static void a_cut_list_is_malformed_and_an_unknown_hash_is_usage(void **state)
{
    (void)state;
    struct make_ima m;
    struct run run;
    make_list(&m);
    write_list(&run, gb_bytes(m.binary.data, m.binary.len - 1));
    run_ima(&run, NULL, NULL);
    assert_int_equal(run.exit, CMD_MALFORMED);
    assert_string_equal(run.out, "");
    write_list(&run, gb_buf_bytes(&m.binary));
    run_ima(&run, "--template-hash", "sm3");
    assert_int_equal(run.exit, CMD_USAGE);
    run_ima(&run, NULL, NULL); /* the file is gone */
    assert_int_equal(run.exit, CMD_USAGE);
    make_ima_done(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_list_is_affirmed),
        cmocka_unit_test(T14_violations_and_edits_are_contraindicated),
        cmocka_unit_test(the_text_marks_what_stands_out),
        cmocka_unit_test(a_cut_list_is_malformed_and_an_unknown_hash_is_usage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
