/* The whole room against a real (software) TPM, and what it makes against our own verifier. */
#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "crypto/request.h"
#include "crypto/x509.h"
#include "evidence/bundle.h"
#include "os/file.h"
#include "swtpm.h"
#include "tpm/certify.h"
#include "tpm/ek.h"
#include "tpm/quote.h"
#include "tpm/sign.h"
#include "verify/certified.h"
#include "verify/identity.h"
#include "verify/verify.h"

static struct swtpm swtpm;
static struct gb_arena *arena;
static struct digester *digester;
static struct gb_err err;

static const struct gb_bytes none;

static int group_setup(void **state)
{
    (void)state;
    arena = gb_arena_new();
    return arena && digester_new(&digester, NULL) == 0 ? 0 : -1;
}

static int group_teardown(void **state)
{
    (void)state;
    gb_arena_free(arena);
    digester_free(digester);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    swtpm_make(&swtpm);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    swtpm_done(&swtpm);
    return 0;
}

#define must(call)                                                                                 \
    do {                                                                                           \
        if ((call) != GB_OK)                                                                       \
            fail_msg("%s: %s", #call, err.text);                                                   \
    } while (0)

static struct tpm *open_tpm(void)
{
    struct tpm *tpm = NULL;
    must(tpm_open(&(struct tpm_conf){.tcti = swtpm.tcti}, &tpm, &err));
    return tpm;
}

static struct tpm_key ak_of(struct tpm *tpm)
{
    struct tpm_key key;
    must(tpm_ak(tpm, arena, TPM_KEY_P256, TPM_AK_HANDLE, none, &key, &err));
    return key;
}

static struct tpm_key transport_of(struct tpm *tpm)
{
    struct tpm_key key;
    must(tpm_transport(tpm, arena, TPM_TRANSPORT_HANDLE, none, &key, &err));
    return key;
}

static const struct pcr_selection pcrs_0_15 = {
    .count = 1, .banks[0] = {.alg_id = DIGEST_SHA256, .mask = 0xffff}};

static void quote_is_proven(struct tpm *tpm, enum tpm_key_form form, uint32_t handle)
{
    struct tpm_key ak;
    struct tpm_quote quote;
    const struct gb_bytes nonce = gb_bytes_str("a nonce of the server");
    must(tpm_ak(tpm, arena, form, handle, none, &ak, &err));
    must(tpm_quote(tpm, arena, &ak, &pcrs_0_15, nonce, &quote, &err));
    assert_int_equal(quote.pcrs_raw.len, 16 * 32);
    const struct bundle bundle = {.quote = quote.attest,
                                  .signature = quote.signature,
                                  .ak_public = ak.public_area,
                                  .pcrs_tools = quote.pcrs_raw};
    const struct anchors anchors = {0};
    struct evidence evidence;
    struct claims claims;
    must(bundle_read(arena, &bundle, &evidence, &err));
    struct asked asked = {.has_nonce = true, .nonce = nonce};
    must(verify(arena, digester, &anchors, &asked, &evidence, &claims, &err));
    assert_true(claims.quote_proven);
    asked.nonce = gb_bytes_str("another nonce");
    must(verify(arena, digester, &anchors, &asked, &evidence, &claims, &err));
    assert_false(claims.quote_proven);
}

static void our_own_verifier_proves_its_quotes(void **state)
{
    (void)state;
    swtpm_tool(&swtpm, "tpm2_pcrextend 7:sha256="
                       "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
    gb_cleanup(tpm_closep) struct tpm *tpm = open_tpm();
    quote_is_proven(tpm, TPM_KEY_P256, TPM_AK_HANDLE);
    quote_is_proven(tpm, TPM_KEY_RSA2048, TPM_AK_HANDLE + 8);
}

static void a_bank_that_the_tpm_lacks_is_told(void **state)
{
    (void)state;
    gb_cleanup(tpm_closep) struct tpm *tpm = open_tpm();
    struct tpm_key ak = ak_of(tpm);
    struct tpm_quote quote;
    const struct pcr_selection sha384 = {.count = 1,
                                         .banks[0] = {.alg_id = DIGEST_SHA384, .mask = 0xff}};
    assert_int_equal(tpm_quote(tpm, arena, &ak, &sha384, none, &quote, &err), GB_ERR_CONFIG);
    assert_non_null(strstr(err.text, "no values for a bank"));
}

static void keys_stay_the_same_over_reboots(void **state)
{
    (void)state;
    struct tpm *tpm = open_tpm();
    struct tpm_key ak = ak_of(tpm);
    struct tpm_key transport = transport_of(tpm);
    assert_false(gb_bytes_equal(ak.name, transport.name));
    swtpm_restart(&swtpm);
    struct tpm_quote quote;
    tpm_close(tpm);
    tpm = open_tpm();
    assert_true(gb_bytes_equal(ak_of(tpm).name, ak.name));
    assert_true(gb_bytes_equal(transport_of(tpm).name, transport.name));
    tpm_close(tpm);
    swtpm_tool(&swtpm, "tpm2_evictcontrol -C o -c 0x81010010"); /* made anew: the same */
    tpm = open_tpm();
    struct tpm_key again;
    must(tpm_ak(tpm, arena, TPM_KEY_P256, TPM_AK_HANDLE, ak.name, &again, &err));
    must(tpm_quote(tpm, arena, &again, &pcrs_0_15, none, &quote, &err));
    tpm_close(tpm);
}

/* TPM2_Clear evicts the keys, ends hierarchy passwords and sets the counters back (which the server
 * sees, T12), but leaves the endorsement seed: the same keys come again. */
static void keys_come_again_after_tpm2_clear(void **state)
{
    (void)state;
    struct tpm *tpm = open_tpm();
    struct tpm_key ak = ak_of(tpm);
    tpm_close(tpm);
    swtpm_tool(&swtpm, "tpm2_clear -c p");
    tpm = open_tpm();
    struct tpm_key key;
    must(tpm_ak(tpm, arena, TPM_KEY_P256, TPM_AK_HANDLE, ak.name, &key, &err));
    tpm_close(tpm);
}

static void another_tpm_is_told(void **state)
{
    (void)state;
    struct tpm *tpm = open_tpm();
    struct tpm_key ak = ak_of(tpm);
    tpm_close(tpm);
    swtpm_tool(&swtpm, "tpm2_changeeps"); /* what makes it another one */
    tpm = open_tpm();
    struct tpm_key key;
    for (int i = 0; i < 2; i++) { /* nothing was put there */
        assert_int_equal(tpm_ak(tpm, arena, TPM_KEY_P256, TPM_AK_HANDLE, ak.name, &key, &err),
                         GB_ERR_DENIED);
        assert_non_null(strstr(err.text, "cleared or changed"));
    }
    must(tpm_ak(tpm, arena, TPM_KEY_P256, TPM_AK_HANDLE, none, &key, &err));
    assert_false(gb_bytes_equal(key.name, ak.name));
    tpm_close(tpm);
}

static void an_occupied_handle_is_named_and_left_alone(void **state)
{
    (void)state;
    char command[256];
    snprintf(command, sizeof command, "tpm2_createprimary -C o -G ecc -c %s/k.ctx", swtpm.folder);
    swtpm_tool(&swtpm, command);
    snprintf(command, sizeof command, "tpm2_evictcontrol -C o -c %s/k.ctx 0x81010010",
             swtpm.folder);
    swtpm_tool(&swtpm, command);
    swtpm_tool(&swtpm, "tpm2_flushcontext -t");
    gb_cleanup(tpm_closep) struct tpm *tpm = open_tpm();
    struct tpm_key key;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(tpm_ak(tpm, arena, TPM_KEY_P256, TPM_AK_HANDLE, none, &key, &err),
                         GB_ERR_CONFIG);
        assert_non_null(strstr(err.text, "handle 0x81010010"));
        assert_non_null(strstr(err.text, "a storage or endorsement key"));
        assert_non_null(strstr(err.text, "ak_handle"));
    }
    must(tpm_ak(tpm, arena, TPM_KEY_P256, 0x81010020, none, &key, &err));
}

static void hierarchy_passwords_are_asked_for_by_name(void **state)
{
    (void)state;
    swtpm_tool(&swtpm, "tpm2_changeauth -c e secret-e");
    struct tpm *tpm = open_tpm();
    struct tpm_key key;
    assert_int_equal(tpm_ak(tpm, arena, TPM_KEY_P256, TPM_AK_HANDLE, none, &key, &err),
                     GB_ERR_CONFIG);
    assert_non_null(strstr(err.text, "endorsement_auth_file"));
    tpm_close(tpm);
    swtpm_tool(&swtpm, "tpm2_changeauth -c o secret-o");
    struct tpm_conf conf = {.tcti = swtpm.tcti, .endorsement_auth = gb_bytes_str("secret-e")};
    must(tpm_open(&conf, &tpm, &err));
    assert_int_equal(tpm_ak(tpm, arena, TPM_KEY_P256, TPM_AK_HANDLE, none, &key, &err),
                     GB_ERR_CONFIG);
    assert_non_null(strstr(err.text, "owner_auth_file"));
    tpm_close(tpm);
    conf.owner_auth = gb_bytes_str("secret-o");
    must(tpm_open(&conf, &tpm, &err));
    must(tpm_ak(tpm, arena, TPM_KEY_P256, TPM_AK_HANDLE, none, &key, &err));
    tpm_close(tpm);
}

static void a_tpm_that_is_not_there_is_told(void **state)
{
    (void)state;
    struct tpm *tpm = NULL;
    assert_int_equal(tpm_open(&(struct tpm_conf){.tcti = "device:/dev/nowhere"}, &tpm, &err),
                     GB_ERR_NOTFOUND);
    assert_non_null(strstr(err.text, "no such device"));
    assert_int_equal(tpm_open(&(struct tpm_conf){.tcti = "swtpm:path=/nowhere"}, &tpm, &err),
                     GB_ERR_IO);
    assert_int_equal(tpm_open(&(struct tpm_conf){.tcti = "nothing:x"}, &tpm, &err), GB_ERR_IO);
    assert_null(tpm);
}

/* Makes a credential as the server does, for the Name `name`. */
static void make_credential(const struct tpm_ek *ek, struct gb_bytes name, struct gb_bytes secret,
                            struct gb_buf *id, struct gb_buf *encrypted)
{
    struct tpm_public area;
    uint8_t random[48];
    memset(random, 0x11, sizeof random);
    must(tpm_public_read(ek->public_area, &area, &err));
    size_t len = area.type == TPM_ALG_RSA ? 32 : area.ecc_x.len;
    gb_buf_init(id, 1024);
    gb_buf_init(encrypted, 1024);
    must(identity_make_credential(&area, name, secret, gb_bytes(random, len), id, encrypted, &err));
}

static void activates(struct tpm *tpm, const struct tpm_ek *ek)
{
    struct tpm_key ak = ak_of(tpm);
    const struct gb_bytes secret = gb_bytes_str("0123456789abcdef0123456789abcdef");
    gb_cleanup(gb_buf_done) struct gb_buf id;
    gb_cleanup(gb_buf_done) struct gb_buf encrypted;
    struct gb_bytes opened;
    make_credential(ek, ak.name, secret, &id, &encrypted);
    for (int i = 0; i < 4; i++) { /* nothing transient stays behind */
        must(tpm_activate(tpm, arena, ek, &ak, gb_buf_bytes(&id), gb_buf_bytes(&encrypted), &opened,
                          &err));
        assert_true(gb_bytes_equal(opened, secret));
    }
    gb_buf_done(&id);
    gb_buf_done(&encrypted);
    make_credential(ek, transport_of(tpm).name, secret, &id, &encrypted);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(tpm_activate(tpm, arena, ek, &ak, gb_buf_bytes(&id),
                                      gb_buf_bytes(&encrypted), &opened, &err),
                         GB_ERR_DENIED);
        assert_non_null(strstr(err.text, "does not open"));
    }
    assert_int_equal(
        tpm_activate(tpm, arena, ek, &ak, none, gb_buf_bytes(&encrypted), &opened, &err),
        GB_ERR_INPUT);
}

