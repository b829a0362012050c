#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "crypto/issue.h"
#include "crypto/issue_ossl.h"
#include "crypto/key_evp.h"
#include "crypto/signer_evp.h"
#include "crypto/x509_ossl.h"

static void derp(unsigned char **der)
{
    OPENSSL_free(*der);
}

static void namesp(GENERAL_NAMES **names)
{
    GENERAL_NAMES_free(*names);
}

int issue_read_pem(struct gb_bytes pem, X509 **ret_x, struct gb_err *err)
{
    if (pem.len == 0 || pem.len > GB_LIMIT_CERT)
        return gb_err_set(err, GB_ERR_INPUT, "no PEM certificate is %zu bytes long", pem.len);
    gb_cleanup(signer_biop) BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    if (!bio)
        return gb_err_nomem(err);
    X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    ERR_clear_error();
    if (!x)
        return gb_err_set(err, GB_ERR_INPUT, "no PEM certificate");
    *ret_x = x;
    return GB_OK;
}

int issue_spki(const X509 *x, uint8_t out[32], struct gb_err *err)
{
    gb_cleanup(derp) unsigned char *der = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
    if (len <= 0 || EVP_Digest(der, (size_t)len, out, NULL, EVP_sha256(), NULL) != 1) {
        ERR_clear_error();
        return gb_err_set(err, GB_ERR_INPUT, "the certificate's key cannot be read");
    }
    return GB_OK;
}

int issued_fingerprint(struct gb_bytes cert_pem, uint8_t out[32], struct gb_err *err)
{
    gb_cleanup(x509_osslp) X509 *x = NULL;
    int r = issue_read_pem(cert_pem, &x, err);
    return r < 0 ? r : issue_spki(x, out, err);
}

/* Ours: by the CA's key, below the CA's name, no CA itself. */
static int check_issuer(X509 *x, X509 *ca, struct gb_err *err)
{
    EVP_PKEY *pkey = X509_get0_pubkey(ca);
    bool ours = pkey && X509_check_issued(ca, x) == X509_V_OK && X509_verify(x, pkey) == 1;
    bool leaf = !(X509_get_extension_flags(x) & (EXFLAG_INVALID | EXFLAG_CA | EXFLAG_SS));
    ERR_clear_error();
    if (!ours || !leaf)
        return gb_err_set(err, GB_ERR_INPUT, "the certificate is not one that our CA issued");
    return GB_OK;
}

static int read_time(const ASN1_TIME *time, int64_t *ret_s, struct gb_err *err)
{
    struct tm tm;
    if (ASN1_TIME_to_tm(time, &tm) != 1)
        return gb_err_set(err, GB_ERR_INPUT, "the certificate's validity cannot be read");
    *ret_s = timegm(&tm);
    return GB_OK;
}

static int copy_id(struct gb_arena *arena, const ASN1_IA5STRING *uri, const char **ret_id,
                   struct gb_err *err)
{
    struct gb_bytes text = gb_bytes(ASN1_STRING_get0_data(uri), (size_t)ASN1_STRING_length(uri));
    if (text.len == 0 || memchr(text.data, 0, text.len))
        return gb_err_set(err, GB_ERR_INPUT, "the certificate's SPIFFE ID cannot be read");
    *ret_id = (const char *)gb_arena_copy(arena, text).data;
    return *ret_id ? GB_OK : gb_err_nomem(err);
}

/* Exactly one URI. */
static int read_id(struct gb_arena *arena, const X509 *x, const char **ret_id, struct gb_err *err)
{
    gb_cleanup(namesp) GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
    const ASN1_IA5STRING *uri = NULL;
    size_t uris = 0;
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_URI) {
            uri = name->d.uniformResourceIdentifier;
            uris++;
        }
    }
    ERR_clear_error();
    if (uris != 1)
        return gb_err_set(err, GB_ERR_INPUT, "the certificate has no SPIFFE ID");
    return copy_id(arena, uri, ret_id, err);
}

static int read_ak(const X509 *x, struct issued *issued, struct gb_err *err)
{
    ASN1_OBJECT *oid = OBJ_txt2obj(ISSUE_OID_AK, 1);
    if (!oid)
        return gb_err_nomem(err);
    int at = X509_get_ext_by_OBJ(x, oid, -1);
    int again = at < 0 ? -1 : X509_get_ext_by_OBJ(x, oid, at);
    ASN1_OBJECT_free(oid);
    if (at < 0)
        return GB_OK;
    const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(X509_get_ext(x, at));
    if (again >= 0 || ASN1_STRING_length(value) != sizeof issued->ak)
        return gb_err_set(err, GB_ERR_INPUT, "the certificate's AK cannot be read");
    memcpy(issued->ak, ASN1_STRING_get0_data(value), sizeof issued->ak);
    issued->has_ak = true;
    return GB_OK;
}

static int read_fields(struct gb_arena *arena, const X509 *x, struct issued *issued,
                       struct gb_err *err)
{
    int r = read_time(X509_get0_notBefore(x), &issued->not_before_s, err);
    if (r == 0)
        r = read_time(X509_get0_notAfter(x), &issued->not_after_s, err);
    if (r == 0)
        r = read_id(arena, x, &issued->spiffe_id, err);
    if (r == 0)
        r = read_ak(x, issued, err);
    if (r == 0)
        r = issue_spki(x, issued->fingerprint, err);
    return r;
}

int issued_read(struct gb_arena *arena, struct gb_bytes cert_pem, struct gb_bytes ca_pem,
                struct issued *ret_issued, struct gb_err *err)
{
    gb_cleanup(x509_osslp) X509 *ca = NULL;
    gb_cleanup(x509_osslp) X509 *x = NULL;
    struct issued issued = {0};
    int r = issue_read_pem(ca_pem, &ca, err);
    if (r == 0)
        r = issue_read_pem(cert_pem, &x, err);
    if (r == 0)
        r = check_issuer(x, ca, err);
    if (r == 0)
        r = read_fields(arena, x, &issued, err);
    if (r < 0)
        return r;
    *ret_issued = issued;
    return GB_OK;
}
