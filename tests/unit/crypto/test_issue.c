#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "../test.h"
#include "crypto/issue.h"

enum { NOW = 1767225600, DAY = 86400 }; /* 2026-01-01 */

static struct gb_arena *arena;
static struct signer *ca, *node;
static struct gb_buf ca_pem;

static const struct issue as_ca = {.role = ISSUE_CA,
                                   .common_name = "Test CA",
                                   .not_before_s = NOW,
                                   .not_after_s = NOW + 365 * DAY};
static const char *const hosts[] = {"server.example", "127.0.0.1", "::1", "a,DNS:evil", NULL};
static const uint8_t ak[32] = {1, 2, 3};
static const struct issue as_node = {.role = ISSUE_CLIENT,
                                     .common_name = "node",
                                     .spiffe_id = "spiffe://example/node/01",
                                     .ak = ak,
                                     .not_before_s = NOW,
                                     .not_after_s = NOW + DAY};
static const struct issue as_server = {.role = ISSUE_SERVER,
                                       .common_name = "garboardd",
                                       .spiffe_id = "spiffe://example/server",
                                       .names = hosts,
                                       .not_before_s = NOW,
                                       .not_after_s = NOW + DAY};

static int setup(void **state)
{
    (void)state;
    arena = gb_arena_new();
    gb_buf_init(&ca_pem, GB_LIMIT_CERT);
    return !arena || signer_new(&ca, NULL) || signer_new(&node, NULL) ||
           issue_ca(ca, &as_ca, &ca_pem, NULL);
}

static int teardown(void **state)
{
    (void)state;
    gb_arena_free(arena);
    signer_free(ca);
    signer_free(node);
    gb_buf_done(&ca_pem);
    return 0;
}

static struct key *requested_key(void)
{
    struct key *key = NULL;
    struct gb_buf csr;
    gb_buf_init(&csr, GB_LIMIT_CERT);
    assert_int_equal(issue_request(node, "whatever", &csr, NULL), 0);
    assert_int_equal(issue_request_key(gb_buf_bytes(&csr), &key, NULL), 0);
    gb_buf_done(&csr);
    return key;
}

static void issue(const struct issue *what, struct gb_buf *pem)
{
    gb_cleanup(key_freep) struct key *key = requested_key();
    gb_buf_init(pem, GB_LIMIT_CERT);
    assert_int_equal(issue_cert(ca, gb_buf_bytes(&ca_pem), key, what, pem, NULL), 0);
}

static X509 *parse(const struct gb_buf *pem)
{
    BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
    X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    assert_non_null(x);
    return x;
}

/* 1 when libcrypto's own path building likes it for the purpose and the host. */
static int path_holds(const struct gb_buf *pem, int purpose, const char *host, const char *ip)
{
    X509 *root = parse(&ca_pem);
    X509 *leaf = parse(pem);
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    X509_STORE_add_cert(store, root);
    X509_STORE_CTX_init(ctx, store, leaf, NULL);
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT);
    X509_VERIFY_PARAM_set_time(param, NOW + 60);
    X509_VERIFY_PARAM_set_purpose(param, purpose);
    if (host)
        X509_VERIFY_PARAM_set1_host(param, host, 0);
    if (ip)
        X509_VERIFY_PARAM_set1_ip_asc(param, ip);
    int holds = X509_verify_cert(ctx);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    X509_free(root);
    X509_free(leaf);
    return holds;
}

static void certificates_serve_their_purpose_only(void **state)
{
    (void)state;
    struct gb_buf client;
    struct gb_buf server;
    issue(&as_node, &client);
    issue(&as_server, &server);
    assert_int_equal(path_holds(&client, X509_PURPOSE_SSL_CLIENT, NULL, NULL), 1);
    assert_int_equal(path_holds(&client, X509_PURPOSE_SSL_SERVER, NULL, NULL), 0);
    assert_int_equal(path_holds(&server, X509_PURPOSE_SSL_CLIENT, NULL, NULL), 0);
    assert_int_equal(path_holds(&server, X509_PURPOSE_SSL_SERVER, "server.example", NULL), 1);
    assert_int_equal(path_holds(&server, X509_PURPOSE_SSL_SERVER, NULL, "127.0.0.1"), 1);
    assert_int_equal(path_holds(&server, X509_PURPOSE_SSL_SERVER, NULL, "::1"), 1);
    gb_buf_done(&client);
    gb_buf_done(&server);
}

static void a_name_cannot_smuggle_another_in(void **state)
{
    (void)state;
    struct gb_buf server;
    issue(&as_server, &server);
    assert_int_equal(path_holds(&server, X509_PURPOSE_SSL_SERVER, "evil", NULL), 0);
    gb_buf_done(&server);
}

