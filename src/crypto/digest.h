/*
 * Hashes. Algorithms are named by TPM_ALG_ID (TCG Algorithm Registry) everywhere in the project. A
 * digester fetches each algorithm once and keeps one context: a digest of 100 bytes costs a third
 * of a one-shot call. One digester per thread.
 */
#ifndef GB_CRYPTO_DIGEST_H
#define GB_CRYPTO_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

enum digest_alg {
    DIGEST_NONE = 0,
    DIGEST_SHA1 = 0x0004,
    DIGEST_SHA256 = 0x000b,
    DIGEST_SHA384 = 0x000c,
    DIGEST_SHA512 = 0x000d,
};

/* The known algorithms, in this order, for loops. */
enum { DIGEST_ALGS = 4 };
extern const enum digest_alg digest_algs[DIGEST_ALGS];

/* DIGEST_NONE for an id that we cannot compute (SM3, SHA-3). */
enum digest_alg digest_from_id(uint16_t tpm_alg_id);
/* "sha256" or "SHA256"; DIGEST_NONE when unknown. */
enum digest_alg digest_from_name(struct gb_bytes name);
/* "sha256"; "none" for DIGEST_NONE. */
const char *digest_name(enum digest_alg alg);
/* Bytes; 0 for DIGEST_NONE. */
size_t digest_size(enum digest_alg alg);
/* Whether `alg` may carry a verdict: SHA-256 or longer. */
bool digest_strong(enum digest_alg alg);

struct digester;

/* GB_ERR_NOMEM, or GB_ERR_BUG when libcrypto lacks an algorithm. */
GB_MUST_USE int digester_new(struct digester **ret_digester, struct gb_err *err);
void digester_free(struct digester *digester);
void digester_freep(struct digester **digester);

/* out receives digest_size(alg) bytes. May read and write the same memory. GB_ERR_BUG when
 * libcrypto fails. */
GB_MUST_USE int digest_of(struct digester *digester, enum digest_alg alg, struct gb_bytes in,
                          uint8_t *out);
/* The hash of `a` followed by `b`: TPM2_PCR_Extend when `a` is the old value. `out` may be
 * `a.data`. */
GB_MUST_USE int digest_of_two(struct digester *digester, enum digest_alg alg, struct gb_bytes a,
                              struct gb_bytes b, uint8_t *out);

/* Longer inputs, piece by piece. One stream at a time per digester; digest_of must not be called in
 * between for the same algorithm. */
GB_MUST_USE int digest_begin(struct digester *digester, enum digest_alg alg);
GB_MUST_USE int digest_add(struct digester *digester, enum digest_alg alg, struct gb_bytes in);
GB_MUST_USE int digest_end(struct digester *digester, enum digest_alg alg, uint8_t *out);

#endif
