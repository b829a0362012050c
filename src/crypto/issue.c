#include "crypto/issue.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "crypto/issue_ossl.h"
#include "crypto/key.h"
#include "crypto/key_evp.h"
#include "crypto/rand.h"
#include "crypto/signer_evp.h"
#include "crypto/x509_ossl.h"

enum { SERIAL_LEN = 16, COMMON_NAME_MAX = 64 };

static int bug(struct gb_err *err, const char *what)
{
    ERR_clear_error();
    return gb_err_set(err, GB_ERR_BUG, "libcrypto %s", what);
}

/* RFC 5280, 4.1.2.2: positive, unique, at most 20 bytes. */
static int set_serial(X509 *x, struct gb_err *err)
{
    uint8_t random[SERIAL_LEN];
    int r = rand_bytes(random, sizeof random, err);
    if (r < 0)
        return r;
    random[0] = (uint8_t)((random[0] & 0x7f) | 0x40);
    BIGNUM *bn = BN_bin2bn(random, sizeof random, NULL);
    bool good = bn && BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(x));
    BN_free(bn);
    return good ? GB_OK : gb_err_nomem(err);
}

static bool set_common_name(X509_NAME *name, const char *common_name)
{
    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name,
                                      -1, -1, 0) == 1;
}

static int check(const struct issue *what, struct gb_err *err)
{
    size_t len = what->common_name ? strlen(what->common_name) : 0;
    if (what->role == ISSUE_NONE || len == 0 || len > COMMON_NAME_MAX)
        return gb_err_set(err, GB_ERR_BUG, "a certificate without a role or a fitting name");
    if (what->not_after_s <= what->not_before_s)
        return gb_err_set(err, GB_ERR_BUG, "a certificate that ends before it begins");
    return GB_OK;
}

static int fill(X509 *x, X509 *issuer, EVP_PKEY *subject, const struct issue *what,
                struct gb_err *err)
{
    int r = set_serial(x, err);
    if (r < 0)
        return r;
    bool good = X509_set_version(x, X509_VERSION_3) == 1 && X509_set_pubkey(x, subject) == 1 &&
                ASN1_TIME_set(X509_getm_notBefore(x), what->not_before_s) &&
                ASN1_TIME_set(X509_getm_notAfter(x), what->not_after_s) &&
                set_common_name(X509_get_subject_name(x), what->common_name) &&
                X509_set_issuer_name(x, X509_get_subject_name(issuer)) == 1;
    return good ? issue_extensions(x, issuer, what, err) : bug(err, "does not fill a certificate");
}

static int write_pem(X509 *x, struct gb_buf *ret_pem, struct gb_err *err)
{
    gb_cleanup(signer_biop) BIO *bio = BIO_new(BIO_s_mem());
    if (!bio)
        return gb_err_nomem(err);
    if (PEM_write_bio_X509(bio, x) != 1)
        return bug(err, "does not write a certificate");
    return signer_drain(bio, ret_pem, err);
}

/* `issuer` NULL: signs itself. */
static int make(const struct signer *ca, X509 *issuer, EVP_PKEY *subject, const struct issue *what,
                struct gb_buf *ret_pem, struct gb_err *err)
{
    int r = check(what, err);
    if (r < 0)
        return r;
    gb_cleanup(x509_osslp) X509 *x = X509_new();
    if (!x)
        return gb_err_nomem(err);
    r = fill(x, issuer ? issuer : x, subject, what, err);
    if (r < 0)
        return r;
    if (X509_sign(x, ca->pkey, EVP_sha256()) <= 0)
        return bug(err, "does not sign a certificate");
    return write_pem(x, ret_pem, err);
}

int issue_ca(const struct signer *ca, const struct issue *what, struct gb_buf *ret_pem,
             struct gb_err *err)
{
    if (what->role != ISSUE_CA)
        return gb_err_set(err, GB_ERR_BUG, "a CA of another role");
    return make(ca, NULL, ca->pkey, what, ret_pem, err);
}

int issue_cert(const struct signer *ca, struct gb_bytes ca_pem, const struct key *subject,
               const struct issue *what, struct gb_buf *ret_pem, struct gb_err *err)
{
    const char *weakness = key_weakness(subject);
    if (weakness)
        return gb_err_set(err, GB_ERR_INPUT, "the key to be certified: %s", weakness);
    if (what->role == ISSUE_CA)
        return gb_err_set(err, GB_ERR_BUG, "a CA below the CA");
    gb_cleanup(x509_osslp) X509 *issuer = NULL;
    int r = issue_read_pem(ca_pem, &issuer, err);
    if (r < 0)
        return r;
    if (X509_check_private_key(issuer, ca->pkey) != 1) {
        ERR_clear_error();
        return gb_err_set(err, GB_ERR_CONFIG, "the CA certificate is not of the CA's key");
    }
    return make(ca, issuer, subject->pkey, what, ret_pem, err);
}
