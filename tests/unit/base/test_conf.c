#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "base/conf.h"
#include "base/mem.h"

struct settings {
    char before;
    const char *listen;
    const char *extra;
    int64_t workers;
    int64_t interval_s;
    bool metrics;
    struct conf_list roots;
    struct conf_list peers;
    int log;
    char after;
};

static const char *const forms[] = {"text", "json", NULL};

#define AT(member) offsetof(struct settings, member)
static const struct conf_key table[] = {
    {"listen", CONF_TEXT, AT(listen), NULL, 0, 0, NULL, "Address and port.", true},
    {"extra", CONF_TEXT, AT(extra), NULL, 0, 0, NULL, "May be left out.", false},
    {"workers", CONF_NUMBER, AT(workers), "2", 1, 64, NULL, "Threads.", false},
    {"interval", CONF_SPAN, AT(interval_s), "5m", 10, 86400, NULL, "Between rounds.", false},
    {"metrics", CONF_BOOL, AT(metrics), "yes", 0, 0, NULL, "Whether there are any.", false},
    {"root", CONF_LIST, AT(roots), NULL, 0, 0, NULL, "Trusted.", false},
    {"peer", CONF_LIST, AT(peers), "localhost", 0, 0, NULL, "Others.", false},
    {"log-format", CONF_CHOICE, AT(log), "text", 0, 0, forms, "Form of the log.", false},
    {NULL},
};

static int read_it(struct gb_arena *arena, const char *text, struct settings *out,
                   struct gb_err *err)
{
    return conf_read(arena, table, "x.conf", gb_bytes_str(text), out, err);
}

static void defaults_and_values(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct settings s = {.before = 'b', .after = 'a'};
    struct gb_err err = {0};
    assert_int_equal(read_it(arena,
                             "# comment\n\n  listen = [::]:8443 # not a comment\r\n"
                             "root=/a\nroot = /b c\nroot = /d\ninterval = 2h\nlog-format = json\n",
                             &s, &err),
                     0);
    assert_string_equal(s.listen, "[::]:8443 # not a comment");
    assert_null(s.extra);
    assert_int_equal(s.workers, 2);
    assert_int_equal(s.interval_s, 7200);
    assert_true(s.metrics);
    assert_int_equal(s.roots.count, 3);
    assert_string_equal(s.roots.items[1], "/b c");
    assert_string_equal(s.roots.items[2], "/d");
    assert_int_equal(s.peers.count, 1);
    assert_string_equal(s.peers.items[0], "localhost");
    assert_int_equal(s.log, 1);
    assert_int_equal(s.before, 'b');
    assert_int_equal(s.after, 'a');
    assert_int_equal(read_it(arena, "listen = x\npeer = one\n", &s, &err), 0);
    assert_int_equal(s.peers.count, 1);
    assert_string_equal(s.peers.items[0], "one");
    assert_int_equal(s.roots.count, 0);
}

static void what_is_wrong_is_named_and_nothing_changes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *says;
    } wrong[] = {
        {"", "x.conf: listen is missing: Address and port."},
        {"lisen = x", "x.conf:1: unknown key \"lisen\"; meant is perhaps listen"},
        {"\n\nqqqqqqqqqq = x", "x.conf:3: unknown key \"qqqqqqqqqq\""},
        {"listen = a\nlisten = b", "x.conf:2: listen is here for the second time"},
        {"listen =", "x.conf:1: listen has no value"},
        {"listen", "x.conf:1: not \"key = value\""},
        {"[server]", "x.conf:1: not \"key = value\""},
        {"workers = 0", "x.conf:1: workers: 0 is not between 1 and 64"},
        {"workers = 65", "x.conf:1: workers: 65 is not between 1 and 64"},
        {"workers = 1x", "x.conf:1: workers: \"1x\" is not a number"},
        {"workers = -1", "x.conf:1: workers: \"-1\" is not a number"},
        {"interval = 5", "x.conf:1: interval: \"5\" is not a span like 90s, 15m, 2h or 7d"},
        {"interval = 1s", "x.conf:1: interval: 1s is not between 10 and 86400 seconds"},
        {"metrics = true", "x.conf:1: metrics: \"true\" is neither yes nor no"},
        {"log-format = jsn", "x.conf:1: log-format: \"jsn\" is none of its choices; meant is "
                             "perhaps json"},
        {"listen = \x1b[2J", "x.conf:1: not printable UTF-8"},
        {"listen = \xff", "x.conf:1: not printable UTF-8"},
    };
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    for (size_t i = 0; i < GB_ARRAY_LEN(wrong); i++) {
        struct settings s = {.workers = 99};
        struct gb_err err = {0};
        assert_int_equal(read_it(arena, wrong[i].text, &s, &err), GB_ERR_CONFIG);
        assert_string_equal(err.text, wrong[i].says);
        assert_int_equal(s.workers, 99);
        assert_null(s.listen);
    }
}

