/* A certificate request (PKCS#10, P-256 with SHA-256) for a key that lives elsewhere: in a TPM. */
#ifndef GB_CRYPTO_REQUEST_H
#define GB_CRYPTO_REQUEST_H

#include <stdint.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/err.h"

struct request_key {
    uint8_t x[32]; /* the public point */
    uint8_t y[32];
    /* ECDSA over a SHA-256 digest: 0 with r and s, or a negative code with `err` filled. */
    int (*sign)(void *ctx, const uint8_t digest[32], uint8_t ret_r[32], uint8_t ret_s[32],
                struct gb_err *err);
    void *ctx;
};

/* DER, added to `out`. GB_ERR_INPUT: the point is on no curve; what `sign` returned; NOMEM, BUG. */
GB_MUST_USE int request_make(const struct request_key *key, const char *common_name,
                             struct gb_buf *out, struct gb_err *err);

#endif
