#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/key.h"
#include "crypto/key_evp.h"
#include "crypto/signer.h"
#include "crypto/signer_evp.h"

/* 16 MB and some 300 ms a guess. libcrypto's own reader takes 32 MB at most. */
enum { SCRYPT_N = 1 << 14, SCRYPT_R = 8, SCRYPT_P = 5, SALT_LEN = 16 };

void signer_biop(BIO **bio)
{
    BIO_free(*bio);
}

static void sigp(X509_SIG **sig)
{
    X509_SIG_free(*sig);
}

static void pkcs8p(PKCS8_PRIV_KEY_INFO **info)
{
    PKCS8_PRIV_KEY_INFO_free(*info);
}

/* libcrypto asks; no passphrase given is an answer, too: it must never ask the terminal. */
static int give_passphrase(char *out, int size, int writing, void *arg)
{
    const struct gb_bytes *passphrase = arg;
    (void)writing;
    if (passphrase->len == 0 || passphrase->len > (size_t)size)
        return -1;
    memcpy(out, passphrase->data, passphrase->len);
    return (int)passphrase->len;
}

static bool is_p256(const EVP_PKEY *pkey)
{
    char name[32];
    size_t len = 0;
    return EVP_PKEY_is_a(pkey, "EC") &&
           EVP_PKEY_get_group_name(pkey, name, sizeof name, &len) == 1 &&
           key_curve_of(name) == KEY_P256;
}

int signer_pem_read(struct gb_bytes pem, struct gb_bytes passphrase, EVP_PKEY **ret_pkey,
                    struct gb_err *err)
{
    if (pem.len == 0 || pem.len > GB_LIMIT_PUBLIC)
        return gb_err_set(err, GB_ERR_CONFIG, "no PEM private key is %zu bytes long", pem.len);
    gb_cleanup(signer_biop) BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    if (!bio)
        return gb_err_nomem(err);
    EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, &passphrase);
    ERR_clear_error();
    if (!pkey)
        return gb_err_set(err, GB_ERR_CONFIG, "%s",
                          passphrase.len > 0 ? "no private key that this passphrase opens"
                                             : "no private key that opens without a passphrase");
    *ret_pkey = pkey;
    return GB_OK;
}

int signer_from_pem(struct gb_bytes pem, struct gb_bytes passphrase, struct signer **ret_signer,
                    struct gb_err *err)
{
    gb_cleanup(signer_freep) struct signer *signer = gb_calloc(1, sizeof *signer);
    if (!signer)
        return gb_err_nomem(err);
    int r = signer_pem_read(pem, passphrase, &signer->pkey, err);
    if (r < 0)
        return r;
    if (!is_p256(signer->pkey))
        return gb_err_set(err, GB_ERR_CONFIG, "the private key is not one of P-256");
    *ret_signer = gb_take(signer);
    return GB_OK;
}

int signer_drain(BIO *bio, struct gb_buf *out, struct gb_err *err)
{
    const char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);
    if (len <= 0)
        return gb_err_set(err, GB_ERR_BUG, "libcrypto wrote nothing");
    gb_buf_add(out, data, (size_t)len);
    return gb_buf_ok(out) ? GB_OK : gb_err_nomem(err);
}

/* PBES2 with scrypt and AES-256-CBC (RFC 7914, RFC 8018). */
static X509_SIG *encrypt(PKCS8_PRIV_KEY_INFO *info, struct gb_bytes passphrase)
{
    /* No salt, no IV given: libcrypto draws them. */
    X509_ALGOR *scheme = PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), NULL, SALT_LEN, NULL, SCRYPT_N,
                                               SCRYPT_R, SCRYPT_P);
    if (!scheme)
        return NULL;
    X509_SIG *sig =
        PKCS8_set0_pbe((const char *)passphrase.data, (int)passphrase.len, info, scheme);
    if (!sig)
        X509_ALGOR_free(scheme);
    return sig;
}

static bool write_pem(BIO *bio, PKCS8_PRIV_KEY_INFO *info, struct gb_bytes passphrase)
{
    if (passphrase.len == 0)
        return PEM_write_bio_PKCS8_PRIV_KEY_INFO(bio, info) == 1;
    gb_cleanup(sigp) X509_SIG *sig = encrypt(info, passphrase);
    return sig && PEM_write_bio_PKCS8(bio, sig) == 1;
}

int signer_pem_write(const EVP_PKEY *pkey, struct gb_bytes passphrase, struct gb_buf *out,
                     struct gb_err *err)
{
    if (passphrase.len > GB_LIMIT_PASSPHRASE)
        return gb_err_set(err, GB_ERR_LIMIT, "the passphrase is longer than %d bytes",
                          GB_LIMIT_PASSPHRASE);
    /* Wiped when it is freed. */
    gb_cleanup(signer_biop) BIO *bio = BIO_new(BIO_s_secmem());
    gb_cleanup(pkcs8p) PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
    if (!bio || !info)
        return gb_err_nomem(err);
    bool written = write_pem(bio, info, passphrase);
    ERR_clear_error();
    if (!written)
        return gb_err_set(err, GB_ERR_BUG, "libcrypto does not write the private key");
    return signer_drain(bio, out, err);
}

int signer_to_pem(const struct signer *signer, struct gb_bytes passphrase, struct gb_buf *out,
                  struct gb_err *err)
{
    return signer_pem_write(signer->pkey, passphrase, out, err);
}

int signer_public_pem(const struct signer *signer, struct gb_buf *out, struct gb_err *err)
{
    gb_cleanup(signer_biop) BIO *bio = BIO_new(BIO_s_mem());
    if (!bio)
        return gb_err_nomem(err);
    bool written = PEM_write_bio_PUBKEY(bio, signer->pkey) == 1;
    ERR_clear_error();
    if (!written)
        return gb_err_set(err, GB_ERR_BUG, "libcrypto does not write the public key");
    return signer_drain(bio, out, err);
}
