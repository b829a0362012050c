#include <string.h>
#include <tss2/tss2_esys.h>

#include "base/secret.h"
#include "tpm/ek.h"
#include "tpm/esys.h"
#include "tpm/failure.h"
#include "tpm/keys.h"
#include "tpm/template.h"

static int policy_session(struct tpm *tpm, struct tpm_transient *ret_session, struct gb_err *err)
{
    const TPMT_SYM_DEF none = {.algorithm = TPM2_ALG_NULL};
    const TPM2B_NONCE no_nonce = {0};
    const TPM2B_DIGEST no_digest = {0};
    ret_session->tpm = tpm;
    TSS2_RC rc =
        Esys_StartAuthSession(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, TPM_AUTH_0, NULL,
                              TPM2_SE_POLICY, &none, TPM2_ALG_SHA256, &ret_session->handle);
    if (rc) {
        ret_session->handle = ESYS_TR_NONE;
        return tpm_failed(err, rc, "TPM2_StartAuthSession");
    }
    rc = Esys_PolicySecret(tpm->esys, ESYS_TR_RH_ENDORSEMENT, ret_session->handle, TPM_AUTH_1,
                           &no_nonce, &no_digest, &no_nonce, 0, NULL, NULL);
    return rc ? tpm_failed_auth(err, rc, "TPM2_PolicySecret", "endorsement") : GB_OK;
}

/* Cuts the length off a TPM2B and copies the content to `out`. */
static int content_of(struct gb_bytes in, uint8_t *out, size_t max, UINT16 *ret_len,
                      struct gb_err *err)
{
    size_t len = in.len < 2 ? 0 : (size_t)in.data[0] << 8 | in.data[1];
    if (in.len < 2 || in.len != 2 + len || len > max)
        return gb_err_set(err, GB_ERR_INPUT, "the credential of the server has a wrong length");
    memcpy(out, in.data + 2, len);
    *ret_len = (UINT16)len;
    return GB_OK;
}

static int activate(struct tpm *tpm, const struct tpm_ek *ek, ESYS_TR ek_handle, ESYS_TR ak_handle,
                    const TPM2B_ID_OBJECT *id, const TPM2B_ENCRYPTED_SECRET *secret,
                    TPM2B_DIGEST **ret_opened, struct gb_err *err)
{
    gb_cleanup(tpm_transient_done) struct tpm_transient session = {.handle = ESYS_TR_NONE};
    ESYS_TR auth = ESYS_TR_PASSWORD;
    if (template_eks[ek->template].by_policy) {
        int r = policy_session(tpm, &session, err);
        if (r < 0)
            return r;
        auth = session.handle;
    }
    TSS2_RC rc = Esys_ActivateCredential(tpm->esys, ak_handle, ek_handle, ESYS_TR_PASSWORD, auth,
                                         ESYS_TR_NONE, id, secret, ret_opened);
    if (rc == TPM2_RC_SUCCESS)
        return GB_OK;
    if ((rc & TPM2_RC_FMT1) && (rc & (TPM2_RC_FMT1 | 0x3f)) != TPM2_RC_BAD_AUTH)
        return gb_err_set(err, GB_ERR_DENIED,
                          "TPM: the server's credential does not open: it was made for another "
                          "endorsement or attestation key");
    return tpm_failed(err, rc, "TPM2_ActivateCredential");
}

int tpm_activate(struct tpm *tpm, struct gb_arena *arena, const struct tpm_ek *ek,
                 const struct tpm_key *ak, struct gb_bytes id_object,
                 struct gb_bytes encrypted_secret, struct gb_bytes *ret_secret, struct gb_err *err)
{
    TPM2B_ID_OBJECT id = {0};
    TPM2B_ENCRYPTED_SECRET secret = {0};
    ESYS_TR ak_handle = ESYS_TR_NONE;
    int r = content_of(id_object, id.credential, sizeof id.credential, &id.size, err);
    if (r == GB_OK)
        r = content_of(encrypted_secret, secret.secret, sizeof secret.secret, &secret.size, err);
    if (r == GB_OK)
        r = tpm_object(tpm, ak->handle, &ak_handle, err);
    if (r < 0)
        return r;
    gb_cleanup(tpm_transient_done) struct tpm_transient key = {.handle = ESYS_TR_NONE};
    gb_cleanup(tpm_esys_freep) TPM2B_PUBLIC *area = NULL;
    gb_cleanup(tpm_esys_freep) TPM2B_DIGEST *opened = NULL;
    r = tpm_primary(tpm, &template_eks[ek->template].area, &key, &area, err);
    if (r == GB_OK)
        r = activate(tpm, ek, key.handle, ak_handle, &id, &secret, &opened, err);
    if (r != GB_OK)
        return r;
    *ret_secret = gb_arena_copy(arena, gb_bytes(opened->buffer, opened->size));
    secret_wipe(opened, sizeof *opened);
    return ret_secret->data ? GB_OK : gb_err_nomem(err);
}
