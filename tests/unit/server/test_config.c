#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "base/arena.h"
#include "os/file.h"
#include "server/config.h"

static char folder[] = "/tmp/garboard-config-XXXXXX";

static int setup(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
    char command[64];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static int read_text(struct gb_arena *arena, const char *text, struct config *config,
                     struct gb_err *err)
{
    char path[64];
    snprintf(path, sizeof path, "%s/garboardd.conf", folder);
    assert_int_equal(file_write(path, gb_bytes_str(text), NULL), GB_OK);
    return config_read(arena, path, config, err);
}

static void refuse(const char *text, const char *why)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct config config;
    struct gb_err err;
    assert_int_equal(read_text(arena, text, &config, &err), GB_ERR_CONFIG);
    if (!strstr(err.text, why))
        fail_msg("%s", err.text);
}

static void what_is_left_out_follows_the_interval(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct config config;
    assert_int_equal(read_text(arena, "trust_domain = x\ninterval = 20s\n", &config, NULL), GB_OK);
    assert_int_equal(config.freshness_s, 60);
    assert_int_equal(config.unreachable_s, 200);
    assert_int_equal(config.api_port, 8440);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    refuse("interval = 20s\n", "trust_domain");
    refuse("trust_domain = x\ninterval = 5m\n", "nonce_life");
    refuse("trust_domain = x\nfreshness = 20m\nunreachable = 15m\n", "unreachable");
    refuse("trust_domain = x\napi_port = 1000\nenroll_port = 1000\n", "differ");
    refuse("trust_domain = x\nthreads = 65\n", "threads");
    refuse("trust_domain = x\ntls_certs = y\n", "tls_cert");
}

static void printed_it_reads_back_the_same(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct config config, again;
    struct gb_buf out, twice;
    gb_buf_init(&out, 64 << 10);
    gb_buf_init(&twice, 64 << 10);
    assert_int_equal(
        read_text(arena, "trust_domain = x\ntpm_root = a\ntpm_root = b\n", &config, NULL), GB_OK);
    config_print(&config, &out);
    gb_buf_u8(&out, 0);
    assert_int_equal(read_text(arena, (const char *)out.data, &again, NULL), GB_OK);
    config_print(&again, &twice);
    gb_buf_u8(&twice, 0);
    assert_string_equal((const char *)out.data, (const char *)twice.data);
    gb_buf_done(&out);
    gb_buf_done(&twice);
}

static void the_manual_has_every_key(void **state)
{
    (void)state;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    const char *source = getenv("GARBOARD_SOURCE");
    char *path = gb_arena_printf(arena, "%s/man/garboardd.conf.5", source ? source : ".");
    struct gb_bytes page;
    size_t count = 0;
    assert_int_equal(file_read(arena, path, 1 << 20, &page, NULL), GB_OK);
    for (const struct conf_key *key = config_table(); key->name; key++, count++) {
        char *head = gb_arena_printf(arena, ".It Cm %s\n%s\n", key->name, key->help);
        if (!strstr((const char *)gb_arena_copy(arena, page).data, head))
            fail_msg("garboardd.conf.5 lacks %s, or says another thing of it", key->name);
    }
    for (const char *at = (const char *)gb_arena_copy(arena, page).data;
         (at = strstr(at, ".It Cm ")); at++)
        count--;
    assert_int_equal(count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_left_out_follows_the_interval),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(printed_it_reads_back_the_same),
        cmocka_unit_test(the_manual_has_every_key),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
