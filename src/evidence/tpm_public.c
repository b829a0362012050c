#include <string.h>

#include "base/limits.h"
#include "base/reader.h"
#include "crypto/digest.h"
#include "evidence/tpm_wire.h"

enum {
    MAX_RSA = 512, /* RSA-4096 */
    MAX_ECC = 66,  /* P-521 */
};

/* TPMT_SYM_DEF_OBJECT (Part 2, 11.1.7). */
static void read_symmetric(struct gb_reader *r, struct tpm_public *p)
{
    p->symmetric_alg = gb_read_u16be(r);
    if (p->symmetric_alg == TPM_ALG_NULL)
        return;
    p->symmetric_bits = gb_read_u16be(r);
    p->symmetric_mode = gb_read_u16be(r);
}

/* TPMT_RSA_SCHEME, TPMT_ECC_SCHEME (Part 2, 11.2.4.2, 11.2.5.6): none or a hash; ECDAA adds a
 * counter, which no one here uses. */
static void read_scheme(struct gb_reader *r, struct tpm_public *p)
{
    p->scheme = gb_read_u16be(r);
    if (p->scheme == TPM_ALG_NULL || p->scheme == TPM_ALG_RSAES)
        return;
    p->scheme_hash = gb_read_u16be(r);
    if (p->scheme == TPM_ALG_ECDAA)
        gb_read_u16be(r);
}

static void read_rsa(struct gb_reader *r, struct tpm_public *p)
{
    read_symmetric(r, p);
    read_scheme(r, p);
    p->rsa_bits = gb_read_u16be(r);
    p->rsa_exponent = gb_read_u32be(r);
    p->rsa_modulus = gb_read_tpm2b(r, MAX_RSA);
}

static void read_ecc(struct gb_reader *r, struct tpm_public *p)
{
    read_symmetric(r, p);
    read_scheme(r, p);
    p->ecc_curve = gb_read_u16be(r);
    uint16_t kdf = gb_read_u16be(r);
    if (kdf != TPM_ALG_NULL) /* Part 2, 12.2.3.6: the field must be TPM_ALG_NULL */
        gb_reader_fail(r, "key derivation scheme is not null");
    p->ecc_x = gb_read_tpm2b(r, MAX_ECC);
    p->ecc_y = gb_read_tpm2b(r, MAX_ECC);
}

static void read_area(struct gb_reader *r, struct tpm_public *p)
{
    p->encoded = gb_bytes(r->data, r->len);
    p->type = gb_read_u16be(r);
    p->name_alg = gb_read_u16be(r);
    p->attributes = gb_read_u32be(r);
    p->auth_policy = gb_read_tpm2b(r, GB_LIMIT_DIGEST);
    if (p->type == TPM_ALG_RSA)
        read_rsa(r, p);
    else if (p->type == TPM_ALG_ECC)
        read_ecc(r, p);
    else
        gb_reader_fail(r, "neither an RSA nor an ECC key");
}

int tpm_public_read(struct gb_bytes in, struct tpm_public *ret_public, struct gb_err *err)
{
    struct tpm_public p = {0};
    struct gb_reader r;
    gb_reader_init(&r, in);
    uint16_t size = gb_read_u16be(&r);
    struct gb_reader area = gb_read_sub(&r, size);
    read_area(&area, &p);
    int rc = gb_reader_finish(&area, err);
    if (rc == GB_OK)
        rc = gb_reader_finish(&r, err);
    if (rc == GB_OK)
        *ret_public = p;
    return rc;
}

static void write_details(struct gb_buf *out, const struct tpm_public *p)
{
    gb_buf_u16be(out, p->symmetric_alg);
    if (p->symmetric_alg != TPM_ALG_NULL) {
        gb_buf_u16be(out, p->symmetric_bits);
        gb_buf_u16be(out, p->symmetric_mode);
    }
    gb_buf_u16be(out, p->scheme);
    if (p->scheme != TPM_ALG_NULL && p->scheme != TPM_ALG_RSAES)
        gb_buf_u16be(out, p->scheme_hash);
    if (p->scheme == TPM_ALG_ECDAA)
        out->failed = true;
}

static void write_area(struct gb_buf *out, const struct tpm_public *p)
{
    gb_buf_u16be(out, p->type);
    gb_buf_u16be(out, p->name_alg);
    gb_buf_u32be(out, p->attributes);
    gb_buf_tpm2b(out, p->auth_policy);
    write_details(out, p);
    if (p->type == TPM_ALG_RSA) {
        gb_buf_u16be(out, p->rsa_bits);
        gb_buf_u32be(out, p->rsa_exponent);
        gb_buf_tpm2b(out, p->rsa_modulus);
    } else {
        gb_buf_u16be(out, p->ecc_curve);
        gb_buf_u16be(out, TPM_ALG_NULL); /* kdf */
        gb_buf_tpm2b(out, p->ecc_x);
        gb_buf_tpm2b(out, p->ecc_y);
    }
}

void tpm_public_write(struct gb_buf *out, const struct tpm_public *public_area)
{
    struct gb_buf area;
    gb_buf_init(&area, GB_LIMIT_PUBLIC);
    write_area(&area, public_area);
    if (gb_buf_ok(&area))
        gb_buf_tpm2b(out, gb_buf_bytes(&area));
    else
        out->failed = true;
    gb_buf_done(&area);
}

int tpm_public_name(struct digester *digester, const struct tpm_public *public_area,
                    uint8_t ret_name[2 + GB_LIMIT_DIGEST], size_t *ret_len, struct gb_err *err)
{
    enum digest_alg alg = digest_from_id(public_area->name_alg);
    if (alg == DIGEST_NONE)
        return gb_err_set(err, GB_ERR_INPUT, "name algorithm 0x%04x is not known",
                          public_area->name_alg);
    uint8_t digest[GB_LIMIT_DIGEST];
    if (digest_of(digester, alg, public_area->encoded, digest) < 0)
        return gb_err_set(err, GB_ERR_BUG, "%s failed", digest_name(alg));
    ret_name[0] = (uint8_t)(public_area->name_alg >> 8);
    ret_name[1] = (uint8_t)public_area->name_alg;
    memcpy(ret_name + 2, digest, digest_size(alg));
    *ret_len = 2 + digest_size(alg);
    return GB_OK;
}
