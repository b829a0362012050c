#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "base/mem.h"
#include "crypto/x509.h"
#include "make_cert.h"
#include "os/file.h"

enum { NOW = 1767225600 }; /* 2026-01-01 */

static const char *const ca_basic = "critical,CA:TRUE";
static const char *const ca_usage = "critical,keyCertSign,cRLSign";

static struct gb_arena *arena;
static EVP_PKEY *root_key, *sub_key, *ek_key;
static X509 *root, *sub;

static struct make_cert good_ek(void)
{
    return (struct make_cert){.key = ek_key,
                              .issuer = sub,
                              .issuer_key = sub_key,
                              .basic = "critical,CA:FALSE",
                              .usage = "critical,keyEncipherment",
                              .ext_usage = "2.23.133.8.1",
                              .tpm = "id:49465800"};
}

static struct make_cert good_sub(void)
{
    return (struct make_cert){.subject = "Sub",
                              .key = sub_key,
                              .issuer = root,
                              .issuer_key = root_key,
                              .basic = ca_basic,
                              .usage = ca_usage};
}

static int setup(void **state)
{
    (void)state;
    arena = gb_arena_new();
    root_key = EVP_EC_gen("P-384");
    sub_key = EVP_EC_gen("P-256");
    ek_key = EVP_RSA_gen(2048);
    root = make_cert(&(struct make_cert){
        .subject = "Root", .key = root_key, .basic = ca_basic, .usage = ca_usage});
    struct make_cert how = good_sub();
    sub = make_cert(&how);
    return arena ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    gb_arena_free(arena);
    X509_free(root);
    X509_free(sub);
    EVP_PKEY_free(root_key);
    EVP_PKEY_free(sub_key);
    EVP_PKEY_free(ek_key);
    return 0;
}

static struct x509_cert *cert_of(const X509 *x)
{
    uint8_t der[8192];
    struct x509_cert *cert = NULL;
    assert_int_equal(x509_from_der(gb_bytes(der, make_cert_der(x, der)), &cert, NULL), 0);
    return cert;
}

static struct x509_store *store_of(const X509 *x)
{
    uint8_t der[8192];
    struct x509_store *store = NULL;
    assert_int_equal(x509_store_new(&store, NULL), 0);
    if (x)
        assert_int_equal(x509_store_add(store, gb_bytes(der, make_cert_der(x, der)), NULL), 0);
    assert_int_equal(x509_store_count(store), x ? 1 : 0);
    return store;
}

static struct x509_result judge(const struct make_cert *how, const X509 *pinned, const X509 *helper,
                                int64_t time_s)
{
    X509 *made = make_cert(how);
    gb_cleanup(x509_freep) struct x509_cert *cert = cert_of(made);
    X509_free(made);
    gb_cleanup(x509_store_freep) struct x509_store *roots = store_of(pinned);
    gb_cleanup(x509_store_freep) struct x509_store *helpers = store_of(helper);
    struct x509_result result = {.answer = (enum x509_answer)99};
    assert_int_equal(x509_verify_ek(arena, cert, roots, helpers, time_s, &result, NULL), 0);
    return result;
}

static void refused(struct x509_result result, const char *why)
{
    assert_string_equal(result.reason, why);
    assert_int_equal(result.answer, X509_REFUSED);
    assert_null(result.root);
}

static void T05_a_good_chain_is_trusted(void **state)
{
    (void)state;
    struct make_cert how = good_ek();
    struct x509_result result = judge(&how, root, sub, NOW);
    assert_int_equal(result.answer, X509_TRUSTED);
    assert_string_equal(result.root, "CN=Root");
    assert_string_equal(result.reason, "");
}

/* What the operator pins is trusted, self-signed or not. */
static void T05_an_intermediate_may_be_pinned(void **state)
{
    (void)state;
    struct make_cert how = good_ek();
    struct x509_result result = judge(&how, sub, NULL, NOW);
    assert_int_equal(result.answer, X509_TRUSTED);
    assert_string_equal(result.root, "CN=Sub");
}

static void T05_a_chain_that_ends_nowhere_is_refused(void **state)
{
    (void)state;
    struct make_cert how = good_ek();
    refused(judge(&how, root, NULL, NOW),
            "a certificate without subject: unable to get local issuer certificate");
    refused(judge(&how, NULL, sub, NOW), "CN=Sub: unable to get local issuer certificate");
}

