/* Aims at jwks_read, jwt_peek and jwt_verify. The input is a 16-bit big-endian length, a key set of
 * that length, and a token. What verifies is in time, by an allowed algorithm, and not so a byte
 * later. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/reader.h"
#include "wire/jwt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW = 1300819379 }; /* a second before the end of RFC 7515's example */

static void verify(struct gb_arena *arena, const struct jwks *keys, struct gb_bytes token)
{
    const struct jwt_rules rules = {.algs = JWT_ES256 | JWT_RS256, .now_s = NOW};
    const char *key_id = NULL;
    const char *issuer = NULL;
    struct jwt jwt = {0};
    bool peeked = jwt_peek(arena, token, &key_id, &issuer, NULL) == 0;
    if (jwt_verify(arena, token, keys, &rules, &jwt, NULL) < 0) {
        if (jwt.claims)
            abort();
        return;
    }
    if (!peeked || !(jwt.alg & rules.algs) || jwt.expires_s <= NOW || jwt.not_before_s > NOW ||
        !jwt.issuer != !issuer)
        abort();
    jwt_done(&jwt);
    struct gb_bytes longer = gb_bytes(gb_arena_alloc(arena, token.len + 1, 1), token.len + 1);
    memcpy((uint8_t *)(uintptr_t)longer.data, token.data, token.len);
    ((uint8_t *)(uintptr_t)longer.data)[token.len] = 'A';
    if (jwt_verify(arena, longer, keys, &rules, &jwt, NULL) == 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gb_reader r;
    struct jwks *keys = NULL;
    gb_reader_init(&r, gb_bytes(data, size));
    struct gb_bytes set = gb_read_tpm2b(&r, UINT16_MAX);
    struct gb_bytes token = gb_read_bytes(&r, gb_reader_left(&r));
    struct gb_arena *arena = gb_arena_new();
    if (!arena)
        abort();
    if (gb_reader_ok(&r) && jwks_read(set, &keys, NULL) == 0) {
        if (jwks_count(keys) == 0)
            abort();
        verify(arena, keys, token);
    }
    jwks_free(keys);
    gb_arena_free(arena);
    return 0;
}
