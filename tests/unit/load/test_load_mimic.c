/* Machines in software must be believed as real ones are, or their load measures nothing. */
#include <string.h>

#include "../test.h"
#include "attest/attest.h"
#include "crypto/issue.h"
#include "crypto/rand.h"
#include "crypto/soft_ek.h"
#include "crypto/x509.h"
#include "load/mimic.h"
#include "verify/certified.h"
#include "verify/identity.h"

struct made {
    struct gb_arena *arena;
    struct digester *digester;
    struct lists lists;
    struct mimic machine;
};

static int setup(void **state)
{
    static struct made m;
    static struct gb_buf pems[3];
    struct gb_bytes pem[3];
    m.arena = gb_arena_new();
    assert_int_equal(digester_new(&m.digester, NULL), GB_OK);
    assert_int_equal(lists_init(m.arena, m.digester, 50, &m.lists, NULL), GB_OK);
    for (size_t i = 0; i < 3; i++) {
        gb_cleanup(signer_freep) struct signer *signer = NULL;
        gb_buf_init(&pems[i], 1024);
        assert_int_equal(signer_new(&signer, NULL), GB_OK);
        assert_int_equal(signer_to_pem(signer, gb_bytes(NULL, 0), &pems[i], NULL), GB_OK);
        pem[i] = gb_buf_bytes(&pems[i]);
    }
    assert_int_equal(mimic_init(&m.machine, &m.lists, m.digester, pem, NULL), GB_OK);
    for (size_t i = 0; i < 3; i++)
        gb_buf_done(&pems[i]);
    *state = &m;
    return 0;
}

static int teardown(void **state)
{
    struct made *m = *state;
    mimic_done(&m->machine);
    digester_free(m->digester);
    gb_arena_free(m->arena);
    return 0;
}

static void a_credential_for_it_opens(void **state)
{
    struct made *m = *state;
    gb_cleanup(gb_buf_done) struct gb_buf id_object, encrypted;
    struct tpm_public ek;
    uint8_t random[32], secret[32], opened[64];
    size_t len;
    gb_buf_init(&id_object, 1024);
    gb_buf_init(&encrypted, 1024);
    assert_int_equal(tpm_public_read(gb_buf_bytes(&m->machine.ek_public), &ek, NULL), GB_OK);
    assert_int_equal(rand_bytes(random, sizeof random, NULL), GB_OK);
    assert_int_equal(rand_bytes(secret, sizeof secret, NULL), GB_OK);
    random[0] = 0; /* below the order */
    assert_int_equal(identity_make_credential(&ek, gb_bytes(m->machine.ak_name, 34),
                                              gb_bytes(secret, 32), gb_bytes(random, 32),
                                              &id_object, &encrypted, NULL),
                     GB_OK);
    assert_int_equal(mimic_activate(&m->machine, gb_buf_bytes(&id_object), gb_buf_bytes(&encrypted),
                                    opened, &len, NULL),
                     GB_OK);
    assert_int_equal(len, 32);
    assert_memory_equal(opened, secret, 32);
    m->machine.ak_name[5] ^= 1; /* made for another AK */
    assert_int_not_equal(mimic_activate(&m->machine, gb_buf_bytes(&id_object),
                                        gb_buf_bytes(&encrypted), opened, &len, NULL),
                         GB_OK);
    m->machine.ak_name[5] ^= 1;
}