static void T05_another_vendor_is_refused(void **state)
{
    (void)state;
    /* The same name, another key: names are not proof. */
    X509 *twin =
        make_cert(&(struct make_cert){.subject = "Root", .basic = ca_basic, .usage = ca_usage});
    struct make_cert how = good_ek();
    refused(judge(&how, twin, sub, NOW), "CN=Sub: certificate signature failure");
    X509_free(twin);
    X509 *other =
        make_cert(&(struct make_cert){.subject = "Other", .basic = ca_basic, .usage = ca_usage});
    refused(judge(&how, other, sub, NOW), "CN=Sub: unable to get local issuer certificate");
    X509_free(other);
}

static void T05_a_self_signed_ek_is_refused(void **state)
{
    (void)state;
    struct make_cert how = good_ek();
    how.issuer = NULL;
    how.subject = "Self";
    refused(judge(&how, root, sub, NOW), "CN=Self: self-signed certificate");
    /* And a forged root among the helpers stays a helper. */
    X509 *forged = make_cert(&(struct make_cert){
        .subject = "Sub", .key = sub_key, .basic = ca_basic, .usage = ca_usage});
    how = good_ek();
    refused(judge(&how, root, forged, NOW), "CN=Sub: self-signed certificate in certificate chain");
    X509_free(forged);
}

static void with_sub(const struct make_cert *how_sub, const char *why)
{
    X509 *bad = make_cert(how_sub);
    struct make_cert how = good_ek();
    how.issuer = bad;
    refused(judge(&how, root, bad, NOW), why);
    X509_free(bad);
}

static void T05_an_issuer_that_is_no_ca_is_refused(void **state)
{
    (void)state;
    struct make_cert how = good_sub();
    how.basic = "critical,CA:FALSE";
    with_sub(&how, "CN=Sub: invalid CA certificate");
    how.basic = NULL;
    with_sub(&how, "CN=Sub: invalid CA certificate");
    how = good_sub();
    how.usage = "critical,digitalSignature";
    with_sub(&how, "CN=Sub: invalid CA certificate");
    how.usage = NULL;
    with_sub(&how, "CN=Sub: it has no key usage");
    /* libcrypto lets key usage speak for a pinned one; we do not. */
    X509 *odd =
        make_cert(&(struct make_cert){.subject = "Root", .key = root_key, .usage = ca_usage});
    how = good_ek();
    refused(judge(&how, odd, sub, NOW), "CN=Root: it is not the certificate of a CA");
    X509_free(odd);
}

/* An EK under a root and so many issuers that the node sends. */
static struct x509_result judge_beneath(size_t issuers)
{
    char name[16];
    uint8_t der[8192];
    gb_cleanup(x509_store_freep) struct x509_store *roots = store_of(root);
    gb_cleanup(x509_store_freep) struct x509_store *helpers = store_of(NULL);
    gb_cleanup(x509_freep) struct x509_cert *cert = NULL;
    struct make_cert how = good_sub();
    X509 *last = NULL;
    for (size_t i = 0; i < issuers; i++) {
        snprintf(name, sizeof name, "Sub %zu", i);
        how.subject = name;
        X509 *next = make_cert(&how);
        X509_free(last);
        last = next;
        assert_int_equal(x509_store_add(helpers, gb_bytes(der, make_cert_der(last, der)), NULL), 0);
        how.issuer = last;
        how.issuer_key = sub_key;
    }
    how = good_ek();
    how.issuer = last;
    X509 *made = make_cert(&how);
    cert = cert_of(made);
    X509_free(made);
    X509_free(last);
    struct x509_result result = {.answer = (enum x509_answer)99};
    assert_int_equal(x509_verify_ek(arena, cert, roots, helpers, NOW, &result, NULL), 0);
    return result;
}

static void T05_a_chain_without_end_is_refused(void **state)
{
    (void)state;
    assert_int_equal(judge_beneath(6).answer, X509_TRUSTED);
    assert_int_equal(judge_beneath(7).answer, X509_REFUSED);
}

