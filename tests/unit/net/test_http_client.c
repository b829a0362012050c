#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "kit.h"
#include "net/http_client.h"

static void echo(void *ctx, struct http_request *request)
{
    (void)ctx;
    struct gb_bytes path = http_request_path(request);
    char text[512];
    snprintf(text, sizeof text, "%d %.*s %zu %s", http_request_method(request), (int)path.len,
             (const char *)path.data, http_request_body(request).len,
             http_request_peer(request)->spiffe_id);
    if (gb_bytes_is(path, "/busy"))
        http_answer_header(request, "Retry-After", "17");
    http_answer(request, gb_bytes_is(path, "/busy") ? 503 : 200, "text/plain", gb_bytes_str(text));
}

static struct http_client_conf conf_for(const struct kit_server *server, char url[64])
{
    snprintf(url, 64, "https://127.0.0.1:%u", server->port);
    return (struct http_client_conf){.url = url,
                                     .ca_pem = kit_cert_pem(&kit_people()->ca, NULL),
                                     .cert_pem = kit_cert_pem(&kit_people()->node, NULL),
                                     .key_pem = kit_key_pem(&kit_people()->node),
                                     .connect_ms = 10000,
                                     .total_ms = 20000,
                                     .max_answer = 4096};
}

static struct http_client *client_of(const struct http_client_conf *conf)
{
    struct http_client *client = NULL;
    struct gb_err err = {0};
    if (http_client_new(conf, &client, &err) < 0)
        fail_msg("%s", err.text);
    return client;
}

