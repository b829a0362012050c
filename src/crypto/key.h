/* Public keys and signatures over digests. Nothing here holds a private key. A key has one user at
 * a time: it keeps the context of its last verification. */
#ifndef GB_CRYPTO_KEY_H
#define GB_CRYPTO_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"

enum key_kind { KEY_NONE, KEY_RSA, KEY_EC };

/* TPM_ECC_CURVE ids (TCG Algorithm Registry). */
enum key_curve { KEY_CURVE_NONE = 0, KEY_P256 = 0x0003, KEY_P384 = 0x0004, KEY_P521 = 0x0005 };

/* TPM_ALG_ID of signing schemes. */
enum key_scheme {
    KEY_SCHEME_NONE = 0,
    KEY_RSASSA = 0x0014,
    KEY_RSAPSS = 0x0016,
    KEY_ECDSA = 0x0018
};

struct key; /* an opaque public key */

/* From the TPM's own parameters: 4 us (RSA), where decoding DER costs 100. exponent 0 means 65537,
 * as TPMs write it. GB_ERR_INPUT when the numbers make no key (a point off its curve, an even
 * modulus), GB_ERR_LIMIT above GB_LIMIT_RSA_BITS. Leading zeros may be there or left out. */
GB_MUST_USE int key_from_rsa(struct gb_bytes modulus, uint32_t exponent, struct key **ret_key,
                             struct gb_err *err);
GB_MUST_USE int key_from_ec(enum key_curve curve, struct gb_bytes x, struct gb_bytes y,
                            struct key **ret_key, struct gb_err *err);
/* "-----BEGIN PUBLIC KEY-----" (SubjectPublicKeyInfo): one block, text around it is ignored. A key
 * of a kind or curve that we do not use is a key all the same, but key_weakness names it and it
 * verifies nothing. GB_ERR_INPUT, LIMIT, NOMEM. */
GB_MUST_USE int key_from_pem(struct gb_bytes pem, struct key **ret_key, struct gb_err *err);
/* The key of one certificate ("-----BEGIN CERTIFICATE-----", or DER) that is pinned: nothing is
 * asked of who issued it. Its dates are seconds since 1970, UTC, for the caller to judge.
 * GB_ERR_INPUT, LIMIT, NOMEM. */
struct key_dates {
    int64_t not_before_s;
    int64_t not_after_s;
};
GB_MUST_USE int key_from_cert(struct gb_bytes pem_or_der, struct key **ret_key,
                              struct key_dates *ret_dates, struct gb_err *err);
/* Whether it is an Ed25519 key (whose kind is KEY_NONE: it signs messages, not digests), and its 32
 * bytes, for ed25519_verify. */
GB_MUST_USE bool key_ed25519(const struct key *key, uint8_t ret_public[32]);
void key_free(struct key *key);
void key_freep(struct key **key);

enum key_kind key_kind(const struct key *key);
size_t key_bits(const struct key *key);
enum key_curve key_curve(const struct key *key);
bool key_equal(const struct key *a, const struct key *b);
/* NULL when RSA of 2048 bits or more with an odd exponent of 65537 (what TPMs make; FIPS 186-5 asks
 * for no less) to 2^32, or P-256/P-384/P-521; else a literal that says why not. */
const char *key_weakness(const struct key *key);
/* "RSA-2048", "P-256": a static string; "RSA" for other lengths, "unknown" for other kinds. */
const char *key_name(const struct key *key);
/* SHA-256 over the key's SubjectPublicKeyInfo: by this EKs, transport keys and officers are known.
 * Of an elliptic curve with a name and a whole point, whatever form the key came in.
 * GB_ERR_BUG, NOMEM. */
GB_MUST_USE int key_fingerprint(const struct key *key, uint8_t out[32], struct gb_err *err);

/*
 * Whether `sig` signs `digest` (digest_size(alg) bytes). RSA: sig is the signature, exactly as long
 * as the modulus; ECDSA: sig is r, sig2 is s, both unsigned big-endian. RSAPSS accepts any salt
 * length (TPMs use the longest or the hash's). A signature that does not verify gives *ret_valid =
 * false and 0, and so do a scheme that the key cannot have and a hash below SHA-256; an error of
 * ours gives a code (GB_ERR_BUG, NOMEM) and leaves *ret_valid false.
 */
GB_MUST_USE int key_verify(const struct key *key, enum key_scheme scheme, enum digest_alg alg,
                           const uint8_t *digest, struct gb_bytes sig, struct gb_bytes sig2,
                           bool *ret_valid, struct gb_err *err);

#endif
