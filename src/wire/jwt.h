/*
 * Signed tokens of others and of our own: compact JWS (RFC 7515) that holds JWT claims (RFC 7519),
 * verified with a key set (RFC 7517), by RFC 8725's advice: the algorithm comes from a list of the
 * caller's and must fit the key; "none" and the HMAC ones do not exist here. Reading only; jws.h
 * writes.
 */
#ifndef GB_WIRE_JWT_H
#define GB_WIRE_JWT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "wire/json.h"

/* RFC 7518, 3.1. Bits: a caller's list is their sum. */
enum jwt_alg {
    JWT_ALG_NONE = 0,
    JWT_ES256 = 1 << 0,
    JWT_ES384 = 1 << 1,
    JWT_RS256 = 1 << 2,
    JWT_PS256 = 1 << 3,
    JWT_ALG_ALL = (1 << 4) - 1
};

/* "ES256" and so on; JWT_ALG_NONE for any other name. */
enum jwt_alg jwt_alg_of(struct gb_bytes name);
/* "none" for what is not one algorithm. */
const char *jwt_alg_name(enum jwt_alg alg);

/* ---- the keys ---- */

struct jwks; /* a key set; it has one user at a time */

/* {"keys":[...]}: EC keys on P-256 and P-384, RSA of 2048 bits and more. A key of another kind, for
 * another use, or for an algorithm that is none of ours is skipped, as RFC 7517, 5 asks, and so is
 * one that is malformed: it never verifies anything, and costs the others nothing. No usable key in
 * it is GB_ERR_INPUT, which says why the first was malformed; likewise a set that shows a private
 * key, whose owner has lost more than that key.
 * GB_ERR_LIMIT above GB_LIMIT_JWKS bytes or GB_LIMIT_JWKS_KEYS keys; NOMEM, BUG. */
GB_MUST_USE int jwks_read(struct gb_bytes json, struct jwks **ret_keys, struct gb_err *err);
size_t jwks_count(const struct jwks *keys); /* of those that are usable */
/* Whether a usable key has this id: when none has, a newer set may. */
bool jwks_has(const struct jwks *keys, const char *key_id);
void jwks_free(struct jwks *keys);
void jwks_freep(struct jwks **keys);

/* ---- a token ---- */

/* What a token must be. Everything is borrowed. */
struct jwt_rules {
    unsigned algs;        /* of enum jwt_alg: at least one */
    const char *typ;      /* of the header, any case; NULL: whatever it is */
    const char *issuer;   /* NULL: whatever it is; the caller looks at it */
    const char *audience; /* must be among the token's; NULL: whatever it is */
    int64_t now_s;        /* since 1970, UTC */
    int64_t leeway_s;     /* how far two clocks may be apart */
    bool may_lack_exp;    /* else a token without an end is refused */
};

/* Strings are in the arena; `claims` is owned: jwt_done. */
struct jwt {
    enum jwt_alg alg;
    const char *key_id; /* NULL: the header names none */
    const char *issuer; /* NULL: not said; likewise below */
    const char *subject;
    const char *id;       /* jti */
    int64_t issued_at_s;  /* -1: not said; likewise below */
    int64_t not_before_s; /* seconds since 1970, as said: without leeway */
    int64_t expires_s;
    struct json *claims; /* the whole payload, an object */
};

/* Only the key id and the issuer that a token says, unproven: to choose its key set by. NULL where
 * it says none. GB_ERR_INPUT when it is no JWT; LIMIT above GB_LIMIT_JWT bytes; NOMEM. */
GB_MUST_USE int jwt_peek(struct gb_arena *arena, struct gb_bytes token, const char **ret_key_id,
                         const char **ret_issuer, struct gb_err *err);

/*
 * Reads, verifies the signature, then judges time, issuer and audience. With a "kid" only keys of
 * that id are tried, without one every key that fits the algorithm. Nothing is written unless all
 * holds. GB_ERR_INPUT: no JWT; GB_ERR_LIMIT: longer than GB_LIMIT_JWT; GB_ERR_DENIED: a JWT, and
 * refused, the text says by what; GB_ERR_NOTFOUND: no key of the set has its id (ask for a newer
 * set); NOMEM, BUG.
 */
GB_MUST_USE int jwt_verify(struct gb_arena *arena, struct gb_bytes token, const struct jwks *keys,
                           const struct jwt_rules *rules, struct jwt *ret_jwt, struct gb_err *err);
/* For gb_cleanup; zeroed is fine. */
void jwt_done(struct jwt *jwt);

#endif