static void its_ek_certificate_is_one(void **state)
{
    struct made *m = *state;
    gb_cleanup(signer_freep) struct signer *ca = NULL;
    gb_cleanup(gb_buf_done) struct gb_buf pem, der;
    gb_cleanup(x509_freep) struct x509_cert *cert = NULL;
    gb_cleanup(x509_store_freep) struct x509_store *roots = NULL;
    struct x509_result result;
    const struct issue what = {ISSUE_CA, "EK CA", NULL, NULL, NULL, 1000000, 4000000000};
    gb_buf_init(&pem, 4096);
    gb_buf_init(&der, 4096);
    assert_int_equal(signer_new(&ca, NULL), GB_OK);
    assert_int_equal(issue_ca(ca, &what, &pem, NULL), GB_OK);
    assert_int_equal(soft_ek_cert(ca, gb_buf_bytes(&pem), m->machine.ek, &der, NULL), GB_OK);
    assert_int_equal(x509_from_der(gb_buf_bytes(&der), &cert, NULL), GB_OK);
    assert_null(x509_ek_fault(cert));
    assert_int_equal(x509_store_new(&roots, NULL), GB_OK);
    assert_int_equal(x509_store_add(roots, gb_buf_bytes(&pem), NULL), GB_OK);
    assert_int_equal(x509_verify_ek(m->arena, cert, roots, NULL, 2000000000, &result, NULL), GB_OK);
    assert_int_equal(result.answer, X509_TRUSTED);
}

static void its_ak_certifies_its_tls_key(void **state)
{
    struct made *m = *state;
    gb_cleanup(gb_buf_done) struct gb_buf attest, signature;
    gb_cleanup(key_freep) struct key *key = NULL;
    struct gb_findings findings = {.arena = m->arena};
    bool proven;
    gb_buf_init(&attest, 1024);
    gb_buf_init(&signature, 1024);
    assert_int_equal(mimic_certify(&m->machine, m->digester, gb_bytes_str("qualifying"), &attest,
                                   &signature, NULL),
                     GB_OK);
    const struct certified what = {gb_buf_bytes(&attest), gb_buf_bytes(&signature),
                                   gb_buf_bytes(&m->machine.tls_public)};
    assert_int_equal(certified_judge(m->arena, m->digester, gb_buf_bytes(&m->machine.ak_public),
                                     &what, gb_bytes_str("qualifying"), &proven, &key, &findings,
                                     NULL),
                     GB_OK);
    assert_true(proven);
}

static void its_quote_and_its_logs_are_proven(void **state)
{
    struct made *m = *state;
    gb_cleanup(gb_buf_done) struct gb_buf attest_, signature, ima;
    uint8_t pcrs[16 * 32];
    struct claims claims;
    struct verdict verdict;
    struct gb_err err = {0};
    mimic_measure(&m->machine, &m->lists, m->digester, 120); /* the files come again */
    gb_buf_init(&attest_, 1024);
    gb_buf_init(&signature, 1024);
    gb_buf_init(&ima, 1 << 20);
    assert_int_equal(mimic_quote(&m->machine, &m->lists, m->digester, gb_bytes_str("nonce"),
                                 &attest_, &signature, pcrs, NULL),
                     GB_OK);
    for (uint64_t i = 0; i < m->machine.entries; i++) {
        struct gb_bytes record = lists_entry(&m->lists, i)->record;
        gb_buf_add(&ima, record.data, record.len);
    }
    const struct bundle bundle = {.quote = gb_buf_bytes(&attest_),
                                  .signature = gb_buf_bytes(&signature),
                                  .ak_public = gb_buf_bytes(&m->machine.ak_public),
                                  .pcrs_raw = gb_bytes(pcrs, sizeof pcrs),
                                  .boot_log = m->lists.boot_log,
                                  .ima = gb_buf_bytes(&ima)};
    const struct asked asked = {
        .has_nonce = true, .nonce = gb_bytes_str("nonce"), .transport = m->machine.transport};
    const struct trust trust = {0};
    if (attest(m->arena, m->digester, &trust, &asked, &bundle, &claims, &verdict, &err) < 0)
        fail_msg("%s", err.text);
    for (const struct gb_finding *f = verdict.findings.first; f; f = f->next)
        if (f->tier == GB_TIER_CONTRAINDICATED)
            fail_msg("%s", gb_finding_message(m->arena, f));
    assert_true(claims.quote_proven);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_credential_for_it_opens),
        cmocka_unit_test(its_ek_certificate_is_one),
        cmocka_unit_test(its_ak_certifies_its_tls_key),
        cmocka_unit_test(its_quote_and_its_logs_are_proven),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