static void T05_weak_signatures_and_keys_are_refused(void **state)
{
    (void)state;
    struct make_cert how = good_ek();
    how.hash = "SHA1";
    refused(judge(&how, root, sub, NOW),
            "a certificate without subject: CA signature digest algorithm too weak");
    how.hash = "SHA224";
    refused(judge(&how, root, sub, NOW),
            "a certificate without subject: it is signed with a hash other than SHA-256, SHA-384 "
            "and SHA-512");
    how = good_sub();
    how.hash = "SHA1";
    with_sub(&how, "CN=Sub: CA signature digest algorithm too weak");
    how = good_ek();
    how.key = EVP_RSA_gen(1024);
    refused(judge(&how, root, sub, NOW),
            "a certificate without subject: EE certificate key too weak");
    EVP_PKEY_free(how.key);
    EVP_PKEY *small = EVP_EC_gen("secp192k1");
    how = good_sub();
    how.key = small;
    X509 *bad = make_cert(&how);
    how = good_ek();
    how.issuer = bad;
    how.issuer_key = small;
    refused(judge(&how, root, bad, NOW), "CN=Sub: CA certificate key too weak");
    X509_free(bad);
    EVP_PKEY_free(small);
}

static void T05_an_odd_curve_of_an_issuer_is_refused(void **state)
{
    (void)state;
    EVP_PKEY *odd = EVP_EC_gen("secp256k1");
    struct make_cert how = good_sub();
    how.key = odd;
    X509 *bad = make_cert(&how);
    how = good_ek();
    how.issuer = bad;
    how.issuer_key = odd;
    refused(judge(&how, root, bad, NOW), "CN=Sub: a curve other than P-256, P-384 and P-521");
    X509_free(bad);
    EVP_PKEY_free(odd);
}

/* Who signed a pinned root does not matter, so its hash does not either; a root of old has no key
 * usage. */
static void T05_an_old_root_may_be_pinned(void **state)
{
    (void)state;
    X509 *old = make_cert(
        &(struct make_cert){.subject = "Root", .key = root_key, .basic = ca_basic, .hash = "SHA1"});
    struct make_cert how = good_ek();
    assert_int_equal(judge(&how, old, sub, NOW).answer, X509_TRUSTED);
    X509_free(old);
}

static void T05_time_is_told_apart_from_all_else(void **state)
{
    (void)state;
    struct make_cert how = good_ek();
    how.to_s = NOW - 86400;
    struct x509_result result = judge(&how, root, sub, NOW);
    assert_int_equal(result.answer, X509_EXPIRED);
    assert_string_equal(result.reason, "a certificate without subject: 2020-01-01 to 2025-12-31");
    assert_string_equal(result.root, "CN=Root");
    how = good_ek();
    how.from_s = NOW + 86400;
    assert_int_equal(judge(&how, root, sub, NOW).answer, X509_EXPIRED);
    how = good_ek();
    assert_int_equal(judge(&how, root, sub, 2208988801).answer, X509_EXPIRED);
    assert_int_equal(judge(&how, root, sub, 1577836799).answer, X509_EXPIRED);
    assert_int_equal(judge(&how, root, sub, 2208988799).answer, X509_TRUSTED);
    assert_int_equal(judge(&how, root, sub, 1577836800).answer, X509_TRUSTED);
    /* An expired certificate of a wrong chain is refused, not expired. */
    how.to_s = NOW - 86400;
    how.issuer_key = root_key;
    refused(judge(&how, root, sub, NOW),
            "a certificate without subject: certificate signature failure");
}

static void T05_an_expired_issuer_counts_as_expired(void **state)
{
    (void)state;
    struct make_cert how = good_sub();
    how.to_s = NOW - 86400;
    X509 *old = make_cert(&how);
    how = good_ek();
    struct x509_result result = judge(&how, root, old, NOW);
    assert_int_equal(result.answer, X509_EXPIRED);
    assert_string_equal(result.reason, "CN=Sub: 2020-01-01 to 2025-12-31");
    X509_free(old);
}

static void T05_critical_extensions_must_be_known(void **state)
{
    (void)state;
    struct make_cert how = good_ek();
    how.custom = "1.2.3.4";
    refused(judge(&how, root, sub, NOW),
            "a certificate without subject: unhandled critical extension");
    how.custom = "2.5.29.9"; /* subject directory attributes */
    assert_int_equal(judge(&how, root, sub, NOW).answer, X509_TRUSTED);
}

