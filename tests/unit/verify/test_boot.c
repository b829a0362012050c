#include <string.h>

#include "../test.h"
#include "make_machine.h"

static const enum digest_alg sha256[] = {DIGEST_SHA256, DIGEST_NONE};
static const enum digest_alg three[] = {DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA384, DIGEST_NONE};

/* A measurement into `pcr` that no log has. */
static void assert_unlogged_is_blamed(uint32_t pcr, const char *text)
{
    struct machine m;
    machine_init(&m, sha256);
    machine_extend(&m, pcr, gb_bytes_str("secretly"));
    machine_quote(&m);
    assert_int_equal(machine_verify(&m), GB_OK);
    struct gb_finding f = machine_finding(&m, GB_FINDING_BOOT_REPLAY);
    assert_int_equal(f.tier, GB_TIER_CONTRAINDICATED);
    assert_string_equal(f.args[0], text);
    assert_string_equal(f.args[1], "sha256");
    assert_false(m.claims.has_boot);
    assert_true(m.claims.quote_proven);
    machine_done(&m);
}

static void T09_what_no_log_has_is_blamed(void **state)
{
    (void)state;
    assert_unlogged_is_blamed(4, "PCR 4"); /* logged otherwise */
    assert_unlogged_is_blamed(0, "PCR 0");
    assert_unlogged_is_blamed(13, "PCR 13"); /* not logged at all */
    assert_unlogged_is_blamed(15, "PCR 15");
}

static void pcrs_that_anyone_resets_need_no_log(void **state)
{
    (void)state;
    static const uint32_t free_for_all[] = {16, 17, 22, 23};
    for (size_t i = 0; i < 4; i++) {
        struct machine m;
        machine_init(&m, sha256);
        machine_extend(&m, free_for_all[i], gb_bytes_str("anything"));
        machine_quote(&m);
        assert_int_equal(machine_verify(&m), GB_OK);
        machine_assert_good(&m, GB_TIER_AFFIRMING);
        machine_done(&m);
    }
}

static void T09_every_quoted_bank_must_replay(void **state)
{
    (void)state;
    for (size_t bank = 0; bank < 3; bank++) {
        struct machine m;
        machine_init(&m, three);
        m.pcrs.banks[bank].value[7][0] ^= 1;
        machine_quote(&m);
        assert_int_equal(machine_verify(&m), GB_OK);
        struct gb_finding f = machine_finding(&m, GB_FINDING_BOOT_REPLAY);
        assert_string_equal(f.args[0], "PCR 7");
        assert_string_equal(f.args[1], digest_name(three[bank]));
        assert_int_equal(m.claims.has_boot, three[bank] != DIGEST_SHA256);
        machine_done(&m);
    }
}

static void T09_a_cut_log_is_blamed(void **state)
{
    (void)state;
    struct machine m;
    machine_init(&m, sha256);
    size_t whole = m.boot_log.len;
    machine_event(&m, 4, EV_EFI_BOOT_SERVICES_APPLICATION, gb_bytes_str("evil"),
                  gb_bytes_str("................................"));
    m.boot_log.len = whole;
    machine_quote(&m);
    assert_int_equal(machine_verify(&m), GB_OK);
    assert_string_equal(machine_finding(&m, GB_FINDING_BOOT_REPLAY).args[0], "PCR 4");
    machine_done(&m);
}

static void a_missing_log_explains_nothing(void **state)
{
    (void)state;
    struct machine m;
    machine_init(&m, sha256);
    machine_quote(&m);
    m.bundle.boot_log = gb_bytes(NULL, 0);
    assert_int_equal(machine_verify(&m), GB_OK);
    assert_int_equal(machine_finding(&m, GB_FINDING_BOOT_LOG_MISSING).tier, GB_TIER_WARNING);
    assert_false(machine_has(&m, GB_FINDING_BOOT_REPLAY));
    assert_false(m.claims.has_boot);
    machine_done(&m);
}

/* Firmware that logs SHA-1 alone while another bank is quoted. */
static void a_log_without_the_judged_bank_explains_nothing(void **state)
{
    (void)state;
    static const enum digest_alg sha1[] = {DIGEST_SHA1, DIGEST_NONE};
    struct machine m;
    machine_init(&m, sha1);
    pcr_bank_add(&m.pcrs, DIGEST_SHA256)->mask = 0xffffff;
    machine_quote(&m);
    assert_int_equal(machine_verify(&m), GB_OK);
    machine_finding(&m, GB_FINDING_LOG_EMPTY);
    assert_false(m.claims.has_boot);
    m.pcrs.banks[1].value[3][0] = 1;
    machine_quote(&m);
    assert_int_equal(machine_verify(&m), GB_OK);
    assert_string_equal(machine_finding(&m, GB_FINDING_BOOT_REPLAY).args[0], "PCR 3");
    machine_done(&m);
}

