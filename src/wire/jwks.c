#include "wire/jwks.h"

#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/encode.h"
#include "base/mem.h"
#include "crypto/key.h"
#include "wire/json.h"
#include "wire/jwt.h"

static const struct {
    const char *name;
    enum jwt_alg alg;
} names[] = {
    {"ES256", JWT_ES256}, {"ES384", JWT_ES384}, {"RS256", JWT_RS256}, {"PS256", JWT_PS256}};

enum jwt_alg jwt_alg_of(struct gb_bytes name)
{
    for (size_t i = 0; i < GB_ARRAY_LEN(names); i++)
        if (gb_bytes_is(name, names[i].name))
            return names[i].alg;
    return JWT_ALG_NONE;
}

const char *jwt_alg_name(enum jwt_alg alg)
{
    for (size_t i = 0; i < GB_ARRAY_LEN(names); i++)
        if (names[i].alg == alg)
            return names[i].name;
    return "none";
}

void jwks_free(struct jwks *keys)
{
    if (!keys)
        return;
    for (size_t i = 0; i < keys->count; i++)
        key_free(keys->keys[i].key);
    gb_arena_free(keys->arena);
    gb_free(keys);
}

void jwks_freep(struct jwks **keys)
{
    jwks_free(*keys);
}

size_t jwks_count(const struct jwks *keys)
{
    return keys->count;
}

bool jwks_has(const struct jwks *keys, const char *key_id)
{
    for (size_t i = 0; i < keys->count; i++)
        if (keys->keys[i].id && strcmp(keys->keys[i].id, key_id) == 0)
            return true;
    return false;
}

/* One key of the set that is being read. */
struct reading {
    struct gb_arena *arena;
    const struct json *jwk;
    size_t at; /* its place in the set */
    struct gb_err *err;
};

static int wrong(const struct reading *r, const char *what)
{
    return gb_err_set(r->err, GB_ERR_INPUT, "key %zu of the set: %s", r->at + 1, what);
}

/* A member that is a number of octets, as RFC 7518, 2 writes it (Base64urlUInt and coordinates). */
static int octets(const struct reading *r, const char *name, struct gb_bytes *ret_octets)
{
    struct gb_bytes text;
    if (json_get_text(r->jwk, name, &text) && text.len > 0 &&
        gb_base64url_decode(r->arena, text, ret_octets))
        return GB_OK;
    return gb_err_set(r->err, GB_ERR_INPUT, "key %zu of the set: \"%s\" is no base64url", r->at + 1,
                      name);
}

/* `ret_algs` 0: not for us. RFC 7518, 6.2.1. */
static int read_ec(const struct reading *r, unsigned *ret_algs, struct key **ret_key)
{
    static const struct {
        const char *name;
        enum key_curve curve;
        enum jwt_alg alg;
        size_t field;
    } curves[] = {{"P-256", KEY_P256, JWT_ES256, 32}, {"P-384", KEY_P384, JWT_ES384, 48}};
    struct gb_bytes name;
    struct gb_bytes x = {0};
    struct gb_bytes y = {0};
    if (!json_get_text(r->jwk, "crv", &name))
        return wrong(r, "an EC key without \"crv\"");
    for (size_t i = 0; i < GB_ARRAY_LEN(curves); i++) {
        if (!gb_bytes_is(name, curves[i].name))
            continue;
        int got = octets(r, "x", &x);
        if (got == GB_OK)
            got = octets(r, "y", &y);
        if (got < 0)
            return got;
        if (x.len != curves[i].field || y.len != curves[i].field)
            return wrong(r, "a coordinate is not as long as its curve asks");
        *ret_algs = curves[i].alg;
        return key_from_ec(curves[i].curve, x, y, ret_key, r->err);
    }
    return GB_OK;
}

/* RFC 7518, 6.3.1. */
static int read_rsa(const struct reading *r, unsigned *ret_algs, struct key **ret_key)
{
    struct gb_bytes n = {0};
    struct gb_bytes e = {0};
    uint32_t exponent = 0;
    int got = octets(r, "n", &n);
    if (got == GB_OK)
        got = octets(r, "e", &e);
    if (got < 0)
        return got;
    if (e.len > sizeof exponent)
        return GB_OK;
    for (size_t i = 0; i < e.len; i++)
        exponent = exponent << 8 | e.data[i];
    if (exponent == 0) /* to a TPM that means 65537; here it means nothing */
        return wrong(r, "the exponent is zero");
    *ret_algs = JWT_RS256 | JWT_PS256;
    return key_from_rsa(n, exponent, ret_key, r->err);
}

/* RFC 7517, 4.2 and 4.3. */
static bool verifies(const struct json *jwk)
{
    struct gb_bytes text;
    const struct json *ops = json_get(jwk, "key_ops");
    bool verify = !ops;
    if (json_get(jwk, "use") && (!json_get_text(jwk, "use", &text) || !gb_bytes_is(text, "sig")))
        return false;
    for (size_t i = 0; i < json_count(ops); i++)
        verify = verify || (json_as_text(json_at(ops, i), &text) && gb_bytes_is(text, "verify"));
    return verify;
}

