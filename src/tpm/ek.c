#include "tpm/ek.h"

#include <stdbool.h>
#include <tss2/tss2_esys.h>

#include "crypto/key.h"
#include "crypto/x509.h"
#include "evidence/tpm_wire.h"
#include "tpm/esys.h"
#include "tpm/template.h"

static const struct tpm_ek_cert *find_cert(const struct tpm_ek_certs *certs, uint32_t index)
{
    for (size_t i = 0; i < certs->count; i++)
        if (certs->certs[i].index == index)
            return &certs->certs[i];
    return NULL;
}

static int make(struct tpm *tpm, struct gb_arena *arena, size_t template, struct tpm_ek *ret_ek,
                struct gb_err *err)
{
    gb_cleanup(tpm_transient_done) struct tpm_transient key = {.handle = ESYS_TR_NONE};
    gb_cleanup(tpm_esys_freep) TPM2B_PUBLIC *area = NULL;
    struct tpm_ek ek = {.template = template, .name = template_eks[template].name};
    int r = tpm_primary(tpm, &template_eks[template].area, &key, &area, err);
    if (r == GB_OK)
        r = tpm_public_bytes(arena, area, &ek.public_area, err);
    if (r == GB_OK)
        *ret_ek = ek;
    return r;
}

static int key_of(const struct tpm_ek *ek, struct key **ret_key, struct gb_err *err)
{
    struct tpm_public area;
    int r = tpm_public_read(ek->public_area, &area, err);
    if (r < 0)
        return r;
    return tpm_public_key(&area, ret_key, err);
}

/* Makers may use templates of their own (0x01c00003, 0x01c00004): then the certificate names
 * another key. A certificate that we cannot read names none; the server will say so if it matters.
 */
static bool names(const struct tpm_ek_cert *cert, const struct tpm_ek *ek)
{
    gb_cleanup(x509_freep) struct x509_cert *parsed = NULL;
    gb_cleanup(key_freep) struct key *certified = NULL;
    gb_cleanup(key_freep) struct key *own = NULL;
    return x509_from_der(cert->der, &parsed, NULL) == GB_OK &&
           x509_key(parsed, &certified, NULL) == GB_OK && key_of(ek, &own, NULL) == GB_OK &&
           key_equal(certified, own);
}

static void move_to_front(struct tpm_ek_certs *certs, const struct tpm_ek_cert *cert)
{
    struct tpm_ek_cert first = *cert;
    for (size_t i = (size_t)(cert - certs->certs); i > 0; i--)
        certs->certs[i] = certs->certs[i - 1];
    certs->certs[0] = first;
}

static int without_certs(struct tpm *tpm, struct gb_arena *arena, struct tpm_ek *ret_ek,
                         struct gb_err *err)
{
    int r = make(tpm, arena, 0, ret_ek, err);
    return r == GB_ERR_IO ? make(tpm, arena, 1, ret_ek, err) : r;
}

int tpm_ek(struct tpm *tpm, struct gb_arena *arena, struct tpm_ek_certs *certs,
           struct tpm_ek *ret_ek, struct gb_err *err)
{
    if (certs->count == 0)
        return without_certs(tpm, arena, ret_ek, err);
    for (size_t i = 0; i < TEMPLATE_EKS; i++) {
        struct tpm_ek ek;
        const struct tpm_ek_cert *cert = find_cert(certs, template_eks[i].cert_index);
        if (!cert)
            continue;
        int r = make(tpm, arena, i, &ek, err);
        if (r < 0)
            return r;
        if (!names(cert, &ek))
            continue;
        move_to_front(certs, cert);
        *ret_ek = ek;
        return GB_OK;
    }
    return gb_err_set(
        err, GB_ERR_NOTFOUND,
        "TPM: none of its %zu EK certificates names a key of a standard template (the "
        "endorsement seed was changed, or the maker uses a template of its own)",
        certs->count);
}