static void T04_only_this_tpm_opens_a_credential(void **state)
{
    (void)state;
    gb_cleanup(tpm_closep) struct tpm *tpm = open_tpm();
    struct tpm_ek_certs all;
    must(tpm_ek_certs(tpm, arena, &all, &err));
    assert_int_equal(all.count, 3);
    for (size_t i = 0; i < all.count; i++) { /* P-256, RSA-2048, P-384: each alone, and named */
        struct tpm_ek_certs one = {.count = 1, .certs[0] = all.certs[i]};
        struct tpm_ek ek;
        must(tpm_ek(tpm, arena, &one, &ek, &err));
        activates(tpm, &ek);
    }
    struct tpm_ek ek;
    must(tpm_ek(tpm, arena, &all, &ek, &err));
    assert_string_equal(ek.name, "P-256 (L-2)");
    assert_int_equal(all.certs[0].index, 0x01c0000a);
    struct tpm_ek_certs lying = {.count = 1, .certs[0] = {0x01c00002, all.certs[0].der}};
    assert_int_equal(tpm_ek(tpm, arena, &lying, &ek, &err), GB_ERR_NOTFOUND);
    struct tpm_ek_certs no_certs = {0};
    must(tpm_ek(tpm, arena, &no_certs, &ek, &err));
}

