#include <string.h>

#include "../evidence/make_log.h"
#include "../test.h"
#include "base/mem.h"
#include "evidence/uefi.h"
#include "verify/event_data.h"
#include "verify/replay_boot.h"

struct fixture {
    struct make_log made;
    struct gb_arena *arena;
    struct gb_findings findings;
    struct eventlog log;
};

static void begin(struct fixture *f)
{
    static const enum digest_alg algs[] = {DIGEST_SHA1, DIGEST_SHA256};
    *f = (struct fixture){.arena = gb_arena_new()};
    assert_non_null(f->arena);
    f->findings.arena = f->arena;
    make_log_begin(&f->made, algs, 2);
}

static void end(struct fixture *f)
{
    make_log_end(&f->made);
    gb_arena_free(f->arena);
}

static void read_made(struct fixture *f)
{
    assert_true(gb_buf_ok(&f->made.out));
    assert_int_equal(
        eventlog_read(f->arena, gb_buf_bytes(&f->made.out), &f->log, &f->findings, NULL), GB_OK);
}

static enum event_data check(struct fixture *f, size_t i)
{
    enum event_data answer = (enum event_data)77;
    assert_int_equal(event_data_check(f->made.digester, &f->log, &f->log.events[i], &answer, NULL),
                     GB_OK);
    return answer;
}

/* The answer for one event whose digests cover `covered`. */
static enum event_data answer_of(uint32_t pcr, uint32_t type, struct gb_bytes data,
                                 struct gb_bytes covered)
{
    struct fixture f;
    begin(&f);
    make_log_event(&f.made, pcr, type, data, covered);
    read_made(&f);
    enum event_data answer = check(&f, 1);
    end(&f);
    return answer;
}

static enum event_data answer_of_text(uint32_t pcr, uint32_t type, const char *data,
                                      const char *covered)
{
    return answer_of(pcr, type, gb_bytes_str(data), gb_bytes_str(covered));
}

static void T09_whole_payloads_are_hashed_again(void **state)
{
    (void)state;
    static const uint32_t types[] = {
        EV_SEPARATOR,
        EV_ACTION,
        EV_EFI_ACTION,
        EV_S_CRTM_VERSION,
        EV_EFI_GPT_EVENT,
        EV_EFI_GPT_EVENT2,
        EV_EFI_VARIABLE_DRIVER_CONFIG,
        EV_EFI_VARIABLE_BOOT,
        EV_EFI_VARIABLE_BOOT2,
        EV_EFI_VARIABLE_AUTHORITY,
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        assert_int_equal(answer_of_text(5, types[i], "true", "true"), EVENT_DATA_PROVEN);
        assert_int_equal(answer_of_text(5, types[i], "lies", "true"), EVENT_DATA_LIES);
    }
}

static void what_the_log_does_not_hold_is_elsewhere(void **state)
{
    (void)state;
    static const uint32_t types[] = {
        EV_NO_ACTION,
        EV_POST_CODE,
        EV_S_CRTM_CONTENTS,
        EV_EFI_BOOT_SERVICES_APPLICATION,
        EV_EFI_PLATFORM_FIRMWARE_BLOB,
        EV_EFI_HANDOFF_TABLES,
        EV_EFI_HCRTM_EVENT,
        0x40e,
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        assert_int_equal(answer_of_text(0, types[i], "name", "image"), EVENT_DATA_ELSEWHERE);
        assert_int_equal(answer_of_text(0, types[i], "same", "same"), EVENT_DATA_ELSEWHERE);
    }
}

static void vendors_words_are_proven_or_elsewhere(void **state)
{
    (void)state;
    static const uint32_t types[] = {EV_COMPACT_HASH, EV_NONHOST_INFO, EV_PLATFORM_CONFIG_FLAGS,
                                     EV_EVENT_TAG};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        assert_int_equal(answer_of_text(1, types[i], "same", "same"), EVENT_DATA_PROVEN);
        assert_int_equal(answer_of_text(1, types[i], "name", "other"), EVENT_DATA_ELSEWHERE);
    }
}

