#include "../test.h"
#include "make_quote.h"
#include "verify/selection.h"

/* One quote over `values`, judged against `given`. */
struct fixture {
    struct gb_arena *arena;
    struct digester *digester;
    struct gb_findings findings;
    struct gb_buf quote;
    struct tpm_attest attest;
    struct pcr_values values;
    struct pcr_values proven;
};

static void add(struct pcr_values *values, enum digest_alg alg, uint32_t mask)
{
    struct pcr_bank *bank = pcr_bank_add(values, alg);
    assert_non_null(bank);
    bank->mask = mask;
    for (uint8_t i = 0; i < GB_LIMIT_PCRS; i++)
        bank->value[i][0] = (uint8_t)(i + 1);
}

static void make(struct fixture *f)
{
    f->quote.len = 0;
    f->findings = (struct gb_findings){.arena = f->arena};
    make_quote(&f->values, DIGEST_SHA256, gb_bytes_str("nonce"), &f->quote);
    assert_int_equal(tpm_attest_read(gb_buf_bytes(&f->quote), &f->attest, NULL), GB_OK);
}

static void prove(struct fixture *f, const struct pcr_values *given)
{
    f->proven.count = 77;
    assert_int_equal(selection_prove(f->arena, f->digester, &f->attest, DIGEST_SHA256, given,
                                     &f->proven, &f->findings, NULL),
                     GB_OK);
}

static void values_that_hash_to_the_quote_are_proven(void **state)
{
    struct fixture *f = *state;
    add(&f->values, DIGEST_SHA384, 0x4fff);
    add(&f->values, DIGEST_SHA256, 0x4fff);
    make(f);
    prove(f, &f->values);
    assert_int_equal(f->findings.count, 0);
    assert_int_equal(f->proven.count, 2);
    assert_int_equal(pcr_bank_get(&f->proven, DIGEST_SHA256)->mask, 0x4fff);
    assert_int_equal(pcr_bank_get(&f->proven, DIGEST_SHA256)->value[14][0], 15);
    assert_int_equal(
        selection_bank(f->arena, &f->attest, &f->proven, SELECTION_REQUIRED, &f->findings),
        DIGEST_SHA256);
    assert_int_equal(f->findings.count, 0);
}

static void T08_unquoted_values_never_pass(void **state)
{
    struct fixture *f = *state;
    add(&f->values, DIGEST_SHA256, 0xff);
    make(f);
    struct pcr_values given = f->values;
    add(&given, DIGEST_SHA256, 0xffffff);
    add(&given, DIGEST_SHA512, 0xffffff);
    prove(f, &given);
    assert_int_equal(f->proven.count, 1);
    assert_int_equal(f->proven.banks[0].mask, 0xff);
    assert_int_equal(f->proven.banks[0].value[8][0], 0);
    assert_int_equal(
        selection_bank(f->arena, &f->attest, &f->proven, SELECTION_REQUIRED, &f->findings),
        DIGEST_NONE);
    assert_int_equal(f->findings.first->code, GB_FINDING_PCR_UNQUOTED);
    assert_int_equal(f->findings.first->tier, GB_TIER_CONTRAINDICATED);
    assert_string_equal(f->findings.first->args[0], "PCRs 8-11, 14");
    assert_string_equal(f->findings.first->args[1], "sha256");
}

static void T08_an_edited_value_proves_nothing(void **state)
{
    struct fixture *f = *state;
    add(&f->values, DIGEST_SHA256, 0x4fff);
    make(f);
    for (unsigned pcr = 0; pcr < 15; pcr++) {
        if (pcr == 12 || pcr == 13)
            continue;
        struct pcr_values given = f->values;
        given.banks[0].value[pcr][31] ^= 1;
        f->findings = (struct gb_findings){.arena = f->arena};
        prove(f, &given);
        assert_int_equal(f->proven.count, 0);
        assert_int_equal(f->findings.first->code, GB_FINDING_PCR_DIGEST);
    }
}

