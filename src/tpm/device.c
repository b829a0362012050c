#include "tpm/device.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_tctildr.h>

#include "base/mem.h"
#include "base/secret.h"
#include "crypto/digest.h"
#include "tpm/esys.h"
#include "tpm/failure.h"

void tpm_esys_freep(void *ptr)
{
    void *block;
    memcpy(&block, ptr, sizeof block);
    Esys_Free(block);
}

void tpm_transient_done(struct tpm_transient *transient)
{
    if (transient->tpm && transient->handle != ESYS_TR_NONE)
        (void)Esys_FlushContext(transient->tpm->esys, transient->handle);
    transient->handle = ESYS_TR_NONE;
}

static int set_auth(struct tpm *tpm, ESYS_TR hierarchy, struct gb_bytes password,
                    struct gb_err *err)
{
    TPM2B_AUTH auth = {.size = (UINT16)password.len};
    if (password.len > sizeof auth.buffer)
        return gb_err_set(err, GB_ERR_CONFIG, "TPM: a password is longer than %zu bytes",
                          sizeof auth.buffer);
    if (password.len == 0)
        return GB_OK;
    memcpy(auth.buffer, password.data, password.len);
    TSS2_RC rc = Esys_TR_SetAuth(tpm->esys, hierarchy, &auth);
    secret_wipe(&auth, sizeof auth);
    return rc ? tpm_failed(err, rc, "setting a password") : GB_OK;
}

static int connect_to(struct tpm *tpm, const struct tpm_conf *conf, struct gb_err *err)
{
    const char *tcti = conf->tcti ? conf->tcti : TPM_TCTI_DEFAULT;
    /* The library writes lines of its own to standard error; what matters is in our errors. */
    (void)setenv("TSS2_LOG", "all+none", 0);
    TSS2_RC rc = Tss2_TctiLdr_Initialize(tcti, &tpm->tcti);
    if (rc)
        return tpm_failed_open(err, rc, tcti);
    rc = Esys_Initialize(&tpm->esys, tpm->tcti, NULL);
    if (rc)
        return tpm_failed(err, rc, "ESYS");
    int r = set_auth(tpm, ESYS_TR_RH_ENDORSEMENT, conf->endorsement_auth, err);
    return r < 0 ? r : set_auth(tpm, ESYS_TR_RH_OWNER, conf->owner_auth, err);
}

int tpm_open(const struct tpm_conf *conf, struct tpm **ret_tpm, struct gb_err *err)
{
    gb_cleanup(tpm_closep) struct tpm *tpm = gb_calloc(1, sizeof *tpm);
    if (!tpm)
        return gb_err_nomem(err);
    int r = digester_new(&tpm->digester, err);
    if (r == GB_OK)
        r = connect_to(tpm, conf, err);
    if (r == GB_OK)
        *ret_tpm = gb_take(tpm);
    return r;
}

void tpm_close(struct tpm *tpm)
{
    if (!tpm)
        return;
    for (size_t i = 0; i < tpm->known_count; i++)
        (void)Esys_TR_Close(tpm->esys, &tpm->known[i].object);
    Esys_Finalize(&tpm->esys);
    Tss2_TctiLdr_Finalize(&tpm->tcti);
    digester_free(tpm->digester);
    gb_free(tpm);
}

void tpm_closep(struct tpm **tpm)
{
    tpm_close(*tpm);
}

int tpm_handle_exists(struct tpm *tpm, uint32_t handle, bool *ret_exists, struct gb_err *err)
{
    TPMI_YES_NO more;
    gb_cleanup(tpm_esys_freep) TPMS_CAPABILITY_DATA *data = NULL;
    TSS2_RC rc =
        Esys_GetCapability(tpm->esys, TPM_AUTH_0, TPM2_CAP_HANDLES, handle, 1, &more, &data);
    if (rc)
        return tpm_failed(err, rc, "TPM2_GetCapability");
    *ret_exists = data->data.handles.count > 0 && data->data.handles.handle[0] == handle;
    return GB_OK;
}

