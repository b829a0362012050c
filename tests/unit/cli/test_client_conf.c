#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../test.h"
#include "base/check.h"
#include "cli/client_conf.h"

static char root[] = "/tmp/garboard-client-conf-XXXXXX";

static const struct cmd_option options[] = {CLIENT_CONF_OPTIONS, {NULL}};
static const struct cmd command = {.name = "node list", .options = options};

static void write_conf(const char *dir, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", root, dir);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/%s/client.conf", root, dir);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void clear(void)
{
    static const char *const names[] = {"GARBOARD_SERVER",
                                        "GARBOARD_CA",
                                        "GARBOARD_CERT",
                                        "GARBOARD_KEY",
                                        "GARBOARD_CONFIG",
                                        "XDG_CONFIG_HOME",
                                        "GARBOARD_BEARER_TOKEN_FILE"};
    for (size_t i = 0; i < GB_ARRAY_LEN(names); i++)
        unsetenv(names[i]);
    setenv("HOME", "/nonexistent", 1);
}

static int set_up(void **state)
{
    (void)state;
    clear();
    if (!mkdtemp(root))
        return -1;
    write_conf("one",
               "server = https://one:8440\nca = ca.pem\ncert = /abs/cert.pem\nkey = k/key\n");
    write_conf("garboard", "server = https://two:8440\nca = a\ncert = b\nkey = c\n");
    write_conf("token", "server = https://three:8442\nca = ca.pem\nbearer_token_file = t\n");
    write_conf("bad", "sever = x\n");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    static const char *const dirs[] = {"one", "garboard", "token", "bad"};
    char path[256];
    for (size_t i = 0; i < GB_ARRAY_LEN(dirs); i++) {
        snprintf(path, sizeof path, "%s/%s/client.conf", root, dirs[i]);
        unlink(path);
        snprintf(path, sizeof path, "%s/%s", root, dirs[i]);
        rmdir(path);
    }
    return rmdir(root);
}

static const char *in_root(const char *dir)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", root, dir);
    return path;
}

static int find(struct gb_arena *arena, const struct cmd_line *line, struct client_conf *conf,
                struct gb_err *err)
{
    *conf = (struct client_conf){0};
    return client_conf_find(arena, line, conf, err);
}

static void the_file_is_found_and_its_paths_are_its_own(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    const struct cmd_line line = {.cmd = &command};
    struct client_conf conf;
    clear();
    setenv("GARBOARD_CONFIG", in_root("one"), 1);
    assert_int_equal(find(arena, &line, &conf, NULL), 0);
    assert_string_equal(conf.server, "https://one:8440");
    assert_string_equal(conf.ca, gb_arena_printf(arena, "%s/one/ca.pem", root));
    assert_string_equal(conf.cert, "/abs/cert.pem");
    assert_string_equal(conf.key, gb_arena_printf(arena, "%s/one/k/key", root));
    unsetenv("GARBOARD_CONFIG");
    setenv("XDG_CONFIG_HOME", root, 1);
    assert_int_equal(find(arena, &line, &conf, NULL), 0);
    assert_string_equal(conf.server, "https://two:8440");
}

static void options_come_before_environment_before_file(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct cmd_line line = {.cmd = &command};
    line.values[0].option = &options[0];
    line.values[0].value = "https://option";
    line.value_count = 1;
    struct client_conf conf;
    clear();
    setenv("GARBOARD_CONFIG", in_root("one"), 1);
    setenv("GARBOARD_SERVER", "https://env", 1);
    setenv("GARBOARD_CA", "env.pem", 1);
    setenv("GARBOARD_CERT", "", 1); /* empty is not set */
    assert_int_equal(find(arena, &line, &conf, NULL), 0);
    assert_string_equal(conf.server, "https://option");
    assert_string_equal(conf.ca, "env.pem"); /* as given: no folder is put before it */
    assert_string_equal(conf.cert, "/abs/cert.pem");
}

static void no_file_is_needed_when_all_is_given(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    const struct cmd_line line = {.cmd = &command};
    struct client_conf conf;
    clear();
    setenv("GARBOARD_CONFIG", "/nonexistent", 1);
    setenv("GARBOARD_SERVER", "https://env", 1);
    setenv("GARBOARD_CA", "a", 1);
    setenv("GARBOARD_CERT", "b", 1);
    setenv("GARBOARD_KEY", "c", 1);
    assert_int_equal(find(arena, &line, &conf, NULL), 0);
    assert_string_equal(conf.key, "c");
}

static void a_token_stands_for_certificate_and_key(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct cmd_line line = {.cmd = &command};
    struct client_conf conf;
    clear();
    setenv("GARBOARD_CONFIG", in_root("token"), 1);
    assert_int_equal(find(arena, &line, &conf, NULL), 0);
    assert_string_equal(conf.bearer_token_file, gb_arena_printf(arena, "%s/token/t", root));
    assert_null(conf.cert);
    setenv("GARBOARD_BEARER_TOKEN_FILE", "other", 1);
    assert_int_equal(find(arena, &line, &conf, NULL), 0);
    assert_string_equal(conf.bearer_token_file, "other");
    setenv("GARBOARD_CERT", "c", 1); /* who gives a certificate means it */
    setenv("GARBOARD_KEY", "k", 1);
    assert_int_equal(find(arena, &line, &conf, NULL), 0);
    assert_null(conf.bearer_token_file);
    clear();
    setenv("GARBOARD_CONFIG", "/nonexistent", 1);
    setenv("GARBOARD_SERVER", "https://env", 1);
    setenv("GARBOARD_CA", "a", 1);
    setenv("GARBOARD_BEARER_TOKEN_FILE", "other", 1);
    assert_int_equal(find(arena, &line, &conf, NULL), 0);
}

static void what_is_missing_or_wrong_is_said(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    const struct cmd_line line = {.cmd = &command};
    struct client_conf conf;
    struct gb_err err = {0};
    clear();
    setenv("GARBOARD_CONFIG", in_root("bad"), 1);
    assert_int_equal(find(arena, &line, &conf, &err), GB_ERR_CONFIG);
    assert_non_null(strstr(err.text, "client.conf:1: unknown key \"sever\""));
    setenv("GARBOARD_CONFIG", "/nonexistent", 1);
    setenv("GARBOARD_SERVER", "https://env", 1);
    assert_int_equal(find(arena, &line, &conf, &err), GB_ERR_CONFIG);
    assert_non_null(strstr(err.text, "which ca? give --ca, GARBOARD_CA"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_file_is_found_and_its_paths_are_its_own),
        cmocka_unit_test(options_come_before_environment_before_file),
        cmocka_unit_test(no_file_is_needed_when_all_is_given),
        cmocka_unit_test(a_token_stands_for_certificate_and_key),
        cmocka_unit_test(what_is_missing_or_wrong_is_said),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
