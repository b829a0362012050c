/* The physical floor of an attestation: the same signature and the same digests, and nothing else.
 * Straight EVP, prefetched. */
#ifndef GB_TESTS_BENCH_FLOOR_H
#define GB_TESTS_BENCH_FLOOR_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "crypto/digest.h"

struct floor;

struct floor *floor_new(void);
void floor_free(struct floor *floor);

/* One digest that verifying this evidence takes. The bytes are borrowed. */
void floor_add_digest(struct floor *floor, enum digest_alg alg, struct gb_bytes in);
/* One extend: a digest of the old value and the new digest. */
void floor_add_extend(struct floor *floor, enum digest_alg alg);
/* The signature: `pem` is the public key, `sig` as EVP takes it (DER for ECDSA). */
void floor_set_signature(struct floor *floor, struct gb_bytes pem, struct gb_bytes digest,
                         struct gb_bytes sig);

/* Does it all once. Aborts when anything fails: a floor that skips work measures nothing. */
void floor_run(struct floor *floor);
size_t floor_digests(const struct floor *floor);

#endif
