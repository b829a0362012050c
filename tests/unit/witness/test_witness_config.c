#include <string.h>

#include "../test.h"
#include "os/file.h"
#include "witness/config.h"

static struct gb_arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = gb_arena_new();
    return arena ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    gb_arena_free(arena);
    return 0;
}

static int read_text(const char *text, struct witness_config *ret_config)
{
    char path[] = "/tmp/gb-witness-conf-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    int r = witness_config_read(arena, path, ret_config, NULL);
    unlink(path);
    return r;
}

static void defaults_and_values(void **state)
{
    (void)state;
    struct witness_config config;
    assert_int_equal(read_text("name = w/1\nlog = a\nlog = b\nport = 0\n", &config), 0);
    assert_int_equal(config.logs.count, 2);
    assert_int_equal(config.port, 0);
    assert_int_equal(config.workers, 2);
    assert_true(config.sandbox);
    assert_string_equal(config.state, "/var/lib/garboard-witness");
}

static void refuses_what_is_wrong(void **state)
{
    (void)state;
    const char *const bad[] = {"", "name = \n", "name = w\nport = 65536\n", "name = w\nnmae = x\n",
                               "name = w\nworkers = 0\n"};
    struct witness_config config;
    for (size_t i = 0; i < GB_ARRAY_LEN(bad); i++)
        assert_int_equal(read_text(bad[i], &config), GB_ERR_CONFIG);
}

static void the_manual_has_every_key(void **state)
{
    (void)state;
    const char *source = getenv("GARBOARD_SOURCE");
    struct gb_bytes page;
    char *path = gb_arena_printf(arena, "%s/man/garboard-witness.conf.5", source ? source : ".");
    assert_int_equal(file_read(arena, path, 1 << 20, &page, NULL), 0);
    const char *text = (const char *)gb_arena_copy(arena, page).data;
    for (const struct conf_key *key = witness_config_table; key->name; key++)
        if (!strstr(text, gb_arena_printf(arena, ".It Cm %s\n%s\n", key->name, key->help)))
            fail_msg("garboard-witness.conf.5 lacks %s, or says another thing of it", key->name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_and_values),
        cmocka_unit_test(refuses_what_is_wrong),
        cmocka_unit_test(the_manual_has_every_key),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
