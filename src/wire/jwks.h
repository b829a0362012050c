/* The keys behind a struct jwks. Private to jwks.c and jwt.c. */
#ifndef GB_WIRE_JWKS_H
#define GB_WIRE_JWKS_H

#include <stddef.h>

#include "base/arena.h"
#include "base/limits.h"
#include "crypto/key.h"

struct jwks {
    struct gb_arena *arena; /* owned; the ids live in it */
    size_t count;
    struct jwks_key {
        const char *id;  /* NULL: it has none */
        unsigned algs;   /* of enum jwt_alg: what it may verify */
        struct key *key; /* owned */
    } keys[GB_LIMIT_JWKS_KEYS];
};

#endif