static void send_ok(struct http_client *client, const char *method, const char *path,
                    struct gb_bytes body, int status, const char *answer)
{
    struct http_reply reply;
    struct gb_err err = {0};
    if (http_client_send(client, method, path, "application/json", body, &reply, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(reply.status, status);
    if (answer) {
        assert_int_equal(reply.body.len, strlen(answer));
        assert_memory_equal(reply.body.data, answer, reply.body.len);
    }
    http_reply_done(&reply);
}

static void send_fails(struct http_client *client, int code, const char *words)
{
    struct http_reply reply;
    struct gb_err err = {0};
    assert_int_equal(http_client_send(client, "GET", "/", NULL, gb_bytes(NULL, 0), &reply, &err),
                     code);
    if (!strstr(err.text, words))
        fail_msg("\"%s\" is not in: %s", words, err.text);
}

static void all_methods_over_one_connection(void **state)
{
    (void)state;
    char url[64];
    struct kit_server server = kit_conf(echo, NULL);
    kit_start(&server);
    struct http_client_conf conf = conf_for(&server, url);
    struct http_client *client = client_of(&conf);
    struct gb_bytes some = gb_bytes_str("some body");
    send_ok(client, "GET", "/a", gb_bytes(NULL, 0), 200, "1 /a 0 spiffe://example/node/n1");
    send_ok(client, "POST", "/b", some, 200, "2 /b 9 spiffe://example/node/n1");
    send_ok(client, "POST", "/b", gb_bytes(NULL, 0), 200, "2 /b 0 spiffe://example/node/n1");
    send_ok(client, "PUT", "/c", some, 200, "3 /c 9 spiffe://example/node/n1");
    send_ok(client, "DELETE", "/d", gb_bytes(NULL, 0), 200, "4 /d 0 spiffe://example/node/n1");
    send_ok(client, "GET", "/e", gb_bytes(NULL, 0), 200, "1 /e 0 spiffe://example/node/n1");
    assert_int_equal(kit_counts(&server).accepted, 1);
    assert_int_equal(kit_counts(&server).requests, 6);
    static uint8_t large[700000];
    send_ok(client, "POST", "/f", gb_bytes(large, sizeof large), 200,
            "2 /f 700000 spiffe://example/node/n1");
    http_client_free(client);
    kit_stop(&server);
}

static void retry_after_is_told(void **state)
{
    (void)state;
    char url[64];
    struct kit_server server = kit_conf(echo, NULL);
    kit_start(&server);
    struct http_client_conf conf = conf_for(&server, url);
    struct http_client *client = client_of(&conf);
    struct http_reply reply;
    assert_int_equal(
        http_client_send(client, "GET", "/busy", NULL, gb_bytes(NULL, 0), &reply, NULL), 0);
    assert_int_equal(reply.status, 503);
    assert_int_equal(reply.retry_after_s, 17);
    http_reply_done(&reply);
    http_client_free(client);
    kit_stop(&server);
}

/* A server that closed the kept connection is asked again, on a resumed session. */
static void a_lost_connection_is_made_anew_and_resumed(void **state)
{
    (void)state;
    char url[64];
    struct kit_server server = kit_conf(echo, NULL);
    server.conf.idle_ms = 50;
    kit_start(&server);
    struct http_client_conf conf = conf_for(&server, url);
    struct http_client *client = client_of(&conf);
    send_ok(client, "POST", "/a", gb_bytes_str("x"), 200, "2 /a 1 spiffe://example/node/n1");
    assert_true(kit_wait_closed(&server));
    send_ok(client, "POST", "/a", gb_bytes_str("x"), 200, "2 /a 1 spiffe://example/node/n1");
    assert_int_equal(kit_counts(&server).handshakes_resumed, 1);
    http_client_free(client);
    kit_stop(&server);
}

static void fingerprint_of(const struct kit_id *id, uint8_t out[32])
{
    unsigned char *der = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(id->cert), &der);
    assert_true(len > 0);
    assert_int_equal(EVP_Digest(der, (size_t)len, out, NULL, EVP_sha256(), NULL), 1);
    OPENSSL_free(der);
}

/* First contact: only a join token's pin is known; the CA is told for the time after. */
static void a_pin_is_enough_at_first_contact(void **state)
{
    (void)state;
    char url[64];
    struct kit_server server = kit_conf(echo, NULL);
    server.auth = TLS_AUTH_NONE;
    kit_start(&server);
    struct http_client_conf conf = conf_for(&server, url);
    conf.ca_pem = conf.cert_pem = conf.key_pem = gb_bytes(NULL, 0);
    conf.has_ca_pin = true;
    fingerprint_of(&kit_people()->ca, conf.ca_pin);
    struct http_client *client = client_of(&conf);
    struct http_reply reply;
    assert_int_equal(http_client_send(client, "GET", "/", NULL, gb_bytes(NULL, 0), &reply, NULL),
                     0);
    struct gb_bytes ca = kit_cert_pem(&kit_people()->ca, NULL);
    assert_int_equal(reply.ca_pem.len, ca.len);
    assert_memory_equal(reply.ca_pem.data, ca.data, ca.len);
    http_reply_done(&reply);
    http_client_free(client);

    conf.ca_pin[31] ^= 1; /* another server's CA */
    client = client_of(&conf);
    send_fails(client, GB_ERR_IO, "not the one that was pinned");
    http_client_free(client);
    assert_int_equal(kit_counts(&server).requests, 1);
    kit_stop(&server);
}

/* A liar sends the pinned CA's certificate along with a leaf of his own. */
static void a_pinned_certificate_must_have_signed(void **state)
{
    (void)state;
    const struct kit_people *who = kit_people();
    struct kit_id liar = kit_id(&who->stranger_ca, "IP:127.0.0.1", 0);
    char url[64];
    struct kit_server server = kit_conf(echo, NULL);
    server.auth = TLS_AUTH_NONE;
    struct tls_server_conf conf = {.cert_pem = kit_cert_pem(&liar, &who->ca),
                                   .key_pem = kit_key_pem(&liar)};
    kit_start_with(&server, &conf);
    struct http_client_conf client_conf = conf_for(&server, url);
    client_conf.ca_pem = client_conf.cert_pem = client_conf.key_pem = gb_bytes(NULL, 0);
    client_conf.has_ca_pin = true;
    fingerprint_of(&who->ca, client_conf.ca_pin);
    struct http_client *client = client_of(&client_conf);
    send_fails(client, GB_ERR_IO, "is not believed");
    http_client_free(client);
    assert_int_equal(kit_counts(&server).requests, 0);
    kit_stop(&server);
    kit_id_done(&liar);
}

static void a_server_of_another_ca_is_not_believed(void **state)
{
    (void)state;
    char url[64];
    struct kit_server server = kit_conf(echo, NULL);
    kit_start(&server);
    struct http_client_conf conf = conf_for(&server, url);
    conf.ca_pem = kit_cert_pem(&kit_people()->stranger_ca, NULL);
    struct http_client *client = client_of(&conf);
    send_fails(client, GB_ERR_IO, "is not believed");
    http_client_free(client);
    kit_stop(&server);
}

static void a_certificate_of_another_host_is_not_believed(void **state)
{
    (void)state;
    const struct kit_people *who = kit_people();
    struct kit_id other = kit_id(&who->ca, "DNS:elsewhere.example", 0);
    char url[64];
    struct kit_server server = kit_conf(echo, NULL);
    server.auth = TLS_AUTH_NONE;
    struct tls_server_conf conf = {.cert_pem = kit_cert_pem(&other, &who->ca),
                                   .key_pem = kit_key_pem(&other)};
    kit_start_with(&server, &conf);
    struct http_client_conf client_conf = conf_for(&server, url);
    struct http_client *client = client_of(&client_conf);
    send_fails(client, GB_ERR_IO, "127.0.0.1");
    http_client_free(client);
    assert_int_equal(kit_counts(&server).requests, 0);
    kit_stop(&server);
    kit_id_done(&other);
}

static void an_expired_server_is_believed_only_when_dates_do_not_count(void **state)
{
    (void)state;
    const struct kit_people *who = kit_people();
    struct kit_id old = kit_id(&who->ca, "IP:127.0.0.1", 1600000000);
    char url[64];
    struct kit_server server = kit_conf(echo, NULL);
    server.auth = TLS_AUTH_NONE;
    struct tls_server_conf conf = {.cert_pem = kit_cert_pem(&old, &who->ca),
                                   .key_pem = kit_key_pem(&old)};
    kit_start_with(&server, &conf);
    struct http_client_conf client_conf = conf_for(&server, url);
    struct http_client *client = client_of(&client_conf);
    send_fails(client, GB_ERR_IO, "expired");
    http_client_free(client);
    client_conf = conf_for(&server, url);
    client_conf.ignore_validity = true;
    client = client_of(&client_conf);
    send_ok(client, "GET", "/", gb_bytes(NULL, 0), 200, NULL);
    http_client_free(client);
    kit_stop(&server);
    kit_id_done(&old);
}

struct outside { /* a TPM of software */
    EVP_PKEY *key;
    int calls;
    bool broken;
};

static int sign_outside(void *ctx, const uint8_t digest[32], uint8_t ret_r[32], uint8_t ret_s[32])
{
    struct outside *outside = ctx;
    outside->calls++;
    if (outside->broken)
        return GB_ERR_IO;
    unsigned char der[128];
    size_t len = sizeof der;
    EVP_PKEY_CTX *sign = EVP_PKEY_CTX_new(outside->key, NULL);
    assert_true(sign && EVP_PKEY_sign_init(sign) == 1 &&
                EVP_PKEY_sign(sign, der, &len, digest, 32) == 1);
    EVP_PKEY_CTX_free(sign);
    const unsigned char *at = der;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)len);
    assert_true(sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), ret_r, 32) == 32 &&
                BN_bn2binpad(ECDSA_SIG_get0_s(sig), ret_s, 32) == 32);
    ECDSA_SIG_free(sig);
    return GB_OK;
}