static void ek_certificates_chain_to_the_maker(void **state)
{
    (void)state;
    gb_cleanup(x509_store_freep) struct x509_store *roots = NULL;
    gb_cleanup(x509_store_freep) struct x509_store *intermediates = NULL;
    struct gb_bytes pem;
    char command[768];
    /* Instead of the one that lab/tpm left: both CAs in DER, one after another, cut in the middle
     * over two indexes, as makers do. */
    snprintf(
        command, sizeof command,
        "sh -c 'cd %s; tpm2_nvundefine -C p 0x01c00100 || exit 1; for c in intermediate root; do "
        "openssl x509 -in tpm/ca-$c.pem -outform "
        "DER; done >all; head -c 700 all >a; tail -c +701 all >b; for i in a b; do "
        "tpm2_nvdefine 0x01c0010$([ $i = a ] && echo 0 || echo 1) -C o -s $(stat -c %%s $i) -a "
        "\"ownerread|authread|ownerwrite\" && tpm2_nvwrite 0x01c0010$([ $i = a ] && echo 0 || "
        "echo 1) -C o -i $i || exit 1; done'",
        swtpm.folder);
    swtpm_tool(&swtpm, command); /* one client at a time */
    gb_cleanup(tpm_closep) struct tpm *tpm = open_tpm();
    struct tpm_ek_certs certs;
    must(tpm_ek_certs(tpm, arena, &certs, &err));
    assert_int_equal(certs.chain_count, 2);
    must(x509_store_new(&roots, &err));
    must(x509_store_new(&intermediates, &err));
    snprintf(command, sizeof command, "%s/tpm/ca-root.pem", swtpm.folder);
    must(file_read(arena, command, 1 << 16, &pem, &err));
    must(x509_store_add(roots, pem, &err));
    for (size_t i = 0; i < certs.chain_count; i++)
        must(x509_store_add(intermediates, certs.chain[i], &err));
    for (size_t i = 0; i < certs.count; i++) {
        gb_cleanup(x509_freep) struct x509_cert *cert = NULL;
        struct x509_result result;
        must(x509_from_der(certs.certs[i].der, &cert, &err));
        must(x509_verify_ek(arena, cert, roots, intermediates, 1800000000, &result, &err));
        assert_int_equal(result.answer, X509_TRUSTED);
    }
}

