#include "wire/jwt.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/encode.h"
#include "base/limits.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "wire/json.h"
#include "wire/jwks.h"

enum { HEADER_VALUES = 64 };

/* A token cut at its dots, and its header read. */
struct parts {
    struct gb_bytes signed_text; /* header.payload, as sent */
    struct gb_bytes payload;     /* decoded */
    struct gb_bytes signature;   /* decoded */
    struct gb_bytes alg;         /* as named; in `header` */
    const char *key_id;          /* NULL: none */
    struct json *header;         /* owned */
};

static void parts_done(struct parts *parts)
{
    json_free(parts->header);
}

/* Absent gives NULL; of another type is malformed. */
static int text_of(struct gb_arena *arena, const struct json *object, const char *name,
                   const char **ret_text, struct gb_err *err)
{
    struct gb_bytes text;
    *ret_text = NULL;
    if (!json_get(object, name))
        return GB_OK;
    if (!json_get_text(object, name, &text))
        return gb_err_set(err, GB_ERR_INPUT, "\"%s\" of the token is no text", name);
    *ret_text = (const char *)gb_arena_copy(arena, text).data;
    return *ret_text ? GB_OK : gb_err_nomem(err);
}

static int read_header(struct gb_arena *arena, struct gb_bytes text, struct parts *parts,
                       struct gb_err *err)
{
    int r = json_read_at_most(text, HEADER_VALUES, &parts->header, err);
    if (r < 0) {
        gb_err_prefix(err, "the token's header: ");
        return r;
    }
    if (!json_get_text(parts->header, "alg", &parts->alg))
        return gb_err_set(err, GB_ERR_INPUT, "the token's header names no \"alg\"");
    if (json_get(parts->header, "crit")) /* RFC 7515, 4.1.11: all of it or nothing */
        return gb_err_set(err, GB_ERR_INPUT,
                          "the token's header has critical extensions, and we know none");
    return text_of(arena, parts->header, "kid", &parts->key_id, err);
}

/* RFC 7515, 7.1. */
static int read_parts(struct gb_arena *arena, struct gb_bytes token, struct parts *parts,
                      struct gb_err *err)
{
    struct gb_bytes rest = token;
    struct gb_bytes header = {0};
    if (token.len > GB_LIMIT_JWT)
        return gb_err_set(err, GB_ERR_LIMIT, "a token of %zu bytes, the ceiling is %d", token.len,
                          GB_LIMIT_JWT);
    struct gb_bytes head = gb_text_until(&rest, '.');
    struct gb_bytes body = gb_text_until(&rest, '.');
    if (head.len == 0 || body.len == 0 || rest.len == 0 ||
        !gb_base64url_decode(arena, head, &header) ||
        !gb_base64url_decode(arena, body, &parts->payload) ||
        !gb_base64url_decode(arena, rest, &parts->signature))
        return gb_err_set(err, GB_ERR_INPUT,
                          "not a signed token: header.payload.signature in base64url is one");
    parts->signed_text = gb_bytes(token.data, head.len + 1 + body.len);
    return read_header(arena, header, parts, err);
}

static int read_claims(struct gb_bytes payload, struct json **ret_claims, struct gb_err *err)
{
    gb_cleanup(json_freep) struct json *claims = NULL;
    int r = json_read_at_most(payload, GB_LIMIT_JWT_VALUES, &claims, err);
    if (r < 0) {
        gb_err_prefix(err, "the token's claims: ");
        return r;
    }
    if (!json_has_members(claims))
        return gb_err_set(err, GB_ERR_INPUT, "the token's claims are no object");
    *ret_claims = gb_take(claims);
    return GB_OK;
}

int jwt_peek(struct gb_arena *arena, struct gb_bytes token, const char **ret_key_id,
             const char **ret_issuer, struct gb_err *err)
{
    gb_cleanup(parts_done) struct parts parts = {0};
    gb_cleanup(json_freep) struct json *claims = NULL;
    const char *issuer = NULL;
    int r = read_parts(arena, token, &parts, err);
    if (r == GB_OK)
        r = read_claims(parts.payload, &claims, err);
    if (r == GB_OK)
        r = text_of(arena, claims, "iss", &issuer, err);
    if (r < 0)
        return r;
    *ret_key_id = parts.key_id;
    *ret_issuer = issuer;
    return GB_OK;
}

/* ---- the signature ---- */

static const struct method {
    enum jwt_alg alg;
    enum key_scheme scheme;
    enum digest_alg digest;
    size_t field; /* of ECDSA: half a signature */
} methods[] = {{JWT_ES256, KEY_ECDSA, DIGEST_SHA256, 32},
               {JWT_ES384, KEY_ECDSA, DIGEST_SHA384, 48},
               {JWT_RS256, KEY_RSASSA, DIGEST_SHA256, 0},
               {JWT_PS256, KEY_RSAPSS, DIGEST_SHA256, 0}};

