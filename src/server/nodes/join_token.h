/* gbj1.ID.SECRET.PIN: what an operator hands to a node. See docs/api. */
#ifndef GB_SERVER_JOIN_TOKEN_H
#define GB_SERVER_JOIN_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"

enum { JOIN_TOKEN_MAX = 256 };

struct join_token {
    uint8_t id[8];
    uint8_t secret[32];
    uint8_t pin[32]; /* SHA-256 over the CA's SubjectPublicKeyInfo */
};

/* False for anything else; the secret is wiped then. */
GB_MUST_USE bool join_token_parse(struct gb_arena *arena, const char *text,
                                  struct join_token *ret_token);
/* NULL when out of memory. */
GB_MUST_USE char *join_token_text(struct gb_arena *arena, const struct join_token *token);

#endif
