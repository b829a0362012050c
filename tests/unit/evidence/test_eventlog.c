#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "base/mem.h"
#include "evidence/eventlog.h"
#include "make_log.h"

struct fixture {
    struct make_log made;
    struct gb_arena *arena;
    struct gb_findings findings;
    struct eventlog log;
    struct gb_err err;
};

static void begin(struct fixture *f, const enum digest_alg *algs, size_t count)
{
    *f = (struct fixture){.arena = gb_arena_new()};
    assert_non_null(f->arena);
    f->findings.arena = f->arena;
    make_log_begin(&f->made, algs, count);
}

static void begin_sha256(struct fixture *f)
{
    static const enum digest_alg algs[] = {DIGEST_SHA256};
    begin(f, algs, 1);
}

static void end(struct fixture *f)
{
    make_log_end(&f->made);
    gb_arena_free(f->arena);
}

static int read_bytes(struct fixture *f, struct gb_bytes in)
{
    f->findings = (struct gb_findings){.arena = f->arena};
    return eventlog_read(f->arena, in, &f->log, &f->findings, &f->err);
}

static int read_made(struct fixture *f)
{
    assert_true(gb_buf_ok(&f->made.out));
    return read_bytes(f, gb_buf_bytes(&f->made.out));
}

static void assert_refused(struct fixture *f, size_t offset, const char *text)
{
    assert_int_equal(read_made(f), GB_ERR_INPUT);
    assert_string_equal(f->err.text, text);
    assert_int_equal(f->err.offset, offset);
}

static size_t count_of(const struct fixture *f, enum gb_finding_code code)
{
    size_t n = 0;
    for (const struct gb_finding *x = f->findings.first; x; x = x->next)
        n += x->code == code;
    return n;
}

static const struct gb_bytes locality_3 = {(const uint8_t *)"StartupLocality\0\3", 17};

/* Overwrites the four bytes at `at` of the log. */
static void patch(struct fixture *f, size_t at, uint32_t value)
{
    for (size_t i = 0; i < 4; i++)
        f->made.out.data[at + i] = (uint8_t)(value >> 8 * i);
}

/* ---- forms ---- */

static void crypto_agile_events_are_read(void **state)
{
    (void)state;
    static const enum digest_alg algs[] = {DIGEST_SHA1, DIGEST_SHA384};
    struct fixture f;
    begin(&f, algs, 2);
    size_t at = f.made.out.len;
    make_log_text(&f.made, 4, EV_EFI_ACTION, "Calling");
    assert_int_equal(read_made(&f), GB_OK);
    assert_true(f.log.crypto_agile);
    assert_false(f.log.cc_registers);
    assert_int_equal(f.log.bank_count, 2);
    assert_int_equal(f.log.banks[1].alg_id, DIGEST_SHA384);
    assert_int_equal(f.log.banks[1].size, 48);
    assert_int_equal(f.log.count, 2);
    assert_int_equal(f.log.events[0].type, EV_NO_ACTION);
    const struct boot_event *e = &f.log.events[1];
    assert_int_equal(e->index, 1);
    assert_int_equal(e->pcr, 4);
    assert_true(e->type == EV_EFI_ACTION);
    assert_int_equal(e->offset, at);
    assert_true(gb_bytes_is(e->data, "Calling"));
    assert_ptr_equal(e->digest[0], f.made.out.data + at + 14);
    assert_ptr_equal(e->digest[1], f.made.out.data + at + 14 + 20 + 2);
    assert_int_equal(f.findings.count, 0);
    end(&f);
}

static void old_events_are_read(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, NULL, 0);
    make_log_text(&f.made, 0, EV_S_CRTM_VERSION, "1");
    make_log_text(&f.made, 5, EV_EFI_ACTION, "Exit");
    assert_int_equal(read_made(&f), GB_OK);
    assert_false(f.log.crypto_agile);
    assert_int_equal(f.log.count, 2);
    assert_int_equal(f.log.bank_count, 1);
    assert_int_equal(f.log.banks[0].alg_id, DIGEST_SHA1);
    assert_int_equal(f.log.events[1].pcr, 5);
    assert_ptr_equal(f.log.events[1].digest[0], f.made.out.data + 33 + 8);
    assert_int_equal(count_of(&f, GB_FINDING_LOG_NO_HEADER), 1);
    end(&f);
}

static void a_confidential_vms_log_is_told_by_its_first_index(void **state)
{
    (void)state;
    struct fixture f;
    begin_sha256(&f);
    patch(&f, 0, 1);
    make_log_text(&f.made, 2, EV_EFI_ACTION, "Calling");
    assert_int_equal(read_made(&f), GB_OK);
    assert_true(f.log.cc_registers);
    end(&f);
}

