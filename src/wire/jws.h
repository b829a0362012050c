/* Signed tokens: compact JWS (RFC 7515) with ES256 (RFC 7518), and the key set that verifies them
 * (RFC 7517). Writing only. */
#ifndef GB_WIRE_JWS_H
#define GB_WIRE_JWS_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/signer.h"

/* header.payload.signature over a JSON payload; `key_id` is of letters that need no escaping. In
 * the arena. GB_ERR_NOMEM, BUG. */
GB_MUST_USE int jws_sign(struct gb_arena *arena, const struct signer *signer, const char *key_id,
                         struct gb_bytes payload, const char **ret_jws, struct gb_err *err);

struct jwk {
    const char *key;    /* {"kty":...} */
    const char *set;    /* {"keys":[...]} of this key alone */
    const char *key_id; /* RFC 7638: base64url of SHA-256 over the key's canonical form */
};
/* In the arena. */
GB_MUST_USE int jwk_of(struct gb_arena *arena, const struct signer *signer, struct jwk *ret_jwk,
                       struct gb_err *err);

#endif