static void boot_variables_cover_their_data_or_all(void **state)
{
    (void)state;
    struct gb_buf v;
    gb_buf_init(&v, 256);
    make_variable(&v, UEFI_GLOBAL_VARIABLE.bytes, "BootOrder", gb_bytes_str("data"));
    assert_int_equal(answer_of(1, EV_EFI_VARIABLE_BOOT, gb_buf_bytes(&v), gb_buf_bytes(&v)),
                     EVENT_DATA_PROVEN);
    assert_int_equal(answer_of(1, EV_EFI_VARIABLE_BOOT, gb_buf_bytes(&v), gb_bytes_str("data")),
                     EVENT_DATA_PROVEN);
    assert_int_equal(answer_of(1, EV_EFI_VARIABLE_BOOT, gb_buf_bytes(&v), gb_bytes_str("dat")),
                     EVENT_DATA_LIES);
    assert_int_equal(answer_of(1, EV_EFI_VARIABLE_BOOT2, gb_buf_bytes(&v), gb_bytes_str("data")),
                     EVENT_DATA_LIES);
    gb_buf_done(&v);
}

static void old_shim_logs_a_byte_more_than_it_hashes(void **state)
{
    (void)state;
    struct gb_buf v;
    gb_buf_init(&v, 256);
    make_variable(&v, UEFI_SHIM_LOCK.bytes, "Shim", gb_bytes_str("cert"));
    struct gb_bytes exact = gb_buf_bytes(&v);
    assert_int_equal(
        answer_of(7, EV_EFI_VARIABLE_AUTHORITY, exact, gb_bytes(exact.data, exact.len - 1)),
        EVENT_DATA_LIES);
    gb_buf_puts(&v, "extra!");
    struct gb_bytes all = gb_buf_bytes(&v);
    assert_int_equal(answer_of(7, EV_EFI_VARIABLE_AUTHORITY, all, gb_bytes(all.data, all.len - 1)),
                     EVENT_DATA_PROVEN);
    assert_int_equal(answer_of(7, EV_EFI_VARIABLE_AUTHORITY, all, gb_bytes(all.data, all.len - 2)),
                     EVENT_DATA_LIES);
    gb_buf_done(&v);
}

static void error_separators_may_carry_details(void **state)
{
    (void)state;
    struct gb_bytes details = gb_bytes("\1\0\0\0why", 7);
    assert_int_equal(answer_of(0, EV_SEPARATOR, details, gb_bytes("\1\0\0\0", 4)),
                     EVENT_DATA_PROVEN);
    details = gb_bytes("\0\0\0\0why", 7);
    assert_int_equal(answer_of(0, EV_SEPARATOR, details, gb_bytes("\0\0\0\0", 4)), EVENT_DATA_LIES);
}

#define WITH_NUL(t) gb_bytes(t, sizeof(t))

static void T09_grubs_words(void **state)
{
    (void)state;
    struct gb_bytes told = WITH_NUL("kernel_cmdline: /vmlinuz quiet");
    struct gb_bytes truth = gb_bytes_str("/vmlinuz quiet");
    assert_int_equal(answer_of(8, EV_IPL, told, truth), EVENT_DATA_PROVEN);
    assert_int_equal(answer_of(8, EV_IPL, told, WITH_NUL("/vmlinuz quiet")), EVENT_DATA_PROVEN);
    assert_int_equal(answer_of(8, EV_IPL, gb_bytes(told.data, told.len - 1), truth),
                     EVENT_DATA_PROVEN);
    assert_int_equal(answer_of(8, EV_IPL, told, told), EVENT_DATA_LIES);
    assert_int_equal(answer_of(8, EV_IPL, told, gb_bytes_str("/vmlinuz init=/bin/sh")),
                     EVENT_DATA_LIES);
    assert_int_equal(answer_of_text(8, EV_IPL, "grub_cmd: set a=b", "set a=b"), EVENT_DATA_PROVEN);
    assert_int_equal(answer_of_text(8, EV_IPL, "grub_cmd set a=b", "set a=b"), EVENT_DATA_PROVEN);
    assert_int_equal(answer_of_text(8, EV_IPL, "grub_cmd: set a=b", "set a=c"), EVENT_DATA_LIES);
    assert_int_equal(answer_of_text(8, EV_IPL, "module_cmdline: a", "a"), EVENT_DATA_PROVEN);
    assert_int_equal(answer_of_text(8, EV_IPL, "grub_kernel_cmdline a", "b"), EVENT_DATA_LIES);
    assert_int_equal(answer_of_text(9, EV_IPL, "(hd0)/vmlinuz", "the file"), EVENT_DATA_ELSEWHERE);
}

