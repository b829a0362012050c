#include "crypto/x509.h"

#include <openssl/err.h>

#include "base/mem.h"
#include "crypto/issue_ossl.h"
#include "crypto/key_evp.h"
#include "crypto/x509_ossl.h"

void x509_osslp(X509 **x)
{
    X509_free(*x);
}

int x509_decode(struct gb_bytes der, X509 **ret_x, size_t *ret_len, struct gb_err *err)
{
    if (der.len > GB_LIMIT_CERT)
        return gb_err_set(err, GB_ERR_LIMIT, "certificate of %zu bytes, the ceiling is %d", der.len,
                          GB_LIMIT_CERT);
    const unsigned char *at = der.data;
    X509 *x = der.len > 0 ? d2i_X509(NULL, &at, (long)der.len) : NULL;
    ERR_clear_error();
    if (!x)
        return gb_err_set(err, GB_ERR_INPUT, "not a DER certificate");
    *ret_x = x;
    *ret_len = (size_t)(at - der.data);
    return GB_OK;
}

int x509_from_der(struct gb_bytes der, struct x509_cert **ret_cert, struct gb_err *err)
{
    gb_cleanup(x509_osslp) X509 *x = NULL;
    size_t len = 0;
    int r = x509_decode(der, &x, &len, err);
    if (r < 0)
        return r;
    /* An NV index may be longer than the certificate in it (EK Credential Profile 2.5, 2.2.1.4);
     * what was never written reads as ff, what a maker fills up as 00. */
    struct gb_bytes rest = gb_bytes_from(der, len);
    if (!gb_bytes_all(rest, 0x00) && !gb_bytes_all(rest, 0xff))
        return gb_err_at(err, GB_ERR_INPUT, len, "bytes follow the certificate");
    struct x509_cert *cert = gb_calloc(1, sizeof *cert);
    if (!cert)
        return gb_err_nomem(err);
    cert->x = gb_take(x);
    *ret_cert = cert;
    return GB_OK;
}

void x509_free(struct x509_cert *cert)
{
    if (!cert)
        return;
    X509_free(cert->x);
    gb_free(cert);
}

void x509_freep(struct x509_cert **cert)
{
    x509_free(*cert);
}

int x509_key(const struct x509_cert *cert, struct key **ret_key, struct gb_err *err)
{
    EVP_PKEY *pkey = X509_get_pubkey(cert->x);
    ERR_clear_error();
    if (!pkey)
        return gb_err_set(err, GB_ERR_INPUT, "the certificate's key cannot be read");
    return key_from_evp(pkey, ret_key, err);
}

int x509_fingerprint(const struct x509_cert *cert, uint8_t out[32], struct gb_err *err)
{
    return issue_spki(cert->x, out, err);
}
