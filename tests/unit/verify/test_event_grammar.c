#include <string.h>

#include "../evidence/make_log.h"
#include "../test.h"
#include "evidence/uefi.h"
#include "verify/event_grammar.h"

struct fixture {
    struct make_log made;
    struct gb_arena *arena;
    struct gb_findings findings;
    struct eventlog log;
};

static void begin(struct fixture *f)
{
    static const enum digest_alg algs[] = {DIGEST_SHA256};
    *f = (struct fixture){.arena = gb_arena_new()};
    assert_non_null(f->arena);
    f->findings.arena = f->arena;
    make_log_begin(&f->made, algs, 1);
}

static void judge(struct fixture *f)
{
    assert_true(gb_buf_ok(&f->made.out));
    assert_int_equal(
        eventlog_read(f->arena, gb_buf_bytes(&f->made.out), &f->log, &f->findings, NULL), GB_OK);
    f->findings = (struct gb_findings){.arena = f->arena};
    assert_int_equal(event_grammar_judge(f->arena, &f->log, &f->findings, NULL), GB_OK);
}

static void end(struct fixture *f)
{
    make_log_end(&f->made);
    gb_arena_free(f->arena);
}

static void assert_only(struct fixture *f, enum gb_finding_code code, int index)
{
    assert_int_equal(f->findings.count, 1);
    assert_string_equal(gb_finding_code_name(f->findings.first->code), gb_finding_code_name(code));
    if (index >= 0)
        assert_int_equal(f->findings.first->event.index, index);
    else
        assert_int_equal(f->findings.first->event.log, GB_LOG_NONE);
}

/* The one finding, or none (GB_FINDING_NONE), on an event behind all separators. */
static enum gb_finding_code late(uint32_t pcr, uint32_t type, struct gb_bytes data)
{
    struct fixture f;
    begin(&f);
    make_log_separators(&f.made);
    make_log_add(&f.made, pcr, type, data);
    judge(&f);
    assert_true(f.findings.count <= 1);
    enum gb_finding_code code = f.findings.first ? f.findings.first->code : GB_FINDING_NONE;
    if (f.findings.first)
        assert_int_equal(f.findings.first->event.index, 9);
    end(&f);
    return code;
}

static const struct gb_bytes some = {(const uint8_t *)"some", 4};

static void a_boot_in_order_has_no_findings(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    make_log_text(&f.made, 0, EV_S_CRTM_VERSION, "1");
    make_log_text(&f.made, 0, EV_EFI_PLATFORM_FIRMWARE_BLOB, "1");
    make_log_text(&f.made, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, "1");
    make_log_text(&f.made, 2, EV_EFI_BOOT_SERVICES_DRIVER, "1");
    make_log_text(&f.made, 4, EV_EFI_ACTION, "1");
    make_log_separators(&f.made);
    make_log_text(&f.made, 5, EV_EFI_GPT_EVENT, "1");
    make_log_text(&f.made, 7, EV_EFI_VARIABLE_AUTHORITY, "1");
    make_log_text(&f.made, 4, EV_EFI_BOOT_SERVICES_APPLICATION, "1");
    make_log_text(&f.made, 8, EV_IPL, "1");
    make_log_text(&f.made, 9, EV_EVENT_TAG, "1");
    make_log_text(&f.made, 5, EV_EFI_ACTION, "1");
    judge(&f);
    assert_int_equal(f.findings.count, 0);
    end(&f);
}

static void T09_nothing_of_the_firmware_after_its_separator(void **state)
{
    (void)state;
    const enum gb_finding_code refused = GB_FINDING_EVENT_AFTER_SEPARATOR;
    assert_int_equal(late(0, EV_EFI_PLATFORM_FIRMWARE_BLOB, some), refused);
    assert_int_equal(late(0, EV_POST_CODE, some), refused);
    assert_int_equal(late(0, 0x40e, some), refused);
    assert_int_equal(late(7, EV_EFI_VARIABLE_DRIVER_CONFIG, some), refused);
    assert_int_equal(late(7, EV_EFI_ACTION, some), refused);
    assert_int_equal(late(7, EV_EFI_VARIABLE_AUTHORITY, some), GB_FINDING_NONE);
}

static void T09_secure_boots_policy_may_not_change_late(void **state)
{
    (void)state;
    struct gb_buf v;
    gb_buf_init(&v, 256);
    make_variable(&v, UEFI_GLOBAL_VARIABLE.bytes, "SecureBoot", gb_bytes("\1", 1));
    assert_int_equal(late(7, EV_EFI_VARIABLE_DRIVER_CONFIG, gb_buf_bytes(&v)),
                     GB_FINDING_EVENT_AFTER_SEPARATOR);
    v.len = 0;
    make_variable(&v, UEFI_SHIM_LOCK.bytes, "MokList", gb_bytes("\1", 1));
    assert_int_equal(late(7, EV_EFI_VARIABLE_DRIVER_CONFIG, gb_buf_bytes(&v)), GB_FINDING_NONE);
    gb_buf_done(&v);
}

static void late_habits_of_real_firmware_are_warnings(void **state)
{
    (void)state;
    assert_int_equal(late(2, EV_EFI_BOOT_SERVICES_DRIVER, some), GB_FINDING_EVENT_LATE);
    assert_int_equal(late(3, EV_EFI_VARIABLE_DRIVER_CONFIG, some), GB_FINDING_EVENT_LATE);
    assert_int_equal(late(6, EV_COMPACT_HASH, some), GB_FINDING_EVENT_LATE);
    assert_int_equal(late(1, EV_CPU_MICROCODE, some), GB_FINDING_EVENT_LATE);
    assert_int_equal(late(1, EV_EFI_VARIABLE_BOOT, some), GB_FINDING_NONE);
    assert_int_equal(late(1, EV_EFI_HANDOFF_TABLES, some), GB_FINDING_NONE);
    assert_int_equal(late(1, EV_PLATFORM_CONFIG_FLAGS, some), GB_FINDING_NONE);
    assert_int_equal(late(4, EV_EFI_BOOT_SERVICES_APPLICATION, some), GB_FINDING_NONE);
    assert_int_equal(late(5, EV_IPL, some), GB_FINDING_NONE);
    assert_int_equal(late(0, EV_NO_ACTION, some), GB_FINDING_NONE);
}

