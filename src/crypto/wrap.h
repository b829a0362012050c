/*
 * What TPM2_MakeCredential needs of cryptography: KDFa, KDFe (Part 1, 11.4.10), RSA-OAEP with a
 * label, one-pass ECDH, AES-CFB, HMAC. No randomness of its own: the caller brings it, so that the
 * core stays pure and tests repeatable.
 */
#ifndef GB_CRYPTO_WRAP_H
#define GB_CRYPTO_WRAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "crypto/key.h"

/* KDFa (counter mode HMAC, SP 800-108): `bits` a multiple of 8; label without its closing NUL.
 * GB_ERR_BUG, NOMEM; so all below. */
GB_MUST_USE int wrap_kdfa(enum digest_alg alg, struct gb_bytes key, const char *label,
                          struct gb_bytes context_u, struct gb_bytes context_v, size_t bits,
                          uint8_t *out, struct gb_err *err);
/* KDFe (SP 800-56A). */
GB_MUST_USE int wrap_kdfe(enum digest_alg alg, struct gb_bytes z, const char *label,
                          struct gb_bytes party_u, struct gb_bytes party_v, size_t bits,
                          uint8_t *out, struct gb_err *err);

/* Encrypts `seed` to an RSA EK: OAEP with hash `alg`, label "IDENTITY" and its NUL. Writes a
 * TPM2B_ENCRYPTED_SECRET. OAEP's own randomness comes from libcrypto. */
GB_MUST_USE int wrap_seed_rsa(const struct key *ek, enum digest_alg alg, struct gb_bytes seed,
                              struct gb_buf *out, struct gb_err *err);
/* Derives the seed with an ECC EK from an ephemeral key whose private scalar is `scalar` (as long
 * as the curve's field; 0 or one not below its order is GB_ERR_INPUT: draw another). Writes
 * TPM2B_ENCRYPTED_SECRET (a TPMS_ECC_POINT) and the seed (digest_size(alg) bytes). */
GB_MUST_USE int wrap_seed_ecc(const struct key *ek, enum digest_alg alg, struct gb_bytes scalar,
                              struct gb_buf *out, uint8_t *ret_seed, struct gb_err *err);

/* AES-CFB with a zero IV; key of 16, 24 or 32 bytes; in place is fine. */
GB_MUST_USE int wrap_aes_cfb(struct gb_bytes key, struct gb_bytes in, uint8_t *out,
                             struct gb_err *err);
GB_MUST_USE int wrap_hmac(enum digest_alg alg, struct gb_bytes key, struct gb_bytes in,
                          uint8_t *out, struct gb_err *err);

#endif