static void T05_every_flip_of_the_certificate_is_refused(void **state)
{
    (void)state;
    struct make_cert how = good_ek();
    X509 *made = make_cert(&how);
    uint8_t der[8192];
    size_t len = make_cert_der(made, der);
    X509_free(made);
    gb_cleanup(x509_store_freep) struct x509_store *roots = store_of(root);
    gb_cleanup(x509_store_freep) struct x509_store *helpers = store_of(sub);
    size_t read = 0;
    for (size_t bit = 0; bit < len * 8; bit++) {
        der[bit / 8] ^= (uint8_t)(1 << bit % 8);
        struct x509_cert *cert = NULL;
        if (x509_from_der(gb_bytes(der, len), &cert, NULL) == 0) {
            struct x509_result result;
            assert_int_equal(x509_verify_ek(arena, cert, roots, helpers, NOW, &result, NULL), 0);
            assert_int_equal(result.answer, X509_REFUSED);
            x509_free(cert);
            read++;
        }
        der[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_true(read > len); /* most flips still parse: the signature is what refuses them */
}

static void fault_is(const struct make_cert *how, const char *want)
{
    X509 *made = make_cert(how);
    gb_cleanup(x509_freep) struct x509_cert *cert = cert_of(made);
    X509_free(made);
    const char *got = x509_ek_fault(cert);
    assert_string_equal(got ? got : "an EK", want);
}

static void T05_only_an_ek_certificate_is_one(void **state)
{
    (void)state;
    const char *usage = "its key usage is neither key encipherment nor key agreement";
    const char *purpose = "its extended key usage is not that of an EK (2.23.133.8.1)";
    struct make_cert how = good_ek();
    fault_is(&how, "an EK");
    how.ext_usage = NULL; /* makers leave it out */
    fault_is(&how, "an EK");
    how.basic = NULL;
    fault_is(&how, "an EK");
    how.usage = "critical,keyAgreement";
    fault_is(&how, "an EK");
    how.ext_usage = "serverAuth,2.23.133.8.1";
    fault_is(&how, "an EK");
    how.ext_usage = "serverAuth";
    fault_is(&how, purpose);
    how.ext_usage = "2.23.133.8.3"; /* an AK certificate */
    fault_is(&how, purpose);
    how.ext_usage = "anyExtendedKeyUsage";
    fault_is(&how, purpose);
    how = good_ek();
    how.usage = "digitalSignature";
    fault_is(&how, usage);
    how.usage = NULL;
    fault_is(&how, "it has no key usage");
    how = good_ek();
    how.basic = ca_basic;
    fault_is(&how, "it is the certificate of a CA");
    how.basic = NULL;
    how.usage = "keyEncipherment,keyCertSign";
    fault_is(&how, "it is the certificate of a CA");
    how = good_ek();
    how.custom = "2.5.29.15"; /* a second key usage, and no bit string */
    fault_is(&how, "its extensions cannot be read");
}

static void what_a_certificate_says_of_its_tpm(void **state)
{
    (void)state;
    struct make_cert how = good_ek();
    X509 *made = make_cert(&how);
    gb_cleanup(x509_freep) struct x509_cert *cert = cert_of(made);
    X509_free(made);
    struct x509_tpm tpm = {0};
    assert_int_equal(x509_tpm(arena, cert, &tpm, NULL), 0);
    assert_string_equal(tpm.manufacturer, "id:49465800");
    assert_string_equal(tpm.model, "Model \\x1b[31m");
    assert_string_equal(tpm.version, "id:00010002");
    struct key *key = NULL;
    assert_int_equal(x509_key(cert, &key, NULL), 0);
    assert_string_equal(key_name(key), "RSA-2048");
    key_free(key);
    gb_cleanup(x509_freep) struct x509_cert *plain = cert_of(root);
    tpm.model = "old";
    assert_int_equal(x509_tpm(arena, plain, &tpm, NULL), 0);
    assert_null(tpm.manufacturer);
    assert_null(tpm.model);
}

static void padding_of_an_nv_index_is_fine_and_nothing_else(void **state)
{
    (void)state;
    uint8_t der[8192];
    size_t len = make_cert_der(root, der);
    const uint8_t pads[] = {0x00, 0xff};
    for (size_t i = 0; i < 2; i++) {
        struct x509_cert *cert = NULL;
        memset(der + len, pads[i], 100);
        assert_int_equal(x509_from_der(gb_bytes(der, len + 100), &cert, NULL), 0);
        x509_free(cert);
        cert = NULL;
        der[len + 50] ^= 0x10;
        struct gb_err err;
        assert_int_equal(x509_from_der(gb_bytes(der, len + 100), &cert, &err), GB_ERR_INPUT);
        assert_int_equal(err.offset, len);
        assert_null(cert);
    }
    struct x509_cert *cert = NULL;
    assert_int_equal(x509_from_der(gb_bytes(NULL, 0), &cert, NULL), GB_ERR_INPUT);
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(x509_from_der(gb_bytes(der, cut), &cert, NULL), GB_ERR_INPUT);
}

static void append_pem(char *out, size_t size, const X509 *x)
{
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_X509(bio, x), 1);
    char *text = NULL;
    long len = BIO_get_mem_data(bio, &text);
    size_t used = strlen(out);
    assert_true(used + (size_t)len + 1 < size);
    memcpy(out + used, text, (size_t)len);
    out[used + (size_t)len] = 0;
    BIO_free(bio);
}

static void a_store_takes_all_of_a_file_or_nothing(void **state)
{
    (void)state;
    char pem[8192] = "words before\n";
    append_pem(pem, sizeof pem, root);
    append_pem(pem, sizeof pem, sub);
    gb_cleanup(x509_store_freep) struct x509_store *store = store_of(NULL);
    assert_int_equal(x509_store_add(store, gb_bytes_str(pem), NULL), 0);
    assert_int_equal(x509_store_count(store), 2);
    size_t used = strlen(pem);
    snprintf(pem + used, sizeof pem - used,
             "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    struct gb_err err;
    assert_int_equal(x509_store_add(store, gb_bytes_str(pem), &err), GB_ERR_INPUT);
    assert_string_equal(err.text, "certificate 3 of the file: not a DER certificate");
    pem[used] = 0;
    pem[used - 40] = '!';
    assert_int_equal(x509_store_add(store, gb_bytes_str(pem), &err), GB_ERR_INPUT);
    assert_string_equal(err.text, "a PEM block is damaged");
    assert_int_equal(x509_store_add(store, gb_bytes_str("no certificate"), &err), GB_ERR_INPUT);
    assert_string_equal(err.text, "no certificate in it");
    assert_int_equal(x509_store_add(store, gb_bytes(NULL, 0), &err), GB_ERR_INPUT);
    uint8_t der[8192];
    size_t len = make_cert_der(root, der);
    der[len] = 0;
    assert_int_equal(x509_store_add(store, gb_bytes(der, len + 1), &err), GB_ERR_INPUT);
    assert_int_equal(x509_store_count(store), 2);
}

static struct gb_bytes file(const char *path)
{
    struct gb_bytes bytes;
    assert_int_equal(file_read(arena, path, GB_LIMIT_CERT, &bytes, NULL), 0);
    return bytes;
}

static void T05_real_certificates_of_a_software_tpm(void **state)
{
    (void)state;
    TEST_VECTORS_OR_SKIP(vectors);
    const char *dir = gb_arena_printf(arena, "%s/boot/01-uki-good", vectors);
    gb_cleanup(x509_store_freep) struct x509_store *roots = store_of(NULL);
    gb_cleanup(x509_store_freep) struct x509_store *helpers = store_of(NULL);
    assert_int_equal(
        x509_store_add(roots, file(gb_arena_printf(arena, "%s/ca-root.pem", dir)), NULL), 0);
    assert_int_equal(
        x509_store_add(helpers, file(gb_arena_printf(arena, "%s/ca-intermediate.pem", dir)), NULL),
        0);
    const char *const *names;
    assert_int_equal(file_list(arena, dir, "ekcert", ".der", &names, NULL), 0);
    static const char *const keys[] = {"RSA-2048", "P-256", "P-384"};
    for (size_t i = 0; i < 3; i++) {
        gb_cleanup(x509_freep) struct x509_cert *cert = NULL;
        assert_int_equal(
            x509_from_der(file(gb_arena_printf(arena, "%s/%s", dir, names[i])), &cert, NULL), 0);
        struct x509_result result;
        assert_int_equal(x509_verify_ek(arena, cert, roots, helpers, 1795219200, &result, NULL), 0);
        assert_int_equal(result.answer, X509_TRUSTED);
        assert_string_equal(result.root, "CN=swtpm-localca-rootca");
        assert_null(x509_ek_fault(cert));
        struct x509_tpm tpm;
        assert_int_equal(x509_tpm(arena, cert, &tpm, NULL), 0);
        assert_string_equal(tpm.manufacturer, "id:00001014");
        assert_string_equal(tpm.model, "swtpm");
        gb_cleanup(key_freep) struct key *key = NULL;
        assert_int_equal(x509_key(cert, &key, NULL), 0);
        assert_string_equal(key_name(key), keys[i]);
        assert_int_equal(x509_verify_ek(arena, cert, helpers, NULL, 1795219200, &result, NULL), 0);
        assert_int_equal(result.answer, X509_TRUSTED);
        assert_int_equal(x509_verify_ek(arena, cert, roots, NULL, 1795219200, &result, NULL), 0);
        assert_int_equal(result.answer, X509_REFUSED);
        assert_int_equal(x509_verify_ek(arena, cert, roots, helpers, 0, &result, NULL), 0);
        assert_int_equal(result.answer, X509_EXPIRED);
    }
    assert_null(names[3]);
}

/* Makers' real roots and intermediates can be pinned, all of them. */
static void vendors_certificates_can_be_pinned(void **state)
{
    (void)state;
    TEST_VECTORS_OR_SKIP(vectors);
    static const char *const folders[] = {"keylime_keylime/tpm_cert_store",
                                          "ibmtss/utils/certificates"};
    gb_cleanup(x509_store_freep) struct x509_store *store = store_of(NULL);
    size_t want = 0;
    for (size_t i = 0; i < GB_ARRAY_LEN(folders); i++) {
        const char *dir = gb_arena_printf(arena, "%s/%s", vectors, folders[i]);
        const char *const *names;
        assert_int_equal(file_list(arena, dir, "", "", &names, NULL), 0);
        for (; *names; names++) {
            if (strstr(*names, ".txt") || (*names)[0] == '.')
                continue; /* a list of the others, no certificate */
            int r = x509_store_add(store, file(gb_arena_printf(arena, "%s/%s", dir, *names)), NULL);
            if (r < 0)
                print_message("%s\n", *names);
            assert_int_equal(r, 0);
            want++;
        }
    }
    assert_true(want > 100);
    assert_true(x509_store_count(store) >= want);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    uint8_t der[8192];
    struct make_cert how = good_ek();
    X509 *made = make_cert(&how);
    size_t len = make_cert_der(made, der);
    X509_free(made);
    gb_cleanup(x509_store_freep) struct x509_store *roots = store_of(root);
    gb_cleanup(x509_store_freep) struct x509_store *helpers = store_of(sub);
    for (unsigned long nth = 1;; nth++) {
        gb_cleanup(x509_freep) struct x509_cert *cert = NULL;
        gb_cleanup(gb_arena_freep) struct gb_arena *own = gb_arena_new();
        struct x509_result result = {X509_REFUSED, NULL, NULL};
        gb_mem_fail_nth(nth);
        int r = x509_from_der(gb_bytes(der, len), &cert, NULL);
        if (r == 0)
            r = x509_verify_ek(own, cert, roots, helpers, NOW, &result, NULL);
        int failed = gb_mem_failed();
        gb_mem_fail_nth(0);
        if (!failed) {
            assert_int_equal(r, 0);
            assert_int_equal(result.answer, X509_TRUSTED);
            break;
        }
        assert_true(r == GB_ERR_NOMEM || result.answer == X509_REFUSED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(T05_a_good_chain_is_trusted),
        cmocka_unit_test(T05_an_intermediate_may_be_pinned),
        cmocka_unit_test(T05_a_chain_that_ends_nowhere_is_refused),
        cmocka_unit_test(T05_another_vendor_is_refused),
        cmocka_unit_test(T05_a_self_signed_ek_is_refused),
        cmocka_unit_test(T05_an_issuer_that_is_no_ca_is_refused),
        cmocka_unit_test(T05_a_chain_without_end_is_refused),
        cmocka_unit_test(T05_weak_signatures_and_keys_are_refused),
        cmocka_unit_test(T05_an_odd_curve_of_an_issuer_is_refused),
        cmocka_unit_test(T05_an_old_root_may_be_pinned),
        cmocka_unit_test(T05_time_is_told_apart_from_all_else),
        cmocka_unit_test(T05_an_expired_issuer_counts_as_expired),
        cmocka_unit_test(T05_critical_extensions_must_be_known),
        cmocka_unit_test(T05_every_flip_of_the_certificate_is_refused),
        cmocka_unit_test(T05_only_an_ek_certificate_is_one),
        cmocka_unit_test(what_a_certificate_says_of_its_tpm),
        cmocka_unit_test(padding_of_an_nv_index_is_fine_and_nothing_else),
        cmocka_unit_test(a_store_takes_all_of_a_file_or_nothing),
        cmocka_unit_test(T05_real_certificates_of_a_software_tpm),
        cmocka_unit_test(vendors_certificates_can_be_pinned),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
