/* PCR banks, selections and values. Values in this room are what somebody says; verify/ proves
 * them. */
#ifndef GB_EVIDENCE_PCR_H
#define GB_EVIDENCE_PCR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/reader.h"
#include "crypto/digest.h"

/* TPML_PCR_SELECTION (TPM 2.0 Part 2, 10.9.7). Bit i of `mask` is PCR i. */
struct pcr_selection {
    size_t count;
    struct pcr_selected {
        uint16_t alg_id; /* TPM_ALG_ID, known to us or not */
        uint32_t mask;
    } banks[GB_LIMIT_BANKS];
};

/* One bank's values; value[i] holds digest_size(alg) bytes and counts only when bit i of `mask` is
 * set. */
struct pcr_bank {
    enum digest_alg alg;
    uint32_t mask;
    uint8_t value[GB_LIMIT_PCRS][GB_LIMIT_DIGEST];
};

struct pcr_values {
    size_t count;
    struct pcr_bank banks[DIGEST_ALGS];
};

/* NULL when there is no such bank. */
struct pcr_bank *pcr_bank_find(struct pcr_values *values, enum digest_alg alg);
const struct pcr_bank *pcr_bank_get(const struct pcr_values *values, enum digest_alg alg);
/* Finds or adds; a new bank is empty (mask 0). NULL when DIGEST_NONE. */
struct pcr_bank *pcr_bank_add(struct pcr_values *values, enum digest_alg alg);

/* "PCRs 0-9, 11, 14" or "PCR 4" for a mask; "no PCR" for 0. NULL when out of memory. */
GB_MUST_USE char *pcr_mask_text(struct gb_arena *arena, uint32_t mask);

/* A PCR selection inside a TPM structure. Masks are 1 to 4 bytes; bits above PCR 23 and a bank
 * named twice are refused. */
void pcr_selection_read(struct gb_reader *r, struct pcr_selection *ret_selection);

/* pcrs.yaml: the text that `tpm2 pcrread` prints (banks "  sha256:", lines "    0 : 0x..."). Errors
 * name the line. */
GB_MUST_USE int pcr_values_read_text(struct gb_bytes in, struct pcr_values *ret_values,
                                     struct gb_err *err);
/* quote.pcrs: what `tpm2 quote -o` writes. Both of its forms: "serialized" (TPML_PCR_SELECTION,
 * count, TPML_DIGESTs as little-endian C structs) and "values" (the digests of `selection`, one
 * after another). */
GB_MUST_USE int pcr_values_read_tools(struct gb_bytes in, const struct pcr_selection *selection,
                                      struct pcr_values *ret_values, struct gb_err *err);
/* The values of `selection` and nothing else, one after another: each bank in its place, each from
 * PCR 0 upward. Nothing is read when the selection has a bank whose size is not known here. */
GB_MUST_USE int pcr_values_read_raw(struct gb_bytes in, const struct pcr_selection *selection,
                                    struct pcr_values *ret_values, struct gb_err *err);

#endif