static void what_was_issued_is_read_back(void **state)
{
    (void)state;
    struct gb_buf pem;
    struct issued issued;
    uint8_t x[32];
    uint8_t y[32];
    uint8_t fingerprint[32];
    uint8_t direct[32];
    issue(&as_node, &pem);
    assert_int_equal(issued_read(arena, gb_buf_bytes(&pem), gb_buf_bytes(&ca_pem), &issued, NULL),
                     0);
    assert_string_equal(issued.spiffe_id, as_node.spiffe_id);
    assert_int_equal(issued.not_before_s, NOW);
    assert_int_equal(issued.not_after_s, NOW + DAY);
    assert_true(issued.has_ak);
    assert_memory_equal(issued.ak, ak, 32);
    assert_int_equal(signer_public(node, x, y, fingerprint, NULL), 0);
    assert_memory_equal(issued.fingerprint, fingerprint, 32);
    assert_int_equal(issued_fingerprint(gb_buf_bytes(&pem), direct, NULL), 0);
    assert_memory_equal(direct, fingerprint, 32);
    gb_buf_done(&pem);
}

static void a_certificate_of_another_ca_is_not_ours(void **state)
{
    (void)state;
    gb_cleanup(signer_freep) struct signer *other = NULL;
    struct gb_buf other_pem;
    struct gb_buf pem;
    struct issued issued;
    gb_buf_init(&other_pem, GB_LIMIT_CERT);
    assert_int_equal(signer_new(&other, NULL), 0);
    assert_int_equal(issue_ca(other, &as_ca, &other_pem, NULL), 0); /* the same name */
    issue(&as_node, &pem);
    assert_int_equal(
        issued_read(arena, gb_buf_bytes(&pem), gb_buf_bytes(&other_pem), &issued, NULL),
        GB_ERR_INPUT);
    /* The CA itself is no node. */
    assert_int_equal(
        issued_read(arena, gb_buf_bytes(&ca_pem), gb_buf_bytes(&ca_pem), &issued, NULL),
        GB_ERR_INPUT);
    /* Nor does another key sign in the CA's name. */
    gb_cleanup(key_freep) struct key *key = requested_key();
    gb_buf_done(&pem);
    gb_buf_init(&pem, GB_LIMIT_CERT);
    assert_int_equal(issue_cert(other, gb_buf_bytes(&ca_pem), key, &as_node, &pem, NULL),
                     GB_ERR_CONFIG);
    gb_buf_done(&pem);
    gb_buf_done(&other_pem);
}

static void serials_differ(void **state)
{
    (void)state;
    struct gb_buf a;
    struct gb_buf b;
    issue(&as_node, &a);
    issue(&as_node, &b);
    X509 *xa = parse(&a);
    X509 *xb = parse(&b);
    assert_int_not_equal(ASN1_INTEGER_cmp(X509_get0_serialNumber(xa), X509_get0_serialNumber(xb)),
                         0);
    X509_free(xa);
    X509_free(xb);
    gb_buf_done(&a);
    gb_buf_done(&b);
}

/* DER of a request by node's key. */
static size_t request_der(uint8_t out[1024])
{
    struct gb_buf csr;
    gb_buf_init(&csr, GB_LIMIT_CERT);
    assert_int_equal(issue_request(node, "x", &csr, NULL), 0);
    BIO *bio = BIO_new_mem_buf(csr.data, (int)csr.len);
    X509_REQ *req = PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL);
    assert_true(i2d_X509_REQ(req, NULL) < 1024);
    int len = i2d_X509_REQ(req, &out);
    X509_REQ_free(req);
    BIO_free(bio);
    gb_buf_done(&csr);
    return (size_t)len;
}

/* The key is taken only when the request's own signature holds: nobody asks for another's key. */
static void every_flip_and_cut_of_a_request_is_refused(void **state)
{
    (void)state;
    uint8_t der[1024];
    size_t len = request_der(der);
    struct key *key = NULL;
    assert_int_equal(issue_request_key(gb_bytes(der, len), &key, NULL), 0);
    key_free(gb_take(key));
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(issue_request_key(gb_bytes(der, i), &key, NULL), GB_ERR_INPUT);
        der[i] ^= 1;
        assert_int_equal(issue_request_key(gb_bytes(der, len), &key, NULL), GB_ERR_INPUT);
        der[i] ^= 1;
    }
    der[len] = 0;
    assert_int_equal(issue_request_key(gb_bytes(der, len + 1), &key, NULL), GB_ERR_INPUT);
    assert_null(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates_serve_their_purpose_only),
        cmocka_unit_test(a_name_cannot_smuggle_another_in),
        cmocka_unit_test(what_was_issued_is_read_back),
        cmocka_unit_test(a_certificate_of_another_ca_is_not_ours),
        cmocka_unit_test(serials_differ),
        cmocka_unit_test(every_flip_and_cut_of_a_request_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
