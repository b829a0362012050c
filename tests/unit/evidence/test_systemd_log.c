#include <string.h>

#include "../test.h"
#include "base/mem.h"
#include "evidence/systemd_log.h"

#define HEX32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define HEX20 "000102030405060708090a0b0c0d0e0f10111213"
#define RS    "\x1e"
#define PHASE                                                                                      \
    RS "{\"pcr\":11,\"digests\":[{\"hashAlg\":\"sha1\",\"digest\":\"" HEX20                        \
       "\"},{\"hashAlg\":\"sha256\",\"digest\":\"" HEX32                                           \
       "\"}],\"content_type\":\"systemd\",\"content\":{\"string\":\"enter-initrd\",\"bootId\":"    \
       "\"x\",\"timestamp\":1,\"eventType\":\"phase\"}}\n"

static int setup(void **state)
{
    *state = gb_arena_new();
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    gb_arena_free(*state);
    return 0;
}

static void records_are_read(void **state)
{
    struct systemd_log log;
    struct gb_bytes in = gb_bytes_str(
        PHASE RS "{\"pcr\":15,\"digests\":[{\"hashAlg\":\"sm3_256\",\"digest\":\"00\"},"
                 "{\"hashAlg\":\"sha256\",\"digest\":\"" HEX32 "\"}]}\n");
    assert_int_equal(systemd_log_read(*state, in, &log, NULL), GB_OK);
    assert_int_equal(log.count, 2);
    assert_int_equal(log.events[0].index, 0);
    assert_int_equal(log.events[0].pcr, 11);
    assert_string_equal(log.events[0].text, "enter-initrd");
    assert_string_equal(log.events[0].type, "phase");
    assert_non_null(log.events[0].digest[0]);
    assert_int_equal(log.events[0].digest[0][19], 0x13);
    assert_int_equal(log.events[0].digest[1][31], 0x1f);
    assert_null(log.events[0].digest[2]);
    assert_int_equal(log.events[1].pcr, 15);
    assert_null(log.events[1].digest[0]);
    assert_string_equal(log.events[1].text, "");
    assert_string_equal(log.events[1].type, "");
}

static void an_empty_log_has_no_events(void **state)
{
    struct systemd_log log = {.count = 1};
    assert_int_equal(systemd_log_read(*state, gb_bytes(NULL, 0), &log, NULL), GB_OK);
    assert_int_equal(log.count, 0);
}

static void nv_indexes_extend_no_pcr(void **state)
{
    struct systemd_log log;
    struct gb_bytes in = gb_bytes_str(RS "{\"nvIndexName\":\"hardware\",\"digests\":[]}\n" PHASE);
    assert_int_equal(systemd_log_read(*state, in, &log, NULL), GB_OK);
    assert_int_equal(log.count, 1);
    assert_int_equal(log.events[0].index, 1);
}

static void bad_records_are_named(void **state)
{
    static const struct {
        const char *in;
        size_t offset;
        const char *text;
    } cases[] = {
        {"{}", 0, "record 0: does not begin with a separator (0x1e)"},
        {RS RS RS, 0, "records are too short"},
        {RS "{\"pcr\":24,\"digests\":[]}", 1, "record 0: no PCR between 0 and 23"},
        {RS "{\"pcr\":\"11\",\"digests\":[]}", 1, "record 0: no PCR between 0 and 23"},
        {RS "{\"xxx\":1234567890}", 1, "record 0: no PCR between 0 and 23"},
        {RS "{\"pcr\":11,\"digests\":[]}", 1, "record 0: no digests"},
        {RS "{\"pcr\":11,\"digests\":[{\"hashAlg\":\"sha256\"}]}", 1,
         "record 0: a digest lacks hashAlg or digest"},
        {RS "{\"pcr\":11,\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":\"" HEX20 "\"}]}", 1,
         "record 0: the sha256 digest is not 32 bytes of hex"},
        {RS "{\"pcr\":11,\"digests\":[{\"hashAlg\":\"sha1\",\"digest\":\"" HEX20
            "\"},{\"hashAlg\":\"sha1\",\"digest\":\"" HEX20 "\"}]}",
         1, "record 0: two digests of sha1"},
        {PHASE RS "{\"pcr\":11,\"digests\":[]}", sizeof PHASE, "record 1: no digests"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct systemd_log log;
        struct gb_err err;
        assert_int_equal(systemd_log_read(*state, gb_bytes_str(cases[i].in), &log, &err),
                         GB_ERR_INPUT);
        assert_string_equal(err.text, cases[i].text);
        assert_int_equal(err.offset, cases[i].offset);
    }
}

/* Cut inside the second record: never the events of a whole log. */
static void every_truncation_is_refused(void **state)
{
    struct systemd_log log;
    struct gb_err err;
    const char *whole = PHASE PHASE;
    const size_t one = strlen(PHASE);
    for (size_t cut = one + 1; cut < 2 * one - 1; cut++) {
        assert_int_equal(systemd_log_read(*state, gb_bytes(whole, cut), &log, &err), GB_ERR_INPUT);
        assert_memory_equal(err.text, "record 1: ", 10);
    }
}

static void failed_allocations_are_errors(void **state)
{
    (void)state;
    bool failed = true;
    for (unsigned long n = 1; failed; n++) {
        struct systemd_log log;
        gb_mem_fail_nth(n);
        struct gb_arena *arena = gb_arena_new();
        int r =
            arena ? systemd_log_read(arena, gb_bytes_str(PHASE PHASE), &log, NULL) : GB_ERR_NOMEM;
        failed = gb_mem_failed();
        gb_mem_fail_nth(0);
        gb_arena_free(arena);
        assert_int_equal(r, failed ? GB_ERR_NOMEM : GB_OK);
    }
}

static void phases_are_words_in_order(void **state)
{
    (void)state;
    for (size_t row = 0; row < systemd_phase_count; row++) {
        size_t n = 0;
        while (n < SYSTEMD_PHASE_WORDS && systemd_phases[row][n])
            n++;
        assert_true(n < SYSTEMD_PHASE_WORDS);
    }
    assert_null(systemd_phases[0][0]);
    assert_string_equal(systemd_phases[1][0], "sysinit");
    assert_string_equal(systemd_phases[1][1], "ready");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_read),
        cmocka_unit_test(an_empty_log_has_no_events),
        cmocka_unit_test(nv_indexes_extend_no_pcr),
        cmocka_unit_test(bad_records_are_named),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(failed_allocations_are_errors),
        cmocka_unit_test(phases_are_words_in_order),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
