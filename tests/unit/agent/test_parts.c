/* What the agent decides without anybody else: waiting, reading the IMA list on, its memory. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "../test.h"
#include "agent/extras.h"
#include "agent/ima_list.h"
#include "agent/renew.h"
#include "agent/report.h"
#include "agent/retry.h"
#include "agent/state.h"
#include "evidence/ima.h"
#include "os/file.h"
#include "wire/cbor.h"
#include "wire/json.h"

static char folder[64];
static struct gb_arena *arena;
static struct gb_err err;

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/garboard-agent-XXXXXX");
    arena = gb_arena_new();
    return arena && mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    gb_arena_free(arena);
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static const char *path(const char *name)
{
    return gb_arena_printf(arena, "%s/%s", folder, name);
}

static void waits_grow_with_full_jitter_to_a_ceiling(void **state)
{
    (void)state;
    for (unsigned attempt = 0; attempt < 100; attempt++) {
        int64_t least = INT64_MAX;
        int64_t most = 0;
        uint64_t random = 88172645463325252U;
        for (int i = 0; i < 2000; i++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            int64_t ms = retry_delay_ms(attempt, random);
            least = ms < least ? ms : least;
            most = ms > most ? ms : most;
        }
        int64_t ceiling = attempt < 9 ? INT64_C(1000) << attempt : RETRY_MAX_MS;
        ceiling = ceiling > RETRY_MAX_MS ? RETRY_MAX_MS : ceiling;
        assert_in_range((uintmax_t)least, RETRY_MIN_MS, RETRY_MIN_MS + (uintmax_t)ceiling / 50);
        assert_in_range((uintmax_t)most, (uintmax_t)ceiling - (uintmax_t)ceiling / 50,
                        (uintmax_t)ceiling);
    }
    assert_int_equal(retry_delay_ms(0, UINT64_MAX), 1000);
    assert_in_range((uintmax_t)retry_interval_ms(60, 0), 57000, 57000);
    assert_in_range((uintmax_t)retry_interval_ms(60, UINT64_MAX), 57000, 63000);
}

static struct gb_bytes real_list(void)
{
    struct gb_bytes list;
    const char *source = getenv("GARBOARD_SOURCE");
    const char *from =
        gb_arena_printf(arena, "%s/tests/cases/evidence/good/ima_binary", source ? source : ".");
    if (file_read(arena, from, 1 << 20, &list, &err) < 0)
        fail_msg("%s", err.text);
    return list;
}

static struct gb_bytes read_on(uint64_t from, struct ima_position *position)
{
    gb_cleanup(gb_buf_done) struct gb_buf out;
    gb_buf_init(&out, 1 << 20);
    if (ima_list_read(path("ima"), from, position, &out, &err) < 0)
        fail_msg("%s", err.text);
    return gb_arena_copy(arena, gb_buf_bytes(&out));
}

static void write_list(struct gb_bytes bytes)
{
    assert_int_equal(file_write(path("ima"), bytes, &err), 0);
}

static void the_list_is_read_on_from_any_entry(void **state)
{
    (void)state;
    struct gb_bytes list = real_list();
    struct ima_log log;
    assert_int_equal(ima_read(arena, list, DIGEST_NONE, &log, &err), 0);
    assert_true(log.count > 5);
    write_list(list);
    size_t begin = 0;
    for (size_t i = 0; i <= log.count; i++) { /* with and without a place remembered */
        struct ima_position fresh = {0};
        struct ima_position near = {0};
        struct gb_bytes rest = gb_bytes_from(list, begin);
        assert_true(gb_bytes_equal(read_on(i, &fresh), rest));
        assert_int_equal(fresh.offset, begin);
        assert_int_equal(fresh.entry, i);
        (void)read_on(i / 2, &near);
        assert_true(gb_bytes_equal(read_on(i, &near), rest));
        assert_true(gb_bytes_equal(read_on(0, &near), list)); /* and back to the beginning */
        size_t len = 0;
        if (i < log.count)
            assert_true(ima_entry_len(rest, &len));
        begin += len;
    }
    assert_int_equal(begin, list.len);
}