static void systemds_log_goes_on_from_the_firmwares(void **state)
{
    (void)state;
    struct machine m;
    machine_init(&m, three);
    machine_word(&m, "enter-initrd", true);
    machine_word(&m, "leave-initrd", true);
    machine_quote(&m);
    assert_int_equal(machine_verify(&m), GB_OK);
    machine_assert_good(&m, GB_TIER_AFFIRMING);
    assert_int_equal(m.claims.boot_count, 13);
    const struct measured *word = &m.claims.boot[12];
    assert_int_equal(word->log, GB_LOG_SYSTEMD);
    assert_int_equal(word->index, 1);
    assert_int_equal(word->pcr, 11);
    assert_true(gb_bytes_is(word->data, "leave-initrd"));
    assert_true(word->data_proven);
    assert_int_equal(word->digest.len, 32);
    machine_done(&m);
}

/* An event that extends one quoted bank alone would be hidden from a policy that judges the other.
 */
static void T09_an_event_may_not_hide_from_a_quoted_bank(void **state)
{
    (void)state;
    struct machine m;
    uint8_t digest[48] = {1};
    static const uint8_t data[32];
    machine_init(&m, three);
    struct pcr_bank *bank = pcr_bank_find(&m.pcrs, DIGEST_SHA384);
    assert_non_null(bank);
    gb_buf_u32le(&m.boot_log, 4);
    gb_buf_u32le(&m.boot_log, EV_EFI_BOOT_SERVICES_APPLICATION);
    gb_buf_u32le(&m.boot_log, 1);
    gb_buf_u16le(&m.boot_log, DIGEST_SHA384);
    gb_buf_add(&m.boot_log, digest, sizeof digest);
    gb_buf_u32le(&m.boot_log, sizeof data);
    gb_buf_add(&m.boot_log, data, sizeof data);
    assert_int_equal(digest_of_two(m.digester, DIGEST_SHA384, gb_bytes(bank->value[4], 48),
                                   gb_bytes(digest, 48), bank->value[4]),
                     GB_OK);
    machine_quote(&m);
    assert_int_equal(machine_verify(&m), GB_OK);
    assert_false(machine_has(&m, GB_FINDING_BOOT_REPLAY));
    assert_int_equal(machine_finding(&m, GB_FINDING_LOG_BANK_MISSING).tier,
                     GB_TIER_CONTRAINDICATED);
    machine_done(&m);
}

/* What comes from userspace is behind every separator of the firmware's. */
static void T09_systemds_log_may_not_extend_the_firmwares_pcrs(void **state)
{
    (void)state;
    struct machine m;
    machine_init(&m, three);
    machine_word(&m, "enter-initrd", false);
    machine_extend(&m, 7, gb_bytes_str("enter-initrd"));
    machine_quote(&m);
    char *pcr = memmem(m.systemd_log.data, m.systemd_log.len, "\"pcr\":11", 8);
    assert_non_null(pcr);
    memcpy(pcr, "\"pcr\": 7", 8);
    assert_int_equal(machine_verify(&m), GB_OK);
    assert_int_equal(machine_finding(&m, GB_FINDING_EVENT_AFTER_SEPARATOR).event.log,
                     GB_LOG_SYSTEMD);
    assert_int_equal(m.claims.findings.worst, GB_TIER_CONTRAINDICATED);
    machine_done(&m);
}

static void systemds_log_may_run_ahead_of_the_quote(void **state)
{
    (void)state;
    struct machine m;
    machine_init(&m, sha256);
    machine_word(&m, "enter-initrd", true);
    machine_word(&m, "leave-initrd", false);
    machine_word(&m, "sysinit", false);
    machine_quote(&m);
    assert_int_equal(machine_verify(&m), GB_OK);
    machine_assert_good(&m, GB_TIER_AFFIRMING);
    assert_string_equal(machine_finding(&m, GB_FINDING_SYSTEMD_LATER).args[0], "2");
    assert_int_equal(m.claims.boot_count, 12);
    machine_done(&m);
}