int tpm_object(struct tpm *tpm, uint32_t handle, ESYS_TR *ret_object, struct gb_err *err)
{
    for (size_t i = 0; i < tpm->known_count; i++)
        if (tpm->known[i].handle == handle) {
            *ret_object = tpm->known[i].object;
            return GB_OK;
        }
    if (tpm->known_count == TPM_KNOWN)
        return gb_err_set(err, GB_ERR_BUG, "TPM: more than %d keys in use", TPM_KNOWN);
    struct tpm_known found = {.handle = handle};
    TSS2_RC rc = Esys_TR_FromTPMPublic(tpm->esys, handle, TPM_AUTH_0, &found.object);
    if (rc)
        return tpm_failed(err, rc, "reading a persistent key");
    tpm->known[tpm->known_count++] = found;
    *ret_object = found.object;
    return GB_OK;
}

void tpm_object_forget(struct tpm *tpm, uint32_t handle)
{
    for (size_t i = 0; i < tpm->known_count; i++)
        if (tpm->known[i].handle == handle) {
            (void)Esys_TR_Close(tpm->esys, &tpm->known[i].object);
            tpm->known[i] = tpm->known[--tpm->known_count];
            return;
        }
}

int tpm_primary(struct tpm *tpm, const TPM2B_PUBLIC *template, struct tpm_transient *ret_key,
                TPM2B_PUBLIC **ret_public, struct gb_err *err)
{
    TPM2B_SENSITIVE_CREATE sensitive = {0};
    TPM2B_DATA outside = {0};
    TPML_PCR_SELECTION pcrs = {0};
    ret_key->tpm = tpm;
    ret_key->handle = ESYS_TR_NONE;
    TSS2_RC rc =
        Esys_CreatePrimary(tpm->esys, ESYS_TR_RH_ENDORSEMENT, TPM_AUTH_1, &sensitive, template,
                           &outside, &pcrs, &ret_key->handle, ret_public, NULL, NULL, NULL);
    if (rc) {
        ret_key->handle = ESYS_TR_NONE;
        return tpm_failed_auth(err, rc, "TPM2_CreatePrimary", "endorsement");
    }
    return GB_OK;
}

static int copy(struct gb_arena *arena, const uint8_t *bytes, size_t len, TSS2_RC rc,
                struct gb_bytes *ret_bytes, struct gb_err *err)
{
    if (rc)
        return tpm_failed(err, rc, "writing a structure");
    *ret_bytes = gb_arena_copy(arena, gb_bytes(bytes, len));
    return ret_bytes->data ? GB_OK : gb_err_nomem(err);
}

int tpm_public_bytes(struct gb_arena *arena, const TPM2B_PUBLIC *area, struct gb_bytes *ret_bytes,
                     struct gb_err *err)
{
    uint8_t bytes[sizeof *area];
    size_t len = 0;
    TSS2_RC rc = Tss2_MU_TPM2B_PUBLIC_Marshal(area, bytes, sizeof bytes, &len);
    return copy(arena, bytes, len, rc, ret_bytes, err);
}

int tpm_signature_bytes(struct gb_arena *arena, const TPMT_SIGNATURE *signature,
                        struct gb_bytes *ret_bytes, struct gb_err *err)
{
    uint8_t bytes[sizeof *signature];
    size_t len = 0;
    TSS2_RC rc = Tss2_MU_TPMT_SIGNATURE_Marshal(signature, bytes, sizeof bytes, &len);
    return copy(arena, bytes, len, rc, ret_bytes, err);
}

int tpm_qualifying(struct gb_bytes in, TPM2B_DATA *ret_data, struct gb_err *err)
{
    if (in.len > sizeof ret_data->buffer)
        return gb_err_set(err, GB_ERR_BUG, "TPM: qualifyingData of %zu bytes", in.len);
    *ret_data = (TPM2B_DATA){.size = (UINT16)in.len};
    if (in.len > 0)
        memcpy(ret_data->buffer, in.data, in.len);
    return GB_OK;
}
