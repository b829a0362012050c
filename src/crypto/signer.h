/* Private keys (P-256) of programs that own one: keyd's CA and token keys, garboardd's TLS key, an
 * operator's. Nodes keep theirs in the TPM (tpm/). A signer has one user at a time. */
#ifndef GB_CRYPTO_SIGNER_H
#define GB_CRYPTO_SIGNER_H

#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

struct signer;

/* A new P-256 key. */
GB_MUST_USE int signer_new(struct signer **ret_signer, struct gb_err *err);
/* PKCS#8 PEM; `passphrase` (empty: none) opens an encrypted one (PBES2, AES-256, scrypt).
 * GB_ERR_CONFIG when it does not. */
GB_MUST_USE int signer_from_pem(struct gb_bytes pem, struct gb_bytes passphrase,
                                struct signer **ret_signer, struct gb_err *err);
void signer_free(struct signer *signer);
void signer_freep(struct signer **signer);
/* PKCS#8 PEM, encrypted unless the passphrase is empty. `out` holds a secret: wipe it. */
GB_MUST_USE int signer_to_pem(const struct signer *signer, struct gb_bytes passphrase,
                              struct gb_buf *out, struct gb_err *err);
/* "-----BEGIN PUBLIC KEY-----" of its public half. GB_ERR_NOMEM, BUG. */
GB_MUST_USE int signer_public_pem(const struct signer *signer, struct gb_buf *out,
                                  struct gb_err *err);
/* ECDSA with SHA-256 over `message`: r || s, 32 bytes each (JWS's form). */
GB_MUST_USE int signer_sign(const struct signer *signer, struct gb_bytes message, uint8_t out[64],
                            struct gb_err *err);
/* The public point, and SHA-256 over its SubjectPublicKeyInfo. */
GB_MUST_USE int signer_public(const struct signer *signer, uint8_t ret_x[32], uint8_t ret_y[32],
                              uint8_t ret_fingerprint[32], struct gb_err *err);

#endif
