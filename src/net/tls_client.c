#include "net/tls_client.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "net/http_client.h"
#include "net/tls.h"
#include "net/tls_external.h"
#include "net/tls_ossl.h"
#include "net/tls_peer.h"

static bool has_pin(const X509 *cert, const uint8_t pin[32])
{
    struct tls_peer facts;
    return tls_peer_read(cert, &facts) && memcmp(facts.fingerprint, pin, 32) == 0;
}

/* Whom to trust: our CAs, or at first contact what the server itself sends; with a pin, only those
 * of them that have it. */
static STACK_OF(X509) * choose_trusted(struct tls_client *client, X509_STORE_CTX *store)
{
    STACK_OF(X509) *from = client->cas ? client->cas : X509_STORE_CTX_get0_untrusted(store);
    STACK_OF(X509) *trusted = sk_X509_new_null();
    for (int i = 0; trusted && i < sk_X509_num(from); i++) {
        X509 *cert = sk_X509_value(from, i);
        if ((!client->has_ca_pin || has_pin(cert, client->ca_pin)) &&
            sk_X509_push(trusted, cert) <= 0) {
            sk_X509_free(trusted);
            return NULL;
        }
    }
    return trusted;
}

static void remember(struct tls_client *client, X509_STORE_CTX *store)
{
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(store);
    int count = sk_X509_num(chain);
    X509 *root = count > 0 ? sk_X509_value(chain, count - 1) : NULL;
    X509_free(client->recognised);
    client->recognised = root && X509_up_ref(root) == 1 ? root : NULL;
}

/* Instead of OpenSSL's own look-up in a store: the host name is libcurl's to check, afterwards. */
static int verify_server(X509_STORE_CTX *store, void *ctx)
{
    struct tls_client *client = ctx;
    STACK_OF(X509) *trusted = choose_trusted(client, store);
    if (!trusted) {
        X509_STORE_CTX_set_error(store, X509_V_ERR_OUT_OF_MEM);
        return 0;
    }
    client->unpinned = client->has_ca_pin && sk_X509_num(trusted) == 0;
    unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN; /* what we pin is trusted, root or not */
    if (client->ignore_validity)
        flags |= X509_V_FLAG_NO_CHECK_TIME;
    X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(store), flags);
    X509_STORE_CTX_set0_trusted_stack(store, trusted);
    int ok = X509_verify_cert(store);
    client->fault = X509_STORE_CTX_get_error(store);
    if (ok == 1)
        remember(client, store);
    sk_X509_free(trusted);
    return ok == 1;
}

static int no_passphrase(char *buf, int size, int writing, void *ctx)
{
    (void)buf, (void)size, (void)writing, (void)ctx;
    return -1; /* or OpenSSL would ask the terminal */
}

static BIO *borrow(struct gb_bytes pem)
{
    return pem.len <= GB_LIMIT_CA_BUNDLE ? BIO_new_mem_buf(pem.data, (int)pem.len) : NULL;
}

static int refuse(struct gb_err *err, const char *what)
{
    char why[128];
    tls_complaint(why, sizeof why);
    return gb_err_set(err, GB_ERR_CONFIG, "%s%s%s", what, why[0] ? ": " : "", why);
}

static int read_cas(struct tls_client *client, struct gb_bytes pem, struct gb_err *err)
{
    BIO *bio = borrow(pem);
    client->cas = sk_X509_new_null();
    bool ok = bio && client->cas;
    for (X509 *ca = NULL; ok && (ca = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL));)
        if (sk_X509_push(client->cas, ca) <= 0) {
            X509_free(ca);
            ok = false;
        }
    BIO_free(bio);
    if (!ok || sk_X509_num(client->cas) == 0)
        return refuse(err, "the server's CA is no PEM certificate");
    ERR_clear_error(); /* the end of the file was one */
    return GB_OK;
}

static int read_own(struct tls_client *client, const struct http_client_conf *conf,
                    struct gb_err *err)
{
    BIO *bio = borrow(conf->cert_pem);
    client->cert = bio ? PEM_read_bio_X509(bio, NULL, no_passphrase, NULL) : NULL;
    BIO_free(bio);
    if (!client->cert)
        return refuse(err, "the client's certificate is no PEM certificate");
    if (conf->external_key) {
        client->key = tls_external_pkey(conf->external_key);
    } else {
        bio = borrow(conf->key_pem);
        client->key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
        BIO_free(bio);
    }
    if (!client->key)
        return refuse(err, "the client's key cannot be used");
    if (X509_check_private_key(client->cert, client->key) != 1)
        return refuse(err, "the client's certificate is of another key");
    return GB_OK;
}

int tls_client_init(struct tls_client *client, const struct http_client_conf *conf,
                    struct gb_err *err)
{
    *client = (struct tls_client){.has_ca_pin = conf->has_ca_pin,
                                  .ignore_validity = conf->ignore_validity,
                                  .tls12_ok = conf->tls12_ok};
    memcpy(client->ca_pin, conf->ca_pin, sizeof client->ca_pin);
    if (conf->ca_pem.len == 0 && !conf->has_ca_pin)
        return gb_err_set(err, GB_ERR_CONFIG, "no CA and no pin: no server could be believed");
    int r = conf->ca_pem.len > 0 ? read_cas(client, conf->ca_pem, err) : GB_OK;
    if (r == GB_OK && conf->cert_pem.len > 0)
        r = read_own(client, conf, err);
    return r;
}

void tls_client_done(struct tls_client *client)
{
    sk_X509_pop_free(client->cas, X509_free);
    X509_free(client->cert);
    EVP_PKEY_free(client->key);
    X509_free(client->recognised);
}

bool tls_client_apply(struct tls_client *client, SSL_CTX *ctx)
{
    client->fault = X509_V_OK;
    client->unpinned = false;
    SSL_CTX_set_cert_verify_callback(ctx, verify_server, client);
    SSL_CTX_set_security_level(ctx, 2);
    if (SSL_CTX_set_min_proto_version(ctx, client->tls12_ok ? TLS1_2_VERSION : TLS1_3_VERSION) != 1)
        return false;
    return !client->cert || (SSL_CTX_use_certificate(ctx, client->cert) == 1 &&
                             SSL_CTX_use_PrivateKey(ctx, client->key) == 1);
}

void tls_client_ca(const struct tls_client *client, struct gb_buf *out)
{
    BIO *bio = client->recognised ? BIO_new(BIO_s_mem()) : NULL;
    char *text = NULL;
    if (bio && PEM_write_bio_X509(bio, client->recognised) == 1) {
        long len = BIO_get_mem_data(bio, &text);
        gb_buf_add(out, text, len > 0 ? (size_t)len : 0);
    }
    BIO_free(bio);
}