static const struct method *method_of(enum jwt_alg alg)
{
    for (size_t i = 0; i < GB_ARRAY_LEN(methods); i++)
        if (methods[i].alg == alg)
            return &methods[i];
    return NULL;
}

static int check_key(const struct method *method, const struct parts *parts, const uint8_t *digest,
                     const struct key *key, bool *ret_valid, struct gb_err *err)
{
    struct gb_bytes sig = parts->signature;
    struct gb_bytes sig2 = {0};
    *ret_valid = false;
    if (method->field > 0) { /* RFC 7518, 3.4: r || s, neither shorter nor longer */
        if (sig.len != 2 * method->field)
            return GB_OK;
        sig2 = gb_bytes_from(sig, method->field);
        sig.len = method->field;
    }
    return key_verify(key, method->scheme, method->digest, digest, sig, sig2, ret_valid, err);
}

static int hash(const struct method *method, struct gb_bytes text, uint8_t *out, struct gb_err *err)
{
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    int r = digester_new(&digester, err);
    if (r == GB_OK && digest_of(digester, method->digest, text, out) < 0)
        r = gb_err_set(err, GB_ERR_BUG, "%s failed", digest_name(method->digest));
    return r;
}

/* Whether `key` may have signed this: by its id, when the token names one. */
static bool is_meant(const struct parts *parts, const struct jwks_key *key)
{
    return !parts->key_id || (key->id && strcmp(key->id, parts->key_id) == 0);
}

static int check_signature(struct gb_arena *arena, const struct parts *parts,
                           const struct jwks *keys, const struct method *method, struct gb_err *err)
{
    uint8_t digest[GB_LIMIT_DIGEST];
    bool valid = false;
    int r = hash(method, parts->signed_text, digest, err);
    if (r < 0)
        return r;
    if (parts->key_id && !jwks_has(keys, parts->key_id)) {
        const char *shown = gb_text_escape(arena, gb_bytes_str(parts->key_id), 80);
        return gb_err_set(err, GB_ERR_NOTFOUND, "no key of the set has the token's id \"%s\"",
                          shown ? shown : "?");
    }
    for (size_t i = 0; i < keys->count && !valid; i++) {
        const struct jwks_key *key = &keys->keys[i];
        if (!is_meant(parts, key) || !(key->algs & method->alg))
            continue;
        r = check_key(method, parts, digest, key->key, &valid, err);
        if (r < 0)
            return r;
    }
    return valid ? GB_OK
                 : gb_err_set(err, GB_ERR_DENIED, "the signature (%s) is not by a key of the set",
                              jwt_alg_name(method->alg));
}

/* ---- the claims ---- */

/* Absent gives -1. RFC 7519, 2: NumericDate; we take whole seconds. */
static int time_of(const struct json *claims, const char *name, int64_t *ret_time_s,
                   struct gb_err *err)
{
    uint64_t value = 0;
    *ret_time_s = -1;
    if (!json_get(claims, name))
        return GB_OK;
    if (!json_get_number(claims, name, &value))
        return gb_err_set(err, GB_ERR_INPUT, "\"%s\" of the token is no whole number of seconds",
                          name);
    *ret_time_s = (int64_t)value;
    return GB_OK;
}

static int take_claims(struct gb_arena *arena, struct jwt *jwt, struct gb_err *err)
{
    int r = text_of(arena, jwt->claims, "iss", &jwt->issuer, err);
    if (r == GB_OK)
        r = text_of(arena, jwt->claims, "sub", &jwt->subject, err);
    if (r == GB_OK)
        r = text_of(arena, jwt->claims, "jti", &jwt->id, err);
    if (r == GB_OK)
        r = time_of(jwt->claims, "iat", &jwt->issued_at_s, err);
    if (r == GB_OK)
        r = time_of(jwt->claims, "nbf", &jwt->not_before_s, err);
    return r < 0 ? r : time_of(jwt->claims, "exp", &jwt->expires_s, err);
}

/* RFC 7519, 4.1.4 to 4.1.6. */
static int check_time(const struct jwt *jwt, const struct jwt_rules *rules, struct gb_err *err)
{
    const int64_t now_s = rules->now_s;
    if (jwt->expires_s < 0 && !rules->may_lack_exp)
        return gb_err_set(err, GB_ERR_DENIED, "the token has no end (exp)");
    if (jwt->expires_s >= 0 && now_s - rules->leeway_s >= jwt->expires_s)
        return gb_err_set(err, GB_ERR_DENIED, "the token ended %" PRId64 " s ago",
                          now_s - jwt->expires_s);
    if (jwt->not_before_s > now_s + rules->leeway_s)
        return gb_err_set(err, GB_ERR_DENIED, "the token begins (nbf) in %" PRId64 " s",
                          jwt->not_before_s - now_s);
    if (jwt->issued_at_s > now_s + rules->leeway_s)
        return gb_err_set(err, GB_ERR_DENIED, "the token is issued (iat) %" PRId64 " s from now",
                          jwt->issued_at_s - now_s);
    return GB_OK;
}

