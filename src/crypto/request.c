#include "crypto/request.h"

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "crypto/key.h"
#include "crypto/key_evp.h"

static void req_freep(X509_REQ **req)
{
    X509_REQ_free(*req);
}

static void algor_freep(X509_ALGOR **algor)
{
    X509_ALGOR_free(*algor);
}

static void sig_freep(ECDSA_SIG **sig)
{
    ECDSA_SIG_free(*sig);
}

static void ossl_freep(uint8_t **der)
{
    OPENSSL_free(*der);
}

static int fill(X509_REQ *req, const struct request_key *own, const char *common_name,
                struct gb_err *err)
{
    gb_cleanup(key_freep) struct key *key = NULL;
    int r = key_from_ec(KEY_P256, gb_bytes(own->x, sizeof own->x), gb_bytes(own->y, sizeof own->y),
                        &key, err);
    if (r < 0)
        return r;
    X509_NAME *name = X509_REQ_get_subject_name(req);
    if (!X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                    (const unsigned char *)common_name, -1, -1, 0) ||
        !X509_REQ_set_version(req, X509_REQ_VERSION_1) || !X509_REQ_set_pubkey(req, key->pkey))
        return gb_err_set(err, GB_ERR_INPUT, "a certificate request cannot be made for this name");
    return GB_OK;
}

static int digest_of_request(X509_REQ *req, uint8_t ret_digest[32], struct gb_err *err)
{
    gb_cleanup(ossl_freep) uint8_t *tbs = NULL;
    int len = i2d_re_X509_REQ_tbs(req, &tbs);
    if (len < 0 || !EVP_Digest(tbs, (size_t)len, ret_digest, NULL, EVP_sha256(), NULL))
        return gb_err_set(err, GB_ERR_BUG, "the certificate request cannot be hashed");
    return GB_OK;
}

/* SEQUENCE of two INTEGERs, as the signature's BIT STRING. */
static int attach(X509_REQ *req, const uint8_t r[32], const uint8_t s[32])
{
    gb_cleanup(sig_freep) ECDSA_SIG *sig = ECDSA_SIG_new();
    gb_cleanup(ossl_freep) uint8_t *der = NULL;
    BIGNUM *big_r = BN_bin2bn(r, 32, NULL);
    BIGNUM *big_s = BN_bin2bn(s, 32, NULL);
    if (!sig || !big_r || !big_s || !ECDSA_SIG_set0(sig, big_r, big_s)) {
        BN_free(big_r);
        BN_free(big_s);
        return 0;
    }
    int len = i2d_ECDSA_SIG(sig, &der);
    ASN1_BIT_STRING *bits = len > 0 ? ASN1_BIT_STRING_new() : NULL;
    if (!bits || !ASN1_BIT_STRING_set(bits, der, len)) {
        ASN1_BIT_STRING_free(bits);
        return 0;
    }
    bits->flags = (bits->flags & ~0x0f) | ASN1_STRING_FLAG_BITS_LEFT; /* all bits count */
    X509_REQ_set0_signature(req, bits);
    return 1;
}

static int sign(X509_REQ *req, const struct request_key *key, struct gb_err *err)
{
    uint8_t digest[32];
    uint8_t sig_r[32];
    uint8_t sig_s[32];
    gb_cleanup(algor_freep) X509_ALGOR *alg = X509_ALGOR_new();
    if (!alg || !X509_ALGOR_set0(alg, OBJ_nid2obj(NID_ecdsa_with_SHA256), V_ASN1_UNDEF, NULL) ||
        !X509_REQ_set1_signature_algo(req, alg))
        return gb_err_nomem(err);
    int r = digest_of_request(req, digest, err);
    if (r == GB_OK)
        r = key->sign(key->ctx, digest, sig_r, sig_s, err);
    if (r == GB_OK && !attach(req, sig_r, sig_s))
        r = gb_err_nomem(err);
    return r;
}

int request_make(const struct request_key *key, const char *common_name, struct gb_buf *out,
                 struct gb_err *err)
{
    gb_cleanup(req_freep) X509_REQ *req = X509_REQ_new();
    gb_cleanup(ossl_freep) uint8_t *der = NULL;
    if (!req)
        return gb_err_nomem(err);
    int r = fill(req, key, common_name, err);
    if (r == GB_OK)
        r = sign(req, key, err);
    if (r < 0)
        return r;
    int len = i2d_X509_REQ(req, &der);
    if (len < 0)
        return gb_err_nomem(err);
    gb_buf_add(out, der, (size_t)len);
    return gb_buf_ok(out) ? GB_OK : gb_err_nomem(err);
}
