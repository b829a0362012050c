#include <stdbool.h>
#include <string.h>
#include <tss2/tss2_esys.h>

#include "base/buf.h"
#include "evidence/bundle.h"
#include "tpm/ek.h"
#include "tpm/esys.h"
#include "tpm/failure.h"

enum {
    FIRST_CERT = 0x01c00000,
    FIRST_CHAIN = 0x01c00100,
    LAST_CHAIN = 0x01c001ff,
    MAX_CHAIN = 256 << 10, /* a dozen certificates of makers' chains; NV holds less */
    CHUNK = 512,           /* every TPM reads that much at once (TPM2_PT_NV_BUFFER_MAX) */
};

struct nv {
    struct tpm *tpm;
    ESYS_TR index; /* ESYS_TR_NONE: nothing */
};

static void nv_done(struct nv *nv)
{
    if (nv->index != ESYS_TR_NONE)
        (void)Esys_TR_Close(nv->tpm->esys, &nv->index);
}

static int nv_read(const struct nv *nv, ESYS_TR auth, size_t size, struct gb_buf *out,
                   struct gb_err *err)
{
    for (size_t at = 0; at < size;) {
        size_t n = size - at < CHUNK ? size - at : CHUNK;
        gb_cleanup(tpm_esys_freep) TPM2B_MAX_NV_BUFFER *data = NULL;
        TSS2_RC rc =
            Esys_NV_Read(nv->tpm->esys, auth, nv->index, TPM_AUTH_1, (UINT16)n, (UINT16)at, &data);
        if (rc)
            return tpm_failed(err, rc, "TPM2_NV_Read");
        gb_buf_add(out, data->buffer, data->size);
        at += n;
    }
    return gb_buf_ok(out) ? GB_OK : gb_err_nomem(err);
}

/* An index that is not written, or that needs a password, holds nothing for us. */
static int read_index(struct tpm *tpm, uint32_t handle, struct gb_buf *out, struct gb_err *err)
{
    gb_cleanup(nv_done) struct nv nv = {tpm, ESYS_TR_NONE};
    TSS2_RC rc = Esys_TR_FromTPMPublic(tpm->esys, handle, TPM_AUTH_0, &nv.index);
    if (rc)
        return tpm_failed(err, rc, "reading an NV index");
    gb_cleanup(tpm_esys_freep) TPM2B_NV_PUBLIC *area = NULL;
    rc = Esys_NV_ReadPublic(tpm->esys, nv.index, TPM_AUTH_0, &area, NULL);
    if (rc)
        return tpm_failed(err, rc, "TPM2_NV_ReadPublic");
    TPMA_NV attributes = area->nvPublic.attributes;
    if (!(attributes & TPMA_NV_WRITTEN))
        return GB_OK;
    if (attributes & TPMA_NV_AUTHREAD)
        return nv_read(&nv, nv.index, area->nvPublic.dataSize, out, err);
    if (attributes & TPMA_NV_OWNERREAD)
        return nv_read(&nv, ESYS_TR_RH_OWNER, area->nvPublic.dataSize, out, err);
    return GB_OK;
}

/* Cuts one DER SEQUENCE off `rest`; false when what follows is none (padding, a nonce). */
static bool next_der(struct gb_bytes *rest, struct gb_bytes *ret_der)
{
    while (rest->len > 0 && (rest->data[0] == 0 || rest->data[0] == 0xff))
        *rest = gb_bytes_from(*rest, 1);
    if (rest->len < 4 || rest->data[0] != 0x30 || rest->data[1] != 0x82)
        return false; /* certificates are 256 to 65535 bytes long */
    size_t len = 4 + ((size_t)rest->data[2] << 8 | rest->data[3]);
    if (len > rest->len)
        return false;
    *ret_der = gb_bytes(rest->data, len);
    *rest = gb_bytes_from(*rest, len);
    return true;
}

static int add_cert(struct gb_arena *arena, uint32_t index, struct gb_bytes content,
                    struct tpm_ek_certs *certs, struct gb_err *err)
{
    struct gb_bytes der;
    if (certs->count == BUNDLE_MAX_EKCERTS || !next_der(&content, &der))
        return GB_OK;
    der = gb_arena_copy(arena, der);
    if (!der.data)
        return gb_err_nomem(err);
    certs->certs[certs->count++] = (struct tpm_ek_cert){index, der};
    return GB_OK;
}

/* A chain may be cut anywhere and go on in the next index. */
static int add_chain(struct gb_arena *arena, const struct gb_buf *chain, struct tpm_ek_certs *certs,
                     struct gb_err *err)
{
    struct gb_bytes rest = gb_arena_copy(arena, gb_buf_bytes(chain));
    if (!rest.data)
        return gb_err_nomem(err);
    while (certs->chain_count < BUNDLE_MAX_INTERMEDIATES &&
           next_der(&rest, &certs->chain[certs->chain_count]))
        certs->chain_count++;
    return GB_OK;
}

static int take_index(struct tpm *tpm, struct gb_arena *arena, uint32_t handle,
                      struct gb_buf *content, struct gb_buf *chain, struct tpm_ek_certs *certs,
                      struct gb_err *err)
{
    if (handle >= FIRST_CHAIN)
        return read_index(tpm, handle, chain, err);
    content->len = 0;
    int r = read_index(tpm, handle, content, err);
    return r < 0 ? r : add_cert(arena, handle, gb_buf_bytes(content), certs, err);
}

static int each_index(struct tpm *tpm, struct gb_arena *arena, struct gb_buf *content,
                      struct gb_buf *chain, struct tpm_ek_certs *certs, struct gb_err *err)
{
    uint32_t next = FIRST_CERT;
    for (TPMI_YES_NO more = TPM2_YES; more == TPM2_YES && next <= LAST_CHAIN;) {
        gb_cleanup(tpm_esys_freep) TPMS_CAPABILITY_DATA *data = NULL;
        TSS2_RC rc = Esys_GetCapability(tpm->esys, TPM_AUTH_0, TPM2_CAP_HANDLES, next,
                                        TPM2_MAX_CAP_HANDLES, &more, &data);
        if (rc)
            return tpm_failed(err, rc, "TPM2_GetCapability");
        const TPML_HANDLE *handles = &data->data.handles;
        for (UINT32 i = 0; i < handles->count; i++) {
            next = handles->handle[i] + 1;
            if (handles->handle[i] > LAST_CHAIN)
                return GB_OK;
            int r = take_index(tpm, arena, handles->handle[i], content, chain, certs, err);
            if (r < 0)
                return r;
        }
        if (handles->count == 0)
            break;
    }
    return GB_OK;
}

int tpm_ek_certs(struct tpm *tpm, struct gb_arena *arena, struct tpm_ek_certs *ret_certs,
                 struct gb_err *err)
{
    gb_cleanup(gb_buf_done) struct gb_buf content;
    gb_cleanup(gb_buf_done) struct gb_buf chain;
    struct tpm_ek_certs certs = {0};
    gb_buf_init(&content, UINT16_MAX + 1);
    gb_buf_init(&chain, MAX_CHAIN);
    int r = each_index(tpm, arena, &content, &chain, &certs, err);
    if (r == GB_OK && chain.len > 0)
        r = add_chain(arena, &chain, &certs, err);
    if (r == GB_OK)
        *ret_certs = certs;
    return r;
}