static void many_events_grow_the_list(void **state)
{
    (void)state;
    struct fixture f;
    begin_sha256(&f);
    for (unsigned i = 1; i < 300; i++) {
        char text[8];
        snprintf(text, sizeof text, "%u", i);
        make_log_text(&f.made, 8, EV_IPL, text);
    }
    assert_int_equal(read_made(&f), GB_OK);
    assert_int_equal(f.log.count, 300);
    assert_true(gb_bytes_is(f.log.events[299].data, "299"));
    assert_true(gb_bytes_is(f.log.events[127].data, "127"));
    assert_true(gb_bytes_is(f.log.events[128].data, "128"));
    end(&f);
}

/* ---- what real firmware writes ---- */

static void padding_behind_the_end_is_a_finding(void **state)
{
    (void)state;
    static const uint8_t marks[2] = {0xff, 0x00};
    for (size_t m = 0; m < 2; m++) {
        struct fixture f;
        begin_sha256(&f);
        make_log_separator(&f.made, 0);
        for (size_t i = 0; i < 100; i++)
            gb_buf_u8(&f.made.out, marks[m]);
        assert_int_equal(read_made(&f), GB_OK);
        assert_int_equal(f.log.count, 2);
        assert_int_equal(count_of(&f, GB_FINDING_LOG_PADDING), 1);
        assert_string_equal(f.findings.first->args[0], "100");
        end(&f);
    }
}

static void garbage_behind_the_end_mark_is_not_read(void **state)
{
    (void)state;
    struct fixture f;
    begin_sha256(&f);
    make_log_separator(&f.made, 0);
    gb_buf_u32le(&f.made.out, UINT32_MAX);
    gb_buf_puts(&f.made.out, "whatever");
    assert_int_equal(read_made(&f), GB_OK);
    assert_int_equal(f.log.count, 2);
    assert_string_equal(f.findings.first->args[0], "12");
    end(&f);
}

static void an_old_log_may_end_in_an_event_of_no_pcr(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, NULL, 0);
    make_log_text(&f.made, 0, EV_S_CRTM_VERSION, "1");
    make_log_no_action(&f.made, EVENT_NO_PCR, gb_bytes_str("signed"));
    assert_int_equal(read_made(&f), GB_OK);
    assert_int_equal(f.log.count, 2);
    assert_true(f.log.events[1].pcr == EVENT_NO_PCR);
    end(&f);
}

static void an_event_without_a_bank_is_a_finding(void **state)
{
    (void)state;
    static const enum digest_alg algs[] = {DIGEST_SHA1, DIGEST_SHA256};
    struct fixture f;
    begin(&f, algs, 2);
    f.made.algs[0] = DIGEST_SHA256; /* the events carry this one only */
    f.made.alg_count = 1;
    make_log_text(&f.made, 5, EV_EFI_ACTION, "a");
    make_log_text(&f.made, 5, EV_EFI_ACTION, "b");
    make_log_no_action(&f.made, 6, gb_bytes_str("c"));
    assert_int_equal(read_made(&f), GB_OK);
    assert_null(f.log.events[1].digest[0]);
    assert_non_null(f.log.events[1].digest[1]);
    assert_int_equal(f.findings.count, 1); /* one a bank and PCR; EV_NO_ACTION lacks nothing */
    assert_int_equal(f.findings.first->code, GB_FINDING_LOG_BANK_MISSING);
    assert_int_equal(f.findings.first->event.index, 1);
    assert_string_equal(f.findings.first->args[0], "5");
    assert_string_equal(f.findings.first->args[1], "sha1");
    end(&f);
}

/* Spec ID of SHA-256 and of 0x0012 (SM3) with digests of 32 bytes, and one event with both. */
static void an_unknown_bank_is_sized_by_spec_id(void **state)
{
    (void)state;
    static const enum digest_alg algs[] = {DIGEST_SHA256, DIGEST_SHA384};
    struct fixture f;
    begin(&f, algs, 2);
    patch(&f, 32 + 28 + 4, 0x0012 | 32 << 16);
    f.made.alg_count = 0;
    struct gb_buf *out = &f.made.out;
    gb_buf_u32le(out, 3);
    gb_buf_u32le(out, EV_SEPARATOR);
    gb_buf_u32le(out, 2);
    for (unsigned i = 0; i < 2; i++) {
        gb_buf_u16le(out, i == 0 ? DIGEST_SHA256 : 0x0012);
        for (unsigned k = 0; k < 32; k++)
            gb_buf_u8(out, 7);
    }
    gb_buf_u32le(out, 4);
    gb_buf_u32le(out, 0);
    assert_int_equal(read_made(&f), GB_OK);
    assert_int_equal(f.log.count, 2);
    assert_non_null(f.log.events[1].digest[1]);
    assert_int_equal(f.findings.count, 1);
    assert_int_equal(f.findings.first->code, GB_FINDING_LOG_BANK_UNKNOWN);
    assert_string_equal(f.findings.first->args[0], "0x0012");
    end(&f);
}

