#include <string.h>

#include "../test.h"
#include "make_machine.h"

static const enum digest_alg sha256[] = {DIGEST_SHA256, DIGEST_NONE};
static const enum digest_alg three[] = {DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA384, DIGEST_NONE};

/* boot_aggregate over 0-9, then files /0 and /1. */
static void run(struct machine *m, const enum digest_alg *banks)
{
    machine_init(m, banks);
    machine_aggregate(m, DIGEST_SHA256, 9);
    machine_file(m, "/0", 1);
    machine_file(m, "/1", 2);
}

static void verify_now(struct machine *m)
{
    machine_quote(m);
    assert_int_equal(machine_verify(m), GB_OK);
}

static void assert_refused(const struct machine *m, enum gb_finding_code code)
{
    assert_int_equal(machine_finding(m, code).tier, GB_TIER_CONTRAINDICATED);
    assert_false(m->claims.has_ima);
    assert_int_equal(m->claims.ima_count, 0);
}

static void entries_after_the_quote_are_left_unjudged(void **state)
{
    (void)state;
    struct machine m;
    run(&m, three);
    struct pcr_values quoted = m.pcrs;
    size_t at = m.ima.binary.len;
    machine_file(&m, "/2", 3);
    m.ima.binary.data[at + 4] ^= 1; /* a template digest that lies */
    machine_file(&m, "/3", 4);
    m.pcrs = quoted;
    verify_now(&m);
    machine_assert_good(&m, GB_TIER_AFFIRMING);
    assert_string_equal(machine_finding(&m, GB_FINDING_IMA_LATER).args[0], "2");
    assert_true(m.claims.has_ima);
    assert_int_equal(m.claims.ima_count, 3);
    machine_done(&m);
}

static void T14_a_removed_entry_is_blamed(void **state)
{
    (void)state;
    struct machine m;
    machine_init(&m, sha256);
    machine_aggregate(&m, DIGEST_SHA256, 9);
    size_t at = m.ima.binary.len;
    machine_file(&m, "/evil", 1);
    m.ima.binary.len = at;
    machine_file(&m, "/good", 2);
    verify_now(&m);
    assert_refused(&m, GB_FINDING_IMA_REPLAY);
    machine_done(&m);
}

static void T14_an_edited_entry_is_blamed(void **state)
{
    (void)state;
    struct machine m;
    run(&m, sha256);
    m.ima.binary.data[m.ima.binary.len - 2] ^= 1; /* "/1" becomes "/0" */
    verify_now(&m);
    assert_refused(&m, GB_FINDING_IMA_REPLAY);
    assert_int_equal(machine_finding(&m, GB_FINDING_IMA_TEMPLATE_HASH).event.index, 2);
    machine_done(&m);
}

/* Its own template digest is covered by no SHA-256 bank, and still must not lie. */
static void T14_a_template_digest_that_lies_is_blamed(void **state)
{
    (void)state;
    struct machine m;
    run(&m, sha256);
    m.ima.binary.data[4] ^= 1;
    verify_now(&m);
    assert_int_equal(machine_finding(&m, GB_FINDING_IMA_TEMPLATE_HASH).event.index, 0);
    assert_int_equal(m.claims.findings.worst, GB_TIER_CONTRAINDICATED);
    machine_done(&m);
}

static void every_quoted_bank_must_come_to_the_same_entry(void **state)
{
    (void)state;
    for (size_t bank = 0; bank < 3; bank++) {
        struct machine m;
        run(&m, three);
        struct pcr_values earlier = m.pcrs;
        machine_file(&m, "/2", 3);
        memcpy(m.pcrs.banks[bank].value[10], earlier.banks[bank].value[10], GB_LIMIT_DIGEST);
        verify_now(&m);
        assert_int_equal(machine_finding(&m, GB_FINDING_IMA_REPLAY).tier, GB_TIER_CONTRAINDICATED);
        machine_done(&m);
    }
}

static void padded_banks_are_told(void **state)
{
    (void)state;
    struct machine m;
    machine_init(&m, three);
    m.padded = true;
    machine_aggregate(&m, DIGEST_SHA256, 9);
    machine_file(&m, "/0", 1);
    verify_now(&m);
    machine_assert_good(&m, GB_TIER_AFFIRMING);
    assert_string_equal(machine_finding(&m, GB_FINDING_IMA_PADDED).args[0], "sha256");
    assert_true(m.claims.has_ima);
    assert_int_equal(m.claims.ima_count, 2);
    machine_done(&m);
}