static void T09_a_word_left_out_of_systemds_log_is_blamed(void **state)
{
    (void)state;
    struct machine m;
    machine_init(&m, sha256);
    machine_extend(&m, 11, gb_bytes_str("sysinit"));
    machine_word(&m, "ready", true);
    machine_quote(&m);
    assert_int_equal(machine_verify(&m), GB_OK);
    assert_string_equal(machine_finding(&m, GB_FINDING_SYSTEMD_REPLAY).args[0], "PCR 11");
    assert_false(machine_has(&m, GB_FINDING_BOOT_REPLAY));
    assert_false(m.claims.has_boot);
    machine_done(&m);
}

static void T09_a_lying_word_of_systemds_log_is_blamed(void **state)
{
    (void)state;
    struct machine m;
    machine_init(&m, sha256);
    machine_word(&m, "enter-initrd", true);
    char *word = memmem(m.systemd_log.data, m.systemd_log.len, "enter-initrd", 12);
    assert_non_null(word);
    memcpy(word, "leave", 5);
    machine_quote(&m);
    assert_int_equal(machine_verify(&m), GB_OK);
    struct gb_finding f = machine_finding(&m, GB_FINDING_EVENT_DATA);
    assert_int_equal(f.event.log, GB_LOG_SYSTEMD);
    assert_int_equal(f.event.index, 0);
    machine_done(&m);
}

/* A record of a type that may log its text otherwise does not lie, but its text is not proven. */
static void T09_a_text_that_no_digest_covers_is_not_proven(void **state)
{
    (void)state;
    struct machine m;
    machine_init(&m, sha256);
    machine_word(&m, "enter-initrd", true);
    char *type = memmem(m.systemd_log.data, m.systemd_log.len, "\"phase\"", 7);
    char *word = memmem(m.systemd_log.data, m.systemd_log.len, "enter-initrd", 12);
    assert_non_null(type);
    assert_non_null(word);
    memcpy(type + 1, "other", 5);
    memcpy(word, "leave", 5);
    machine_quote(&m);
    assert_int_equal(machine_verify(&m), GB_OK);
    machine_assert_good(&m, GB_TIER_AFFIRMING);
    assert_true(gb_bytes_is(m.claims.boot[11].data, "leave-initrd"));
    assert_false(m.claims.boot[11].data_proven);
    machine_done(&m);
}

static void words_without_a_log_are_found(void **state)
{
    (void)state;
    for (size_t row = 0; row < systemd_phase_count; row++) {
        struct machine m;
        size_t words = 0;
        machine_init(&m, three);
        for (; systemd_phases[row][words]; words++)
            machine_extend(&m, 11, gb_bytes_str(systemd_phases[row][words]));
        machine_quote(&m);
        assert_int_equal(machine_verify(&m), GB_OK);
        machine_assert_good(&m, GB_TIER_AFFIRMING);
        assert_int_equal(m.claims.boot_count, 11 + words);
        for (size_t i = 0; i < words; i++) {
            const struct measured *word = &m.claims.boot[11 + i];
            uint8_t digest[GB_LIMIT_DIGEST];
            assert_int_equal(word->log, GB_LOG_SYSTEMD);
            assert_true(gb_bytes_is(word->data, systemd_phases[row][i]));
            assert_true(word->data_proven);
            assert_int_equal(digest_of(m.digester, DIGEST_SHA256, word->data, digest), GB_OK);
            assert_true(gb_bytes_equal(word->digest, gb_bytes(digest, 32)));
        }
        machine_done(&m);
    }
}

static void T09_other_words_without_a_log_are_blamed(void **state)
{
    (void)state;
    assert_unlogged_is_blamed(11, "PCR 11");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(T09_what_no_log_has_is_blamed),
        cmocka_unit_test(pcrs_that_anyone_resets_need_no_log),
        cmocka_unit_test(T09_every_quoted_bank_must_replay),
        cmocka_unit_test(T09_a_cut_log_is_blamed),
        cmocka_unit_test(a_missing_log_explains_nothing),
        cmocka_unit_test(a_log_without_the_judged_bank_explains_nothing),
        cmocka_unit_test(systemds_log_goes_on_from_the_firmwares),
        cmocka_unit_test(T09_an_event_may_not_hide_from_a_quoted_bank),
        cmocka_unit_test(T09_systemds_log_may_not_extend_the_firmwares_pcrs),
        cmocka_unit_test(systemds_log_may_run_ahead_of_the_quote),
        cmocka_unit_test(T09_a_word_left_out_of_systemds_log_is_blamed),
        cmocka_unit_test(T09_a_lying_word_of_systemds_log_is_blamed),
        cmocka_unit_test(T09_a_text_that_no_digest_covers_is_not_proven),
        cmocka_unit_test(words_without_a_log_are_found),
        cmocka_unit_test(T09_other_words_without_a_log_are_blamed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
