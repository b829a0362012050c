#include "base/reader.h"
#include "crypto/key.h"
#include "evidence/tpm_wire.h"

enum {
    MAX_RSA = 512, /* RSA-4096: the largest key that a TPM makes */
    MAX_ECC = 66,  /* P-521 */
};

int tpm_signature_read(struct gb_bytes in, struct tpm_signature *ret_signature, struct gb_err *err)
{
    struct tpm_signature signature = {0};
    struct gb_reader r;
    gb_reader_init(&r, in);
    signature.scheme_id = gb_read_u16be(&r);
    switch (signature.scheme_id) {
    case KEY_RSASSA:
    case KEY_RSAPSS:
        signature.hash_id = gb_read_u16be(&r);
        signature.rsa = gb_read_tpm2b(&r, MAX_RSA);
        break;
    case KEY_ECDSA:
        signature.hash_id = gb_read_u16be(&r);
        signature.ecc_r = gb_read_tpm2b(&r, MAX_ECC);
        signature.ecc_s = gb_read_tpm2b(&r, MAX_ECC);
        break;
    default: /* what follows is unknown; the scheme is refused by name */
        gb_read_bytes(&r, gb_reader_left(&r));
    }
    int rc = gb_reader_finish(&r, err);
    if (rc == GB_OK)
        *ret_signature = signature;
    return rc;
}

void tpm_signature_write(struct gb_buf *out, const struct tpm_signature *signature)
{
    gb_buf_u16be(out, signature->scheme_id);
    gb_buf_u16be(out, signature->hash_id);
    if (signature->scheme_id == KEY_ECDSA) {
        gb_buf_tpm2b(out, signature->ecc_r);
        gb_buf_tpm2b(out, signature->ecc_s);
    } else {
        gb_buf_tpm2b(out, signature->rsa);
    }
}
