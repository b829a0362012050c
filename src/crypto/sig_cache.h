/*
 * Signatures that were verified, remembered for all nodes: the same file on a thousand nodes costs
 * one verification. It holds what was found good (key, digest, signature: compared in full, so no
 * hash has to be trusted), is bounded, and forgets the oldest where many want one place. It changes
 * how long an answer takes, never the answer. Threads: any.
 */
#ifndef GB_CRYPTO_SIG_CACHE_H
#define GB_CRYPTO_SIG_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "crypto/sig_key.h"

struct sig_cache;

/* `seed` is random: whoever signs must not know where it is kept. GB_ERR_NOMEM. */
GB_MUST_USE int sig_cache_new(uint64_t seed, struct sig_cache **ret_cache, struct gb_err *err);
void sig_cache_free(struct sig_cache *cache);
void sig_cache_freep(struct sig_cache **cache);

/* As sig_key_verify. `cache` may be NULL. */
GB_MUST_USE int sig_cache_verify(struct sig_cache *cache, const struct sig_key *key,
                                 enum digest_alg alg, const uint8_t *digest, struct gb_bytes value,
                                 bool *ret_valid, struct gb_err *err);
/* How many signatures had to be verified so far; for measurements. */
uint64_t sig_cache_misses(struct sig_cache *cache);

#endif
