/* Tokens and keys of the tests' own making: every algorithm that we read, and whatever header. */
#ifndef GB_TESTS_MAKE_JWT_H
#define GB_TESTS_MAKE_JWT_H

#include <openssl/evp.h>

#include "base/arena.h"
#include "wire/jwt.h"

/* A new key that `alg` can use; `rsa_bits` where it is RSA. The caller frees it. */
EVP_PKEY *make_jwt_key(enum jwt_alg alg, unsigned rsa_bits);
/* One key as JSON; `more` ("" or ",\"kid\":\"a\"") stands at its end. */
const char *make_jwk(struct gb_arena *arena, EVP_PKEY *key, const char *more);
/* header.payload.signature: what `header` says is not looked at, the signature is by `alg`. */
const char *make_jwt(struct gb_arena *arena, EVP_PKEY *key, enum jwt_alg alg, const char *header,
                     const char *payload);

#endif
