#include "tpm/quote.h"

#include <stdbool.h>
#include <string.h>
#include <tss2/tss2_esys.h>

#include "base/buf.h"
#include "crypto/digest.h"
#include "evidence/pcr.h"
#include "evidence/tpm_wire.h"
#include "tpm/esys.h"
#include "tpm/failure.h"
#include "tpm/keys.h"

enum {
    TRIES = 16,                                                   /* of values and quote to agree */
    MAX_VALUES = GB_LIMIT_BANKS * GB_LIMIT_PCRS * GB_LIMIT_DIGEST /* all PCRs of all banks */
};

static void to_tss(const struct pcr_selection *in, TPML_PCR_SELECTION *out)
{
    *out = (TPML_PCR_SELECTION){.count = (UINT32)in->count};
    for (size_t i = 0; i < in->count; i++) {
        TPMS_PCR_SELECTION *bank = &out->pcrSelections[i];
        bank->hash = in->banks[i].alg_id;
        bank->sizeofSelect = 3;
        for (unsigned byte = 0; byte < 3; byte++)
            bank->pcrSelect[byte] = (BYTE)(in->banks[i].mask >> (8 * byte));
    }
}

/* What the TPM has given is taken out of what is still wanted. False when it gave nothing. */
static bool take_out(TPML_PCR_SELECTION *left, const TPML_PCR_SELECTION *given)
{
    bool any = false;
    for (UINT32 i = 0; i < given->count && i < left->count; i++)
        for (unsigned byte = 0; byte < 3; byte++) {
            any |= given->pcrSelections[i].pcrSelect[byte] != 0;
            left->pcrSelections[i].pcrSelect[byte] &=
                (BYTE)~given->pcrSelections[i].pcrSelect[byte];
        }
    return any;
}

static bool is_empty(const TPML_PCR_SELECTION *selection)
{
    for (UINT32 i = 0; i < selection->count; i++)
        for (unsigned byte = 0; byte < 3; byte++)
            if (selection->pcrSelections[i].pcrSelect[byte])
                return false;
    return true;
}

/* TPM2_PCR_Read gives eight values at a time. */
static int read_values(struct tpm *tpm, const TPML_PCR_SELECTION *selection, struct gb_buf *out,
                       struct gb_err *err)
{
    TPML_PCR_SELECTION left = *selection;
    while (!is_empty(&left)) {
        UINT32 counter;
        gb_cleanup(tpm_esys_freep) TPML_PCR_SELECTION *given = NULL;
        gb_cleanup(tpm_esys_freep) TPML_DIGEST *values = NULL;
        TSS2_RC rc = Esys_PCR_Read(tpm->esys, TPM_AUTH_0, &left, &counter, &given, &values);
        if (rc)
            return tpm_failed(err, rc, "TPM2_PCR_Read");
        if (values->count == 0 || !take_out(&left, given))
            return gb_err_set(
                err, GB_ERR_CONFIG,
                "TPM: it has no values for a bank that is to be quoted: choose one of "
                "those that tpm2_getcap pcrs shows");
        for (UINT32 i = 0; i < values->count; i++)
            gb_buf_add(out, values->digests[i].buffer, values->digests[i].size);
    }
    return gb_buf_ok(out) ? GB_OK : gb_err_nomem(err);
}

static int make_quote(struct tpm *tpm, struct gb_arena *arena, ESYS_TR ak, const TPM2B_DATA *data,
                      const TPML_PCR_SELECTION *selection, struct tpm_quote *ret_quote,
                      struct gb_err *err)
{
    const TPMT_SIG_SCHEME own = {.scheme = TPM2_ALG_NULL};
    gb_cleanup(tpm_esys_freep) TPM2B_ATTEST *attest = NULL;
    gb_cleanup(tpm_esys_freep) TPMT_SIGNATURE *signature = NULL;
    TSS2_RC rc = Esys_Quote(tpm->esys, ak, TPM_AUTH_1, data, &own, selection, &attest, &signature);
    if (rc)
        return tpm_failed(err, rc, "TPM2_Quote");
    ret_quote->attest = gb_arena_copy(arena, gb_bytes(attest->attestationData, attest->size));
    if (!ret_quote->attest.data)
        return gb_err_nomem(err);
    return tpm_signature_bytes(arena, signature, &ret_quote->signature, err);
}

/* Both keys sign with SHA-256, so the quoted digest is one, too (Part 3, 18.4). */
static int agrees(struct tpm *tpm, const struct tpm_quote *quote, struct gb_bytes values,
                  bool *ret_agrees, struct gb_err *err)
{
    struct tpm_attest attest;
    uint8_t digest[32];
    int r = tpm_attest_read(quote->attest, &attest, err);
    if (r < 0)
        return r;
    r = digest_of(tpm->digester, DIGEST_SHA256, values, digest);
    if (r < 0)
        return gb_err_set(err, GB_ERR_BUG, "sha256 failed");
    *ret_agrees = gb_bytes_equal(attest.quote.pcr_digest, gb_bytes(digest, sizeof digest));
    return GB_OK;
}

/* Values before and after the quote: one of them is mostly the quoted state. */
static int try_once(struct tpm *tpm, struct gb_arena *arena, ESYS_TR ak, const TPM2B_DATA *data,
                    const TPML_PCR_SELECTION *selection, struct gb_buf *values,
                    struct tpm_quote *quote, bool *ret_agrees, struct gb_err *err)
{
    values->len = 0;
    int r = read_values(tpm, selection, values, err);
    if (r == GB_OK)
        r = make_quote(tpm, arena, ak, data, selection, quote, err);
    if (r == GB_OK)
        r = agrees(tpm, quote, gb_buf_bytes(values), ret_agrees, err);
    if (r < 0 || *ret_agrees)
        return r;
    values->len = 0;
    r = read_values(tpm, selection, values, err);
    return r < 0 ? r : agrees(tpm, quote, gb_buf_bytes(values), ret_agrees, err);
}

int tpm_quote(struct tpm *tpm, struct gb_arena *arena, const struct tpm_key *ak,
              const struct pcr_selection *selection, struct gb_bytes qualifying,
              struct tpm_quote *ret_quote, struct gb_err *err)
{
    TPM2B_DATA data;
    TPML_PCR_SELECTION wanted;
    struct tpm_quote quote = {0};
    ESYS_TR key = ESYS_TR_NONE;
    bool good = false;
    gb_cleanup(gb_buf_done) struct gb_buf values;
    gb_buf_init(&values, MAX_VALUES);
    to_tss(selection, &wanted);
    int r = tpm_qualifying(qualifying, &data, err);
    if (r == GB_OK)
        r = tpm_object(tpm, ak->handle, &key, err);
    for (int i = 0; r == GB_OK && !good && i < TRIES; i++)
        r = try_once(tpm, arena, key, &data, &wanted, &values, &quote, &good, err);
    if (r < 0)
        return r;
    if (!good)
        return gb_err_set(err, GB_ERR_AGAIN, "TPM: the PCRs changed during each of %d quotes",
                          TRIES);
    quote.pcrs_raw = gb_arena_copy(arena, gb_buf_bytes(&values));
    if (!quote.pcrs_raw.data)
        return gb_err_nomem(err);
    *ret_quote = quote;
    return GB_OK;
}