static int check_issuer(struct gb_arena *arena, const struct jwt *jwt,
                        const struct jwt_rules *rules, struct gb_err *err)
{
    if (!rules->issuer || (jwt->issuer && strcmp(jwt->issuer, rules->issuer) == 0))
        return GB_OK;
    const char *shown =
        jwt->issuer ? gb_text_escape(arena, gb_bytes_str(jwt->issuer), 80) : "nobody";
    return gb_err_set(err, GB_ERR_DENIED, "the token is issued by %s, not by %s",
                      shown ? shown : "?", rules->issuer);
}

/* RFC 7519, 4.1.3: a text, or an array of them. */
static int check_audience(const struct jwt *jwt, const struct jwt_rules *rules, struct gb_err *err)
{
    const struct json *aud = json_get(jwt->claims, "aud");
    struct gb_bytes text;
    bool found = false;
    if (json_as_text(aud, &text)) {
        found = rules->audience && gb_bytes_is(text, rules->audience);
    } else {
        if (aud && json_count(aud) == 0)
            return gb_err_set(err, GB_ERR_INPUT, "\"aud\" of the token names nobody");
        for (size_t i = 0; i < json_count(aud); i++) {
            if (!json_as_text(json_at(aud, i), &text))
                return gb_err_set(err, GB_ERR_INPUT, "\"aud\" of the token holds what is no text");
            found = found || (rules->audience && gb_bytes_is(text, rules->audience));
        }
    }
    return found || !rules->audience
               ? GB_OK
               : gb_err_set(err, GB_ERR_DENIED, "the token is not for %s (aud)", rules->audience);
}

static int check_claims(struct gb_arena *arena, struct jwt *jwt, const struct jwt_rules *rules,
                        struct gb_err *err)
{
    int r = take_claims(arena, jwt, err);
    if (r == GB_OK)
        r = check_audience(jwt, rules, err);
    if (r == GB_OK)
        r = check_issuer(arena, jwt, rules, err);
    return r < 0 ? r : check_time(jwt, rules, err);
}

/* RFC 7515, 4.1.9: "application/" may be left out, case does not matter. */
static int check_type(const struct json *header, const char *wanted, struct gb_err *err)
{
    static const char full[] = "application/";
    struct gb_bytes typ;
    if (!wanted)
        return GB_OK;
    if (json_get_text(header, "typ", &typ)) {
        if (typ.len > sizeof full - 1 &&
            strncasecmp((const char *)typ.data, full, sizeof full - 1) == 0)
            typ = gb_bytes_from(typ, sizeof full - 1);
        if (typ.len == strlen(wanted) && strncasecmp((const char *)typ.data, wanted, typ.len) == 0)
            return GB_OK;
    }
    return gb_err_set(err, GB_ERR_DENIED, "the token's type (typ) is not %s", wanted);
}

/* Never what the token asks for: what the caller allows. */
static int choose_method(struct gb_arena *arena, const struct parts *parts,
                         const struct jwt_rules *rules, const struct method **ret_method,
                         struct gb_err *err)
{
    enum jwt_alg alg = jwt_alg_of(parts->alg);
    const struct method *method = rules->algs & (unsigned)alg ? method_of(alg) : NULL;
    if (method) {
        *ret_method = method;
        return GB_OK;
    }
    const char *shown = gb_text_escape(arena, parts->alg, 24);
    return gb_err_set(err, GB_ERR_DENIED, "the token's algorithm \"%s\" is not allowed",
                      shown ? shown : "?");
}

void jwt_done(struct jwt *jwt)
{
    json_free(jwt->claims);
    *jwt = (struct jwt){0};
}

int jwt_verify(struct gb_arena *arena, struct gb_bytes token, const struct jwks *keys,
               const struct jwt_rules *rules, struct jwt *ret_jwt, struct gb_err *err)
{
    gb_cleanup(parts_done) struct parts parts = {0};
    gb_cleanup(jwt_done) struct jwt jwt = {0};
    const struct method *method = NULL;
    int r = read_parts(arena, token, &parts, err);
    if (r == GB_OK)
        r = choose_method(arena, &parts, rules, &method, err);
    if (r < 0)
        return r;
    assert(method);
    r = check_type(parts.header, rules->typ, err);
    if (r == GB_OK)
        r = check_signature(arena, &parts, keys, method, err);
    if (r == GB_OK) /* only what is proven is read */
        r = read_claims(parts.payload, &jwt.claims, err);
    if (r == GB_OK)
        r = check_claims(arena, &jwt, rules, err);
    if (r < 0)
        return r;
    jwt.alg = method->alg;
    jwt.key_id = parts.key_id;
    *ret_jwt = jwt;
    jwt.claims = NULL;
    return GB_OK;
}