static void vendor_info_may_stand_inside_or_behind_spec_id(void **state)
{
    (void)state;
    for (unsigned inside = 0; inside < 2; inside++) {
        struct fixture f;
        begin_sha256(&f);
        f.made.out.data[f.made.out.len - 1] = 4;
        if (inside)
            patch(&f, 28, 33 + 4);
        gb_buf_puts(&f.made.out, "info");
        make_log_separator(&f.made, 0);
        assert_int_equal(read_made(&f), GB_OK);
        assert_int_equal(f.log.count, 2);
        end(&f);
    }
}

static void a_second_spec_id_changes_nothing(void **state)
{
    (void)state;
    struct fixture f;
    begin_sha256(&f);
    make_log_no_action(&f.made, 0, gb_bytes(f.made.out.data + 32, 33));
    make_log_separator(&f.made, 0);
    assert_int_equal(read_made(&f), GB_OK);
    assert_int_equal(f.log.count, 3);
    assert_int_equal(f.log.bank_count, 1);
    end(&f);
}

/* ---- startup locality ---- */

static uint8_t locality_of(uint32_t pcr, struct gb_bytes data, bool late)
{
    struct fixture f;
    begin_sha256(&f);
    if (late)
        make_log_separator(&f.made, 0);
    else
        make_log_separator(&f.made, 1);
    make_log_no_action(&f.made, pcr, data);
    assert_int_equal(read_made(&f), GB_OK);
    uint8_t locality = f.log.startup_locality;
    end(&f);
    return locality;
}

static void locality_counts_only_where_firmware_writes_it(void **state)
{
    (void)state;
    assert_int_equal(locality_of(0, locality_3, false), 3);
    assert_int_equal(locality_of(0, gb_bytes("StartupLocality\0\4", 17), false), 4);
    assert_int_equal(locality_of(0, gb_bytes("StartupLocality\0\0", 17), false), 0);
    assert_int_equal(locality_of(0, locality_3, true), 0);
    assert_int_equal(locality_of(1, locality_3, false), 0);
    assert_int_equal(locality_of(0, gb_bytes("StartupLocality\0\5", 17), false), 0);
    assert_int_equal(locality_of(0, gb_bytes("StartupLocality\0\3\3", 18), false), 0);
    assert_int_equal(locality_of(0, gb_bytes("StartupLocality\0", 16), false), 0);
    assert_int_equal(locality_of(0, gb_bytes("startuplocality\0\3", 17), false), 0);
}

static void locality_of_a_measured_event_does_not_count(void **state)
{
    (void)state;
    struct fixture f;
    begin_sha256(&f);
    make_log_add(&f.made, 0, EV_ACTION, locality_3);
    assert_int_equal(read_made(&f), GB_OK);
    assert_int_equal(f.log.startup_locality, 0);
    end(&f);
}

/* ---- T11 ---- */

enum { SPEC = 32 + 33 }; /* a Spec ID event of one bank */

static void T11_pcr_index_above_23(void **state)
{
    (void)state;
    struct fixture f;
    begin_sha256(&f);
    make_log_separator(&f.made, 24);
    assert_refused(&f, SPEC, "event 1: PCR index is above 23");
    end(&f);
    begin_sha256(&f);
    make_log_no_action(&f.made, 0xfffffffe, locality_3);
    assert_refused(&f, SPEC, "event 1: PCR index is above 23");
    end(&f);
}

static void T11_more_digests_than_banks(void **state)
{
    (void)state;
    struct fixture f;
    begin_sha256(&f);
    make_log_separator(&f.made, 0);
    patch(&f, SPEC + 8, 2);
    assert_refused(&f, SPEC + 12, "event 1: more digests than banks");
    patch(&f, SPEC + 8, UINT32_MAX);
    assert_refused(&f, SPEC + 12, "event 1: more digests than banks");
    end(&f);
}

static void T11_two_digests_for_one_bank(void **state)
{
    (void)state;
    static const enum digest_alg algs[] = {DIGEST_SHA256, DIGEST_SHA384};
    struct fixture f;
    begin(&f, algs, 2);
    f.made.algs[1] = DIGEST_SHA256;
    make_log_separator(&f.made, 0);
    assert_refused(&f, SPEC + 4 + 12 + 34 + 2, "event 1: two digests for one bank");
    end(&f);
}

