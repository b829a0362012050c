/* The libcrypto side of a key. Private to crypto/. */
#ifndef GB_CRYPTO_KEY_EVP_H
#define GB_CRYPTO_KEY_EVP_H

#include <openssl/evp.h>

#include "crypto/key.h"

enum {
    KEY_MAX_FIELD = 66, /* bytes of a P-521 coordinate */
    KEY_MAX_DER =
        9 + 2 * 66 /* ECDSA-Sig-Value of P-521: two integers with sign bytes and headers */
};

/* The context of the last verification. Making one ready costs a fifth of an RSA verification, so
 * it is kept for the next with the same scheme and hash. */
struct key_ready {
    EVP_PKEY_CTX *ctx; /* NULL: none yet */
    enum key_scheme scheme;
    enum digest_alg alg;
};

struct key {
    EVP_PKEY *pkey; /* owned */
    enum key_kind kind;
    enum key_curve curve;
    size_t bits;
    uint64_t exponent;       /* RSA; 0 when longer than 64 bits */
    struct key_ready *ready; /* owned; changes behind a const key */
};

/* Asks `pkey` what it is. Takes it over in any case. */
GB_MUST_USE int key_from_evp(EVP_PKEY *pkey, struct key **ret_key, struct gb_err *err);

/* The same where kind, curve, bits and exponent are known (`facts`): asking costs more than making.
 */
GB_MUST_USE int key_adopt(EVP_PKEY *pkey, const struct key *facts, struct key **ret_key,
                          struct gb_err *err);

/* By the names that libcrypto gives groups. */
enum key_curve key_curve_of(const char *group);
size_t key_curve_bits(enum key_curve curve);
/* Bytes of a coordinate; 0 for KEY_CURVE_NONE. */
size_t key_field_size(enum key_curve curve);
/* "P-256"; NULL for KEY_CURVE_NONE. */
const char *key_group(enum key_curve curve);

/* `in` without leading zeros, right-aligned in out[len]; false when it is longer. */
GB_MUST_USE bool key_pad(struct gb_bytes in, uint8_t *out, size_t len);

#endif
