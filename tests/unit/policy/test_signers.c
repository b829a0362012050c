/* Files that a signer vouches for: made with libcrypto as evmctl makes them, judged by a policy. */
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <pthread.h>

#include "../test.h"
#include "base/text.h"
#include "crypto/sig_cache.h"
#include "make_claims.h"

/* Somebody who signs files. */
struct maker {
    EVP_PKEY *key;
    char pem[4096]; /* the certificate */
    uint8_t key_id[4];
};

static void add_skid(X509 *x)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_key_identifier, "hash");
    assert_int_equal(X509_add_ext(x, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static void maker_init(struct maker *maker, bool rsa, bool with_skid)
{
    maker->key = rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
    X509 *x = X509_new();
    assert_true(maker->key && x);
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 1000);
    X509_set_pubkey(x, maker->key);
    if (with_skid)
        add_skid(x);
    assert_true(X509_sign(x, maker->key, EVP_sha256()) > 0);
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_X509(bio, x), 1);
    maker->pem[BIO_read(bio, maker->pem, sizeof maker->pem - 1)] = 0;
    BIO_free(bio);
    /* "hash" is the SHA-1 of the public key, which is what stands in for a missing one, too. */
    uint8_t hash[20];
    const ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr(x);
    assert_int_equal(EVP_Digest(ASN1_STRING_get0_data(bits), (size_t)ASN1_STRING_length(bits), hash,
                                NULL, EVP_sha1(), NULL),
                     1);
    memcpy(maker->key_id, hash + 16, 4);
    X509_free(x);
}

/* security.ima of a file with this SHA-256; version 3: of this fs-verity digest. */
static struct gb_bytes sign(struct gb_arena *arena, const struct maker *maker, int version,
                            struct gb_bytes digest)
{
    uint8_t *out = gb_arena_alloc(arena, 600, 1), id[34] = {6, 4}, hash[32];
    size_t len = 500;
    memcpy(hash, digest.data, 32);
    memcpy(id + 2, digest.data, 32);
    if (version == 3)
        assert_int_equal(EVP_Digest(id, sizeof id, hash, NULL, EVP_sha256(), NULL), 1);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(maker->key, NULL);
    assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
    assert_int_equal(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()), 1);
    assert_int_equal(EVP_PKEY_sign(ctx, out + 9, &len, hash, 32), 1);
    EVP_PKEY_CTX_free(ctx);
    out[0] = version == 3 ? 6 : 3;
    out[1] = (uint8_t)version;
    out[2] = 4; /* HASH_ALGO_SHA256 */
    memcpy(out + 3, maker->key_id, 4);
    out[7] = (uint8_t)(len >> 8);
    out[8] = (uint8_t)len;
    return gb_bytes(out, 9 + len);
}

/* The certificate as a block, indented. */
static const char *block(struct gb_arena *arena, const char *pem)
{
    struct gb_lines lines;
    struct gb_bytes line;
    const char *out = "";
    gb_lines_init(&lines, gb_bytes_str(pem));
    while (gb_lines_next(&lines, &line))
        out = gb_arena_printf(arena, "%s          %.*s\n", out, (int)line.len,
                              (const char *)line.data);
    return out;
}

static const char *policy_text(struct gb_arena *arena, const char *pem, const char *rest)
{
    return gb_arena_printf(arena,
                           "apiVersion: garboard.dev/v1alpha1\nkind: NodePolicy\n"
                           "metadata: {name: nodes, version: 1}\nspec:\n  ima:\n    signers:\n"
                           "      - name: debian\n%s        certificate: |\n%s",
                           rest, block(arena, pem));
}

static const struct maker *rsa_maker, *ec_maker;

