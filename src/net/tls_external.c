/*
 * The only place of EC_KEY_METHOD, which OpenSSL 3 calls deprecated: neither a provider nor an
 * engine signs here, but one function of ours (shared/stack.md says what was tried).
 */

#include "net/tls.h"
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/obj_mac.h>
#include <pthread.h>

#include "net/tls_external.h"

enum { COORDINATE = 32 };

static int key_index = -1;
static EC_KEY_METHOD *method; /* lives as long as the program: keys of any thread refer to it */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static ECDSA_SIG *make_sig(const uint8_t r[COORDINATE], const uint8_t s[COORDINATE])
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r_number = BN_bin2bn(r, COORDINATE, NULL);
    BIGNUM *s_number = BN_bin2bn(s, COORDINATE, NULL);
    if (sig && r_number && s_number && ECDSA_SIG_set0(sig, r_number, s_number) == 1)
        return sig;
    BN_free(r_number);
    BN_free(s_number);
    ECDSA_SIG_free(sig);
    return NULL;
}

static ECDSA_SIG *sign_sig(const unsigned char *digest, int len, const BIGNUM *kinv,
                           const BIGNUM *r_hint, EC_KEY *ec)
{
    (void)kinv;
    (void)r_hint;
    const struct tls_external_key *key = EC_KEY_get_ex_data(ec, key_index);
    uint8_t r[COORDINATE];
    uint8_t s[COORDINATE];
    if (!key || len != 32 || key->sign(key->ctx, digest, r, s) < 0)
        return NULL;
    return make_sig(r, s);
}

static int sign(int type, const unsigned char *digest, int len, unsigned char *out,
                unsigned int *ret_len, const BIGNUM *kinv, const BIGNUM *r_hint, EC_KEY *ec)
{
    (void)type;
    ECDSA_SIG *sig = sign_sig(digest, len, kinv, r_hint, ec);
    int n = sig ? i2d_ECDSA_SIG(sig, &out) : 0;
    ECDSA_SIG_free(sig);
    *ret_len = n > 0 ? (unsigned)n : 0;
    return n > 0;
}

static int sign_setup(EC_KEY *ec, BN_CTX *ctx, BIGNUM **ret_kinv, BIGNUM **ret_r)
{
    (void)ec, (void)ctx, (void)ret_kinv, (void)ret_r;
    return 1; /* the nonce is the TPM's own affair */
}

static void make_method(void)
{
    key_index = EC_KEY_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    method = EC_KEY_METHOD_new(EC_KEY_OpenSSL());
    if (method)
        EC_KEY_METHOD_set_sign(method, sign, sign_setup, sign_sig);
}

/* Checks that the point is on the curve. */
static bool set_point(EC_KEY *ec, const struct tls_external_key *key)
{
    BIGNUM *x = BN_bin2bn(key->x, COORDINATE, NULL);
    BIGNUM *y = BN_bin2bn(key->y, COORDINATE, NULL);
    bool ok = x && y && EC_KEY_set_public_key_affine_coordinates(ec, x, y) == 1;
    BN_free(x);
    BN_free(y);
    return ok;
}

EVP_PKEY *tls_external_pkey(const struct tls_external_key *key)
{
    pthread_once(&once, make_method);
    EVP_PKEY *pkey = EVP_PKEY_new();
    EC_KEY *ec = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
    union {
        const void *in;
        void *out;
    } borrowed = {.in = key}; /* ex_data knows no const; we never write through it */
    if (pkey && ec && method && key_index >= 0 && set_point(ec, key) &&
        EC_KEY_set_method(ec, method) == 1 &&
        EC_KEY_set_ex_data(ec, key_index, borrowed.out) == 1 &&
        EVP_PKEY_assign_EC_KEY(pkey, ec) == 1)
        return pkey;
    EC_KEY_free(ec);
    EVP_PKEY_free(pkey);
    return NULL;
}