static void T09_the_stubs_command_line(void **state)
{
    (void)state;
    struct gb_bytes told = gb_bytes("a\0b\0\0", 6);
    assert_int_equal(answer_of(12, EV_IPL, told, told), EVENT_DATA_PROVEN);
    assert_int_equal(answer_of(8, EV_IPL, gb_bytes(told.data, 5), told), EVENT_DATA_PROVEN);
    assert_int_equal(answer_of(12, EV_IPL, told, gb_bytes("a\0c\0\0", 6)), EVENT_DATA_LIES);
}

static void the_kernels_stub_names_what_it_hashes(void **state)
{
    (void)state;
    static const uint8_t tag[] = {0xec, 0x22, 0x3b, 0x8f, 1, 0, 0, 0, 'i'};
    struct gb_bytes told = gb_bytes(tag, sizeof tag);
    assert_int_equal(answer_of(9, EV_EVENT_TAG, told, gb_bytes_str("initrd")),
                     EVENT_DATA_ELSEWHERE);
    assert_int_equal(answer_of(9, EV_EVENT_TAG, told, told), EVENT_DATA_ELSEWHERE);
}

/* ---- sections of a UKI ---- */

static struct gb_bytes utf16(struct gb_arena *arena, const char *ascii)
{
    struct gb_buf buf;
    gb_buf_init(&buf, 256);
    make_utf16(&buf, ascii);
    gb_buf_u16le(&buf, 0);
    struct gb_bytes out = gb_arena_copy(arena, gb_buf_bytes(&buf));
    gb_buf_done(&buf);
    return out;
}

static void sections_come_as_name_and_contents(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    struct gb_bytes linux_name = utf16(f.arena, ".linux");
    struct gb_bytes osrel_name = utf16(f.arena, ".osrel");
    make_log_event(&f.made, 11, EV_IPL, linux_name, WITH_NUL(".linux"));
    make_log_text(&f.made, 4, EV_EFI_ACTION, "between");
    make_log_event(&f.made, 11, EV_IPL, linux_name, gb_bytes_str("kernel"));
    make_log_event(&f.made, 11, EV_IPL, osrel_name, WITH_NUL(".osrel"));
    make_log_event(&f.made, 11, EV_IPL, osrel_name, gb_bytes_str("ID=debian"));
    read_made(&f);
    assert_int_equal(check(&f, 1), EVENT_DATA_PROVEN);
    assert_int_equal(check(&f, 3), EVENT_DATA_ELSEWHERE);
    assert_int_equal(check(&f, 4), EVENT_DATA_PROVEN);
    assert_int_equal(check(&f, 5), EVENT_DATA_ELSEWHERE);
    end(&f);
}

static void T09_a_section_under_another_name(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    struct gb_bytes name = utf16(f.arena, ".linux");
    make_log_event(&f.made, 11, EV_IPL, name, WITH_NUL(".initrd"));
    make_log_event(&f.made, 11, EV_IPL, name, gb_bytes_str("kernel"));
    make_log_event(&f.made, 11, EV_IPL, name, gb_bytes_str("another"));
    read_made(&f);
    assert_int_equal(check(&f, 1), EVENT_DATA_LIES);
    assert_int_equal(check(&f, 2), EVENT_DATA_ELSEWHERE);
    assert_int_equal(check(&f, 3), EVENT_DATA_LIES);
    end(&f);
}

/* ---- banks ---- */

static void T09_a_name_with_something_behind_it(void **state)
{
    (void)state;
    assert_int_equal(answer_of(11, EV_IPL, gb_bytes(".\0a\0\0\0", 6), WITH_NUL(".a")),
                     EVENT_DATA_PROVEN);
    assert_int_equal(answer_of(11, EV_IPL, gb_bytes(".\0a\0\0\1", 6), WITH_NUL(".a")),
                     EVENT_DATA_LIES);
    assert_int_equal(answer_of(11, EV_IPL, gb_bytes(".\0a\0\0\0b\0", 8), WITH_NUL(".a")),
                     EVENT_DATA_LIES);
    assert_int_equal(answer_of(11, EV_IPL, gb_bytes(".\0a\0\0\0\0", 7), WITH_NUL(".a")),
                     EVENT_DATA_LIES);
    assert_int_equal(answer_of(11, EV_IPL, gb_bytes(".\0a\0", 4), WITH_NUL(".a")), EVENT_DATA_LIES);
}

