#include <openssl/evp.h>
#include <string.h>

#include "../crypto/make_cert.h"
#include "../test.h"
#include "verify/identity.h"

enum { NOW = 1767225600, LATER = 2240611200 }; /* 2026-01-01, 2041-01-01 */

/* A root, an intermediate and an EK certificate, as files. */
struct fixture {
    struct gb_arena *arena;
    struct gb_findings findings;
    struct x509_store *roots;
    struct anchors anchors;
    EVP_PKEY *root_key;
    EVP_PKEY *sub_key;
    X509 *root;
    X509 *sub;
    uint8_t root_der[8192];
    uint8_t sub_der[8192];
    uint8_t ek_der[8192];
    struct bundle bundle;
    bool certified;
    struct tpm_facts tpm;
};

static struct make_cert ca(const char *subject, EVP_PKEY *key)
{
    return (struct make_cert){.subject = subject,
                              .key = key,
                              .basic = "critical,CA:TRUE",
                              .usage = "critical,keyCertSign,cRLSign"};
}

/* Puts an EK certificate into the bundle; NULL key: P-256. */
static void give(struct fixture *f, EVP_PKEY *key, const char *usage)
{
    const struct make_cert how = {.key = key,
                                  .issuer = f->sub,
                                  .issuer_key = f->sub_key,
                                  .basic = "critical,CA:FALSE",
                                  .usage = usage,
                                  .ext_usage = "2.23.133.8.1",
                                  .tpm = "id:49465800"};
    X509 *cert = make_cert(&how);
    size_t len = make_cert_der(cert, f->ek_der);
    X509_free(cert);
    f->bundle.ekcerts[0] =
        (struct bundle_file){.name = "ekcert-\x1b.der", .bytes = gb_bytes(f->ek_der, len)};
    f->bundle.ekcert_count = 1;
}

static void make_authority(struct fixture *f)
{
    f->root_key = EVP_EC_gen("P-384");
    f->sub_key = EVP_EC_gen("P-256");
    struct make_cert how = ca("Root", f->root_key);
    f->root = make_cert(&how);
    how = ca("Sub", f->sub_key);
    how.issuer = f->root;
    how.issuer_key = f->root_key;
    f->sub = make_cert(&how);
    size_t root_len = make_cert_der(f->root, f->root_der);
    size_t sub_len = make_cert_der(f->sub, f->sub_der);
    assert_int_equal(x509_store_new(&f->roots, NULL), GB_OK);
    assert_int_equal(x509_store_add(f->roots, gb_bytes(f->root_der, root_len), NULL), GB_OK);
    f->anchors.ek_roots = f->roots;
    f->bundle.intermediates[0] =
        (struct bundle_file){.name = "ca-sub.pem", .bytes = gb_bytes(f->sub_der, sub_len)};
    f->bundle.intermediate_count = 1;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f)
        return -1;
    f->arena = gb_arena_new();
    make_authority(f);
    *state = f;
    return f->arena ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    X509_free(f->root);
    X509_free(f->sub);
    EVP_PKEY_free(f->root_key);
    EVP_PKEY_free(f->sub_key);
    x509_store_free(f->roots);
    gb_arena_free(f->arena);
    free(f);
    return 0;
}

static int judge(struct fixture *f, int64_t time_s, bool allow_expired, struct gb_err *err)
{
    f->findings = (struct gb_findings){.arena = f->arena};
    f->certified = true;
    return identity_judge(f->arena, &f->anchors, &f->bundle, time_s, allow_expired, &f->certified,
                          &f->tpm, &f->findings, err);
}

/* The only finding. */
static struct gb_finding judged(struct fixture *f, int64_t time_s, bool allow_expired)
{
    assert_int_equal(judge(f, time_s, allow_expired, NULL), GB_OK);
    assert_int_equal(f->findings.count, 1);
    return *f->findings.first;
}

static void T05_a_certificate_that_chains_is_affirming(void **state)
{
    struct fixture *f = *state;
    give(f, NULL, "critical,keyAgreement");
    struct gb_finding finding = judged(f, NOW, false);
    assert_int_equal(finding.code, GB_FINDING_EK_CHAIN);
    assert_int_equal(finding.link, GB_LINK_IDENTITY);
    assert_string_equal(finding.args[0], "ekcert-\\x1b.der");
    assert_non_null(strstr(finding.args[1], "Root"));
    assert_true(f->certified);
}

static void T05_a_missing_intermediate_is_refused(void **state)
{
    struct fixture *f = *state;
    give(f, NULL, "critical,keyAgreement");
    f->bundle.intermediate_count = 0;
    assert_int_equal(judged(f, NOW, false).code, GB_FINDING_EK_UNTRUSTED);
    assert_false(f->certified);
}

static void T05_a_root_that_the_node_sends_is_not_trusted(void **state)
{
    struct fixture *f = *state;
    struct make_cert how = ca("Root", f->sub_key); /* same name, another key */
    X509 *other = make_cert(&how);
    uint8_t der[8192];
    size_t len = make_cert_der(other, der);
    X509_free(other);
    give(f, NULL, "critical,keyAgreement");
    f->bundle.intermediates[1] =
        (struct bundle_file){.name = "ca-root.pem", .bytes = gb_bytes(f->root_der, 8192)};
    f->bundle.intermediates[1].bytes.len = make_cert_der(f->root, f->root_der);
    f->bundle.intermediate_count = 2;
    x509_store_free(f->roots);
    assert_int_equal(x509_store_new(&f->roots, NULL), GB_OK);
    assert_int_equal(x509_store_add(f->roots, gb_bytes(der, len), NULL), GB_OK);
    f->anchors.ek_roots = f->roots;
    assert_int_equal(judged(f, NOW, false).code, GB_FINDING_EK_UNTRUSTED);
    assert_false(f->certified);
}

