#include "../test.h"
#include "make_quote.h"
#include "verify/signature.h"

/* A quote of SHA-256 PCR 0-23, all zero, signed by a software AK, as its bytes and as evidence. */
struct fixture {
    struct gb_arena *arena;
    struct digester *digester;
    struct gb_findings findings;
    struct make_ak ak;
    struct gb_buf quote;
    struct gb_buf signature;
    struct gb_buf area;
    struct gb_buf pem;
    struct bundle bundle;
    struct evidence evidence;
};

static void sign(struct fixture *f)
{
    f->signature.len = 0;
    make_signature(&f->ak, gb_buf_bytes(&f->quote), &f->signature);
    f->bundle.quote = gb_buf_bytes(&f->quote);
}

static void make(struct fixture *f, const char *kind, unsigned bits, enum key_scheme scheme,
                 enum digest_alg hash)
{
    struct pcr_values values = {.count = 1, .banks = {{.alg = DIGEST_SHA256, .mask = 0xffffff}}};
    make_ak_init(&f->ak, kind, bits, scheme, hash);
    make_ak_public(&f->ak, MAKE_AK_GOOD, &f->area);
    make_ak_pem(&f->ak, &f->pem);
    make_quote(&values, hash, gb_bytes_str("nonce"), &f->quote);
    sign(f);
}

/* Whether the parts can be read at all. */
static bool read_parts(struct fixture *f)
{
    struct evidence *e = &f->evidence;
    e->raw = &f->bundle;
    e->has_ak_public = f->area.len > 0;
    return tpm_attest_read(f->bundle.quote, &e->attest, NULL) == GB_OK &&
           tpm_signature_read(gb_buf_bytes(&f->signature), &e->signature, NULL) == GB_OK &&
           (!e->has_ak_public ||
            tpm_public_read(gb_buf_bytes(&f->area), &e->ak_public, NULL) == GB_OK);
}

static bool judge(struct fixture *f)
{
    bool proven = false;
    f->findings = (struct gb_findings){.arena = f->arena};
    assert_true(read_parts(f));
    assert_int_equal(
        signature_judge(f->arena, f->digester, &f->evidence, NULL, &proven, &f->findings, NULL),
        GB_OK);
    assert_false(f->findings.failed);
    return proven;
}

/* The finding, or a failed test. */
static struct gb_finding find(const struct fixture *f, enum gb_finding_code code)
{
    for (const struct gb_finding *i = f->findings.first; i; i = i->next)
        if (i->code == code)
            return *i;
    fail_msg("no finding %s", gb_finding_code_name(code));
    return (struct gb_finding){0};
}

/* Judged against; the text is of the finding. */
static void assert_refused(struct fixture *f, enum gb_finding_code code, const char *text)
{
    assert_false(judge(f));
    struct gb_finding finding = find(f, code);
    assert_int_equal(finding.tier, GB_TIER_CONTRAINDICATED);
    if (text)
        assert_string_equal(finding.args[0], text);
}

/* No reading of a changed copy is ever believed. */
static void flip_all(struct fixture *f, struct gb_buf *buf)
{
    for (size_t bit = 0; bit < 8 * buf->len; bit++) {
        buf->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (read_parts(f)) {
            bool proven = false;
            int r = signature_judge(f->arena, f->digester, &f->evidence, NULL, &proven,
                                    &f->findings, NULL);
            assert_false(r == GB_OK && proven);
        }
        buf->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        gb_arena_reset(f->arena);
        f->findings = (struct gb_findings){.arena = f->arena};
    }
}

static void cut_all(struct fixture *f, struct gb_buf *buf)
{
    size_t whole = buf->len;
    for (buf->len = 0; buf->len < whole; buf->len++) {
        f->bundle.quote = gb_buf_bytes(&f->quote);
        assert_false(read_parts(f));
    }
    f->bundle.quote = gb_buf_bytes(&f->quote);
}

static void good_then_every_flip_and_cut(struct fixture *f, const char *name)
{
    assert_true(judge(f));
    assert_string_equal(find(f, GB_FINDING_QUOTE_SIGNED).args[0], name);
    assert_int_equal(f->findings.worst, GB_TIER_AFFIRMING);
    flip_all(f, &f->quote);
    flip_all(f, &f->signature);
    cut_all(f, &f->quote);
    cut_all(f, &f->signature);
    assert_true(judge(f)); /* all flips were undone */
}

static void T07_rsassa_flips_and_cuts_are_never_accepted(void **state)
{
    make(*state, "RSA", 2048, KEY_RSASSA, DIGEST_SHA256);
    good_then_every_flip_and_cut(*state, "RSA-2048, RSASSA with sha256");
}

