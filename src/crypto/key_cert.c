/* The key of a pinned certificate; and keys that sign messages. */
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <time.h>

#include "base/limits.h"
#include "crypto/key.h"
#include "crypto/key_evp.h"
#include "crypto/x509_ossl.h"

static void biop(BIO **bio)
{
    BIO_free(*bio);
}

static int read_pem(struct gb_bytes pem, X509 **ret_x, struct gb_err *err)
{
    gb_cleanup(biop) BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    if (!bio)
        return gb_err_nomem(err);
    gb_cleanup(x509_osslp) X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    gb_cleanup(x509_osslp) X509 *more = x ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    ERR_clear_error();
    if (!x)
        return gb_err_set(err, GB_ERR_INPUT, "no certificate");
    if (more)
        return gb_err_set(err, GB_ERR_INPUT, "more than one certificate");
    *ret_x = gb_take(x);
    return GB_OK;
}

static int read_cert(struct gb_bytes in, X509 **ret_x, struct gb_err *err)
{
    size_t len = 0;
    if (in.len == 0 || in.len > GB_LIMIT_CERT)
        return gb_err_set(err, GB_ERR_INPUT, "no certificate is %zu bytes long", in.len);
    if (in.data[0] != 0x30) /* a SEQUENCE is what DER begins with */
        return read_pem(in, ret_x, err);
    gb_cleanup(x509_osslp) X509 *x = NULL;
    int r = x509_decode(in, &x, &len, err);
    if (r < 0)
        return r;
    if (len != in.len)
        return gb_err_at(err, GB_ERR_INPUT, len, "bytes follow the certificate");
    *ret_x = gb_take(x);
    return GB_OK;
}

static bool seconds(const ASN1_TIME *at, int64_t *ret_s)
{
    struct tm tm = {0};
    if (ASN1_TIME_to_tm(at, &tm) != 1)
        return false;
    *ret_s = (int64_t)timegm(&tm);
    return true;
}

int key_from_cert(struct gb_bytes pem_or_der, struct key **ret_key, struct key_dates *ret_dates,
                  struct gb_err *err)
{
    gb_cleanup(x509_osslp) X509 *x = NULL;
    struct key_dates dates = {0};
    int r = read_cert(pem_or_der, &x, err);
    if (r < 0)
        return r;
    EVP_PKEY *pkey = X509_get_pubkey(x);
    bool dated = seconds(X509_get0_notBefore(x), &dates.not_before_s) &&
                 seconds(X509_get0_notAfter(x), &dates.not_after_s);
    ERR_clear_error();
    if (!pkey || !dated) {
        EVP_PKEY_free(pkey);
        return gb_err_set(err, GB_ERR_INPUT, "the certificate has no %s that can be read",
                          pkey ? "dates" : "key");
    }
    r = key_from_evp(pkey, ret_key, err);
    if (r == GB_OK)
        *ret_dates = dates;
    return r;
}

bool key_ed25519(const struct key *key, uint8_t ret_public[32])
{
    size_t len = 32;
    bool is = EVP_PKEY_is_a(key->pkey, "ED25519") &&
              EVP_PKEY_get_raw_public_key(key->pkey, ret_public, &len) == 1 && len == 32;
    ERR_clear_error();
    return is;
}
