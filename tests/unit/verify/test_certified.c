#include <string.h>

#include "../test.h"
#include "base/mem.h"
#include "make_quote.h"
#include "verify/certified.h"

enum {
    KEY_GOOD = TPMA_FIXED_TPM | TPMA_FIXED_PARENT | TPMA_SENSITIVE_DATA_ORIGIN | TPMA_SIGN |
               TPMA_USER_WITH_AUTH
};

/* An AK, a transport key, and TPM2_Certify of one by the other. */
struct fixture {
    struct gb_arena *arena;
    struct digester *digester;
    struct make_ak ak, key;
    struct gb_buf ak_area, key_area, attest, signature;
    struct gb_findings findings;
    struct key *proven_key;
    bool proven;
};

static const char qualifying[] = "what was asked";

static void sign(struct fixture *f)
{
    f->signature.len = 0;
    make_signature(&f->ak, gb_buf_bytes(&f->attest), &f->signature);
}

static void certify(struct fixture *f, uint32_t attributes)
{
    uint8_t name[2 + GB_LIMIT_DIGEST];
    size_t len;
    struct tpm_public area;
    f->key_area.len = f->attest.len = 0;
    make_ak_public(&f->key, attributes, &f->key_area);
    assert_int_equal(tpm_public_read(gb_buf_bytes(&f->key_area), &area, NULL), GB_OK);
    assert_int_equal(tpm_public_name(f->digester, &area, name, &len, NULL), GB_OK);
    struct tpm_attest attest = {.magic = TPM_GENERATED_VALUE,
                                .type = TPM_ST_ATTEST_CERTIFY,
                                .qualified_signer = gb_bytes_str("signer"),
                                .extra_data = gb_bytes_str(qualifying),
                                .safe = true};
    attest.certify.name = gb_bytes(name, len);
    attest.certify.qualified_name = gb_bytes(name, len);
    tpm_attest_write(&f->attest, &attest);
    sign(f);
}

static void init(struct fixture *f, const char *ak, const char *key)
{
    *f = (struct fixture){.arena = gb_arena_new()};
    assert_non_null(f->arena);
    assert_int_equal(digester_new(&f->digester, NULL), GB_OK);
    struct gb_buf *const bufs[] = {&f->ak_area, &f->key_area, &f->attest, &f->signature};
    for (size_t i = 0; i < GB_ARRAY_LEN(bufs); i++)
        gb_buf_init(bufs[i], 8192);
    make_ak_init(&f->ak, ak, 2048, ak[0] == 'R' ? KEY_RSASSA : KEY_ECDSA, DIGEST_SHA256);
    make_ak_init(&f->key, key, 2048, key[0] == 'R' ? KEY_RSASSA : KEY_ECDSA, DIGEST_SHA256);
    make_ak_public(&f->ak, MAKE_AK_GOOD, &f->ak_area);
    certify(f, KEY_GOOD);
}

static void done(struct fixture *f)
{
    gb_mem_fail_nth(0);
    key_free(f->proven_key);
    make_ak_done(&f->ak);
    make_ak_done(&f->key);
    gb_buf_done(&f->ak_area);
    gb_buf_done(&f->key_area);
    gb_buf_done(&f->attest);
    gb_buf_done(&f->signature);
    digester_free(f->digester);
    gb_arena_free(f->arena);
}

static int judge(struct fixture *f)
{
    const struct certified certified = {.attest = gb_buf_bytes(&f->attest),
                                        .signature = gb_buf_bytes(&f->signature),
                                        .key_public = gb_buf_bytes(&f->key_area)};
    key_free(f->proven_key);
    f->proven_key = NULL;
    f->proven = false;
    f->findings = (struct gb_findings){.arena = f->arena};
    return certified_judge(f->arena, f->digester, gb_buf_bytes(&f->ak_area), &certified,
                           gb_bytes_str(qualifying), &f->proven, &f->proven_key, &f->findings,
                           NULL);
}

static bool has(const struct fixture *f, enum gb_finding_code code)
{
    for (const struct gb_finding *i = f->findings.first; i; i = i->next)
        if (i->code == code)
            return true;
    return false;
}

