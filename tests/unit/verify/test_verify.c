#include <string.h>

#include "../test.h"
#include "base/mem.h"
#include "make_machine.h"

static const enum digest_alg sha256[] = {DIGEST_SHA256, DIGEST_NONE};
static const enum digest_alg three[] = {DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA384, DIGEST_NONE};

/* boot_aggregate, two files. */
static void run(struct machine *m)
{
    machine_aggregate(m, DIGEST_SHA256, 9);
    machine_file(m, "/usr/bin/init", 1);
    machine_file(m, "/usr/bin/sh", 2);
}

static void assert_nothing_claimed(const struct machine *m)
{
    assert_false(m->claims.quote_proven);
    assert_int_equal(m->claims.bank, DIGEST_NONE);
    assert_false(m->claims.has_boot);
    assert_false(m->claims.has_ima);
    assert_int_equal(m->claims.boot_count, 0);
    assert_int_equal(m->claims.ima_count, 0);
    assert_int_equal(m->claims.reset_count, 0);
    assert_int_equal(m->claims.quoted.count, 0);
    assert_null(m->claims.cmdline.data);
    assert_int_equal(m->claims.findings.worst, GB_TIER_CONTRAINDICATED);
}

static void a_good_boot_is_claimed_whole(void **state)
{
    (void)state;
    struct machine m;
    machine_init(&m, three);
    run(&m);
    machine_quote(&m);
    assert_int_equal(machine_verify(&m), GB_OK);
    machine_assert_good(&m, GB_TIER_AFFIRMING);
    assert_int_equal(m.claims.bank, DIGEST_SHA256);
    assert_int_equal(m.claims.clock_ms, 1000);
    assert_int_equal(m.claims.reset_count, 7);
    assert_int_equal(m.claims.restart_count, 2);
    assert_int_equal(m.claims.firmware_version, 42);
    assert_int_equal(m.claims.quoted.count, 3);
    assert_int_equal(m.claims.boot_count, 11); /* Spec ID is no measurement */
    assert_int_equal(m.claims.boot[0].index, 1);
    assert_int_equal(m.claims.boot[0].type, EV_SEPARATOR);
    assert_true(m.claims.boot[0].data_proven);
    assert_int_equal(m.claims.boot[8].pcr, 4);
    assert_false(m.claims.boot[8].data_proven);
    assert_int_equal(m.claims.boot[8].digest.len, 32);
    assert_true(m.claims.has_ima);
    assert_int_equal(m.claims.ima_count, 3);
    assert_true(gb_bytes_is(m.claims.ima[2].path, "/usr/bin/sh"));
    assert_true(gb_bytes_is(m.claims.cmdline, "quiet"));
    assert_false(m.claims.ek_certified);
    machine_done(&m);
}

static void T01_a_wrong_nonce_leaves_no_claim(void **state)
{
    (void)state;
    struct machine m;
    machine_init(&m, sha256);
    run(&m);
    machine_quote(&m);
    m.asked.nonce = gb_bytes_str("nonc3");
    assert_int_equal(machine_verify(&m), GB_OK);
    machine_finding(&m, GB_FINDING_NONCE_MISMATCH);
    assert_nothing_claimed(&m);
    machine_done(&m);
}

static void T06_a_wrong_key_leaves_no_claim(void **state)
{
    (void)state;
    struct machine m;
    machine_init(&m, sha256);
    run(&m);
    machine_quote(&m);
    m.area.len = 0;
    make_ak_public(&m.ak, MAKE_AK_GOOD & ~(uint32_t)TPMA_RESTRICTED, &m.area);
    assert_int_equal(machine_verify(&m), GB_OK);
    machine_finding(&m, GB_FINDING_AK_ATTRIBUTES);
    assert_nothing_claimed(&m);
    machine_done(&m);
}

static void T07_another_attestation_leaves_no_claim(void **state)
{
    (void)state;
    struct machine m;
    machine_init(&m, sha256);
    run(&m);
    machine_quote(&m);
    m.quote.data[5] = 0x17;
    m.signature.len = 0;
    make_signature(&m.ak, gb_buf_bytes(&m.quote), &m.signature);
    assert_int_equal(machine_verify(&m), GB_OK);
    machine_finding(&m, GB_FINDING_QUOTE_SIGNED);
    machine_finding(&m, GB_FINDING_QUOTE_TYPE);
    assert_nothing_claimed(&m);
    machine_done(&m);
}

static void T08_values_that_were_edited_leave_no_claim(void **state)
{
    (void)state;
    struct machine m;
    machine_init(&m, sha256);
    run(&m);
    machine_quote(&m);
    char *digit = (char *)m.pcr_text.data + m.pcr_text.len - 2;
    *digit = *digit == '0' ? '1' : '0';
    assert_int_equal(machine_verify(&m), GB_OK);
    machine_finding(&m, GB_FINDING_PCR_DIGEST);
    assert_nothing_claimed(&m);
    machine_done(&m);
}

