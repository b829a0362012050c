/* Nonces of keyd's own, each good once, for 60 s. Thread-safe. */
#ifndef GB_KEYD_NONCES_H
#define GB_KEYD_NONCES_H

#include <stdint.h>

#include "base/check.h"
#include "base/err.h"

enum { NONCES_MAX = 65536, NONCE_LIFE_MS = 60 * 1000 };

struct nonces;
GB_MUST_USE int nonces_new(size_t max, struct nonces **ret_nonces, struct gb_err *err);
void nonces_free(struct nonces *nonces);
void nonces_freep(struct nonces **nonces);
/* GB_ERR_AGAIN when too many are out. */
GB_MUST_USE int nonces_issue(struct nonces *nonces, int64_t now_ms, uint8_t ret_nonce[32],
                             struct gb_err *err);
/* Uses it up, whatever comes after. GB_ERR_AGAIN: unknown, used or expired. */
GB_MUST_USE int nonces_take(struct nonces *nonces, int64_t now_ms, const uint8_t nonce[32],
                            struct gb_err *err);

#endif