static void types_belong_to_their_pcrs(void **state)
{
    (void)state;
    static const struct {
        uint32_t pcr;
        uint32_t type;
    } wrong[] = {
        {8, EV_EFI_VARIABLE_DRIVER_CONFIG},
        {6, EV_EFI_VARIABLE_AUTHORITY},
        {1, EV_S_CRTM_VERSION},
        {5, EV_EFI_BOOT_SERVICES_APPLICATION},
        {4, EV_EFI_GPT_EVENT},
        {9, EV_EFI_PLATFORM_FIRMWARE_BLOB},
        {7, EV_IPL},
        {0, EV_EVENT_TAG},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct fixture f;
        begin(&f);
        make_log_add(&f.made, wrong[i].pcr, wrong[i].type, some);
        make_log_separators(&f.made);
        judge(&f);
        assert_only(&f, GB_FINDING_EVENT_PCR, 1);
        end(&f);
    }
}

static enum gb_finding_code separator_of(const char *data, size_t len)
{
    struct fixture f;
    begin(&f);
    make_log_add(&f.made, 0, EV_SEPARATOR, gb_bytes(data, len));
    for (uint32_t pcr = 1; pcr < 8; pcr++)
        make_log_separator(&f.made, pcr);
    judge(&f);
    assert_true(f.findings.count <= 1);
    enum gb_finding_code code = f.findings.first ? f.findings.first->code : GB_FINDING_NONE;
    end(&f);
    return code;
}

static void separators_hold_legal_values(void **state)
{
    (void)state;
    assert_int_equal(separator_of("\0\0\0\0", 4), GB_FINDING_NONE);
    assert_int_equal(separator_of("\xff\xff\xff\xff", 4), GB_FINDING_NONE);
    assert_int_equal(separator_of("\1\0\0\0", 4), GB_FINDING_EVENT_SEPARATOR_ERROR);
    assert_int_equal(separator_of("\1\0\0\0why", 7), GB_FINDING_EVENT_SEPARATOR_ERROR);
    assert_int_equal(separator_of("\2\0\0\0", 4), GB_FINDING_EVENT_SEPARATOR_VALUE);
    assert_int_equal(separator_of("\0\0\0", 3), GB_FINDING_EVENT_SEPARATOR_VALUE);
    assert_int_equal(separator_of("\0\0\0\0\0", 5), GB_FINDING_EVENT_SEPARATOR_VALUE);
    assert_int_equal(separator_of("", 0), GB_FINDING_EVENT_SEPARATOR_VALUE);
    assert_int_equal(separator_of("\0\xff\0\0", 4), GB_FINDING_EVENT_SEPARATOR_VALUE);
}

static void separators_come_once_in_each_pcr(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    make_log_separators(&f.made);
    make_log_separator(&f.made, 3);
    make_log_text(&f.made, 12, EV_SEPARATOR, "WBCL"); /* Windows */
    make_log_text(&f.made, 12, EV_SEPARATOR, "WBCL");
    judge(&f);
    assert_only(&f, GB_FINDING_EVENT_SEPARATOR_TWICE, 9);
    end(&f);
    begin(&f);
    for (uint32_t pcr = 2; pcr < 7; pcr++)
        make_log_separator(&f.made, pcr);
    judge(&f);
    assert_only(&f, GB_FINDING_EVENT_SEPARATOR_MISSING, -1);
    assert_string_equal(f.findings.first->args[0], "PCRs 0-1, 7");
    end(&f);
}

static void a_log_without_measurements_is_empty(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    make_log_no_action(&f.made, 0, some);
    judge(&f);
    assert_only(&f, GB_FINDING_LOG_EMPTY, -1);
    assert_int_equal(f.findings.worst, GB_TIER_CONTRAINDICATED);
    end(&f);
}

/* A confidential VM's registers are judged by their numbers only; so a TPM's log that claims to be
 * of that kind must not pass. */
static void T09_a_tpms_log_does_not_pass_for_a_confidential_vms(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    f.made.out.data[0] = 1;
    make_log_separator(&f.made, 1);
    make_log_text(&f.made, 2, EV_EFI_BOOT_SERVICES_APPLICATION, "1");
    make_log_text(&f.made, 3, EV_IPL, "1");
    judge(&f);
    assert_int_equal(f.findings.count, 0);
    make_log_text(&f.made, 0, EV_S_CRTM_VERSION, "1");
    judge(&f);
    assert_only(&f, GB_FINDING_EVENT_PCR, 4);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_boot_in_order_has_no_findings),
        cmocka_unit_test(T09_nothing_of_the_firmware_after_its_separator),
        cmocka_unit_test(T09_secure_boots_policy_may_not_change_late),
        cmocka_unit_test(late_habits_of_real_firmware_are_warnings),
        cmocka_unit_test(types_belong_to_their_pcrs),
        cmocka_unit_test(separators_hold_legal_values),
        cmocka_unit_test(separators_come_once_in_each_pcr),
        cmocka_unit_test(a_log_without_measurements_is_empty),
        cmocka_unit_test(T09_a_tpms_log_does_not_pass_for_a_confidential_vms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
