/* Public keys of who signs files, as plain bytes: they live in an arena, are shared by threads, and
 * become a key of libcrypto's only while one signature is verified. */
#ifndef GB_CRYPTO_SIG_KEY_H
#define GB_CRYPTO_SIG_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "crypto/key.h"

struct sig_key {
    enum key_kind kind;
    struct gb_bytes modulus; /* RSA */
    uint32_t exponent;
    enum key_curve curve; /* EC: P-256 or P-384 */
    struct gb_bytes x, y;
    uint8_t key_id[4];       /* the last bytes of the subject key identifier */
    uint8_t fingerprint[32]; /* SHA-256 of the SubjectPublicKeyInfo */
};

/* From one certificate in PEM. Its subject key identifier, or where it has none the SHA-1 of its
 * public key (RFC 5280, 4.2.1.2), is what signatures name. Dates are not looked at: the kernel does
 * not either, and who lists the certificate vouches for it. GB_ERR_INPUT says what is wrong; LIMIT,
 * NOMEM. */
GB_MUST_USE int sig_key_from_pem(struct gb_arena *arena, struct gb_bytes pem,
                                 struct sig_key *ret_key, struct gb_err *err);
/* Whether `value` (PKCS#1 v1.5, or DER of r and s) signs `digest` (digest_size(alg) bytes).
 * GB_ERR_BUG, NOMEM. Any thread. */
GB_MUST_USE int sig_key_verify(const struct sig_key *key, enum digest_alg alg,
                               const uint8_t *digest, struct gb_bytes value, bool *ret_valid,
                               struct gb_err *err);

#endif
