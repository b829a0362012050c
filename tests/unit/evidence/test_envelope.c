#include <string.h>

#include "../test.h"
#include "base/limits.h"
#include "base/mem.h"
#include "evidence/envelope.h"
#include "wire/cbor.h"

static struct gb_arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = gb_arena_new();
    return arena ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    gb_mem_fail_nth(0);
    gb_arena_free(arena);
    return 0;
}

static const uint8_t digest[32] = {1, 2};

/* Every part that travels, told apart by its text. */
static struct bundle whole(void)
{
    return (struct bundle){.quote = gb_bytes_str("quote"),
                           .signature = gb_bytes_str("signature"),
                           .ak_public = gb_bytes_str("ak"),
                           .pcrs_raw = gb_bytes_str("values"),
                           .boot_log = gb_bytes_str("boot"),
                           .boot_log_digest = gb_bytes(digest, sizeof digest),
                           .systemd_log = gb_bytes_str("systemd"),
                           .ima = gb_bytes_str("ima"),
                           .ima_from = 70000,
                           .cmdline = gb_bytes_str("quiet"),
                           .extras = gb_bytes_str("extras"),
                           .ekcerts = {{.bytes = gb_bytes_str("ek1")}, {.bytes = gb_bytes("", 0)}},
                           .ekcert_count = 2,
                           .intermediates = {{.bytes = gb_bytes_str("ca")}},
                           .intermediate_count = 1};
}

static void encode(struct gb_buf *out, const struct bundle *bundle)
{
    gb_buf_init(out, 1 << 20);
    envelope_write(out, bundle);
    assert_true(gb_buf_ok(out));
}

static void assert_same(struct gb_bytes a, struct gb_bytes b)
{
    assert_int_equal(a.data != NULL, b.data != NULL);
    assert_true(gb_bytes_equal(a, b));
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    struct bundle in = whole(), out = {0};
    struct gb_buf buf;
    encode(&buf, &in);
    assert_int_equal(envelope_read(arena, gb_buf_bytes(&buf), &out, NULL), GB_OK);
    assert_same(in.quote, out.quote);
    assert_same(in.signature, out.signature);
    assert_same(in.ak_public, out.ak_public);
    assert_same(in.pcrs_raw, out.pcrs_raw);
    assert_same(in.boot_log, out.boot_log);
    assert_same(in.boot_log_digest, out.boot_log_digest);
    assert_same(in.systemd_log, out.systemd_log);
    assert_same(in.ima, out.ima);
    assert_same(in.cmdline, out.cmdline);
    assert_same(in.extras, out.extras);
    assert_int_equal(out.ima_from, 70000);
    assert_int_equal(out.ekcert_count, 2);
    assert_same(out.ekcerts[0].bytes, gb_bytes_str("ek1"));
    assert_string_equal(out.ekcerts[0].name, "EK certificate 1");
    assert_int_equal(out.intermediate_count, 1);
    assert_string_equal(out.intermediates[0].name, "intermediate 1");
    assert_null(out.pcrs_text.data);
    gb_buf_done(&buf);
}

static void parts_that_are_absent_stay_absent(void **state)
{
    (void)state;
    const struct bundle in = {.quote = gb_bytes_str("q"), .ima = gb_bytes("", 0)};
    struct bundle out = whole();
    struct gb_buf buf;
    encode(&buf, &in);
    assert_int_equal(buf.data[0], 0xa3); /* version, quote, an empty list */
    assert_int_equal(envelope_read(arena, gb_buf_bytes(&buf), &out, NULL), GB_OK);
    assert_non_null(out.ima.data);
    assert_int_equal(out.ima.len, 0);
    assert_null(out.boot_log.data);
    assert_int_equal(out.ima_from, 0);
    assert_int_equal(out.ekcert_count, 0);
    gb_buf_done(&buf);
}

static void T07_every_truncation_is_refused(void **state)
{
    (void)state;
    struct bundle in = whole(), out = {.ima_from = 42};
    struct gb_buf buf;
    encode(&buf, &in);
    for (size_t len = 0; len < buf.len; len++) {
        gb_arena_reset(arena);
        assert_int_equal(envelope_read(arena, gb_bytes(buf.data, len), &out, NULL), GB_ERR_INPUT);
    }
    gb_buf_u8(&buf, 0);
    assert_int_equal(envelope_read(arena, gb_buf_bytes(&buf), &out, NULL), GB_ERR_INPUT);
    assert_int_equal(out.ima_from, 42); /* untouched */
    gb_buf_done(&buf);
}

/* A map of pairs of unsigned numbers. */
static void assert_refused(const uint8_t *pairs, size_t count, const char *text)
{
    struct gb_err err = {0};
    struct bundle out;
    struct gb_buf buf;
    gb_buf_init(&buf, 1000);
    cbor_map(&buf, count);
    for (size_t i = 0; i < 2 * count; i++)
        cbor_uint(&buf, pairs[i]);
    assert_int_equal(envelope_read(arena, gb_buf_bytes(&buf), &out, &err), GB_ERR_INPUT);
    if (!strstr(err.text, text))
        fail_msg("\"%s\" does not say \"%s\"", err.text, text);
    gb_buf_done(&buf);
}

static void keys_are_strict(void **state)
{
    (void)state;
    assert_refused((const uint8_t[]){10, 5}, 1, "version");
    assert_refused((const uint8_t[]){10, 5, 1, 1}, 2, "version");
    assert_refused((const uint8_t[]){1, 2}, 1, "version 2, known is only 1");
    assert_refused((const uint8_t[]){1, 1, 1, 1}, 2, "ascend");
    assert_refused((const uint8_t[]){1, 1, 10, 5, 10, 6}, 3, "key 10: keys must ascend");
    assert_refused((const uint8_t[]){1, 1, 15, 5}, 2, "key 15: unknown key");
    assert_refused((const uint8_t[]){1, 1, 2, 5}, 2, "key 2: ");
    assert_refused(NULL, 0, "version");
}

static void sizes_have_ceilings(void **state)
{
    (void)state;
    static const uint8_t big[GB_LIMIT_PUBLIC + 1];
    struct bundle in = {.quote = gb_bytes(big, sizeof big)}, out;
    struct gb_buf buf;
    encode(&buf, &in);
    assert_int_equal(envelope_read(arena, gb_buf_bytes(&buf), &out, NULL), GB_ERR_LIMIT);
    gb_buf_done(&buf);
    in = (struct bundle){.boot_log_digest = gb_bytes(big, 33)};
    encode(&buf, &in);
    assert_int_equal(envelope_read(arena, gb_buf_bytes(&buf), &out, NULL), GB_ERR_LIMIT);
    gb_buf_done(&buf);
}

static void T20_a_failed_allocation_is_an_error(void **state)
{
    (void)state;
    struct bundle in = whole(), out;
    struct gb_buf buf;
    encode(&buf, &in);
    for (unsigned long n = 1;; n++) {
        gb_arena_free(arena);
        arena = gb_arena_new();
        gb_mem_fail_nth(n);
        int r = envelope_read(arena, gb_buf_bytes(&buf), &out, NULL);
        bool happened = gb_mem_failed();
        gb_mem_fail_nth(0);
        if (!happened) {
            assert_int_equal(r, GB_OK);
            break;
        }
        assert_int_equal(r, GB_ERR_NOMEM);
    }
    gb_buf_done(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(parts_that_are_absent_stay_absent),
        cmocka_unit_test(T07_every_truncation_is_refused),
        cmocka_unit_test(keys_are_strict),
        cmocka_unit_test(sizes_have_ceilings),
        cmocka_unit_test(T20_a_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
