#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "../test.h"
#include "base/clock.h"
#include "base/log.h"
#include "wire/json.h"

/* What `say` writes to standard error. */
static char caught[16384];

static void catch_it(void (*say)(void))
{
    int kept = dup(STDERR_FILENO);
    int file = memfd_create("log", MFD_CLOEXEC);
    assert_true(kept >= 0 && file >= 0);
    assert_true(dup2(file, STDERR_FILENO) >= 0);
    say();
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    ssize_t len = pread(file, caught, sizeof caught - 1, 0);
    assert_true(len >= 0);
    caught[len] = 0;
    close(file);
    close(kept);
}

/* Behind the time, which is no constant. */
static const char *after_time(void)
{
    int64_t at = 0;
    assert_true(strlen(caught) > 21);
    assert_true(gb_clock_parse(gb_bytes(caught, 20), &at));
    return caught + 21;
}

static void say_words(void)
{
    gb_log_event(GB_LOG_INFO, "node-enrolled", GB_LOG_TEXT("node", "worker-1.example:9/x"),
                 GB_LOG_NUMBER("took_ms", -3), GB_LOG_TEXT("why", NULL), GB_LOG_TEXT("none", ""));
}

static void text_is_key_and_value(void **state)
{
    (void)state;
    gb_log_setup("garboardd", GB_LOG_FORM_TEXT, GB_LOG_INFO);
    catch_it(say_words);
    assert_string_equal(after_time(), "info garboardd node-enrolled node=worker-1.example:9/x "
                                      "took_ms=-3 why=- none=\"\"\n");
}

static void say_foreign(void)
{
    gb_log_event(GB_LOG_WARNING, "refused",
                 GB_LOG_TEXT("name", "a\nfake level=\"x\" \\ \x1b[2J \xc3\xa9 \xff \xe2\x80\xae"));
}

static void foreign_text_cannot_forge_a_line(void **state)
{
    (void)state;
    gb_log_setup("garboardd", GB_LOG_FORM_TEXT, GB_LOG_INFO);
    catch_it(say_foreign);
    assert_string_equal(after_time(),
                        "warning garboardd refused name=\"a\\x0afake level=\\\"x\\\" \\\\ \\x1b[2J "
                        "\xc3\xa9 \\xff \\xe2\\x80\\xae\"\n");
    gb_log_setup("garboardd", GB_LOG_FORM_JSON, GB_LOG_INFO);
    catch_it(say_foreign);
    struct json *line = NULL;
    assert_int_equal(json_read(gb_bytes(caught, strlen(caught)), &line, NULL), 0);
    json_free(line);
    assert_non_null(strstr(caught, "\"name\":\"a\\\\x0afake level=\\\"x\\\" \\\\ \\\\x1b[2J"));
    assert_ptr_equal(strchr(caught, '\n'), caught + strlen(caught) - 1);
}

static char endless[8000];

static void say_too_much(void)
{
    gb_log_event(GB_LOG_INFO, "long", GB_LOG_TEXT("a", endless), GB_LOG_TEXT("b", endless),
                 GB_LOG_TEXT("c", endless), GB_LOG_TEXT("d", endless), GB_LOG_NUMBER("last", 7));
}

static void a_field_that_does_not_fit_is_left_out_whole(void **state)
{
    (void)state;
    for (int form = 0; form < 2; form++)
        for (int fill = 0; fill < 2; fill++) {
            memset(endless, fill ? '\n' : 'x', sizeof endless - 1);
            gb_log_setup("p", form ? GB_LOG_FORM_JSON : GB_LOG_FORM_TEXT, GB_LOG_INFO);
            catch_it(say_too_much);
            assert_true(strlen(caught) <= 4096);
            assert_ptr_equal(strchr(caught, '\n'), caught + strlen(caught) - 1);
            assert_non_null(strstr(caught, form ? "\"last\":7}" : " last=7"));
            assert_null(strstr(caught, form ? "\"d\":" : " d="));
            struct json *line = NULL;
            assert_int_equal(json_read(gb_bytes_str(caught), &line, NULL), form ? 0 : GB_ERR_INPUT);
            json_free(line);
        }
}

static void say_debug_and_error(void)
{
    gb_log_event(GB_LOG_DEBUG, "quiet");
    struct gb_err err;
    gb_err_at(&err, GB_ERR_INPUT, 12, "bad \"x\"");
    gb_log_err(GB_LOG_ERROR, "request", &err);
    gb_err_sys(&err, ENOENT, "open /x");
    errno = EAGAIN;
    gb_log_err(GB_LOG_ERROR, "file", &err);
    assert_int_equal(errno, EAGAIN);
}

static void levels_and_errors(void **state)
{
    (void)state;
    gb_log_setup("p", GB_LOG_FORM_TEXT, GB_LOG_ERROR);
    catch_it(say_debug_and_error);
    assert_null(strstr(caught, "quiet"));
    assert_non_null(strstr(caught, "error p request why=\"bad \\\"x\\\"\" code=input offset=12\n"));
    assert_non_null(strstr(
        caught, "error p file why=\"open /x\" code=io errno=\"No such file or directory\"\n"));
    enum gb_log_level level = GB_LOG_ERROR;
    assert_true(gb_log_level_from_name(gb_bytes_str("debug"), &level));
    assert_int_equal(level, GB_LOG_DEBUG);
    assert_false(gb_log_level_from_name(gb_bytes_str("loud"), &level));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_key_and_value),
        cmocka_unit_test(foreign_text_cannot_forge_a_line),
        cmocka_unit_test(a_field_that_does_not_fit_is_left_out_whole),
        cmocka_unit_test(levels_and_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