static void point_of(EVP_PKEY *key, struct tls_external_key *external)
{
    BIGNUM *x = NULL;
    BIGNUM *y = NULL;
    assert_true(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_X, &x) == 1 &&
                EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_Y, &y) == 1);
    assert_true(BN_bn2binpad(x, external->x, 32) == 32 && BN_bn2binpad(y, external->y, 32) == 32);
    BN_free(x);
    BN_free(y);
}

static void a_key_that_lives_elsewhere_signs_the_handshake(void **state)
{
    (void)state;
    char url[64];
    struct kit_server server = kit_conf(echo, NULL);
    kit_start(&server);
    struct outside outside = {.key = kit_people()->node.key};
    struct tls_external_key external = {.sign = sign_outside, .ctx = &outside};
    point_of(outside.key, &external);
    struct http_client_conf conf = conf_for(&server, url);
    conf.key_pem = gb_bytes(NULL, 0);
    conf.external_key = &external;
    struct http_client *client = client_of(&conf);
    send_ok(client, "GET", "/", gb_bytes(NULL, 0), 200, "1 / 0 spiffe://example/node/n1");
    send_ok(client, "GET", "/", gb_bytes(NULL, 0), 200, "1 / 0 spiffe://example/node/n1");
    assert_int_equal(outside.calls, 1); /* one signature a handshake */
    http_client_free(client);

    outside.broken = true;
    client = client_of(&conf);
    send_fails(client, GB_ERR_IO, "https://127.0.0.1");
    http_client_free(client);
    assert_int_equal(outside.calls, 2);
    kit_stop(&server);

    external.x[0] ^= 1; /* another key than the certificate's, or no point at all */
    struct gb_err err = {0};
    assert_int_equal(http_client_new(&conf, &client, &err), GB_ERR_CONFIG);
}

static void answers_have_a_ceiling(void **state)
{
    (void)state;
    char url[64];
    struct kit_server server = kit_conf(echo, NULL);
    kit_start(&server);
    struct http_client_conf conf = conf_for(&server, url);
    conf.max_answer = 10;
    struct http_client *client = client_of(&conf);
    send_fails(client, GB_ERR_LIMIT, "longer than 10 bytes");
    http_client_free(client);
    kit_stop(&server);
}

