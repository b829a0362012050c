/* Ed25519 (RFC 8032), for what tools of transparency logs must be able to check: the ledger's
 * checkpoints and the cosignatures of its witnesses. A private key has one user at a time. */
#ifndef GB_CRYPTO_ED25519_H
#define GB_CRYPTO_ED25519_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

enum { ED25519_PUBLIC = 32, ED25519_SIGNATURE = 64 };

struct ed25519; /* a private key */

/* A new key. */
GB_MUST_USE int ed25519_new(struct ed25519 **ret_key, struct gb_err *err);
/* PKCS#8 PEM; `passphrase` (empty: none) opens an encrypted one (PBES2, AES-256, scrypt).
 * GB_ERR_CONFIG when it does not, or when the key is of another kind. */
GB_MUST_USE int ed25519_from_pem(struct gb_bytes pem, struct gb_bytes passphrase,
                                 struct ed25519 **ret_key, struct gb_err *err);
void ed25519_free(struct ed25519 *key);
void ed25519_freep(struct ed25519 **key);
/* PKCS#8 PEM, encrypted unless the passphrase is empty. `out` holds a secret: wipe it. */
GB_MUST_USE int ed25519_to_pem(const struct ed25519 *key, struct gb_bytes passphrase,
                               struct gb_buf *out, struct gb_err *err);
/* Pure Ed25519 over the whole message. GB_ERR_BUG, NOMEM. */
GB_MUST_USE int ed25519_sign(const struct ed25519 *key, struct gb_bytes message,
                             uint8_t out[ED25519_SIGNATURE], struct gb_err *err);
GB_MUST_USE int ed25519_public(const struct ed25519 *key, uint8_t ret_public[ED25519_PUBLIC],
                               struct gb_err *err);

/* Whether `signature` signs `message`. A signature that does not verify, and a public key that is
 * no point, give *ret_valid = false and 0. GB_ERR_BUG, NOMEM leave it false. Any thread. */
GB_MUST_USE int ed25519_verify(const uint8_t public[ED25519_PUBLIC], struct gb_bytes message,
                               const uint8_t signature[ED25519_SIGNATURE], bool *ret_valid,
                               struct gb_err *err);

#endif