static void every_bank_must_agree(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    make_log_text(&f.made, 5, EV_EFI_ACTION, "Exit");
    f.made.out.data[f.made.out.len - 10] ^= 1; /* in the SHA-256 digest */
    read_made(&f);
    assert_int_equal(check(&f, 1), EVENT_DATA_LIES);
    end(&f);
}

static void no_digest_proves_nothing(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    struct gb_buf *out = &f.made.out;
    gb_buf_u32le(out, 5);
    gb_buf_u32le(out, EV_EFI_ACTION);
    gb_buf_u32le(out, 0);
    gb_buf_u32le(out, 1);
    gb_buf_u8(out, 'a');
    read_made(&f);
    assert_int_equal(check(&f, 1), EVENT_DATA_ELSEWHERE);
    end(&f);
}

/* ---- systemd's log ---- */

static void systemds_words_are_hashed_again(void **state)
{
    (void)state;
    struct fixture f;
    uint8_t sha1[20];
    uint8_t sha256[32];
    enum event_data answer;
    begin(&f);
    assert_int_equal(digest_of(f.made.digester, DIGEST_SHA1, gb_bytes_str("ready"), sha1), 0);
    assert_int_equal(digest_of(f.made.digester, DIGEST_SHA256, gb_bytes_str("ready"), sha256), 0);
    struct systemd_event e = {
        .pcr = 11, .digest = {sha1, sha256, NULL, NULL}, .text = "ready", .type = "phase"};
    assert_int_equal(event_data_check_systemd(f.made.digester, &e, &answer, NULL), GB_OK);
    assert_int_equal(answer, EVENT_DATA_PROVEN);
    e.text = "final";
    assert_int_equal(event_data_check_systemd(f.made.digester, &e, &answer, NULL), GB_OK);
    assert_int_equal(answer, EVENT_DATA_LIES);
    e.type = "volume-key";
    assert_int_equal(event_data_check_systemd(f.made.digester, &e, &answer, NULL), GB_OK);
    assert_int_equal(answer, EVENT_DATA_ELSEWHERE);
    e.text = "ready";
    sha1[0] ^= 1;
    assert_int_equal(event_data_check_systemd(f.made.digester, &e, &answer, NULL), GB_OK);
    assert_int_equal(answer, EVENT_DATA_ELSEWHERE);
    end(&f);
}

/* ---- the whole log ---- */

/* Findings of code EVENT_DATA in a log of one event of `type` in `pcr` that a separator's value was
 * extended with, behind `before` (type of an event in front of it; 0: none). */
static size_t lies_in(uint32_t before, uint32_t pcr, uint32_t type, const char *value)
{
    struct fixture f;
    size_t count = 0;
    begin(&f);
    if (before)
        make_log_text(&f.made, pcr, before, "x");
    make_log_event(&f.made, pcr, type, gb_bytes_str("words"), gb_bytes(value, 4));
    make_log_separators(&f.made);
    read_made(&f);
    assert_int_equal(event_log_judge(f.arena, f.made.digester, &f.log, NULL, &f.findings, NULL),
                     GB_OK);
    for (const struct gb_finding *x = f.findings.first; x; x = x->next)
        count += x->code == GB_FINDING_EVENT_DATA;
    end(&f);
    return count;
}

