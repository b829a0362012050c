#include "tpm/certify.h"

#include <tss2/tss2_esys.h>

#include "tpm/esys.h"
#include "tpm/failure.h"
#include "tpm/keys.h"

int tpm_certify(struct tpm *tpm, struct gb_arena *arena, const struct tpm_key *ak,
                const struct tpm_key *key, struct gb_bytes qualifying,
                struct tpm_certification *ret_certification, struct gb_err *err)
{
    const TPMT_SIG_SCHEME own = {.scheme = TPM2_ALG_NULL};
    TPM2B_DATA data;
    ESYS_TR object = ESYS_TR_NONE;
    ESYS_TR signer = ESYS_TR_NONE;
    int r = tpm_qualifying(qualifying, &data, err);
    if (r == GB_OK)
        r = tpm_object(tpm, key->handle, &object, err);
    if (r == GB_OK)
        r = tpm_object(tpm, ak->handle, &signer, err);
    if (r < 0)
        return r;
    gb_cleanup(tpm_esys_freep) TPM2B_ATTEST *attest = NULL;
    gb_cleanup(tpm_esys_freep) TPMT_SIGNATURE *signature = NULL;
    TSS2_RC rc =
        Esys_Certify(tpm->esys, object, signer, TPM_AUTH_2, &data, &own, &attest, &signature);
    if (rc)
        return tpm_failed(err, rc, "TPM2_Certify");
    struct tpm_certification made = {
        .attest = gb_arena_copy(arena, gb_bytes(attest->attestationData, attest->size))};
    if (!made.attest.data)
        return gb_err_nomem(err);
    r = tpm_signature_bytes(arena, signature, &made.signature, err);
    if (r == GB_OK)
        *ret_certification = made;
    return r;
}