static void a_shorter_list_is_of_another_boot(void **state)
{
    (void)state;
    struct gb_bytes list = real_list();
    struct ima_position position = {0};
    gb_cleanup(gb_buf_done) struct gb_buf out;
    gb_buf_init(&out, 1 << 20);
    write_list(list);
    (void)read_on(3, &position);
    assert_int_equal(ima_list_read(path("ima"), 100000, &position, &out, &err), GB_ERR_AGAIN);
    assert_int_equal(position.entry, 0); /* nothing is believed of the old place */
    assert_int_equal(ima_list_read(path("absent"), 0, &position, &out, &err), GB_ERR_NOTFOUND);
    write_list(
        gb_bytes_str("10 0123456789abcdef0123456789abcdef01234567 ima-ng sha256:00 /bin/sh\n"));
    assert_int_equal(ima_list_read(path("ima"), 0, &position, &out, &err), GB_ERR_INPUT);
    write_list(gb_bytes("", 0));
    assert_int_equal(ima_list_read(path("ima"), 0, &position, &out, &err), 0);
    assert_int_equal(out.len, 0);
}

static void no_cut_entry_is_taken_for_a_whole_one(void **state)
{
    (void)state;
    struct gb_bytes list = real_list();
    size_t len = 0;
    size_t cut_len = 0;
    assert_true(ima_entry_len(list, &len));
    for (size_t i = 0; i < len; i++)
        assert_false(ima_entry_len(gb_bytes(list.data, i), &cut_len));
    static const uint8_t legacy[] = {10,  0,   0,        0, [24] = 3, 0, 0,   0,   'i',
                                     'm', 'a', [51] = 2, 0, 0,        0, '/', 'x', 'y'};
    assert_true(ima_entry_len(gb_bytes(legacy, sizeof legacy), &len));
    assert_int_equal(len, sizeof legacy - 1);
}

static struct state sample(void)
{
    return (struct state){.node = "0192-id",
                          .name = "n1",
                          .trust_domain = "example.org",
                          .certificate = gb_bytes_str("-----BEGIN\nx\n"),
                          .ca = gb_bytes_str("-----CA\n"),
                          .ak_name = gb_bytes_str("\x00\x0b name"),
                          .transport_name = gb_bytes_str("\x0b other"),
                          .interval_s = 60};
}