/* A machine with one file that no set knows, and its signature. */
static struct verdict judge_one(struct make *make, const struct maker *named, const char *rest,
                                struct gb_bytes signature, struct sig_cache *cache, bool verity)
{
    struct policy policy;
    struct verdict verdict = {0};
    struct gb_err err = {0};
    const char *text = policy_text(make->arena, named->pem, rest);
    const struct policy_file file = {"p.yaml", gb_bytes_str(text)};
    make->claims.ima_count = 0;
    struct ima_entry *entry = make_file(make, "tool", "/usr/bin/tool");
    entry->signature = signature;
    entry->is_verity = verity;
    int r = policy_read(make->arena, &file, 1, 7, &policy, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(r, 0);
    policy.signatures = cache;
    assert_int_equal(appraise(make->arena, &policy, &make->claims, &verdict, NULL), 0);
    return verdict;
}

static const char *refusal(struct make *make, const struct verdict *verdict)
{
    const char *text = make_message(make->arena, verdict, GB_LINK_OS, GB_FINDING_IMA_SIGNATURE);
    return text ? text : "";
}

static struct gb_bytes good_sig(struct make *make, const struct maker *maker)
{
    return sign(make->arena, maker, 2, make_digest(make->arena, "tool"));
}

static void a_signed_file_passes_and_the_signer_is_named(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct make make;
        make_init(&make);
        make_uki(&make, "good", "ima_policy=tcb");
        const struct maker *maker = i ? rsa_maker : ec_maker;
        struct verdict verdict = judge_one(&make, maker, "", good_sig(&make, maker), NULL, false);
        assert_string_equal(make_message(make.arena, &verdict, GB_LINK_OS, GB_FINDING_IMA_SIGNED),
                            "1 measured files are signed by debian");
        assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_IMA_UNKNOWN), 0);
        assert_string_equal(refusal(&make, &verdict), "");
        make_done(&make);
    }
}

static void a_wrong_signature_is_contraindicated_with_its_reason(void **state)
{
    (void)state;
    struct make make;
    make_init(&make);
    make_uki(&make, "good", "ima_policy=tcb");
    struct gb_bytes good = good_sig(&make, ec_maker);
    const struct {
        struct gb_bytes signature;
        const char *rest, *says;
    } wrong[] = {
        {sign(make.arena, ec_maker, 2, make_digest(make.arena, "other")), "",
         "it names the key of debian, which did not make it over this file"},
        {good_sig(&make, rsa_maker), "", "the policy has no signer with key "},
        {good, "        paths: [/opt/]\n", "debian does not sign for this path"},
        {gb_bytes(good.data, good.len - 1), "", "its length is wrong"},
        {gb_bytes("\3\1\4", 3), "", "it is no signature"},
        {sign(make.arena, ec_maker, 3, make_digest(make.arena, "tool")), "",
         "it is over a fs-verity digest, the digest is of the contents"},
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(wrong); i++) {
        struct verdict verdict =
            judge_one(&make, ec_maker, wrong[i].rest, wrong[i].signature, NULL, false);
        if (!strstr(refusal(&make, &verdict), wrong[i].says))
            fail_msg("%zu: %s", i, refusal(&make, &verdict));
        assert_int_equal(verdict.links[GB_LINK_OS].tier, GB_TIER_CONTRAINDICATED);
        assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_IMA_UNKNOWN), 1);
    }
    make_done(&make);
}

static void fs_verity_is_signed_by_version_3(void **state)
{
    (void)state;
    struct make make;
    make_init(&make);
    make_uki(&make, "good", "ima_policy=tcb");
    struct gb_bytes digest = make_digest(make.arena, "tool");
    struct verdict verdict = judge_one(&make, rsa_maker, "        paths: [/usr/]\n",
                                       sign(make.arena, rsa_maker, 3, digest), NULL, true);
    assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_IMA_SIGNED), 1);
    verdict = judge_one(&make, rsa_maker, "", sign(make.arena, rsa_maker, 2, digest), NULL, true);
    assert_non_null(strstr(refusal(&make, &verdict), "the digest is of fs-verity"));
    make_done(&make);
}