static void an_extended_pcr_10_wants_a_list(void **state)
{
    (void)state;
    struct machine m;
    run(&m, sha256);
    machine_quote(&m);
    m.bundle.ima = gb_bytes(NULL, 0);
    assert_int_equal(machine_verify(&m), GB_OK);
    assert_int_equal(machine_finding(&m, GB_FINDING_IMA_MISSING).tier, GB_TIER_WARNING);
    assert_false(m.claims.has_ima);
    machine_done(&m);
    machine_init(&m, sha256);
    verify_now(&m); /* no list, and PCR 10 is zero */
    machine_assert_good(&m, GB_TIER_AFFIRMING);
    assert_false(m.claims.has_ima);
    machine_done(&m);
}

static void T15_a_list_that_was_never_measured_is_blamed(void **state)
{
    (void)state;
    struct machine m;
    run(&m, sha256);
    memset(m.pcrs.banks[0].value[10], 0, GB_LIMIT_DIGEST);
    verify_now(&m);
    assert_refused(&m, GB_FINDING_IMA_REPLAY);
    machine_done(&m);
}

/* Only PCR 10 proves entries; what another one proves is not claimed. */
static void an_entry_of_another_pcr_is_no_claim(void **state)
{
    (void)state;
    struct machine m;
    run(&m, sha256);
    size_t at = m.ima.binary.len;
    struct pcr_values before = m.pcrs;
    machine_file(&m, "/policy", 3);
    m.ima.binary.data[at] = 12;
    m.pcrs = before;
    machine_file(&m, "/2", 4);
    verify_now(&m);
    machine_assert_good(&m, GB_TIER_WARNING);
    assert_int_equal(machine_finding(&m, GB_FINDING_IMA_OTHER_PCR).event.index, 3);
    assert_int_equal(m.claims.ima_count, 5);
    assert_int_equal(m.claims.ima[3].pcr, 12);
    assert_int_equal(m.claims.ima[3].path.len, 0);
    assert_int_equal(m.claims.ima[3].file_digest.len, 0);
    assert_true(gb_bytes_is(m.claims.ima[4].path, "/2"));
    machine_done(&m);
}

/* ---- the template's name, which no PCR covers ---- */

static const uint8_t signature[] = {3, 2, 4, 1, 2, 3, 4, 0, 2, 0xaa, 0xbb};
static const char buffer[] = "root=/dev/vda1 init=/bin/sh";

/* An entry with three fields; its digest is that of the buffer, or of a file. */
static void add_third(struct machine *m, const char *template, bool of_buffer, const void *third,
                      size_t len)
{
    uint8_t digest[32];
    memset(digest, 5, sizeof digest);
    if (of_buffer)
        assert_int_equal(digest_of(m->digester, DIGEST_SHA256, gb_bytes_str(buffer), digest),
                         GB_OK);
    const struct make_ima_field fields[] = {{MAKE_IMA_DIGEST, digest, sizeof digest, "sha256:"},
                                            {MAKE_IMA_TEXT, "/usr/bin/runc", 13, NULL},
                                            {MAKE_IMA_HEX, third, len, NULL}};
    machine_entry(m, template, fields, GB_ARRAY_LEN(fields));
}

static void T14_buffers_and_files_under_their_own_templates_are_claims(void **state)
{
    (void)state;
    struct machine m;
    run(&m, three);
    add_third(&m, "ima-buf", true, buffer, strlen(buffer));
    add_third(&m, "ima-sig", false, signature, sizeof signature);
    add_third(&m, "ima-sig", false, "", 0);
    add_third(&m, "d-ng|n-ng|evmsig", false, "\5other", 6);
    verify_now(&m);
    machine_assert_good(&m, GB_TIER_AFFIRMING);
    assert_int_equal(m.claims.ima_count, 7);
    machine_done(&m);
}