static void T11_a_bank_that_spec_id_does_not_name(void **state)
{
    (void)state;
    struct fixture f;
    begin_sha256(&f);
    f.made.algs[0] = DIGEST_SHA1;
    make_log_separator(&f.made, 0);
    assert_refused(&f, SPEC + 14, "event 1: digest of a bank that Spec ID does not name");
    end(&f);
}

static void T11_event_size_beyond_the_end(void **state)
{
    (void)state;
    struct fixture f;
    begin_sha256(&f);
    make_log_separator(&f.made, 0);
    patch(&f, SPEC + 12 + 34, 5);
    assert_refused(&f, SPEC + 12 + 34 + 4, "event 1: input ends early");
    patch(&f, SPEC + 12 + 34, UINT32_MAX);
    assert_refused(&f, SPEC + 12 + 34 + 4, "event 1: event size is above the ceiling");
    end(&f);
}

static void T11_spec_id_that_does_not_add_up(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint32_t value;
        size_t offset;
        const char *text;
    } cases[] = {
        {32 + 24, 0, 32 + 28, "event 0: Spec ID names no bank"},
        {32 + 24, 9, 32 + 28, "event 0: count is above the ceiling"},
        {32 + 24, 3, 32 + 28, "event 0: count does not fit in what is left"},
        {32 + 28, 0x000b | 20 << 16, 32 + 32, "event 0: digest size does not fit its algorithm"},
        {32 + 28, 0x0012 | 65 << 16, 32 + 32, "event 0: digest size does not fit its algorithm"},
        {32 + 28, 0x0012, 32 + 32, "event 0: digest size does not fit its algorithm"},
        {28, 34, 32 + 33, "event 0: bytes are left over"},
        {28, 32, 32 + 32, "event 0: input ends early"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f;
        begin_sha256(&f);
        make_log_separator(&f.made, 0);
        patch(&f, cases[i].at, cases[i].value);
        assert_refused(&f, cases[i].offset, cases[i].text);
        end(&f);
    }
}

static void T11_spec_id_that_names_a_bank_twice(void **state)
{
    (void)state;
    static const enum digest_alg algs[] = {DIGEST_SHA256, DIGEST_SHA256};
    struct fixture f;
    begin(&f, algs, 2);
    assert_refused(&f, 32 + 36, "event 0: Spec ID names a bank twice");
    end(&f);
}

static void T11_too_many_events(void **state)
{
    (void)state;
    struct fixture f;
    size_t len = (size_t)(GB_LIMIT_EVENTS + 1) * 32;
    uint8_t *in = calloc(len, 1);
    begin(&f, NULL, 0);
    for (size_t i = 0; i < len; i += 32)
        in[i + 4] = EV_POST_CODE;
    assert_int_equal(read_bytes(&f, gb_bytes(in, len - 32)), GB_OK);
    assert_int_equal(f.log.count, GB_LIMIT_EVENTS);
    assert_int_equal(read_bytes(&f, gb_bytes(in, len)), GB_ERR_LIMIT);
    assert_int_equal(f.err.offset, len - 32);
    free(in);
    end(&f);
}

static void T11_a_log_above_the_ceiling(void **state)
{
    (void)state;
    struct fixture f;
    begin_sha256(&f);
    assert_int_equal(read_bytes(&f, gb_bytes("", (size_t)GB_LIMIT_BOOT_LOG + 1)), GB_ERR_LIMIT);
    end(&f);
}

/* Cut anywhere: an error that names an event, or a log of the whole events before the cut. */
static void T11_every_truncation(void **state)
{
    (void)state;
    for (size_t agile = 0; agile < 2; agile++) {
        static const enum digest_alg algs[] = {DIGEST_SHA1, DIGEST_SHA256};
        struct fixture f;
        begin(&f, algs, agile ? 2 : 0);
        size_t whole[8];
        size_t events = 0;
        if (agile)
            whole[events++] = f.made.out.len;
        for (uint32_t i = 0; i < 4; i++) {
            make_log_text(&f.made, i, EV_EFI_ACTION, "Calling EFI Application");
            whole[events++] = f.made.out.len;
        }
        for (size_t cut = 0; cut <= f.made.out.len; cut++) {
            uint8_t *copy = malloc(cut + 1); /* so that ASan sees a read beyond the cut */
            memcpy(copy, f.made.out.data, cut);
            copy = realloc(copy, cut ? cut : 1);
            size_t n = 0;
            while (n < events && whole[n] < cut)
                n++;
            int r = read_bytes(&f, gb_bytes(copy, cut));
            if (n < events && whole[n] == cut) {
                assert_int_equal(r, GB_OK);
                assert_int_equal(f.log.count, n + 1);
            } else {
                char begins[16];
                snprintf(begins, sizeof begins, "event %zu: ", n);
                if (r == GB_OK) /* the rest was zero bytes: padding */
                    assert_int_equal(count_of(&f, GB_FINDING_LOG_PADDING), 1);
                else
                    assert_memory_equal(f.err.text, begins, strlen(begins));
            }
            free(copy);
        }
        end(&f);
    }
}

