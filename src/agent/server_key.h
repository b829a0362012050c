/* By what the server is known at first contact: a join token's pin, ca_pin, or ca_file. */
#ifndef GB_AGENT_SERVER_KEY_H
#define GB_AGENT_SERVER_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/config.h"
#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

struct server_key {
    const char *token; /* NULL: none */
    bool has_pin;
    uint8_t pin[32];    /* SHA-256 over the SubjectPublicKeyInfo of the server's CA */
    struct gb_bytes ca; /* PEM; empty: none */
};

/* In the arena. GB_ERR_CONFIG: not a join token, not a pin. */
GB_MUST_USE int server_key_read(const struct config *config, struct gb_arena *arena,
                                struct server_key *ret_key, struct gb_err *err);
/* "gbj1.ID.SECRET.PIN" (docs/api): the pin of a token. */
GB_MUST_USE int server_key_of_token(struct gb_arena *arena, struct gb_bytes token,
                                    uint8_t ret_pin[32], struct gb_err *err);

#endif