/* criticalData: allow would let the file pass, and a buffer is no file of the engine. */
static void T14_a_file_listed_as_a_buffer_is_blamed(void **state)
{
    (void)state;
    struct machine m;
    run(&m, three);
    add_third(&m, "ima-buf", false, signature, sizeof signature);
    verify_now(&m);
    struct gb_finding f = machine_finding(&m, GB_FINDING_IMA_RELABELLED);
    assert_int_equal(f.tier, GB_TIER_CONTRAINDICATED);
    assert_int_equal(f.event.index, 3);
    assert_string_equal(f.args[0], "/usr/bin/runc");
    assert_string_equal(f.args[1], "ima-buf");
    machine_done(&m);
}

/* Two fields suffice: the path is the buffer. */
static void T14_a_path_listed_as_a_buffer_is_blamed(void **state)
{
    (void)state;
    static const uint8_t digest[32] = {7};
    const struct make_ima_field fields[] = {{MAKE_IMA_DIGEST, digest, sizeof digest, "sha256:"},
                                            {MAKE_IMA_TEXT, "/usr/bin/runc", 13, NULL}};
    struct machine m;
    run(&m, three);
    machine_entry(&m, "d-ng|buf", fields, GB_ARRAY_LEN(fields));
    verify_now(&m);
    assert_int_equal(machine_finding(&m, GB_FINDING_IMA_RELABELLED).event.index, 3);
    machine_done(&m);
}

/* criticalData: refuse would not see it. */
static void T14_a_buffer_listed_as_a_file_is_blamed(void **state)
{
    (void)state;
    static const char *const names[] = {"ima-sig", "d-ng|n-ng|evmsig", "d-ng|n-ng|xattrvalues"};
    for (size_t i = 0; i < GB_ARRAY_LEN(names); i++) {
        struct machine m;
        run(&m, sha256);
        add_third(&m, names[i], true, buffer, strlen(buffer));
        verify_now(&m);
        assert_int_equal(machine_finding(&m, GB_FINDING_IMA_RELABELLED).event.index, 3);
        machine_done(&m);
    }
}

/* ---- boot_aggregate ---- */

static void T15_boot_aggregate_is_accepted_both_ways(void **state)
{
    (void)state;
    static const struct {
        enum digest_alg alg;
        unsigned last;
    } good[] = {{DIGEST_SHA1, 7}, {DIGEST_SHA256, 7}, {DIGEST_SHA256, 9}, {DIGEST_SHA384, 9}};
    for (size_t i = 0; i < 4; i++) {
        struct machine m;
        machine_init(&m, three);
        machine_aggregate(&m, good[i].alg, good[i].last);
        verify_now(&m);
        machine_assert_good(&m, GB_TIER_AFFIRMING);
        assert_true(m.claims.has_ima);
        machine_done(&m);
    }
}

static void T15_boot_aggregate_of_another_boot_is_blamed(void **state)
{
    (void)state;
    static const struct {
        enum digest_alg alg;
        unsigned last;
    } bad[] = {{DIGEST_SHA1, 9}, {DIGEST_SHA256, 8}, {DIGEST_SHA256, 6}};
    for (size_t i = 0; i < 3; i++) {
        struct machine m;
        machine_init(&m, three);
        machine_aggregate(&m, bad[i].alg, bad[i].last);
        verify_now(&m);
        struct gb_finding f = machine_finding(&m, GB_FINDING_IMA_AGGREGATE);
        assert_int_equal(f.tier, GB_TIER_CONTRAINDICATED);
        assert_int_equal(f.event.log, GB_LOG_IMA);
        assert_int_equal(f.event.index, 0);
        machine_done(&m);
    }
}

static void T15_a_list_without_its_start_is_blamed(void **state)
{
    (void)state;
    struct machine m;
    machine_init(&m, sha256);
    machine_file(&m, "/0", 1);
    machine_aggregate(&m, DIGEST_SHA256, 9);
    verify_now(&m);
    assert_int_equal(machine_finding(&m, GB_FINDING_IMA_AGGREGATE_MISSING).tier,
                     GB_TIER_CONTRAINDICATED);
    machine_done(&m);
}