static void ceilings(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_cleanup(gb_buf_done) struct gb_buf text;
    gb_buf_init(&text, 1 << 20);
    gb_buf_puts(&text, "listen = x\n");
    for (int i = 0; i < GB_LIMIT_CONF_ITEMS; i++)
        gb_buf_puts(&text, "root = r\n");
    struct settings s = {0};
    struct gb_err err = {0};
    assert_int_equal(conf_read(arena, table, "x", gb_buf_bytes(&text), &s, &err), 0);
    assert_int_equal(s.roots.count, GB_LIMIT_CONF_ITEMS);
    gb_buf_puts(&text, "root = r\n");
    assert_int_equal(conf_read(arena, table, "x", gb_buf_bytes(&text), &s, &err), GB_ERR_CONFIG);
    while (text.len <= GB_LIMIT_CONF)
        gb_buf_puts(&text, "# comment\n");
    assert_int_equal(conf_read(arena, table, "x", gb_buf_bytes(&text), &s, &err), GB_ERR_LIMIT);
}

static void what_is_printed_reads_back(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct settings s = {0};
    struct settings back = {0};
    assert_int_equal(read_it(arena,
                             "listen = here\nroot = a\nroot = b\ninterval = 90s\n"
                             "metrics = no\nlog-format = json\nworkers = 7\n",
                             &s, NULL),
                     0);
    gb_cleanup(gb_buf_done) struct gb_buf first;
    gb_cleanup(gb_buf_done) struct gb_buf second;
    gb_buf_init(&first, 1 << 16);
    gb_buf_init(&second, 1 << 16);
    conf_print(table, &s, &first);
    assert_int_equal(conf_read(arena, table, "y", gb_buf_bytes(&first), &back, NULL), 0);
    assert_string_equal(back.listen, "here");
    assert_int_equal(back.roots.count, 2);
    assert_int_equal(back.interval_s, 90);
    assert_int_equal(back.workers, 7);
    assert_int_equal(back.log, 1);
    assert_false(back.metrics);
    conf_print(table, &back, &second);
    assert_true(gb_bytes_equal(gb_buf_bytes(&first), gb_buf_bytes(&second)));
    gb_buf_u8(&first, 0);
    assert_non_null(strstr((char *)first.data, "# Threads.\n# (NUMBER, 1 to 64, default 2)\n"
                                               "workers = 7\n"));
    assert_non_null(strstr((char *)first.data, "#extra =\n"));
    assert_non_null(
        strstr((char *)first.data, "# (SPAN, 10s to 1d, default 5m)\ninterval = 90s\n"));
}

static void help_names_every_key(void **state)
{
    (void)state;
    gb_cleanup(gb_buf_done) struct gb_buf out;
    gb_buf_init(&out, 1 << 16);
    conf_help(table, &out);
    gb_buf_u8(&out, 0);
    assert_non_null(
        strstr((char *)out.data, "  listen (TEXT, required)\n      Address and port.\n"));
    assert_non_null(strstr((char *)out.data, "  log-format (text|json, default text)\n"));
    assert_non_null(strstr((char *)out.data, "  root (TEXT, may be repeated)\n"));
}

static void a_wrong_default_is_our_mistake(void **state)
{
    (void)state;
    static const struct conf_key wrong[] = {
        {"workers", CONF_NUMBER, AT(workers), "none", 0, 0, NULL, "Threads.", false}, {NULL}};
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct settings s = {0};
    assert_int_equal(conf_read(arena, wrong, "x", gb_bytes(NULL, 0), &s, NULL), GB_ERR_BUG);
}

static void each_failed_allocation_is_told(void **state)
{
    (void)state;
    for (unsigned long nth = 1;; nth++) {
        gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
        struct settings s = {0};
        /* Large enough that the arena needs more than its first block. */
        static char text[60000];
        snprintf(text, sizeof text, "listen = %050000d\nroot = a\nroot = b\n", 1);
        gb_mem_fail_nth(nth);
        int rc = read_it(arena, text, &s, NULL);
        bool failed = gb_mem_failed();
        gb_mem_fail_nth(0);
        assert_int_equal(rc, failed ? GB_ERR_NOMEM : 0);
        if (!failed) {
            assert_true(nth > 1);
            return;
        }
        assert_null(s.listen);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_and_values),
        cmocka_unit_test(what_is_wrong_is_named_and_nothing_changes),
        cmocka_unit_test(ceilings),
        cmocka_unit_test(what_is_printed_reads_back),
        cmocka_unit_test(help_names_every_key),
        cmocka_unit_test(a_wrong_default_is_our_mistake),
        cmocka_unit_test(each_failed_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