static void no_answer_is_explained(void **state)
{
    (void)state;
    char url[64];
    struct kit_server server = kit_conf(echo, NULL);
    kit_start(&server);
    struct http_client_conf conf = conf_for(&server, url);
    kit_stop(&server);
    struct http_client *client = client_of(&conf);
    send_fails(client, GB_ERR_IO, "cannot connect");
    http_client_free(client);
    conf.url = "https://nobody.invalid:1";
    conf.ca_pem = kit_cert_pem(&kit_people()->ca, NULL);
    client = client_of(&conf);
    send_fails(client, GB_ERR_IO, "cannot be resolved");
    http_client_free(client);
}

static void a_client_certificate_that_is_refused_is_explained(void **state)
{
    (void)state;
    char url[64];
    struct kit_server server = kit_conf(echo, NULL);
    kit_start(&server);
    struct http_client_conf conf = conf_for(&server, url);
    conf.cert_pem = kit_cert_pem(&kit_people()->stranger, NULL);
    conf.key_pem = kit_key_pem(&kit_people()->stranger);
    struct http_client *client = client_of(&conf);
    send_fails(client, GB_ERR_IO, "unknown ca");
    http_client_free(client);
    conf.cert_pem = conf.key_pem = gb_bytes(NULL, 0);
    client = client_of(&conf);
    send_fails(client, GB_ERR_IO, "certificate required");
    http_client_free(client);
    kit_stop(&server);
}

static void mute(void *ctx, struct http_request *request)
{
    *(struct http_request **)ctx = request;
}

static void a_server_that_keeps_silent_times_out(void **state)
{
    (void)state;
    char url[64];
    struct http_request *request = NULL;
    struct kit_server server = kit_conf(mute, &request);
    kit_start(&server);
    struct http_client_conf conf = conf_for(&server, url);
    conf.total_ms = 300;
    struct http_client *client = client_of(&conf);
    send_fails(client, GB_ERR_IO, "timed out");
    http_client_free(client);
    kit_stop(&server);
    if (request)
        http_answer(request, 200, NULL, gb_bytes(NULL, 0)); /* after the server's end: dropped */
}

static void the_surroundings_do_not_count(void **state)
{
    (void)state;
    char url[64];
    setenv("https_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    struct kit_server server = kit_conf(echo, NULL);
    kit_start(&server);
    struct http_client_conf conf = conf_for(&server, url);
    struct http_client *client = client_of(&conf);
    send_ok(client, "GET", "/", gb_bytes(NULL, 0), 200, NULL);
    http_client_free(client);
    kit_stop(&server);
    unsetenv("https_proxy");
    unsetenv("ALL_PROXY");
}

static void nonsense_is_refused_at_once(void **state)
{
    (void)state;
    static const char *const urls[] = {"http://127.0.0.1:1", "https://a/b", "https://me@a:1",
                                       "https://a:1?x", ""};
    for (size_t i = 0; i < GB_ARRAY_LEN(urls); i++) {
        struct http_client_conf conf = {.url = urls[i], .has_ca_pin = true};
        struct http_client *client = NULL;
        assert_int_equal(http_client_new(&conf, &client, NULL), GB_ERR_CONFIG);
    }
    struct http_client_conf nobody = {.url = "https://a:1"};
    struct http_client *client = NULL;
    assert_int_equal(http_client_new(&nobody, &client, NULL), GB_ERR_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_methods_over_one_connection),
        cmocka_unit_test(retry_after_is_told),
        cmocka_unit_test(a_lost_connection_is_made_anew_and_resumed),
        cmocka_unit_test(a_pin_is_enough_at_first_contact),
        cmocka_unit_test(a_pinned_certificate_must_have_signed),
        cmocka_unit_test(a_server_of_another_ca_is_not_believed),
        cmocka_unit_test(a_certificate_of_another_host_is_not_believed),
        cmocka_unit_test(an_expired_server_is_believed_only_when_dates_do_not_count),
        cmocka_unit_test(a_key_that_lives_elsewhere_signs_the_handshake),
        cmocka_unit_test(answers_have_a_ceiling),
        cmocka_unit_test(no_answer_is_explained),
        cmocka_unit_test(a_client_certificate_that_is_refused_is_explained),
        cmocka_unit_test(a_server_that_keeps_silent_times_out),
        cmocka_unit_test(the_surroundings_do_not_count),
        cmocka_unit_test(nonsense_is_refused_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
