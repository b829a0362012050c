#include "wire/jws.h"

#include "base/encode.h"
#include "crypto/digest.h"
#include "crypto/signer.h"

int jws_sign(struct gb_arena *arena, const struct signer *signer, const char *key_id,
             struct gb_bytes payload, const char **ret_jws, struct gb_err *err)
{
    uint8_t signature[64];
    const char *header =
        gb_arena_printf(arena, "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"%s\"}", key_id);
    const char *head = header ? gb_base64url(arena, gb_bytes_str(header)) : NULL;
    const char *body = gb_base64url(arena, payload);
    const char *input = head && body ? gb_arena_printf(arena, "%s.%s", head, body) : NULL;
    if (!input)
        return gb_err_nomem(err);
    int r = signer_sign(signer, gb_bytes_str(input), signature, err);
    if (r < 0)
        return r;
    const char *tail = gb_base64url(arena, gb_bytes(signature, sizeof signature));
    const char *jws = tail ? gb_arena_printf(arena, "%s.%s", input, tail) : NULL;
    if (!jws)
        return gb_err_nomem(err);
    *ret_jws = jws;
    return GB_OK;
}

static int thumbprint(struct gb_arena *arena, const char *canonical, const char **ret_id,
                      struct gb_err *err)
{
    uint8_t digest[32];
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    int r = digester_new(&digester, err);
    if (r < 0)
        return r;
    if (digest_of(digester, DIGEST_SHA256, gb_bytes_str(canonical), digest) < 0)
        return gb_err_set(err, GB_ERR_BUG, "sha256 failed");
    *ret_id = gb_base64url(arena, gb_bytes(digest, sizeof digest));
    return *ret_id ? GB_OK : gb_err_nomem(err);
}

int jwk_of(struct gb_arena *arena, const struct signer *signer, struct jwk *ret_jwk,
           struct gb_err *err)
{
    uint8_t x[32];
    uint8_t y[32];
    uint8_t fingerprint[32];
    struct jwk jwk = {0};
    int r = signer_public(signer, x, y, fingerprint, err);
    if (r < 0)
        return r;
    const char *x64 = gb_base64url(arena, gb_bytes(x, sizeof x));
    const char *y64 = gb_base64url(arena, gb_bytes(y, sizeof y));
    if (!x64 || !y64)
        return gb_err_nomem(err);
    /* RFC 7638, 3.2: the required members, in this order, no blanks. */
    const char *canonical = gb_arena_printf(
        arena, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", x64, y64);
    if (!canonical)
        return gb_err_nomem(err);
    r = thumbprint(arena, canonical, &jwk.key_id, err);
    if (r < 0)
        return r;
    jwk.key = gb_arena_printf(arena,
                              "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\","
                              "\"use\":\"sig\",\"alg\":\"ES256\",\"kid\":\"%s\"}",
                              x64, y64, jwk.key_id);
    jwk.set = jwk.key ? gb_arena_printf(arena, "{\"keys\":[%s]}", jwk.key) : NULL;
    if (!jwk.set)
        return gb_err_nomem(err);
    *ret_jwk = jwk;
    return GB_OK;
}
