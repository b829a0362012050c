#include <stdlib.h>
#include <string.h>

#include "../test.h"
#include "agent/config.h"
#include "agent/pcrs.h"
#include "agent/server_key.h"
#include "base/encode.h"
#include "os/file.h"

static struct gb_arena *arena;
static struct gb_err err;

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

static int read_text(const char *text, struct config *config)
{
    return config_read(arena, "agent.conf", gb_bytes_str(text), config, &err);
}

static void what_is_printed_reads_back_the_same(void **state)
{
    (void)state;
    struct config config;
    struct config again;
    gb_cleanup(gb_buf_done) struct gb_buf out;
    gb_cleanup(gb_buf_done) struct gb_buf second;
    gb_buf_init(&out, 1 << 16);
    gb_buf_init(&second, 1 << 16);
    assert_int_equal(read_text("server = s.example\nname = n1\nak = rsa\npcrs = sha256:0-9,14\n"
                               "interval = 5m\nsandbox = no\nak_handle = 0x81010099\n",
                               &config),
                     0);
    assert_int_equal(config.ak, 1);
    assert_int_equal(config.ak_handle_number, 0x81010099);
    assert_int_equal(config.interval_s, 300);
    assert_int_equal(config.selection.banks[0].mask, 0x43ff);
    conf_print(config_keys, &config, &out);
    assert_int_equal(config_read(arena, "printed", gb_buf_bytes(&out), &again, &err), 0);
    conf_print(config_keys, &again, &second);
    assert_true(gb_bytes_equal(gb_buf_bytes(&out), gb_buf_bytes(&second)));
}

static void the_host_has_a_name(void **state)
{
    (void)state;
    struct config config;
    char name[256] = "";
    assert_int_equal(gethostname(name, sizeof name - 1), 0);
    assert_int_equal(read_text("server = s", &config), 0);
    assert_string_equal(config.name, name);
    assert_int_equal(config.ak_handle_number, 0x81010010);
    assert_int_equal(config.selection.banks[0].mask, 0xffff);
}

static void wrong_values_are_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *said;
    } cases[] = {
        {"", "server"},
        {"server = s\nak_handle = 81010010\n", "ak_handle: not a persistent handle"},
        {"server = s\nak_handle = 0x01c00002\n", "ak_handle: not a persistent handle"},
        {"server = s\nak_handle = 0x81800000\n", "ak_handle: not a persistent handle"},
        {"server = s\nak_handle = 0x8101001g\n", "ak_handle: not a persistent handle"},
        {"server = s\ntransport_handle = 0x81010010\n", "are the same"},
        {"server = s\npcrs = sha256\n", "pcrs: not of the form"},
        {"server = s\nak = dsa\n", "ak"},
        {"server = s\nservr = t\n", "meant is perhaps server"},
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(cases); i++) {
        struct config config;
        assert_int_equal(read_text(cases[i].text, &config), GB_ERR_CONFIG);
        if (!strstr(err.text, cases[i].said))
            fail_msg("%s: %s", cases[i].text, err.text);
    }
}

static void selections(void **state)
{
    (void)state;
    struct pcr_selection got;
    assert_int_equal(pcrs_parse("sha256:0-9,14,23+sha384:0", &got, &err), 0);
    assert_int_equal(got.count, 2);
    assert_int_equal(got.banks[0].alg_id, DIGEST_SHA256);
    assert_int_equal(got.banks[0].mask, 0x8043ff);
    assert_int_equal(got.banks[1].alg_id, DIGEST_SHA384);
    assert_int_equal(got.banks[1].mask, 1);
    static const char *const wrong[] = {
        "",          "sha256:",           "sha256:24", "sha256:5-3", "sha256:1,,2", "sm3:1",
        "sha256:1+", "sha256:1+sha256:2", "sha256:-1", "sha256:1-",  "sha256:a",    "+sha256:1"};
    for (size_t i = 0; i < GB_ARRAY_LEN(wrong); i++)
        if (pcrs_parse(wrong[i], &got, &err) != GB_ERR_CONFIG)
            fail_msg("\"%s\" was taken", wrong[i]);
}

static void a_token_carries_the_pin(void **state)
{
    (void)state;
    uint8_t pin[32];
    uint8_t bytes[32];
    for (unsigned i = 0; i < 32; i++)
        bytes[i] = (uint8_t)(200 + i);
    const char *part = gb_base64url(arena, gb_bytes(bytes, 32));
    const char *id = gb_base64url(arena, gb_bytes(bytes, 8));
    const char *good = gb_arena_printf(arena, "gbj1.%s.%s.%s", id, part, part);
    assert_int_equal(server_key_of_token(arena, gb_bytes_str(good), pin, &err), 0);
    assert_memory_equal(pin, bytes, 32);
    const char *const wrong[] = {"",
                                 "gbj1",
                                 gb_arena_printf(arena, "gbj2.%s.%s.%s", id, part, part),
                                 gb_arena_printf(arena, "%s.x", good),
                                 gb_arena_printf(arena, "gbj1.%s.%s", id, part),
                                 gb_arena_printf(arena, "gbj1.%s.%s.%s", part, part, part),
                                 gb_arena_printf(arena, "gbj1.%s.%s.%s", id, part, id)};
    for (size_t i = 0; i < GB_ARRAY_LEN(wrong); i++)
        if (server_key_of_token(arena, gb_bytes_str(wrong[i]), pin, &err) != GB_ERR_CONFIG)
            fail_msg("\"%s\" was taken", wrong[i]);
}

static void the_server_is_known_by_token_or_pin(void **state)
{
    (void)state;
    struct server_key key;
    struct config config;
    assert_int_equal(read_text("server = s\nca_pin = sha256:"
                               "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
                               &config),
                     0);
    assert_int_equal(server_key_read(&config, arena, &key, &err), 0);
    assert_true(key.has_pin && key.pin[31] == 0x1f && !key.token);
    config.ca_pin = "sha256:00";
    assert_int_equal(server_key_read(&config, arena, &key, &err), GB_ERR_CONFIG);
    config.ca_pin = NULL;
    config.token_file = "/nowhere/token";
    assert_int_equal(server_key_read(&config, arena, &key, &err), GB_ERR_CONFIG);
    config.token = "gbj1.x";
    assert_int_equal(server_key_read(&config, arena, &key, &err), GB_ERR_CONFIG);
    assert_string_equal(err.text, "both token and token_file are given");
}

static void the_manual_has_every_key(void **state)
{
    (void)state;
    const char *source = getenv("GARBOARD_SOURCE");
    struct gb_bytes page;
    char *path = gb_arena_printf(arena, "%s/man/garboard-agent.conf.5", source ? source : ".");
    assert_int_equal(file_read(arena, path, 1 << 20, &page, NULL), 0);
    const char *text = gb_arena_printf(arena, "%.*s", (int)page.len, (const char *)page.data);
    for (const struct conf_key *key = config_keys; key->name; key++)
        if (!strstr(text, gb_arena_printf(arena, "\n.It Cm %s\n", key->name)))
            fail_msg("garboard-agent.conf.5 lacks %s", key->name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_printed_reads_back_the_same),
        cmocka_unit_test(the_host_has_a_name),
        cmocka_unit_test(wrong_values_are_refused_by_name),
        cmocka_unit_test(selections),
        cmocka_unit_test(a_token_carries_the_pin),
        cmocka_unit_test(the_server_is_known_by_token_or_pin),
        cmocka_unit_test(the_manual_has_every_key),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