/* What "alg" leaves of `algs` (RFC 7517, 4.4). */
static unsigned narrowed(const struct json *jwk, unsigned algs)
{
    struct gb_bytes text;
    if (!json_get(jwk, "alg"))
        return algs;
    return json_get_text(jwk, "alg", &text) ? algs & jwt_alg_of(text) : 0;
}

/* *ret_key NULL: not for us. */
static int read_key(const struct reading *r, unsigned *ret_algs, struct key **ret_key)
{
    struct gb_bytes kind;
    unsigned algs = 0;
    gb_cleanup(key_freep) struct key *key = NULL;
    int got = GB_OK;
    if (!json_get_text(r->jwk, "kty", &kind))
        return wrong(r, "no \"kty\"");
    if (json_get(r->jwk, "d")) /* whoever reads this set can sign */
        return gb_err_set(r->err, GB_ERR_DENIED,
                          "key %zu of the set holds a private key: it must be replaced", r->at + 1);
    if (!verifies(r->jwk) || narrowed(r->jwk, JWT_ALG_ALL) == 0)
        return GB_OK;
    if (gb_bytes_is(kind, "EC"))
        got = read_ec(r, &algs, &key);
    else if (gb_bytes_is(kind, "RSA"))
        got = read_rsa(r, &algs, &key);
    if (got < 0 || !key)
        return got;
    *ret_algs = narrowed(r->jwk, algs);
    if (*ret_algs != 0 && !key_weakness(key))
        *ret_key = gb_take(key);
    return GB_OK;
}

static int read_id(const struct reading *r, const char **ret_id)
{
    struct gb_bytes id;
    *ret_id = NULL;
    if (!json_get(r->jwk, "kid"))
        return GB_OK;
    if (!json_get_text(r->jwk, "kid", &id))
        return wrong(r, "\"kid\" is no text");
    *ret_id = (const char *)gb_arena_copy(r->arena, id).data;
    return *ret_id ? GB_OK : gb_err_nomem(r->err);
}

/* RFC 7517, 5: a key that is malformed is as if it were not there. The others go on: one slip of an
 * issuer must not lock everybody out. What we could not decide is an error. */
static bool is_malformed(int code)
{
    return code == GB_ERR_INPUT || code == GB_ERR_LIMIT;
}

static int read_all(struct jwks *set, const struct json *list, struct gb_err *err)
{
    struct gb_err first = {0}; /* why the first malformed key is one */
    for (size_t i = 0; i < json_count(list); i++) {
        struct jwks_key key = {0};
        struct gb_err why = {0};
        struct reading r = {.arena = set->arena, .jwk = json_at(list, i), .at = i, .err = &why};
        int got = read_id(&r, &key.id);
        if (got == GB_OK)
            got = read_key(&r, &key.algs, &key.key);
        if (is_malformed(got)) {
            first = first.code == 0 ? why : first;
            continue;
        }
        if (got < 0)
            return gb_err_set(err, got == GB_ERR_DENIED ? GB_ERR_INPUT : got, "%s", why.text);
        if (key.key)
            set->keys[set->count++] = key;
    }
    if (set->count > 0)
        return GB_OK;
    return gb_err_set(err, GB_ERR_INPUT, "the key set has no key that we could verify with%s%s",
                      first.code == 0 ? "" : ": ", first.text);
}

int jwks_read(struct gb_bytes json, struct jwks **ret_keys, struct gb_err *err)
{
    enum { VALUES_OF_A_KEY = 64 };
    gb_cleanup(json_freep) struct json *tree = NULL;
    gb_cleanup(jwks_freep) struct jwks *set = gb_calloc(1, sizeof *set);
    if (!set)
        return gb_err_nomem(err);
    set->arena = gb_arena_new();
    if (!set->arena)
        return gb_err_nomem(err);
    if (json.len > GB_LIMIT_JWKS)
        return gb_err_set(err, GB_ERR_LIMIT, "a key set of %zu bytes, the ceiling is %d", json.len,
                          GB_LIMIT_JWKS);
    int r = json_read_at_most(json, (size_t)VALUES_OF_A_KEY * GB_LIMIT_JWKS_KEYS, &tree, err);
    if (r < 0)
        return r;
    const struct json *list = json_get(tree, "keys");
    if (json_count(list) == 0)
        return gb_err_set(err, GB_ERR_INPUT, "not a key set: {\"keys\": [...]} is one");
    if (json_count(list) > GB_LIMIT_JWKS_KEYS)
        return gb_err_set(err, GB_ERR_LIMIT, "%zu keys in one set, the ceiling is %d",
                          json_count(list), GB_LIMIT_JWKS_KEYS);
    r = read_all(set, list, err);
    if (r < 0)
        return r;
    *ret_keys = gb_take(set);
    return GB_OK;
}
