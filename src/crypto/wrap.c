#include "crypto/wrap.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#include "crypto/digest.h"
/* Contexts are nonces, Names and coordinates; nothing near this long. */
enum { MAX_CONTEXT = 4096 };

static int failed(struct gb_err *err, const char *what)
{
    ERR_clear_error();
    return gb_err_set(err, GB_ERR_BUG, "libcrypto cannot compute %s", what);
}

int wrap_hmac(enum digest_alg alg, struct gb_bytes key, struct gb_bytes in, uint8_t *out,
              struct gb_err *err)
{
    size_t size = digest_size(alg);
    size_t len = 0;
    const void *key_data = key.len > 0 ? (const void *)key.data : ""; /* NULL would mean no key */
    if (size == 0 || !EVP_Q_mac(NULL, "HMAC", NULL, digest_name(alg), NULL, key_data, key.len,
                                in.data, in.len, out, size, &len))
        return failed(err, "HMAC");
    return len == size ? GB_OK : failed(err, "HMAC");
}

static int hash(enum digest_alg alg, struct gb_bytes in, uint8_t *out, struct gb_err *err)
{
    size_t len = 0;
    if (digest_size(alg) == 0 ||
        !EVP_Q_digest(NULL, digest_name(alg), NULL, in.data, in.len, out, &len) ||
        len != digest_size(alg))
        return failed(err, "a hash");
    return GB_OK;
}

/* Both functions hash numbered blocks until there are bits enough; what stands before and behind
 * the number differs. */
struct kdf {
    enum digest_alg alg;
    bool keyed; /* HMAC with `key`, else a hash with `key` behind the number */
    struct gb_bytes key;
    struct gb_bytes u, v;
    const char *label;
    size_t bits;
};

static int kdf_block(const struct kdf *kdf, uint32_t number, struct gb_buf *buf, uint8_t *out,
                     struct gb_err *err)
{
    buf->len = 0;
    gb_buf_u32be(buf, number);
    if (!kdf->keyed)
        gb_buf_add(buf, kdf->key.data, kdf->key.len);
    gb_buf_add(buf, kdf->label, strlen(kdf->label) + 1);
    gb_buf_add(buf, kdf->u.data, kdf->u.len);
    gb_buf_add(buf, kdf->v.data, kdf->v.len);
    if (kdf->keyed)
        gb_buf_u32be(buf, (uint32_t)kdf->bits);
    if (!gb_buf_ok(buf))
        return gb_err_nomem(err);
    return kdf->keyed ? wrap_hmac(kdf->alg, kdf->key, gb_buf_bytes(buf), out, err)
                      : hash(kdf->alg, gb_buf_bytes(buf), out, err);
}

static int kdf_run(const struct kdf *kdf, uint8_t *out, struct gb_err *err)
{
    uint8_t block[GB_LIMIT_DIGEST];
    size_t size = digest_size(kdf->alg);
    size_t left = kdf->bits / 8;
    if (size == 0 || left == 0 || kdf->bits % 8 != 0 || kdf->bits > 8 * MAX_CONTEXT)
        return gb_err_set(err, GB_ERR_BUG, "a key of %zu bits is not to be derived", kdf->bits);
    struct gb_buf buf;
    gb_buf_init(&buf, MAX_CONTEXT);
    int r = GB_OK;
    for (uint32_t number = 1; r == 0 && left > 0; number++) {
        r = kdf_block(kdf, number, &buf, block, err);
        size_t n = left < size ? left : size;
        if (r == 0)
            memcpy(out, block, n);
        out += n;
        left -= n;
    }
    if (buf.data)
        OPENSSL_cleanse(buf.data, buf.cap); /* it held the shared secret */
    OPENSSL_cleanse(block, sizeof block);
    gb_buf_done(&buf);
    return r;
}

int wrap_kdfa(enum digest_alg alg, struct gb_bytes key, const char *label,
              struct gb_bytes context_u, struct gb_bytes context_v, size_t bits, uint8_t *out,
              struct gb_err *err)
{
    const struct kdf kdf = {.alg = alg,
                            .keyed = true,
                            .key = key,
                            .label = label,
                            .u = context_u,
                            .v = context_v,
                            .bits = bits};
    return kdf_run(&kdf, out, err);
}

int wrap_kdfe(enum digest_alg alg, struct gb_bytes z, const char *label, struct gb_bytes party_u,
              struct gb_bytes party_v, size_t bits, uint8_t *out, struct gb_err *err)
{
    const struct kdf kdf = {
        .alg = alg, .key = z, .label = label, .u = party_u, .v = party_v, .bits = bits};
    return kdf_run(&kdf, out, err);
}

static const char *cfb_name(size_t key_len)
{
    switch (key_len) {
    case 16:
        return "AES-128-CFB";
    case 24:
        return "AES-192-CFB";
    case 32:
        return "AES-256-CFB";
    default:
        return NULL;
    }
}

int wrap_aes_cfb(struct gb_bytes key, struct gb_bytes in, uint8_t *out, struct gb_err *err)
{
    static const uint8_t zero_iv[16];
    const char *name = cfb_name(key.len);
    if (!name || in.len > MAX_CONTEXT)
        return gb_err_set(err, GB_ERR_BUG, "AES has no key of %zu bytes", key.len);
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int len = 0;
    bool ok = cipher && ctx && EVP_EncryptInit_ex2(ctx, cipher, key.data, zero_iv, NULL) == 1 &&
              EVP_EncryptUpdate(ctx, out, &len, in.data, (int)in.len) == 1 && len == (int)in.len;
    EVP_CIPHER_CTX_free(ctx);
    EVP_CIPHER_free(cipher);
    return ok ? GB_OK : failed(err, "AES-CFB");
}