static void T07_rsapss_flips_and_cuts_are_never_accepted(void **state)
{
    make(*state, "RSA", 2048, KEY_RSAPSS, DIGEST_SHA384);
    good_then_every_flip_and_cut(*state, "RSA-2048, RSAPSS with sha384");
}

static void T07_p256_flips_and_cuts_are_never_accepted(void **state)
{
    make(*state, "P-256", 0, KEY_ECDSA, DIGEST_SHA256);
    good_then_every_flip_and_cut(*state, "P-256, ECDSA with sha256");
}

static void T07_p384_flips_and_cuts_are_never_accepted(void **state)
{
    make(*state, "P-384", 0, KEY_ECDSA, DIGEST_SHA384);
    good_then_every_flip_and_cut(*state, "P-384, ECDSA with sha384");
}

static void T07_another_magic_is_refused_though_it_is_signed(void **state)
{
    struct fixture *f = *state;
    make(f, "P-256", 0, KEY_ECDSA, DIGEST_SHA256);
    f->quote.data[3] ^= 1;
    sign(f);
    assert_refused(f, GB_FINDING_QUOTE_MAGIC, "0xff544346");
    find(f, GB_FINDING_QUOTE_SIGNED);
}

static void T07_another_attestation_is_refused_though_it_is_signed(void **state)
{
    static const uint8_t name[34] = {0, 0x0b};
    struct fixture *f = *state;
    make(f, "P-256", 0, KEY_ECDSA, DIGEST_SHA256);
    struct tpm_attest attest = {.magic = TPM_GENERATED_VALUE, .type = TPM_ST_ATTEST_CERTIFY};
    attest.certify.name = gb_bytes(name, sizeof name);
    f->quote.len = 0;
    tpm_attest_write(&f->quote, &attest);
    sign(f);
    assert_refused(f, GB_FINDING_QUOTE_TYPE, "0x8017");
    find(f, GB_FINDING_QUOTE_SIGNED);
}

static void T06_each_wrong_attribute_is_named(void **state)
{
    static const struct {
        uint32_t flip;
        const char *text;
    } cases[] = {
        {TPMA_FIXED_TPM, "fixedTPM is clear"},
        {TPMA_FIXED_PARENT, "fixedParent is clear"},
        {TPMA_SENSITIVE_DATA_ORIGIN, "sensitiveDataOrigin is clear"},
        {TPMA_RESTRICTED, "restricted is clear"},
        {TPMA_SIGN, "sign is clear"},
        {TPMA_DECRYPT, "decrypt is set"},
        {TPMA_RESTRICTED | TPMA_DECRYPT, "restricted is clear, decrypt is set"},
    };
    struct fixture *f = *state;
    make(f, "P-256", 0, KEY_ECDSA, DIGEST_SHA256);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        f->area.len = 0;
        make_ak_public(&f->ak, MAKE_AK_GOOD ^ cases[i].flip, &f->area);
        assert_refused(f, GB_FINDING_AK_ATTRIBUTES, cases[i].text);
    }
}

static void T06_a_weak_key_is_refused(void **state)
{
    struct fixture *f = *state;
    make(f, "RSA", 1024, KEY_RSASSA, DIGEST_SHA256);
    assert_refused(f, GB_FINDING_AK_WEAK, NULL);
}

static void T06_a_name_of_sha1_is_refused(void **state)
{
    struct fixture *f = *state;
    make(f, "P-256", 0, KEY_ECDSA, DIGEST_SHA256);
    f->area.data[5] = DIGEST_SHA1;
    assert_refused(f, GB_FINDING_AK_WEAK, "its Name is not a SHA-2 hash");
}

static void T06_two_different_keys_are_refused(void **state)
{
    struct fixture *f = *state;
    struct make_ak other;
    make(f, "P-256", 0, KEY_ECDSA, DIGEST_SHA256);
    f->bundle.ak_pem = gb_buf_bytes(&f->pem);
    assert_true(judge(f));
    make_ak_init(&other, "P-256", 0, KEY_ECDSA, DIGEST_SHA256);
    f->pem.len = 0;
    make_ak_pem(&other, &f->pem);
    make_ak_done(&other);
    f->bundle.ak_pem = gb_buf_bytes(&f->pem);
    assert_refused(f, GB_FINDING_AK_KEY_DIFFERS, NULL);
}

static void a_key_without_its_area_is_believed_and_said(void **state)
{
    struct fixture *f = *state;
    make(f, "RSA", 2048, KEY_RSASSA, DIGEST_SHA256);
    f->area.len = 0;
    f->bundle.ak_pem = gb_buf_bytes(&f->pem);
    assert_true(judge(f));
    assert_int_equal(find(f, GB_FINDING_AK_UNJUDGED).tier, GB_TIER_NONE);
}

