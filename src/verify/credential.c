/* TPM2_MakeCredential in software (TPM 2.0 Part 1, 24): the seed goes to the EK (B.10.3, C.6.4),
 * and under keys made of it the secret, bound to the AK's Name. */
#include <string.h>

#include "crypto/digest.h"
#include "crypto/key.h"
#include "crypto/wrap.h"
#include "evidence/tpm_wire.h"
#include "verify/identity.h"

enum { MAX_SYMMETRIC = 32 };

/* Secrets on the way; wiped at the end. */
struct work {
    enum digest_alg alg;
    uint8_t seed[GB_LIMIT_DIGEST];
    uint8_t symmetric[MAX_SYMMETRIC];
    uint8_t hmac_key[GB_LIMIT_DIGEST];
    uint8_t identity[2 + GB_LIMIT_DIGEST]; /* TPM2B_DIGEST of the secret, then encrypted */
    uint8_t hmac[GB_LIMIT_DIGEST];
};

static void work_done(struct work *work)
{
    explicit_bzero(work, sizeof *work);
}

static int check(const struct tpm_public *ek, struct gb_bytes secret, struct gb_err *err)
{
    size_t size = digest_size(digest_from_id(ek->name_alg));
    size_t bits = ek->symmetric_bits;
    if (size == 0)
        return gb_err_set(err, GB_ERR_INPUT, "EK: name algorithm 0x%04x is not known",
                          ek->name_alg);
    if (ek->symmetric_alg != TPM_ALG_AES || ek->symmetric_mode != TPM_ALG_CFB ||
        (bits != 128 && bits != 192 && bits != 256))
        return gb_err_set(err, GB_ERR_INPUT, "EK: its objects are not protected by AES-CFB");
    if (secret.len > size)
        return gb_err_set(err, GB_ERR_INPUT, "secret is longer than the EK's name hash");
    return GB_OK;
}

static int wrap_rsa(const struct tpm_public *ek, struct gb_bytes random, struct work *work,
                    struct gb_buf *out, struct gb_err *err)
{
    gb_cleanup(key_freep) struct key *key = NULL;
    if (random.len != digest_size(work->alg))
        return gb_err_set(err, GB_ERR_BUG, "seed is not as long as the EK's name hash");
    int r = key_from_rsa(ek->rsa_modulus, ek->rsa_exponent, &key, err);
    if (r < 0)
        return r;
    memcpy(work->seed, random.data, random.len);
    return wrap_seed_rsa(key, work->alg, random, out, err);
}

static int wrap_ecc(const struct tpm_public *ek, struct gb_bytes random, struct work *work,
                    struct gb_buf *out, struct gb_err *err)
{
    gb_cleanup(key_freep) struct key *key = NULL;
    int r = key_from_ec((enum key_curve)ek->ecc_curve, ek->ecc_x, ek->ecc_y, &key, err);
    return r < 0 ? r : wrap_seed_ecc(key, work->alg, random, out, work->seed, err);
}

/* Keys of the seed: one that encrypts, for this Name alone, and one that authenticates. */
static int derive(const struct tpm_public *ek, struct gb_bytes ak_name, struct work *work,
                  struct gb_err *err)
{
    const struct gb_bytes none = gb_bytes(NULL, 0);
    struct gb_bytes seed = gb_bytes(work->seed, digest_size(work->alg));
    int r = wrap_kdfa(work->alg, seed, "STORAGE", ak_name, none, ek->symmetric_bits,
                      work->symmetric, err);
    if (r < 0)
        return r;
    return wrap_kdfa(work->alg, seed, "INTEGRITY", none, none, 8 * seed.len, work->hmac_key, err);
}

/* Encrypts the secret with its length, and authenticates it with the Name. */
static int protect(const struct tpm_public *ek, struct gb_bytes ak_name, struct gb_bytes secret,
                   struct work *work, struct gb_err *err)
{
    uint8_t covered[2 + GB_LIMIT_DIGEST + 2 + GB_LIMIT_DIGEST];
    size_t len = 2 + secret.len;
    if (ak_name.len > 2 + GB_LIMIT_DIGEST)
        return gb_err_set(err, GB_ERR_INPUT, "the AK's Name is too long");
    work->identity[0] = 0;
    work->identity[1] = (uint8_t)secret.len;
    memcpy(work->identity + 2, secret.data, secret.len);
    int r = wrap_aes_cfb(gb_bytes(work->symmetric, ek->symmetric_bits / 8u),
                         gb_bytes(work->identity, len), work->identity, err);
    if (r < 0)
        return r;
    memcpy(covered, work->identity, len);
    memcpy(covered + len, ak_name.data, ak_name.len);
    return wrap_hmac(work->alg, gb_bytes(work->hmac_key, digest_size(work->alg)),
                     gb_bytes(covered, len + ak_name.len), work->hmac, err);
}

/* TPM2B_ID_OBJECT (Part 2, 12.4.3): the encrypted identity carries its length inside. */
static void write_id_object(const struct work *work, size_t identity_len, struct gb_buf *out)
{
    size_t size = digest_size(work->alg);
    gb_buf_u16be(out, (uint16_t)(2 + size + identity_len));
    gb_buf_tpm2b(out, gb_bytes(work->hmac, size));
    gb_buf_add(out, work->identity, identity_len);
}

int identity_make_credential(const struct tpm_public *ek, struct gb_bytes ak_name,
                             struct gb_bytes secret, struct gb_bytes random,
                             struct gb_buf *ret_id_object, struct gb_buf *ret_encrypted_secret,
                             struct gb_err *err)
{
    int r = check(ek, secret, err);
    if (r < 0)
        return r;
    gb_cleanup(work_done) struct work work = {.alg = digest_from_id(ek->name_alg)};
    r = ek->type == TPM_ALG_RSA ? wrap_rsa(ek, random, &work, ret_encrypted_secret, err)
                                : wrap_ecc(ek, random, &work, ret_encrypted_secret, err);
    if (r == GB_OK)
        r = derive(ek, ak_name, &work, err);
    if (r == GB_OK)
        r = protect(ek, ak_name, secret, &work, err);
    if (r < 0)
        return r;
    write_id_object(&work, 2 + secret.len, ret_id_object);
    if (!gb_buf_ok(ret_id_object) || !gb_buf_ok(ret_encrypted_secret))
        return gb_err_nomem(err);
    return GB_OK;
}