/* No digest covers the type: measuring behind a separator must not be hidden by renaming it. */
static void T09_a_separator_under_another_type_is_a_lie(void **state)
{
    (void)state;
    assert_int_equal(lies_in(0, 7, 0x12345678, "\0\0\0\0"), 1);
    assert_int_equal(lies_in(0, 0, EV_POST_CODE, "\0\0\0\0"), 1);
    assert_int_equal(lies_in(0, 4, EV_COMPACT_HASH, "\xff\xff\xff\xff"), 1);
    assert_int_equal(lies_in(0, 7, 0x12345678, "\0\0\0\1"), 0);
    assert_int_equal(lies_in(0, 8, 0x12345678, "\0\0\0\0"), 0);
    /* an empty part of the firmware, as the CPU measures it before all else */
    assert_int_equal(lies_in(0, 0, EV_S_CRTM_CONTENTS, "\0\0\0\0"), 0);
    assert_int_equal(lies_in(EV_POST_CODE, 0, EV_S_CRTM_CONTENTS, "\0\0\0\0"), 1);
}

static void T09_a_lie_is_a_finding_with_its_event(void **state)
{
    (void)state;
    struct fixture f;
    const bool *proven = NULL;
    begin(&f);
    make_log_event(&f.made, 8, EV_IPL, WITH_NUL("grub_cmd: a"), gb_bytes_str("b"));
    make_log_separators(&f.made);
    read_made(&f);
    assert_int_equal(event_log_judge(f.arena, f.made.digester, &f.log, &proven, &f.findings, NULL),
                     GB_OK);
    assert_int_equal(f.findings.count, 1);
    const struct gb_finding *lie = f.findings.first;
    assert_int_equal(lie->code, GB_FINDING_EVENT_DATA);
    assert_int_equal(lie->event.log, GB_LOG_BOOT);
    assert_int_equal(lie->event.index, 1);
    assert_string_equal(lie->args[0], "EV_IPL");
    assert_string_equal(lie->args[1], "8");
    assert_string_equal(lie->args[2],
                        "measured was sha256 "
                        "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d");
    assert_false(proven[0]);
    assert_false(proven[1]);
    assert_true(proven[2]);
    end(&f);
}

/* What a reader of the log would believe: PCRs, and which words are proven. */
struct belief {
    struct eventlog log;
    const bool *proven;
    struct pcr_values pcrs;
};

static int believe(struct gb_arena *arena, struct digester *digester, struct gb_bytes in,
                   struct belief *ret)
{
    struct gb_findings findings = {.arena = arena};
    *ret = (struct belief){0};
    int r = eventlog_read(arena, in, &ret->log, &findings, NULL);
    if (r == 0)
        r = replay_boot(digester, &ret->log, &ret->pcrs, NULL);
    if (r == 0)
        r = event_log_judge(arena, digester, &ret->log, &ret->proven, &findings, NULL);
    return r;
}

/* Flips every bit of a log. Where the PCRs stay as they were, nothing else may be believed than
 * before. */
static void T09_no_flip_changes_words_that_are_believed(void **state)
{
    (void)state;
    struct fixture f;
    struct belief before;
    size_t same_pcrs = 0;
    begin(&f);
    make_log_text(&f.made, 0, EV_S_CRTM_VERSION, "1");
    make_log_text(&f.made, 4, EV_EFI_BOOT_SERVICES_APPLICATION, "image");
    make_log_event(&f.made, 11, EV_IPL, utf16(f.arena, ".linux"), WITH_NUL(".linux"));
    make_log_event(&f.made, 11, EV_IPL, utf16(f.arena, ".linux"), gb_bytes_str("kernel"));
    make_log_event(&f.made, 8, EV_IPL, WITH_NUL("kernel_cmdline: a"), gb_bytes_str("a"));
    make_log_text(&f.made, 5, EV_EFI_ACTION, "Exit");
    struct gb_bytes copy = gb_arena_copy(f.arena, gb_buf_bytes(&f.made.out));
    assert_int_equal(believe(f.arena, f.made.digester, copy, &before), GB_OK);
    for (size_t bit = 0; bit < 8 * f.made.out.len; bit++) {
        struct gb_arena *arena = gb_arena_new();
        struct belief after;
        f.made.out.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        int r = believe(arena, f.made.digester, gb_buf_bytes(&f.made.out), &after);
        f.made.out.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (r == 0 && memcmp(&after.pcrs, &before.pcrs, sizeof before.pcrs) == 0) {
            same_pcrs++;
            assert_int_equal(after.log.count, before.log.count);
            for (size_t i = 0; i < after.log.count; i++) {
                const struct boot_event *now = &after.log.events[i];
                if (!after.proven[i])
                    continue;
                assert_int_equal(now->pcr, before.log.events[i].pcr);
                assert_true(before.proven[i] || now->type != before.log.events[i].type);
                assert_int_equal(now->data.len, before.log.events[i].data.len);
                size_t at = (size_t)(now->data.data - f.made.out.data);
                assert_false(bit / 8 >= at && bit / 8 < at + now->data.len &&
                             now->type == before.log.events[i].type);
            }
        }
        gb_arena_free(arena);
    }
    assert_true(same_pcrs > 100); /* the flips of words, types and Spec ID */
    end(&f);
}