static void boot_aggregate_of_an_unquoted_bank_is_a_warning(void **state)
{
    (void)state;
    struct machine m;
    machine_init(&m, three);
    machine_aggregate(&m, DIGEST_SHA384, 9);
    machine_file(&m, "/0", 1);
    machine_aggregate(&m, DIGEST_SHA384, 9);
    m.pcrs.count = 2; /* SHA-1 and SHA-256 */
    verify_now(&m);
    machine_assert_good(&m, GB_TIER_WARNING);
    assert_string_equal(machine_finding(&m, GB_FINDING_IMA_AGGREGATE_UNKNOWN).args[0], "sha384");
    assert_false(machine_has(&m, GB_FINDING_IMA_AGGREGATE));
    machine_done(&m);
}

static void T15_kexec_appends_another_boot_aggregate(void **state)
{
    (void)state;
    struct machine m;
    run(&m, three);
    machine_aggregate(&m, DIGEST_SHA256, 9);
    machine_aggregate(&m, DIGEST_SHA1, 7);
    verify_now(&m);
    machine_assert_good(&m, GB_TIER_AFFIRMING);
    assert_int_equal(m.claims.ima_count, 5);
    machine_done(&m);
}

/* The kernel records the bare name of a file whose path is too long: policy passes boot_aggregate
 * over, so a program must not hide behind the name. */
static void T15_a_file_named_boot_aggregate_is_blamed(void **state)
{
    (void)state;
    struct machine m;
    run(&m, three);
    machine_file(&m, "boot_aggregate", 9);
    verify_now(&m);
    assert_int_equal(machine_finding(&m, GB_FINDING_IMA_AGGREGATE).event.index, 3);
    machine_done(&m);
    machine_init(&m, three);
    machine_aggregate(&m, DIGEST_SHA384, 9); /* not quoted: a warning */
    machine_file(&m, "boot_aggregate", 9);
    m.pcrs.count = 2;
    verify_now(&m);
    assert_int_equal(machine_finding(&m, GB_FINDING_IMA_AGGREGATE).event.index, 1);
    machine_done(&m);
}

/* Only the first may be of a bank that is not quoted: later ones must be proven. */
static void T15_a_later_boot_aggregate_must_be_proven(void **state)
{
    (void)state;
    struct machine m;
    run(&m, three);
    machine_aggregate(&m, DIGEST_SHA384, 9);
    m.pcrs.count = 2; /* SHA-1 and SHA-256 */
    verify_now(&m);
    struct gb_finding f = machine_finding(&m, GB_FINDING_IMA_AGGREGATE);
    assert_int_equal(f.tier, GB_TIER_CONTRAINDICATED);
    assert_int_equal(f.event.index, 3);
    assert_false(machine_has(&m, GB_FINDING_IMA_AGGREGATE_UNKNOWN));
    machine_done(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_after_the_quote_are_left_unjudged),
        cmocka_unit_test(T14_a_removed_entry_is_blamed),
        cmocka_unit_test(T14_an_edited_entry_is_blamed),
        cmocka_unit_test(T14_a_template_digest_that_lies_is_blamed),
        cmocka_unit_test(every_quoted_bank_must_come_to_the_same_entry),
        cmocka_unit_test(padded_banks_are_told),
        cmocka_unit_test(an_extended_pcr_10_wants_a_list),
        cmocka_unit_test(T15_a_list_that_was_never_measured_is_blamed),
        cmocka_unit_test(an_entry_of_another_pcr_is_no_claim),
        cmocka_unit_test(T14_buffers_and_files_under_their_own_templates_are_claims),
        cmocka_unit_test(T14_a_file_listed_as_a_buffer_is_blamed),
        cmocka_unit_test(T14_a_path_listed_as_a_buffer_is_blamed),
        cmocka_unit_test(T14_a_buffer_listed_as_a_file_is_blamed),
        cmocka_unit_test(T15_boot_aggregate_is_accepted_both_ways),
        cmocka_unit_test(T15_boot_aggregate_of_another_boot_is_blamed),
        cmocka_unit_test(T15_a_list_without_its_start_is_blamed),
        cmocka_unit_test(boot_aggregate_of_an_unquoted_bank_is_a_warning),
        cmocka_unit_test(T15_kexec_appends_another_boot_aggregate),
        cmocka_unit_test(T15_a_file_named_boot_aggregate_is_blamed),
        cmocka_unit_test(T15_a_later_boot_aggregate_must_be_proven),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
