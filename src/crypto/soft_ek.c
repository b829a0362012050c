#include "crypto/soft_ek.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "crypto/issue_ossl.h"
#include "crypto/key.h"
#include "crypto/key_evp.h"
#include "crypto/rand.h"
#include "crypto/signer_evp.h"
#include "crypto/x509_ossl.h"

static int bug(struct gb_err *err, const char *what)
{
    ERR_clear_error();
    return gb_err_set(err, GB_ERR_BUG, "libcrypto %s", what);
}

static int derive(EVP_PKEY *ours, EVP_PKEY *theirs, uint8_t ret_z[32], struct gb_err *err)
{
    size_t len = 32;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(ours, NULL);
    bool good = ctx && EVP_PKEY_derive_init(ctx) == 1 &&
                EVP_PKEY_derive_set_peer(ctx, theirs) == 1 &&
                EVP_PKEY_derive(ctx, ret_z, &len) == 1 && len == 32;
    EVP_PKEY_CTX_free(ctx);
    return good ? GB_OK : bug(err, "derives no shared secret");
}

int soft_ek_shared(const struct signer *ek, struct gb_bytes x, struct gb_bytes y, uint8_t ret_z[32],
                   struct gb_err *err)
{
    gb_cleanup(key_freep) struct key *peer = NULL;
    int r = key_from_ec(KEY_P256, x, y, &peer, err);
    return r < 0 ? r : derive(ek->pkey, peer->pkey, ret_z, err);
}

static bool add(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool good = ext && X509_add_ext(x, ext, -1) == 1;
    X509_EXTENSION_free(ext);
    return good;
}

static bool fill(X509 *x, X509 *issuer, EVP_PKEY *subject, long serial)
{
    enum { DAY_S = 24 * 3600, TEN_YEARS_S = 3650 * DAY_S };
    return X509_set_version(x, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set(X509_get_serialNumber(x), serial) == 1 &&
           X509_set_pubkey(x, subject) == 1 && X509_gmtime_adj(X509_getm_notBefore(x), -DAY_S) &&
           X509_gmtime_adj(X509_getm_notAfter(x), TEN_YEARS_S) &&
           X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                                      (const unsigned char *)"garboard-load EK", -1, -1, 0) == 1 &&
           X509_set_issuer_name(x, X509_get_subject_name(issuer)) == 1 &&
           add(x, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
           add(x, issuer, NID_key_usage, "critical,keyAgreement") &&
           add(x, issuer, NID_ext_key_usage, "2.23.133.8.1");
}

static int write_der(X509 *x, struct gb_buf *ret_der, struct gb_err *err)
{
    unsigned char *der = NULL;
    int len = i2d_X509(x, &der);
    if (len <= 0)
        return bug(err, "does not write a certificate");
    gb_buf_add(ret_der, der, (size_t)len);
    OPENSSL_free(der);
    return gb_buf_ok(ret_der) ? GB_OK : gb_err_nomem(err);
}

int soft_ek_cert(const struct signer *ca, struct gb_bytes ca_pem, const struct signer *ek,
                 struct gb_buf *ret_der, struct gb_err *err)
{
    gb_cleanup(x509_osslp) X509 *issuer = NULL;
    uint32_t serial = 0;
    int r = issue_read_pem(ca_pem, &issuer, err);
    if (r == GB_OK)
        r = rand_bytes((uint8_t *)&serial, sizeof serial, err);
    if (r < 0)
        return r;
    gb_cleanup(x509_osslp) X509 *x = X509_new();
    if (!x)
        return gb_err_nomem(err);
    if (!fill(x, issuer, ek->pkey, (long)serial + 1) || X509_sign(x, ca->pkey, EVP_sha256()) <= 0)
        return bug(err, "does not make a certificate");
    return write_der(x, ret_der, err);
}
