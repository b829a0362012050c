#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "crypto/issue.h"
#include "crypto/key.h"
#include "crypto/key_evp.h"
#include "crypto/signer_evp.h"

static void reqp(X509_REQ **req)
{
    X509_REQ_free(*req);
}

static void derp(unsigned char **der)
{
    OPENSSL_free(*der);
}

static int from_der(const unsigned char *der, size_t len, X509_REQ **ret_req, struct gb_err *err)
{
    const unsigned char *at = der;
    gb_cleanup(reqp) X509_REQ *req = d2i_X509_REQ(NULL, &at, (long)len);
    if (!req)
        return gb_err_set(err, GB_ERR_INPUT, "not a certificate request");
    if (at != der + len)
        return gb_err_set(err, GB_ERR_INPUT, "bytes follow the certificate request");
    *ret_req = gb_take(req);
    return GB_OK;
}

static int from_pem(struct gb_bytes pem, X509_REQ **ret_req, struct gb_err *err)
{
    gb_cleanup(signer_biop) BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    if (!bio)
        return gb_err_nomem(err);
    gb_cleanup(derp) unsigned char *der = NULL;
    long len = 0;
    if (PEM_bytes_read_bio(&der, &len, NULL, PEM_STRING_X509_REQ, bio, NULL, NULL) != 1)
        return gb_err_set(err, GB_ERR_INPUT, "no PEM certificate request");
    return from_der(der, (size_t)len, ret_req, err);
}

/* The signature proves that whoever asks holds the key. */
static int proven_key(X509_REQ *req, struct key **ret_key, struct gb_err *err)
{
    EVP_PKEY *pkey = X509_REQ_get_pubkey(req);
    if (!pkey)
        return gb_err_set(err, GB_ERR_INPUT, "the request's key cannot be read");
    gb_cleanup(key_freep) struct key *key = NULL;
    int r = key_from_evp(pkey, &key, err);
    if (r < 0)
        return r;
    const char *weakness = key_weakness(key);
    if (weakness)
        return gb_err_set(err, GB_ERR_INPUT, "the request's key: %s", weakness);
    if (X509_REQ_verify(req, key->pkey) != 1)
        return gb_err_set(err, GB_ERR_INPUT, "the request's signature is not by its key");
    *ret_key = gb_take(key);
    return GB_OK;
}

int issue_request_key(struct gb_bytes csr, struct key **ret_key, struct gb_err *err)
{
    if (csr.len == 0 || csr.len > GB_LIMIT_CERT)
        return gb_err_set(err, GB_ERR_INPUT, "no certificate request is %zu bytes long", csr.len);
    gb_cleanup(reqp) X509_REQ *req = NULL;
    /* 0x30: a DER sequence; a PEM never begins so. */
    int r = csr.data[0] == 0x30 ? from_der(csr.data, csr.len, &req, err) : from_pem(csr, &req, err);
    if (r == 0)
        r = proven_key(req, ret_key, err);
    ERR_clear_error();
    return r;
}

static bool fill(X509_REQ *req, EVP_PKEY *pkey, const char *common_name)
{
    X509_NAME *name = X509_REQ_get_subject_name(req);
    return X509_REQ_set_version(req, X509_REQ_VERSION_1) == 1 &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name,
                                      -1, -1, 0) == 1 &&
           X509_REQ_set_pubkey(req, pkey) == 1 && X509_REQ_sign(req, pkey, EVP_sha256()) > 0;
}

int issue_request(const struct signer *signer, const char *common_name, struct gb_buf *ret_pem,
                  struct gb_err *err)
{
    gb_cleanup(signer_biop) BIO *bio = BIO_new(BIO_s_mem());
    gb_cleanup(reqp) X509_REQ *req = X509_REQ_new();
    if (!bio || !req)
        return gb_err_nomem(err);
    bool good = fill(req, signer->pkey, common_name) && PEM_write_bio_X509_REQ(bio, req) == 1;
    ERR_clear_error();
    if (!good)
        return gb_err_set(err, GB_ERR_BUG, "libcrypto makes no certificate request");
    return signer_drain(bio, ret_pem, err);
}
