/* A software TPM's worth of quoting: keys made by libcrypto, structures written by
 * evidence/tpm_wire. Everything asserts; the caller frees. */
#ifndef GB_TESTS_VERIFY_MAKE_QUOTE_H
#define GB_TESTS_VERIFY_MAKE_QUOTE_H

#include <openssl/evp.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "evidence/bundle.h"
#include "evidence/pcr.h"
#include "evidence/tpm_wire.h"

enum {
    MAKE_AK_GOOD = TPMA_FIXED_TPM | TPMA_FIXED_PARENT | TPMA_SENSITIVE_DATA_ORIGIN |
                   TPMA_RESTRICTED | TPMA_SIGN | TPMA_USER_WITH_AUTH
};

/* An AK in software. */
struct make_ak {
    EVP_PKEY *key;
    enum key_scheme scheme;
    enum digest_alg hash;
};

/* "RSA" with `bits`, or "P-256", "P-384". */
void make_ak_init(struct make_ak *ak, const char *kind, unsigned bits, enum key_scheme scheme,
                  enum digest_alg hash);
void make_ak_done(struct make_ak *ak);
/* Appends a TPM2B_PUBLIC. */
void make_ak_public(const struct make_ak *ak, uint32_t attributes, struct gb_buf *out);
void make_ak_pem(const struct make_ak *ak, struct gb_buf *out);
/* Appends a TPMT_SIGNATURE over `message`. */
void make_signature(const struct make_ak *ak, struct gb_bytes message, struct gb_buf *out);

/* What TPM2_Quote would say of `values`: every value of each bank. */
void make_quote(const struct pcr_values *values, enum digest_alg hash, struct gb_bytes nonce,
                struct gb_buf *out);
/* The same at another time: 1000 ms, resetCount 7, restartCount 2, safe are usual. */
struct make_clock {
    uint64_t clock_ms;
    uint32_t reset_count;
    uint32_t restart_count;
    bool unsafe;
};
extern const struct make_clock make_clock_usual;
void make_quote_at(const struct pcr_values *values, enum digest_alg hash, struct gb_bytes nonce,
                   const struct make_clock *clock, struct gb_buf *out);
/* pcrs.yaml of the values. */
void make_pcr_text(const struct pcr_values *values, struct gb_buf *out);

#endif