static void what_was_verified_is_remembered_for_all(void **state)
{
    (void)state;
    struct make make;
    struct sig_cache *cache = NULL;
    make_init(&make);
    make_uki(&make, "good", "ima_policy=tcb");
    assert_int_equal(sig_cache_new(5, &cache, NULL), 0);
    struct gb_bytes good = good_sig(&make, ec_maker);
    struct gb_bytes bad = gb_arena_copy(make.arena, good);
    ((uint8_t *)(uintptr_t)bad.data)[20] ^= 1;
    for (int i = 0; i < 3; i++) {
        struct verdict verdict = judge_one(&make, ec_maker, "", good, cache, false);
        assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_IMA_SIGNED), 1);
        assert_int_equal(sig_cache_misses(cache), 1);
    }
    /* A wrong one is never remembered as right, nor with another key. */
    for (unsigned i = 0; i < 3; i++) {
        struct verdict verdict = judge_one(&make, ec_maker, "", bad, cache, false);
        assert_int_equal(make_count(&verdict, GB_LINK_OS, GB_FINDING_IMA_SIGNED), 0);
        assert_int_equal(sig_cache_misses(cache), 2 + i);
    }
    sig_cache_free(cache);
    make_done(&make);
}

struct together {
    struct sig_cache *cache;
    const struct sig_key *key;
    struct gb_bytes value, digest;
};

static void *verify_often(void *arg)
{
    struct together *t = arg;
    for (int i = 0; i < 200; i++) {
        bool valid = false;
        if (sig_cache_verify(t->cache, t->key, DIGEST_SHA256, t->digest.data, t->value, &valid,
                             NULL) < 0 ||
            !valid)
            return t;
    }
    return NULL;
}

static void threads_share_it(void **state)
{
    (void)state;
    struct gb_arena *arena = gb_arena_new();
    struct together t = {.digest = make_digest(arena, "tool")};
    struct sig_key key;
    pthread_t threads[4];
    assert_int_equal(sig_cache_new(5, &t.cache, NULL), 0);
    assert_int_equal(sig_key_from_pem(arena, gb_bytes_str(ec_maker->pem), &key, NULL), 0);
    t.key = &key;
    t.value = gb_bytes_from(sign(arena, ec_maker, 2, t.digest), 9);
    for (size_t i = 0; i < GB_ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, verify_often, &t), 0);
    for (size_t i = 0; i < GB_ARRAY_LEN(threads); i++) {
        void *failed = NULL;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    assert_true(sig_cache_misses(t.cache) <= GB_ARRAY_LEN(threads));
    sig_cache_free(t.cache);
    gb_arena_free(arena);
}

static void a_wrong_signer_is_refused_with_its_line(void **state)
{
    (void)state;
    struct gb_arena *arena = gb_arena_new();
    struct policy policy;
    struct gb_err err = {0};
    const char *text = policy_text(arena, "nonsense", "");
    const struct policy_file file = {"p.yaml", gb_bytes_str(text)};
    assert_int_equal(policy_read(arena, &file, 1, 7, &policy, &err), GB_ERR_CONFIG);
    assert_string_equal(err.text, "p.yaml:8: field \"certificate\": not a certificate in PEM");
    text = policy_text(arena, ec_maker->pem, "        paths: [usr]\n");
    const struct policy_file other = {"p.yaml", gb_bytes_str(text)};
    assert_int_equal(policy_read(arena, &other, 1, 7, &policy, &err), GB_ERR_CONFIG);
    assert_string_equal(err.text, "p.yaml:8: a signer's path begins with a slash");
    gb_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signed_file_passes_and_the_signer_is_named),
        cmocka_unit_test(a_wrong_signature_is_contraindicated_with_its_reason),
        cmocka_unit_test(fs_verity_is_signed_by_version_3),
        cmocka_unit_test(what_was_verified_is_remembered_for_all),
        cmocka_unit_test(threads_share_it),
        cmocka_unit_test(a_wrong_signer_is_refused_with_its_line),
    };
    struct maker rsa, ec;
    maker_init(&rsa, true, true);
    maker_init(&ec, false, false);
    rsa_maker = &rsa;
    ec_maker = &ec;
    int r = cmocka_run_group_tests(tests, NULL, NULL);
    EVP_PKEY_free(rsa.key);
    EVP_PKEY_free(ec.key);
    return r;
}
