/* TPM2_Quote together with the values that it covers. */
#ifndef GB_TPM_QUOTE_H
#define GB_TPM_QUOTE_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "evidence/pcr.h"
#include "tpm/keys.h"

/* In the arena. */
struct tpm_quote {
    struct gb_bytes attest;    /* TPMS_ATTEST */
    struct gb_bytes signature; /* TPMT_SIGNATURE */
    struct gb_bytes
        pcrs_raw; /* the quoted values one after another, in the order of the selection */
};

/* A quote by the AK. PCRs are extended while we look (IMA): values are read again until they are
 * the quoted ones, some times; then GB_ERR_AGAIN. GB_ERR_CONFIG: the TPM lacks a bank of the
 * selection. */
GB_MUST_USE int tpm_quote(struct tpm *tpm, struct gb_arena *arena, const struct tpm_key *ak,
                          const struct pcr_selection *selection, struct gb_bytes qualifying,
                          struct tpm_quote *ret_quote, struct gb_err *err);

#endif
