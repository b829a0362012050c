#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "keyd/config.h"
#include "os/file.h"

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

static int read_text(const char *text, struct keyd_config *ret_config)
{
    char path[] = "/tmp/gb-keyd-conf-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    int r = keyd_config_read(arena, path, ret_config, NULL);
    unlink(path);
    return r;
}

static void defaults_and_values(void **state)
{
    (void)state;
    struct keyd_config config;
    assert_int_equal(read_text("trust_domain = a.b\ntpm_root = /x\ntpm_root = /y\n", &config), 0);
    assert_int_equal(config.tpm_roots.count, 2);
    assert_int_equal(config.node_cert_life_s, 3600);
    assert_int_equal(config.joining_cert_life_s, 86400);
    assert_int_equal(config.renew_grace_s, 90 * 86400);
    assert_int_equal(config.server_cert_life_s, 90 * 86400);
    assert_true(config.sandbox);
    assert_null(config.passphrase_file);
}

/* It becomes part of identities: nothing that could be read in two ways. */
static void a_trust_domain_is_plain(void **state)
{
    (void)state;
    const char *bad[] = {"", "trust_domain = A\n", "trust_domain = a/b\n", "trust_domain = a b\n",
                         "trust_domain = a%2f\n"};
    struct keyd_config config;
    for (size_t i = 0; i < GB_ARRAY_LEN(bad); i++)
        assert_int_equal(read_text(bad[i], &config), GB_ERR_CONFIG);
}

static void the_manual_has_every_key(void **state)
{
    (void)state;
    const char *source = getenv("GARBOARD_SOURCE");
    struct gb_bytes page;
    char *path = gb_arena_printf(arena, "%s/man/garboard-keyd.conf.5", source ? source : ".");
    assert_int_equal(file_read(arena, path, 1 << 20, &page, NULL), 0);
    const char *text = (const char *)gb_arena_copy(arena, page).data;
    for (const struct conf_key *key = keyd_config_table; key->name; key++)
        if (!strstr(text, gb_arena_printf(arena, ".It Cm %s\n%s\n", key->name, key->help)))
            fail_msg("garboard-keyd.conf.5 lacks %s, or says another thing of it", key->name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_and_values),
        cmocka_unit_test(a_trust_domain_is_plain),
        cmocka_unit_test(the_manual_has_every_key),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