static bool judged_good(struct gb_bytes ak, const struct tpm_certification *made,
                        struct gb_bytes key, const char *asked)
{
    gb_cleanup(key_freep) struct key *certified_key = NULL;
    bool proven = false;
    struct gb_findings findings = {.arena = arena};
    const struct certified certified = {made->attest, made->signature, key};
    must(certified_judge(arena, digester, ak, &certified, gb_bytes_str(asked), &proven,
                         &certified_key, &findings, &err));
    return proven;
}

static void the_ak_certifies_the_transport_key(void **state)
{
    (void)state;
    gb_cleanup(tpm_closep) struct tpm *tpm = open_tpm();
    struct tpm_key ak = ak_of(tpm);
    struct tpm_key transport = transport_of(tpm);
    struct tpm_certification made;
    struct tpm_attest attest;
    must(tpm_certify(tpm, arena, &ak, &transport, gb_bytes_str("asked"), &made, &err));
    must(tpm_attest_read(made.attest, &attest, &err));
    assert_int_equal(attest.type, TPM_ST_ATTEST_CERTIFY);
    assert_true(gb_bytes_equal(attest.certify.name, transport.name));
    assert_true(gb_bytes_is(attest.extra_data, "asked"));
    const uint32_t want =
        TPMA_FIXED_TPM | TPMA_FIXED_PARENT | TPMA_SENSITIVE_DATA_ORIGIN | TPMA_SIGN;
    assert_int_equal(transport.area.attributes & (want | TPMA_DECRYPT | TPMA_RESTRICTED), want);
    assert_true(judged_good(ak.public_area, &made, transport.public_area, "asked"));
    assert_false(judged_good(ak.public_area, &made, transport.public_area, "another"));
    assert_false(judged_good(ak.public_area, &made, ak.public_area, "asked"));
    must(tpm_certify(tpm, arena, &ak, &ak, gb_bytes_str("asked"), &made, &err));
    assert_false(judged_good(ak.public_area, &made, ak.public_area, "asked")); /* restricted */
}