static void T08_a_quote_of_too_little_claims_no_boot(void **state)
{
    (void)state;
    struct machine m;
    machine_init(&m, sha256);
    run(&m);
    m.pcrs.banks[0].mask = 0xff;
    machine_quote(&m);
    assert_int_equal(machine_verify(&m), GB_OK);
    assert_string_equal(machine_finding(&m, GB_FINDING_PCR_UNQUOTED).args[0], "PCRs 8-11, 14");
    assert_int_equal(m.claims.bank, DIGEST_NONE);
    assert_false(m.claims.has_boot);
    assert_false(m.claims.has_ima);
    machine_done(&m);
}

static void T08_pcrs_that_a_log_extends_must_be_quoted(void **state)
{
    (void)state;
    struct machine m;
    machine_init(&m, sha256);
    machine_event(&m, 12, EV_IPL, gb_bytes_str("x"), gb_bytes_str("x"));
    run(&m);
    m.pcrs.banks[0].mask = 0x4fff & ~(1u << 13);
    machine_quote(&m);
    assert_int_equal(machine_verify(&m), GB_OK);
    assert_string_equal(machine_finding(&m, GB_FINDING_PCR_UNQUOTED).args[0], "PCR 12");
    assert_false(m.claims.has_boot);
    machine_done(&m);
}

static void T08_a_quote_of_sha1_claims_no_boot(void **state)
{
    (void)state;
    static const enum digest_alg sha1[] = {DIGEST_SHA1, DIGEST_NONE};
    struct machine m;
    machine_init(&m, sha1);
    machine_aggregate(&m, DIGEST_SHA1, 7);
    machine_quote(&m);
    assert_int_equal(machine_verify(&m), GB_OK);
    machine_finding(&m, GB_FINDING_PCR_BANK);
    assert_int_equal(m.claims.bank, DIGEST_NONE);
    assert_false(m.claims.has_boot);
    assert_false(m.claims.has_ima);
    machine_done(&m);
}

static void T09_an_unproven_command_line_is_absent(void **state)
{
    (void)state;
    struct machine m;
    machine_init(&m, sha256);
    run(&m);
    machine_quote(&m);
    m.bundle.cmdline = gb_bytes_str("quiet ");
    assert_int_equal(machine_verify(&m), GB_OK);
    machine_assert_good(&m, GB_TIER_AFFIRMING);
    assert_null(m.claims.cmdline.data);
    machine_done(&m);
}

/* The log may call the stub's measurement what it likes. */
static void T09_a_command_line_is_proven_by_its_digest_alone(void **state)
{
    (void)state;
    struct machine m;
    machine_init(&m, sha256);
    uint8_t *event = m.boot_log.data + m.boot_log.len -
                     (4 + 4 + 4 + 2 + 32 + 4 + 8 + sizeof "LOADED_IMAGE::LoadOptions");
    assert_int_equal(event[4], EV_EVENT_TAG);
    event[4] = EV_IPL;
    run(&m);
    machine_quote(&m);
    assert_int_equal(machine_verify(&m), GB_OK);
    assert_true(gb_bytes_is(m.claims.cmdline, "quiet"));
    assert_int_equal(m.claims.cmdline_at, m.claims.boot_count - 1);
    m.bundle.cmdline = gb_bytes_str("debug");
    assert_int_equal(machine_verify(&m), GB_OK);
    assert_null(m.claims.cmdline.data);
    assert_int_equal(m.claims.cmdline_at, m.claims.boot_count);
    machine_done(&m);
}

static void grubs_command_line_is_proven_too(void **state)
{
    (void)state;
    static const char logged[] = "kernel_cmdline: /vmlinuz root=/dev/sda1";
    static const enum digest_alg *banks = sha256;
    struct machine m;
    machine_init(&m, banks);
    /* The stub's event of machine_init goes before: GRUB's counts only without one. */
    m.boot_log.len -= 4 + 4 + 4 + 2 + 32 + 4 + 8 + sizeof "LOADED_IMAGE::LoadOptions";
    memset(m.pcrs.banks[0].value[9], 0, 32);
    machine_event(&m, 8, EV_IPL, gb_bytes_str(logged + 16), gb_bytes(logged, sizeof logged));
    run(&m);
    machine_quote(&m);
    m.bundle.cmdline = gb_bytes_str("BOOT_IMAGE=/vmlinuz root=/dev/sda1\n");
    assert_int_equal(machine_verify(&m), GB_OK);
    machine_assert_good(&m, GB_TIER_AFFIRMING);
    assert_true(gb_bytes_is(m.claims.cmdline, "BOOT_IMAGE=/vmlinuz root=/dev/sda1"));
    m.bundle.cmdline = gb_bytes_str("BOOT_IMAGE=/vmlinuz root=/dev/sda2\n");
    assert_int_equal(machine_verify(&m), GB_OK);
    assert_null(m.claims.cmdline.data);
    machine_done(&m);
}