static void T08_a_missing_value_is_named(void **state)
{
    struct fixture *f = *state;
    add(&f->values, DIGEST_SHA256, 0x4fff);
    make(f);
    struct pcr_values given = f->values;
    given.banks[0].mask &= ~(1u << 4);
    prove(f, &given);
    assert_int_equal(f->proven.count, 0);
    assert_int_equal(f->findings.count, 1);
    assert_int_equal(f->findings.first->code, GB_FINDING_PCR_VALUE_MISSING);
    assert_string_equal(f->findings.first->args[0], "4");
    assert_string_equal(f->findings.first->args[1], "sha256");
}

static void T08_a_quote_of_no_pcr_proves_nothing(void **state)
{
    struct fixture *f = *state;
    make(f); /* no bank at all */
    prove(f, &f->values);
    assert_int_equal(f->proven.count, 0);
    assert_int_equal(f->findings.first->code, GB_FINDING_PCR_BANK);
    add(&f->values, DIGEST_SHA256, 0); /* what a TPM says of an unallocated bank */
    make(f);
    prove(f, &f->values);
    assert_int_equal(f->proven.count, 0);
    assert_int_equal(f->findings.first->code, GB_FINDING_PCR_BANK);
    assert_string_equal(f->findings.first->args[0], "none");
}

static void T08_sha1_alone_is_refused(void **state)
{
    struct fixture *f = *state;
    add(&f->values, DIGEST_SHA1, 0xffffff);
    add(&f->values, DIGEST_SHA256, 0);
    make(f);
    prove(f, &f->values);
    assert_int_equal(f->proven.count, 1);
    assert_int_equal(
        selection_bank(f->arena, &f->attest, &f->proven, SELECTION_REQUIRED, &f->findings),
        DIGEST_NONE);
    assert_int_equal(f->findings.first->code, GB_FINDING_PCR_BANK);
    assert_string_equal(f->findings.first->args[0], "sha1");
}

static void T08_a_bank_that_we_do_not_know_is_refused(void **state)
{
    struct fixture *f = *state;
    add(&f->values, DIGEST_SHA256, 0x4fff);
    make(f);
    f->attest.quote.selection.count = 2;
    f->attest.quote.selection.banks[1] = (struct pcr_selected){0x0012, 1};
    prove(f, &f->values);
    assert_int_equal(f->proven.count, 0);
    assert_int_equal(f->findings.first->code, GB_FINDING_PCR_UNKNOWN_BANK);
    assert_string_equal(f->findings.first->args[0], "0x0012");
}

static void the_bank_that_comes_nearest_is_blamed(void **state)
{
    struct fixture *f = *state;
    add(&f->values, DIGEST_SHA256, 0x3);
    add(&f->values, DIGEST_SHA512, 0x0fff);
    make(f);
    prove(f, &f->values);
    assert_int_equal(selection_bank(f->arena, &f->attest, &f->proven, 0x4fff, &f->findings),
                     DIGEST_NONE);
    assert_string_equal(f->findings.first->args[0], "PCR 14");
    assert_string_equal(f->findings.first->args[1], "sha512");
    assert_int_equal(selection_bank(f->arena, &f->attest, &f->proven, 0x0fff, &f->findings),
                     DIGEST_SHA512);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f)
        return -1;
    f->arena = gb_arena_new();
    gb_buf_init(&f->quote, 4096);
    *state = f;
    return f->arena ? digester_new(&f->digester, NULL) : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    gb_arena_free(f->arena);
    digester_free(f->digester);
    gb_buf_done(&f->quote);
    free(f);
    return 0;
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(values_that_hash_to_the_quote_are_proven),
        TEST(T08_unquoted_values_never_pass),
        TEST(T08_an_edited_value_proves_nothing),
        TEST(T08_a_missing_value_is_named),
        TEST(T08_a_quote_of_no_pcr_proves_nothing),
        TEST(T08_sha1_alone_is_refused),
        TEST(T08_a_bank_that_we_do_not_know_is_refused),
        TEST(the_bank_that_comes_nearest_is_blamed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
