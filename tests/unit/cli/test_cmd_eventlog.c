#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../evidence/make_log.h"
#include "../test.h"
#include "cli/cmd.h"
#include "cli/opt.h"
#include "evidence/eventlog.h"
#include "wire/json.h"

enum { MOST = 64 << 10 };

/* A log on disk, and what the command printed about it. */
struct run {
    char file[40];
    char out[MOST];
    int exit;
};

static void write_log(struct run *run, struct gb_bytes log)
{
    snprintf(run->file, sizeof run->file, "/tmp/garboard-eventlog-XXXXXX");
    int fd = mkstemp(run->file);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, log.data, log.len), log.len);
    close(fd);
}

static FILE *divert(int fd, int *ret_saved)
{
    FILE *to = tmpfile();
    assert_non_null(to);
    *ret_saved = dup(fd);
    assert_true(*ret_saved >= 0 && dup2(fileno(to), fd) >= 0);
    return to;
}

static void restore(struct run *run, FILE *from, int fd, int saved)
{
    assert_true(dup2(saved, fd) >= 0);
    close(saved);
    rewind(from);
    run->out[fread(run->out, 1, MOST - 1, from)] = 0;
    fclose(from);
}

/* Runs `garboard eventlog FILE more...`; keeps what it writes to `fd`. */
static void run_eventlog(struct run *run, int fd, const char *more0, const char *more1)
{
    struct cmd_line line;
    int saved;
    char *argv[3] = {run->file, (char *)(uintptr_t)more0, (char *)(uintptr_t)more1};
    assert_int_equal(opt_parse(&cmd_eventlog, more0 ? 3 : 1, argv, &line), OPT_RUN);
    fflush(stdout);
    FILE *to = divert(fd, &saved);
    run->exit = cmd_run(&line);
    fflush(stdout);
    restore(run, to, fd, saved);
    unlink(run->file);
}

static void assert_text(const struct json *object, const char *key, const char *text)
{
    struct gb_bytes got;
    assert_true(json_get_text(object, key, &got));
    assert_true(gb_bytes_is(got, text));
}

static void assert_number(const struct json *object, const char *key, uint64_t number)
{
    uint64_t got = 0;
    assert_true(json_get_number(object, key, &got));
    assert_int_equal(got, number);
}

static void json_has_what_scripts_ask(void **state)
{
    (void)state;
    struct make_log m;
    struct run run;
    struct json *object;
    make_log_begin_sha256(&m);
    make_log_no_action(&m, 0, gb_bytes("StartupLocality\0\3", 17));
    make_log_separators(&m);
    make_log_text(&m, 0x0b, 0x40e, "vendor's");
    write_log(&run, gb_buf_bytes(&m.out));
    run_eventlog(&run, STDOUT_FILENO, "--format", "json");
    assert_int_equal(run.exit, CMD_OK);
    assert_int_equal(json_read(gb_bytes_str(run.out), &object, NULL), GB_OK);
    assert_text(object, "format", "crypto-agile");
    assert_number(object, "startup_locality", 3);
    const struct json *events = json_get(object, "events");
    assert_int_equal(json_count(events), 11);
    const struct json *separator = json_at(events, 5);
    assert_number(separator, "index", 5);
    assert_number(separator, "pcr", 3);
    assert_text(separator, "type", "EV_SEPARATOR");
    assert_text(json_get(separator, "digests"), "sha256",
                "df3f619804a92fdb4057192dc43dd748ea778adc52bc498ce80524c014b81119");
    assert_text(json_at(events, 10), "type", "0x0000040e");
    const struct json *bank = json_get(json_get(object, "pcrs"), "sha256");
    assert_text(bank, "3", "3d458cfe55cc03ea1f443f1562beec8df51c75e14a9fcf9a7234a13f198e7969");
    assert_non_null(json_get(bank, "0"));
    assert_non_null(json_get(bank, "11"));
    assert_null(json_get(bank, "8"));
    assert_int_equal(json_count(json_get(object, "findings")), 0);
    json_free(object);
    make_log_end(&m);
}

static void T09_words_that_lie_are_contraindicated(void **state)
{
    (void)state;
    struct make_log m;
    struct run run;
    struct json *object;
    make_log_begin_sha256(&m);
    make_log_separators(&m);
    make_log_event(&m, 8, EV_IPL, gb_bytes_str("kernel_cmdline: quiet"),
                   gb_bytes_str("init=/bin/sh"));
    write_log(&run, gb_buf_bytes(&m.out));
    run_eventlog(&run, STDOUT_FILENO, "--format", "json");
    assert_int_equal(run.exit, CMD_CONTRAINDICATED);
    assert_int_equal(json_read(gb_bytes_str(run.out), &object, NULL), GB_OK);
    assert_int_equal(json_count(json_get(object, "findings")), 1);
    const struct json *finding = json_at(json_get(object, "findings"), 0);
    assert_text(finding, "tier", "contraindicated");
    assert_text(finding, "code", "event.data-mismatch");
    assert_text(json_get(finding, "event"), "log", "boot");
    assert_number(json_get(finding, "event"), "index", 9);
    json_free(object);
    write_log(&run, gb_buf_bytes(&m.out));
    run_eventlog(&run, STDOUT_FILENO, NULL, NULL);
    assert_int_equal(run.exit, CMD_CONTRAINDICATED);
    assert_non_null(strstr(run.out, "    9    8 ! EV_IPL                            "
                                    "kernel command line: quiet\n"));
    assert_non_null(strstr(run.out, "    5  3d458cfe55cc03ea"));
    make_log_end(&m);
}

static void an_empty_log_is_read_well(void **state)
{
    (void)state;
    struct make_log m;
    struct run run;
    make_log_begin_sha256(&m);
    write_log(&run, gb_buf_bytes(&m.out));
    run_eventlog(&run, STDOUT_FILENO, "--format", "json");
    assert_int_equal(run.exit, CMD_OK);
    assert_non_null(strstr(run.out, "\"boot-log.empty\""));
    assert_non_null(strstr(run.out, "\"warning\""));
    make_log_end(&m);
}

static void T11_a_malformed_log_is_named(void **state)
{
    (void)state;
    struct make_log m;
    struct run run;
    char want[128];
    make_log_begin_sha256(&m);
    make_log_separator(&m, 0);
    make_log_separator(&m, 24);
    write_log(&run, gb_buf_bytes(&m.out));
    run_eventlog(&run, STDERR_FILENO, "--format", "json");
    assert_int_equal(run.exit, CMD_MALFORMED);
    snprintf(want, sizeof want, "garboard: %s: event 2: PCR index is above 23 (at offset 119)\n",
             run.file);
    assert_string_equal(run.out, want);
    make_log_end(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_has_what_scripts_ask),
        cmocka_unit_test(T09_words_that_lie_are_contraindicated),
        cmocka_unit_test(an_empty_log_is_read_well),
        cmocka_unit_test(T11_a_malformed_log_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