static void T05_expiry_is_the_policys_choice(void **state)
{
    struct fixture *f = *state;
    give(f, NULL, "critical,keyAgreement");
    struct gb_finding refused = judged(f, LATER, false);
    assert_int_equal(refused.code, GB_FINDING_EK_EXPIRED);
    assert_int_equal(refused.tier, GB_TIER_CONTRAINDICATED);
    assert_false(f->certified);
    struct gb_finding allowed = judged(f, LATER, true);
    assert_int_equal(allowed.code, GB_FINDING_EK_EXPIRED_ALLOWED);
    assert_int_equal(allowed.tier, GB_TIER_WARNING);
    assert_true(f->certified);
}

static void T05_a_certificate_that_is_no_eks_is_refused(void **state)
{
    struct fixture *f = *state;
    give(f, NULL, "critical,digitalSignature");
    assert_int_equal(judge(f, NOW, false, NULL), GB_OK);
    assert_int_equal(f->findings.first->code, GB_FINDING_EK_USAGE);
    assert_int_equal(f->findings.worst, GB_TIER_CONTRAINDICATED);
    assert_false(f->certified);
}

static void T05_a_weak_key_is_refused(void **state)
{
    struct fixture *f = *state;
    EVP_PKEY *weak = EVP_RSA_gen(1024);
    give(f, weak, "critical,keyEncipherment");
    EVP_PKEY_free(weak);
    assert_int_equal(judge(f, NOW, false, NULL), GB_OK);
    assert_int_equal(f->findings.first->code, GB_FINDING_EK_WEAK);
    assert_false(f->certified);
}

static void T05_one_bad_certificate_spoils_all(void **state)
{
    struct fixture *f = *state;
    uint8_t der[8192];
    struct make_cert how = {.issuer = f->root,
                            .issuer_key = f->sub_key, /* not the root's */
                            .basic = "critical,CA:FALSE",
                            .usage = "critical,keyAgreement"};
    X509 *forged = make_cert(&how);
    give(f, NULL, "critical,keyAgreement");
    f->bundle.ekcerts[1] = (struct bundle_file){.name = "ekcert-2.der",
                                                .bytes = gb_bytes(der, make_cert_der(forged, der))};
    f->bundle.ekcert_count = 2;
    X509_free(forged);
    assert_int_equal(judge(f, NOW, false, NULL), GB_OK);
    assert_int_equal(f->findings.first->code, GB_FINDING_EK_CHAIN);
    assert_int_equal(f->findings.last->code, GB_FINDING_EK_UNTRUSTED);
    assert_false(f->certified);
    struct bundle_file good = f->bundle.ekcerts[0]; /* in the other order, too */
    f->bundle.ekcerts[0] = f->bundle.ekcerts[1];
    f->bundle.ekcerts[1] = good;
    assert_int_equal(judge(f, NOW, false, NULL), GB_OK);
    assert_int_equal(f->findings.last->code, GB_FINDING_EK_CHAIN);
    assert_false(f->certified);
}

static void what_was_not_given_is_said(void **state)
{
    struct fixture *f = *state;
    struct gb_finding missing = judged(f, NOW, false);
    assert_int_equal(missing.code, GB_FINDING_EK_MISSING);
    assert_int_equal(missing.tier, GB_TIER_CONTRAINDICATED);
    assert_false(f->certified);
    f->anchors.ek_roots = NULL;
    assert_int_equal(judge(f, NOW, false, NULL), GB_OK);
    assert_int_equal(f->findings.count, 0);
    give(f, NULL, "critical,keyAgreement");
    struct gb_finding unjudged = judged(f, NOW, false);
    assert_int_equal(unjudged.code, GB_FINDING_EK_UNJUDGED);
    assert_int_equal(unjudged.tier, GB_TIER_NONE);
    assert_false(f->certified);
}

static void bytes_that_are_no_certificate_are_an_error(void **state)
{
    struct fixture *f = *state;
    struct gb_err err;
    give(f, NULL, "critical,keyAgreement");
    f->bundle.ekcerts[0].bytes.len -= 1;
    assert_int_equal(judge(f, NOW, false, &err), GB_ERR_INPUT);
    assert_memory_equal(err.text, "ekcert-\\x1b.der: ", 17);
    assert_false(f->certified);
    give(f, NULL, "critical,keyAgreement");
    f->bundle.intermediates[0].bytes = gb_bytes_str("no certificate");
    assert_int_equal(judge(f, NOW, false, &err), GB_ERR_INPUT);
    assert_memory_equal(err.text, "ca-sub.pem: ", 12);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(T05_a_certificate_that_chains_is_affirming),
        TEST(T05_a_missing_intermediate_is_refused),
        TEST(T05_a_root_that_the_node_sends_is_not_trusted),
        TEST(T05_expiry_is_the_policys_choice),
        TEST(T05_a_certificate_that_is_no_eks_is_refused),
        TEST(T05_a_weak_key_is_refused),
        TEST(T05_one_bad_certificate_spoils_all),
        TEST(what_was_not_given_is_said),
        TEST(bytes_that_are_no_certificate_are_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
