#include "tpm/sign.h"

#include <string.h>
#include <tss2/tss2_esys.h>

#include "tpm/esys.h"
#include "tpm/failure.h"
#include "tpm/keys.h"

enum { SIZE = 32 };

/* TPMs leave leading zeros out. */
static int pad(const TPM2B_ECC_PARAMETER *in, uint8_t out[SIZE], struct gb_err *err)
{
    if (in->size > SIZE)
        return gb_err_set(err, GB_ERR_IO, "TPM: a signature of %u bytes", in->size);
    memset(out, 0, SIZE);
    memcpy(out + SIZE - in->size, in->buffer, in->size);
    return GB_OK;
}

int tpm_sign(struct tpm *tpm, const struct tpm_key *key, const uint8_t digest[SIZE],
             uint8_t ret_r[SIZE], uint8_t ret_s[SIZE], struct gb_err *err)
{
    const TPMT_SIG_SCHEME own = {.scheme = TPM2_ALG_NULL};
    const TPMT_TK_HASHCHECK no_ticket = {.tag = TPM2_ST_HASHCHECK, .hierarchy = TPM2_RH_NULL};
    TPM2B_DIGEST hash = {.size = SIZE};
    ESYS_TR object = ESYS_TR_NONE;
    memcpy(hash.buffer, digest, SIZE);
    int r = tpm_object(tpm, key->handle, &object, err);
    if (r < 0)
        return r;
    gb_cleanup(tpm_esys_freep) TPMT_SIGNATURE *signature = NULL;
    TSS2_RC rc = Esys_Sign(tpm->esys, object, TPM_AUTH_1, &hash, &own, &no_ticket, &signature);
    if (rc)
        return tpm_failed(err, rc, "TPM2_Sign");
    if (signature->sigAlg != TPM2_ALG_ECDSA)
        return gb_err_set(err, GB_ERR_BUG, "TPM: not an ECDSA signature");
    r = pad(&signature->signature.ecdsa.signatureR, ret_r, err);
    return r < 0 ? r : pad(&signature->signature.ecdsa.signatureS, ret_s, err);
}