struct signing {
    struct tpm *tpm;
    struct tpm_key key;
};

static int sign_by_tpm(void *ctx, const uint8_t digest[32], uint8_t r[32], uint8_t s[32],
                       struct gb_err *e)
{
    struct signing *signing = ctx;
    return tpm_sign(signing->tpm, &signing->key, digest, r, s, e);
}

static void the_transport_key_signs(void **state)
{
    (void)state;
    gb_cleanup(tpm_closep) struct tpm *tpm = open_tpm();
    gb_cleanup(key_freep) struct key *key = NULL;
    struct tpm_key transport = transport_of(tpm);
    uint8_t digest[32] = {1, 2, 3};
    uint8_t r[32];
    uint8_t s[32];
    must(tpm_public_key(&transport.area, &key, &err));
    for (int i = 0; i < 300; i++) { /* numbers with leading zeros come, too */
        bool valid = false;
        digest[31] = (uint8_t)i;
        must(tpm_sign(tpm, &transport, digest, r, s, &err));
        must(key_verify(key, KEY_ECDSA, DIGEST_SHA256, digest, gb_bytes(r, 32), gb_bytes(s, 32),
                        &valid, &err));
        assert_true(valid);
    }
}

static void the_ak_signs_nothing_but_what_the_tpm_made(void **state)
{
    (void)state;
    gb_cleanup(tpm_closep) struct tpm *tpm = open_tpm();
    struct tpm_key ak = ak_of(tpm);
    uint8_t bytes[96] = {0};
    assert_true(tpm_sign(tpm, &ak, bytes, bytes + 32, bytes + 64, &err) < 0);
}

static void openssl_accepts_its_certificate_request(void **state)
{
    (void)state;
    gb_cleanup(tpm_closep) struct tpm *tpm = open_tpm();
    struct signing signing = {tpm, transport_of(tpm)};
    struct request_key key = {.sign = sign_by_tpm, .ctx = &signing};
    gb_cleanup(gb_buf_done) struct gb_buf csr;
    gb_buf_init(&csr, 4096);
    assert_int_equal(signing.key.area.ecc_x.len, 32);
    memcpy(key.x, signing.key.area.ecc_x.data, 32);
    memcpy(key.y, signing.key.area.ecc_y.data, 32);
    must(request_make(&key, "node-1", &csr, &err));
    char path[128];
    char command[384];
    snprintf(path, sizeof path, "%s/csr", swtpm.folder);
    must(file_write(path, gb_buf_bytes(&csr), &err));
    snprintf(
        command, sizeof command,
        "sh -c 'openssl req -inform DER -in %s -verify -noout -text | grep -q \"CN = node-1\"' "
        "&& openssl req -inform DER -in %s -verify -noout",
        path, path);
    swtpm_tool(&swtpm, command);
    key.y[31] ^= 1;
    assert_int_equal(request_make(&key, "node-1", &csr, &err), GB_ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(our_own_verifier_proves_its_quotes, setup, teardown),
        cmocka_unit_test_setup_teardown(a_bank_that_the_tpm_lacks_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_stay_the_same_over_reboots, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_come_again_after_tpm2_clear, setup, teardown),
        cmocka_unit_test_setup_teardown(another_tpm_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(an_occupied_handle_is_named_and_left_alone, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(hierarchy_passwords_are_asked_for_by_name, setup, teardown),
        cmocka_unit_test(a_tpm_that_is_not_there_is_told),
        cmocka_unit_test_setup_teardown(T04_only_this_tpm_opens_a_credential, setup, teardown),
        cmocka_unit_test_setup_teardown(ek_certificates_chain_to_the_maker, setup, teardown),
        cmocka_unit_test_setup_teardown(the_ak_certifies_the_transport_key, setup, teardown),
        cmocka_unit_test_setup_teardown(the_transport_key_signs, setup, teardown),
        cmocka_unit_test_setup_teardown(the_ak_signs_nothing_but_what_the_tpm_made, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(openssl_accepts_its_certificate_request, setup, teardown),
    };
    if (!swtpm_there())
        return 77;
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