static void assert_refused(struct fixture *f, enum gb_finding_code code)
{
    assert_int_equal(judge(f), GB_OK);
    assert_false(f->proven);
    assert_null(f->proven_key);
    assert_true(has(f, code));
    assert_false(has(f, GB_FINDING_CERTIFY_PROVEN));
    assert_int_equal(f->findings.worst, GB_TIER_CONTRAINDICATED);
}

static void a_certified_key_is_proven(void **state)
{
    (void)state;
    static const char *const kinds[] = {"RSA", "P-256", "P-384"};
    for (size_t i = 0; i < 9; i++) {
        struct fixture f;
        init(&f, kinds[i / 3], kinds[i % 3]);
        assert_int_equal(judge(&f), GB_OK);
        assert_true(f.proven);
        assert_non_null(f.proven_key);
        assert_int_equal(key_kind(f.proven_key), kinds[i % 3][0] == 'R' ? KEY_RSA : KEY_EC);
        assert_int_equal(f.findings.worst, GB_TIER_AFFIRMING);
        done(&f);
    }
}

static void T03_only_the_key_that_was_certified_counts(void **state)
{
    (void)state;
    struct fixture f;
    struct make_ak other;
    init(&f, "P-256", "P-256");
    make_ak_init(&other, "P-256", 0, KEY_ECDSA, DIGEST_SHA256);
    f.key_area.len = 0;
    make_ak_public(&other, KEY_GOOD, &f.key_area);
    assert_refused(&f, GB_FINDING_CERTIFY_NAME);
    /* The same key with other attributes has another Name. */
    f.key_area.len = 0;
    make_ak_public(&f.key, KEY_GOOD | TPMA_ADMIN_WITH_POLICY, &f.key_area);
    assert_refused(&f, GB_FINDING_CERTIFY_NAME);
    make_ak_done(&other);
    done(&f);
}

static void T03_another_ak_certifies_nothing(void **state)
{
    (void)state;
    struct fixture f;
    struct make_ak other;
    init(&f, "P-256", "P-256");
    make_ak_init(&other, "P-256", 0, KEY_ECDSA, DIGEST_SHA256);
    f.signature.len = 0;
    make_signature(&other, gb_buf_bytes(&f.attest), &f.signature);
    assert_refused(&f, GB_FINDING_CERTIFY_SIGNATURE);
    make_ak_done(&other);
    done(&f);
}

static void T01_another_question_is_not_answered(void **state)
{
    (void)state;
    struct fixture f;
    init(&f, "P-256", "P-256");
    struct tpm_attest attest;
    assert_int_equal(tpm_attest_read(gb_buf_bytes(&f.attest), &attest, NULL), GB_OK);
    f.attest.data[(size_t)(attest.extra_data.data - f.attest.data)] ^= 1;
    sign(&f);
    assert_refused(&f, GB_FINDING_CERTIFY_NONCE);
    done(&f);
}

/* An AK certifies an imported key without a word. */
static void T06_the_key_must_have_been_made_in_the_tpm(void **state)
{
    (void)state;
    static const uint32_t wrong[] = {
        KEY_GOOD & ~(uint32_t)TPMA_FIXED_TPM, KEY_GOOD & ~(uint32_t)TPMA_FIXED_PARENT,
        KEY_GOOD & ~(uint32_t)TPMA_SIGN,      KEY_GOOD & ~(uint32_t)TPMA_SENSITIVE_DATA_ORIGIN,
        KEY_GOOD | (uint32_t)TPMA_DECRYPT,    KEY_GOOD | (uint32_t)TPMA_RESTRICTED,
    };
    struct fixture f;
    init(&f, "P-256", "P-256");
    for (size_t i = 0; i < GB_ARRAY_LEN(wrong); i++) {
        certify(&f, wrong[i]);
        assert_refused(&f, GB_FINDING_CERTIFY_KEY);
    }
    done(&f);
}

static void T06_the_ak_must_be_one(void **state)
{
    (void)state;
    struct fixture f;
    init(&f, "P-256", "P-256");
    f.ak_area.len = 0;
    make_ak_public(&f.ak, MAKE_AK_GOOD & ~(uint32_t)TPMA_RESTRICTED, &f.ak_area);
    assert_refused(&f, GB_FINDING_AK_ATTRIBUTES);
    done(&f);
}