static void the_state_comes_back(void **state)
{
    (void)state;
    gb_cleanup(state_done) struct state saved = {0};
    gb_cleanup(state_done) struct state loaded = {0};
    struct state made = sample();
    struct stat st;
    made.ak_name = gb_bytes("\x00\x0b name", 7);
    assert_int_equal(state_load(path("none"), &loaded, &err), 0);
    assert_null(loaded.node);
    assert_int_equal(state_set(&saved, &made, &err), 0);
    assert_int_equal(state_save(path("st"), &saved, &err), 0);
    assert_int_equal(stat(path("st"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(state_load(path("st"), &loaded, &err), 0);
    assert_string_equal(loaded.node, "0192-id");
    assert_true(gb_bytes_equal(loaded.certificate, made.certificate));
    assert_true(gb_bytes_equal(loaded.ak_name, made.ak_name));
    assert_int_equal(loaded.interval_s, 60);
    struct state changed = loaded; /* a renewal: strings of the old arena in the new value */
    changed.certificate = gb_bytes_str("-----NEW\n");
    assert_int_equal(state_set(&loaded, &changed, &err), 0);
    assert_string_equal(loaded.name, "n1");
    assert_true(gb_bytes_is(loaded.certificate, "-----NEW\n"));
}

static void a_damaged_state_is_told(void **state)
{
    (void)state;
    gb_cleanup(state_done) struct state saved = {0};
    gb_cleanup(state_done) struct state loaded = {0};
    struct state made = sample();
    struct gb_bytes whole;
    made.ak_name = gb_bytes("\x00\x0b name", 7);
    assert_int_equal(state_set(&saved, &made, &err), 0);
    assert_int_equal(state_save(path("st"), &saved, &err), 0);
    const char *file = path("st/node.json");
    assert_int_equal(file_read(arena, file, 1 << 16, &whole, &err), 0);
    for (size_t len = 0; len + 1 < whole.len; len++) {
        assert_int_equal(file_write(file, gb_bytes(whole.data, len), &err), 0);
        assert_int_equal(state_load(path("st"), &loaded, &err), GB_ERR_CONFIG);
        assert_non_null(strstr(err.text, "damaged: delete it"));
    }
}

static int read_next(const char *text, struct report_next *next)
{
    gb_cleanup(json_freep) struct json *json = NULL;
    assert_int_equal(json_read(gb_bytes_str(text), &json, &err), 0);
    return report_next_read(arena, json, 1000, next, &err);
}

static void what_to_send_next(void **state)
{
    (void)state;
    struct report_next next = {0};
    assert_int_equal(
        read_next("{\"nonce\":\"AAEC\",\"expires_in_s\":10,\"interval_s\":60,\"send\":{"
                  "\"boot_log\":false,\"ima_from\":17}}",
                  &next),
        0);
    assert_true(next.known && !next.logs.boot_log);
    assert_int_equal(next.logs.ima_from, 17);
    assert_int_equal(next.nonce_len, 3);
    assert_int_equal(next.expires_ms, 11000);
    static const char *const wrong[] = {
        "{}",
        "{\"nonce\":\"\",\"interval_s\":60,\"send\":{\"boot_log\":true,\"ima_from\":0}}",
        "{\"nonce\":\"A\",\"interval_s\":60,\"send\":{\"boot_log\":true,\"ima_from\":0}}",
        "{\"nonce\":\"AAEC\",\"interval_s\":0,\"send\":{\"boot_log\":true,\"ima_from\":0}}",
        "{\"nonce\":\"AAEC\",\"interval_s\":60}",
        "{\"nonce\":\"AAEC\",\"interval_s\":60,\"send\":{\"ima_from\":0}}",
        "{\"nonce\":\"AAEC\",\"interval_s\":60,\"send\":{\"boot_log\":true}}",
        "{\"nonce\":\"AAEC\",\"interval_s\":99999999,\"send\":{\"boot_log\":true,\"ima_from\":0}}",
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(wrong); i++)
        if (read_next(wrong[i], &next) != GB_ERR_INPUT)
            fail_msg("%s was taken", wrong[i]);
}

static void certificates_are_renewed_after_two_thirds(void **state)
{
    (void)state;
    assert_false(renew_due(1000, 1090, 1059));
    assert_true(renew_due(1000, 1090, 1060));
    assert_true(renew_due(1000, 1090, 5000));
    assert_false(renew_due(1000, 1090, 0)); /* the server's clock, not ours, is asked */
}

static void versions_of_the_system(void **state)
{
    (void)state;
    struct gb_bytes text = gb_bytes_str("NAME=\"Debian\"\nVERSION_ID=\"12\"\nID=debian\nX='\n");
    assert_true(gb_bytes_is(extras_os_value(text, "ID"), "debian"));
    assert_true(gb_bytes_is(extras_os_value(text, "VERSION_ID"), "12"));
    assert_true(gb_bytes_is(extras_os_value(text, "X"), "'"));
    assert_int_equal(extras_os_value(text, "VERSION").len, 0);
    struct gb_bytes extras;
    assert_int_equal(extras_make(arena, &extras, &err), 0);
    /* One map of text in which every key is one that the service knows; the kernel's is ours. */
    static const char *const known[] = {"agent",      "kernel", "boot_id", "os",
                                        "os_version", "vendor", "model",   "firmware"};
    struct utsname host;
    struct cbor_reader reader;
    bool has_kernel = false, has_agent = false;
    assert_int_equal(uname(&host), 0);
    cbor_reader_init(&reader, extras);
    size_t next = 0;
    for (size_t count = cbor_read_map(&reader, GB_ARRAY_LEN(known)); count > 0; count--) {
        struct gb_bytes key = cbor_read_text(&reader, 32);
        struct gb_bytes value = cbor_read_text(&reader, 256);
        while (next < GB_ARRAY_LEN(known) && !gb_bytes_is(key, known[next]))
            next++;
        assert_in_range(next, 0, GB_ARRAY_LEN(known) - 1); /* each once, in this order */
        assert_int_not_equal(value.len, 0);
        has_kernel = has_kernel || (next == 1 && gb_bytes_is(value, host.release));
        has_agent = has_agent || (next == 0 && gb_bytes_is(value, GARBOARD_VERSION));
        next++;
    }
    assert_int_equal(cbor_finish(&reader, &err), 0);
    assert_true(has_kernel && has_agent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_grow_with_full_jitter_to_a_ceiling),
        cmocka_unit_test_setup_teardown(the_list_is_read_on_from_any_entry, setup, teardown),
        cmocka_unit_test_setup_teardown(a_shorter_list_is_of_another_boot, setup, teardown),
        cmocka_unit_test_setup_teardown(no_cut_entry_is_taken_for_a_whole_one, setup, teardown),
        cmocka_unit_test_setup_teardown(the_state_comes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(a_damaged_state_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(what_to_send_next, setup, teardown),
        cmocka_unit_test(certificates_are_renewed_after_two_thirds),
        cmocka_unit_test_setup_teardown(versions_of_the_system, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