static void a_failed_allocation_is_an_error(void **state)
{
    (void)state;
    struct make_log made;
    make_log_begin_sha256(&made);
    made.alg_count = 0;
    for (uint32_t i = 0; i < 3; i++) { /* without digests: a finding each */
        gb_buf_u32le(&made.out, i);
        gb_buf_u32le(&made.out, EV_SEPARATOR);
        gb_buf_u32le(&made.out, 0);
        gb_buf_u32le(&made.out, 0);
    }
    gb_buf_u32le(&made.out, UINT32_MAX);
    for (unsigned long n = 1;; n++) {
        gb_mem_fail_nth(n);
        struct gb_arena *arena = gb_arena_new();
        struct gb_findings findings = {.arena = arena};
        struct eventlog log;
        struct gb_err err;
        int r = arena ? eventlog_read(arena, gb_buf_bytes(&made.out), &log, &findings, &err)
                      : GB_ERR_NOMEM;
        bool failed = gb_mem_failed();
        gb_mem_fail_nth(0);
        gb_arena_free(arena);
        assert_int_equal(r, failed ? GB_ERR_NOMEM : GB_OK);
        if (!failed)
            break;
    }
    make_log_end(&made);
}

/* ---- names ---- */

static void types_have_names_both_ways(void **state)
{
    (void)state;
    char room[11];
    uint32_t type = 0;
    assert_string_equal(event_type_name(EV_SEPARATOR, room), "EV_SEPARATOR");
    assert_string_equal(event_type_name(EV_EFI_SPDM_FIRMWARE_BLOB, room),
                        "EV_EFI_SPDM_FIRMWARE_BLOB");
    assert_string_equal(event_type_name(0x40e, room), "0x0000040e");
    assert_true(event_type_from_name(gb_bytes_str("EV_IPL"), &type));
    assert_int_equal(type, EV_IPL);
    assert_true(event_type_from_name(gb_bytes_str("0x0000040e"), &type));
    assert_int_equal(type, 0x40e);
    assert_false(event_type_from_name(gb_bytes_str("EV_IP"), &type));
    assert_false(event_type_from_name(gb_bytes_str("0x40e"), &type));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crypto_agile_events_are_read),
        cmocka_unit_test(old_events_are_read),
        cmocka_unit_test(a_confidential_vms_log_is_told_by_its_first_index),
        cmocka_unit_test(many_events_grow_the_list),
        cmocka_unit_test(padding_behind_the_end_is_a_finding),
        cmocka_unit_test(garbage_behind_the_end_mark_is_not_read),
        cmocka_unit_test(an_old_log_may_end_in_an_event_of_no_pcr),
        cmocka_unit_test(an_event_without_a_bank_is_a_finding),
        cmocka_unit_test(an_unknown_bank_is_sized_by_spec_id),
        cmocka_unit_test(vendor_info_may_stand_inside_or_behind_spec_id),
        cmocka_unit_test(a_second_spec_id_changes_nothing),
        cmocka_unit_test(locality_counts_only_where_firmware_writes_it),
        cmocka_unit_test(locality_of_a_measured_event_does_not_count),
        cmocka_unit_test(T11_pcr_index_above_23),
        cmocka_unit_test(T11_more_digests_than_banks),
        cmocka_unit_test(T11_two_digests_for_one_bank),
        cmocka_unit_test(T11_a_bank_that_spec_id_does_not_name),
        cmocka_unit_test(T11_event_size_beyond_the_end),
        cmocka_unit_test(T11_spec_id_that_does_not_add_up),
        cmocka_unit_test(T11_spec_id_that_names_a_bank_twice),
        cmocka_unit_test(T11_too_many_events),
        cmocka_unit_test(T11_a_log_above_the_ceiling),
        cmocka_unit_test(T11_every_truncation),
        cmocka_unit_test(a_failed_allocation_is_an_error),
        cmocka_unit_test(types_have_names_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