static void T06_a_weak_key_is_refused(void **state)
{
    (void)state;
    struct fixture f;
    init(&f, "P-256", "P-256");
    make_ak_done(&f.key);
    make_ak_init(&f.key, "RSA", 1024, KEY_RSASSA, DIGEST_SHA256);
    certify(&f, KEY_GOOD);
    assert_refused(&f, GB_FINDING_CERTIFY_WEAK);
    done(&f);
}

static void T07_a_quote_certifies_no_key(void **state)
{
    (void)state;
    static const uint16_t types[] = {TPM_ST_ATTEST_QUOTE, TPM_ST_ATTEST_NV, 0x8019};
    struct fixture f;
    init(&f, "P-256", "P-256");
    for (size_t i = 0; i < GB_ARRAY_LEN(types); i++) {
        f.attest.data[4] = (uint8_t)(types[i] >> 8);
        f.attest.data[5] = (uint8_t)types[i];
        sign(&f);
        assert_refused(&f, GB_FINDING_CERTIFY_TYPE);
        assert_true(has(&f, GB_FINDING_CERTIFY_NAME));
    }
    certify(&f, KEY_GOOD);
    f.attest.data[0] ^= 1;
    sign(&f);
    assert_refused(&f, GB_FINDING_CERTIFY_MAGIC);
    done(&f);
}

static void T07_every_truncation_is_refused(void **state)
{
    (void)state;
    struct fixture f;
    init(&f, "P-256", "P-256");
    struct gb_buf *const parts[] = {&f.ak_area, &f.key_area, &f.attest, &f.signature};
    for (size_t i = 0; i < GB_ARRAY_LEN(parts); i++) {
        size_t whole = parts[i]->len;
        for (parts[i]->len = 0; parts[i]->len < whole; parts[i]->len++) {
            int r = judge(&f);
            assert_true(r == GB_ERR_INPUT || (r == GB_OK && !f.proven));
            assert_false(f.proven);
        }
        assert_int_equal(judge(&f), GB_OK);
        assert_true(f.proven);
    }
    gb_buf_u8(&f.attest, 0);
    assert_int_equal(judge(&f), GB_ERR_INPUT);
    done(&f);
}

static void T07_every_flipped_bit_is_refused(void **state)
{
    (void)state;
    struct fixture f;
    init(&f, "P-256", "P-256");
    struct gb_buf *const parts[] = {&f.key_area, &f.attest, &f.signature};
    for (size_t i = 0; i < GB_ARRAY_LEN(parts); i++)
        for (size_t bit = 0; bit < 8 * parts[i]->len; bit++) {
            parts[i]->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            int r = judge(&f);
            parts[i]->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            if (r == GB_OK && f.proven)
                fail_msg("part %zu, bit %zu", i, bit);
        }
    done(&f);
}

static void T20_a_failed_allocation_proves_nothing(void **state)
{
    (void)state;
    struct fixture f;
    init(&f, "P-256", "P-256");
    for (unsigned long n = 1;; n++) {
        gb_arena_free(f.arena);
        f.arena = gb_arena_new();
        gb_mem_fail_nth(n);
        int r = judge(&f);
        bool happened = gb_mem_failed();
        gb_mem_fail_nth(0);
        if (!happened)
            break;
        assert_true(r < 0);
        assert_false(f.proven);
        assert_null(f.proven_key);
    }
    assert_true(f.proven);
    done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certified_key_is_proven),
        cmocka_unit_test(T03_only_the_key_that_was_certified_counts),
        cmocka_unit_test(T03_another_ak_certifies_nothing),
        cmocka_unit_test(T01_another_question_is_not_answered),
        cmocka_unit_test(T06_the_key_must_have_been_made_in_the_tpm),
        cmocka_unit_test(T06_the_ak_must_be_one),
        cmocka_unit_test(T06_a_weak_key_is_refused),
        cmocka_unit_test(T07_a_quote_certifies_no_key),
        cmocka_unit_test(T07_every_truncation_is_refused),
        cmocka_unit_test(T07_every_flipped_bit_is_refused),
        cmocka_unit_test(T20_a_failed_allocation_proves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