static void a_signature_with_sha1_is_refused(void **state)
{
    struct fixture *f = *state;
    make(f, "RSA", 2048, KEY_RSASSA, DIGEST_SHA1);
    assert_refused(f, GB_FINDING_QUOTE_SCHEME, "RSASSA with sha1");
}

static void a_scheme_that_is_not_the_keys_own_is_refused(void **state)
{
    struct fixture *f = *state;
    make(f, "RSA", 2048, KEY_RSASSA, DIGEST_SHA256);
    f->ak.scheme = KEY_RSAPSS;
    sign(f);
    assert_refused(f, GB_FINDING_QUOTE_SCHEME, "RSAPSS with sha256");
    f->ak.scheme = KEY_RSASSA;
    f->ak.hash = DIGEST_SHA512;
    sign(f);
    assert_refused(f, GB_FINDING_QUOTE_SCHEME, "RSASSA with sha512");
}

static void a_scheme_of_another_kind_of_key_is_refused(void **state)
{
    struct fixture *f = *state;
    make(f, "RSA", 2048, KEY_RSASSA, DIGEST_SHA256);
    f->signature.len = 0;
    gb_buf_add(&f->signature, (const uint8_t[]){0, 0x18, 0, 0x0b, 0, 1, 1, 0, 1, 1}, 10);
    f->area.len = 0;
    f->bundle.ak_pem = gb_buf_bytes(&f->pem);
    assert_refused(f, GB_FINDING_QUOTE_SCHEME, "ECDSA with sha256");
    f->signature.len = 0;
    gb_buf_add(&f->signature, (const uint8_t[]){0, 0x1a, 0, 0x0b}, 4);
    assert_refused(f, GB_FINDING_QUOTE_SCHEME, "scheme 0x001a with hash 0x0000");
}

static void a_key_that_is_none_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct gb_err err;
    bool proven = false;
    make(f, "P-256", 0, KEY_ECDSA, DIGEST_SHA256);
    f->area.data[f->area.len - 1] ^= 1; /* off the curve */
    assert_true(read_parts(f));
    assert_int_equal(
        signature_judge(f->arena, f->digester, &f->evidence, NULL, &proven, &f->findings, &err),
        GB_ERR_INPUT);
    assert_memory_equal(err.text, "ak.pub: ", 8);
    f->area.len = 0;
    f->bundle.ak_pem = gb_bytes_str("no key");
    assert_true(read_parts(f));
    assert_int_equal(
        signature_judge(f->arena, f->digester, &f->evidence, NULL, &proven, &f->findings, &err),
        GB_ERR_INPUT);
    assert_memory_equal(err.text, "ak.pem: ", 8);
    f->bundle.ak_pem = gb_bytes(NULL, 0);
    assert_int_equal(
        signature_judge(f->arena, f->digester, &f->evidence, NULL, &proven, &f->findings, &err),
        GB_ERR_NOTFOUND);
    assert_false(proven);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f)
        return -1;
    f->arena = gb_arena_new();
    gb_buf_init(&f->quote, 4096);
    gb_buf_init(&f->signature, 4096);
    gb_buf_init(&f->area, 4096);
    gb_buf_init(&f->pem, 4096);
    *state = f;
    return f->arena ? digester_new(&f->digester, NULL) : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    make_ak_done(&f->ak);
    gb_buf_done(&f->quote);
    gb_buf_done(&f->signature);
    gb_buf_done(&f->area);
    gb_buf_done(&f->pem);
    gb_arena_free(f->arena);
    digester_free(f->digester);
    free(f);
    return 0;
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(T07_rsassa_flips_and_cuts_are_never_accepted),
        TEST(T07_rsapss_flips_and_cuts_are_never_accepted),
        TEST(T07_p256_flips_and_cuts_are_never_accepted),
        TEST(T07_p384_flips_and_cuts_are_never_accepted),
        TEST(T07_another_magic_is_refused_though_it_is_signed),
        TEST(T07_another_attestation_is_refused_though_it_is_signed),
        TEST(T06_each_wrong_attribute_is_named),
        TEST(T06_a_weak_key_is_refused),
        TEST(T06_a_name_of_sha1_is_refused),
        TEST(T06_two_different_keys_are_refused),
        TEST(a_key_without_its_area_is_believed_and_said),
        TEST(a_signature_with_sha1_is_refused),
        TEST(a_scheme_that_is_not_the_keys_own_is_refused),
        TEST(a_scheme_of_another_kind_of_key_is_refused),
        TEST(a_key_that_is_none_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