/* GRUB's log may say one command line where another was measured. */
static void T09_grubs_words_without_their_digest_prove_nothing(void **state)
{
    (void)state;
    static const char logged[] = "kernel_cmdline: /vmlinuz ima_policy=tcb";
    struct machine m;
    machine_init(&m, sha256);
    m.boot_log.len -= 4 + 4 + 4 + 2 + 32 + 4 + 8 + sizeof "LOADED_IMAGE::LoadOptions";
    memset(m.pcrs.banks[0].value[9], 0, 32);
    machine_event(&m, 8, EV_IPL, gb_bytes_str("/vmlinuz quiet"), gb_bytes(logged, sizeof logged));
    machine_quote(&m);
    m.bundle.cmdline = gb_bytes_str("BOOT_IMAGE=/vmlinuz ima_policy=tcb\n");
    assert_int_equal(machine_verify(&m), GB_OK);
    assert_true(m.claims.has_boot);
    assert_false(m.claims.boot[m.claims.boot_count - 1].data_proven);
    assert_null(m.claims.cmdline.data);
    machine_done(&m);
}

static void readers_quirks_are_taken_over(void **state)
{
    (void)state;
    struct machine m;
    machine_init(&m, sha256);
    run(&m);
    gb_buf_add(&m.boot_log, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
    machine_quote(&m);
    assert_int_equal(machine_verify(&m), GB_OK);
    assert_int_equal(m.evidence.quirks.count, 1);
    assert_int_equal(m.claims.findings.first->code, m.evidence.quirks.first->code);
    machine_done(&m);
}

/* What the readers could not keep counts as well, and a list that is not whole gives no claim. */
static void readers_dropped_quirks_are_taken_over(void **state)
{
    (void)state;
    static const struct anchors none;
    struct machine m;
    struct gb_err err;
    machine_init(&m, sha256);
    run(&m);
    machine_quote(&m);
    assert_int_equal(machine_verify(&m), GB_OK);
    assert_int_equal(m.claims.findings.dropped, 0);
    m.evidence.quirks.dropped = 3;
    m.evidence.quirks.worst = GB_TIER_CONTRAINDICATED;
    assert_int_equal(verify(m.arena, m.digester, &none, &m.asked, &m.evidence, &m.claims, &err),
                     GB_OK);
    assert_int_equal(m.claims.findings.dropped, 3);
    assert_int_equal(m.claims.findings.worst, GB_TIER_CONTRAINDICATED);
    m.evidence.quirks.failed = true;
    m.claims = (struct claims){0};
    for (int with_log = 1; with_log >= 0; with_log--) {
        m.evidence.has_boot_log = with_log;
        assert_int_equal(verify(m.arena, m.digester, &none, &m.asked, &m.evidence, &m.claims, &err),
                         GB_ERR_NOMEM);
        assert_false(m.claims.quote_proven);
    }
    machine_done(&m);
}

static void the_nth_allocation_that_fails_never_gives_a_claim(void **state)
{
    (void)state;
    struct machine m;
    unsigned long n = 0;
    machine_init(&m, three);
    machine_word(&m, "enter-initrd", true);
    run(&m);
    machine_file(&m, "/usr/bin/other", 3);
    machine_quote(&m);
    m.asked.nonce = gb_bytes_str("other");
    for (int good = 0; good <= 1; good++) {
        do {
            gb_arena_free(m.arena); /* a kept block would spare allocations */
            m.arena = gb_arena_new();
            gb_mem_fail_nth(++n);
            int r = machine_verify(&m);
            int failed = gb_mem_failed();
            gb_mem_fail_nth(0);
            if (failed) {
                assert_int_equal(r, GB_ERR_NOMEM);
                assert_false(m.claims.quote_proven);
                assert_false(m.claims.has_boot);
                continue;
            }
            assert_int_equal(r, GB_OK);
            assert_int_equal(m.claims.quote_proven, good);
            break;
        } while (n < 10000);
        assert_in_range(n, 5, 9999);
        n = 0;
        m.asked.nonce = gb_bytes_str("nonce");
    }
    machine_done(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_boot_is_claimed_whole),
        cmocka_unit_test(T01_a_wrong_nonce_leaves_no_claim),
        cmocka_unit_test(T06_a_wrong_key_leaves_no_claim),
        cmocka_unit_test(T07_another_attestation_leaves_no_claim),
        cmocka_unit_test(T08_values_that_were_edited_leave_no_claim),
        cmocka_unit_test(T08_a_quote_of_too_little_claims_no_boot),
        cmocka_unit_test(T08_pcrs_that_a_log_extends_must_be_quoted),
        cmocka_unit_test(T08_a_quote_of_sha1_claims_no_boot),
        cmocka_unit_test(T09_an_unproven_command_line_is_absent),
        cmocka_unit_test(T09_a_command_line_is_proven_by_its_digest_alone),
        cmocka_unit_test(grubs_command_line_is_proven_too),
        cmocka_unit_test(T09_grubs_words_without_their_digest_prove_nothing),
        cmocka_unit_test(readers_quirks_are_taken_over),
        cmocka_unit_test(readers_dropped_quirks_are_taken_over),
        cmocka_unit_test(the_nth_allocation_that_fails_never_gives_a_claim),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