static void T10_a_list_that_does_not_add_up_is_a_finding(void **state)
{
    (void)state;
    struct fixture f;
    struct gb_buf v;
    begin(&f);
    gb_buf_init(&v, 256);
    make_variable(&v, UEFI_IMAGE_SECURITY_DB.bytes, "db", gb_bytes("0123456789", 10));
    make_log_add(&f.made, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, gb_buf_bytes(&v));
    make_log_text(&f.made, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, "no variable");
    make_log_separators(&f.made);
    read_made(&f);
    assert_int_equal(event_log_judge(f.arena, f.made.digester, &f.log, NULL, &f.findings, NULL),
                     GB_OK);
    assert_int_equal(f.findings.count, 2);
    assert_int_equal(f.findings.first->code, GB_FINDING_LOG_PAYLOAD);
    assert_int_equal(f.findings.first->event.index, 1);
    assert_string_equal(f.findings.first->args[2], "input ends early");
    assert_int_equal(f.findings.last->event.index, 2);
    gb_buf_done(&v);
    end(&f);
}

static void failed_allocations_are_errors(void **state)
{
    (void)state;
    struct fixture f;
    bool failed = true;
    begin(&f);
    for (size_t i = 0; i < 200; i++)
        make_log_event(&f.made, 8, EV_IPL, gb_bytes_str("grub_cmd: a"), gb_bytes_str("b"));
    read_made(&f);
    for (unsigned long n = 1; failed; n++) {
        gb_mem_fail_nth(n);
        struct gb_arena *arena = gb_arena_new();
        struct gb_findings findings = {.arena = arena};
        int r = arena ? event_log_judge(arena, f.made.digester, &f.log, NULL, &findings, NULL)
                      : GB_ERR_NOMEM;
        failed = gb_mem_failed();
        gb_mem_fail_nth(0);
        if (r == GB_OK) { /* at worst an argument is missing, never a finding */
            assert_int_equal(findings.count, 201);
            assert_int_equal(findings.worst, GB_TIER_CONTRAINDICATED);
        } else {
            assert_true(failed);
            assert_int_equal(r, GB_ERR_NOMEM);
        }
        gb_arena_free(arena);
    }
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(T09_whole_payloads_are_hashed_again),
        cmocka_unit_test(what_the_log_does_not_hold_is_elsewhere),
        cmocka_unit_test(vendors_words_are_proven_or_elsewhere),
        cmocka_unit_test(boot_variables_cover_their_data_or_all),
        cmocka_unit_test(old_shim_logs_a_byte_more_than_it_hashes),
        cmocka_unit_test(error_separators_may_carry_details),
        cmocka_unit_test(T09_grubs_words),
        cmocka_unit_test(T09_the_stubs_command_line),
        cmocka_unit_test(the_kernels_stub_names_what_it_hashes),
        cmocka_unit_test(sections_come_as_name_and_contents),
        cmocka_unit_test(T09_a_section_under_another_name),
        cmocka_unit_test(T09_a_name_with_something_behind_it),
        cmocka_unit_test(every_bank_must_agree),
        cmocka_unit_test(no_digest_proves_nothing),
        cmocka_unit_test(systemds_words_are_hashed_again),
        cmocka_unit_test(T09_a_separator_under_another_type_is_a_lie),
        cmocka_unit_test(T09_a_lie_is_a_finding_with_its_event),
        cmocka_unit_test(T09_no_flip_changes_words_that_are_believed),
        cmocka_unit_test(T10_a_list_that_does_not_add_up_is_a_finding),
        cmocka_unit_test(failed_allocations_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
