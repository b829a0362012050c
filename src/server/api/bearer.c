#include "server/api/bearer.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/limits.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "net/http_server.h"
#include "policy/access/access.h"
#include "server/api/answer.h"
#include "server/api/person.h"
#include "server/api/refusals.h"
#include "server/issuer_keys.h"
#include "server/server.h"
#include "server/snapshot.h"
#include "wire/jwt.h"

enum { SETS = 16, REFUSED = 256, WHY = 160, SHOWN = 80 };

/* A key set as this thread uses it: fetched (by its revision), or of the policy (by its trust). */
struct key_set {
    char issuer[512];
    uint64_t trust_id, revision;
    struct jwks *keys; /* owned; NULL: free */
    int64_t used_ms;
};

struct refused {
    uint8_t token[32]; /* SHA-256 */
    uint64_t trust_id;
    int64_t until_ms;
    char why[WHY];
};

struct bearer {
    struct key_set sets[SETS];
    struct refused refused[REFUSED]; /* by the first byte: a few at a time */
};

int bearer_new(struct bearer **ret_bearer, struct gb_err *err)
{
    struct bearer *bearer = gb_calloc(1, sizeof *bearer);
    if (!bearer)
        return gb_err_nomem(err);
    *ret_bearer = bearer;
    return GB_OK;
}

void bearer_free(struct bearer *bearer)
{
    if (!bearer)
        return;
    for (size_t i = 0; i < SETS; i++)
        jwks_free(bearer->sets[i].keys);
    gb_free(bearer);
}

struct gb_bytes bearer_token(struct gb_bytes authorization)
{
    static const char scheme[] = "Bearer ";
    const size_t len = sizeof scheme - 1;
    if (authorization.len <= len || strncasecmp((const char *)authorization.data, scheme, len) != 0)
        return gb_bytes("", 0);
    return gb_bytes_from(authorization, len);
}

/* ---- one token's way ---- */

struct showing {
    struct thread *thread;
    struct http_request *request;
    struct gb_arena *arena;
    struct snapshot *snapshot; /* held */
    const struct access_policy *access;
    uint64_t trust_id;
    struct gb_bytes token;
    uint8_t digest[32];
};

static struct person *refuse(const struct showing *s, enum refusal why, const char *message)
{
    if (answer_status(why) == 401)
        http_answer_header(s->request, "WWW-Authenticate",
                           why == REFUSAL_BEARER_MISSING
                               ? "Bearer realm=\"garboard\""
                               : "Bearer realm=\"garboard\", error=\"invalid_token\"");
    answer_refuse(s->thread, s->request, why, message);
    return NULL;
}

/* And remembers it: whoever sends it again in the next seconds costs a hash. */
static struct person *refuse_token(const struct showing *s, const char *message)
{
    struct refused *place = &s->thread->bearer->refused[s->digest[0]];
    memcpy(place->token, s->digest, sizeof place->token);
    place->trust_id = s->trust_id;
    place->until_ms = gb_clock_ms() + BEARER_REFUSED_MS;
    (void)snprintf(place->why, sizeof place->why, "%s", message);
    return refuse(s, REFUSAL_BEARER_INVALID, message);
}

static const char *why_refused(const struct showing *s)
{
    const struct refused *place = &s->thread->bearer->refused[s->digest[0]];
    bool known = memcmp(place->token, s->digest, sizeof place->token) == 0 &&
                 place->trust_id == s->trust_id && gb_clock_ms() < place->until_ms;
    return known ? place->why : NULL;
}

/* The issuer's place among this thread's sets, or the one unused for longest. */
static struct key_set *place_of(struct bearer *bearer, const char *issuer)
{
    struct key_set *oldest = &bearer->sets[0];
    for (size_t i = 0; i < SETS; i++) {
        struct key_set *set = &bearer->sets[i];
        if (set->keys && strcmp(set->issuer, issuer) == 0)
            return set;
        if (!set->keys || (oldest->keys && set->used_ms < oldest->used_ms))
            oldest = set;
    }
    return oldest;
}

static int fill(struct key_set *set, const char *issuer, uint64_t trust_id, uint64_t revision,
                struct gb_bytes json, struct gb_err *err)
{
    struct jwks *keys = NULL;
    int r = jwks_read(json, &keys, err);
    if (r < 0)
        return r;
    jwks_free(set->keys);
    *set = (struct key_set){.trust_id = trust_id, .revision = revision, .keys = keys};
    int len = snprintf(set->issuer, sizeof set->issuer, "%s", issuer);
    if (len < 0 || (size_t)len >= sizeof set->issuer)
        set->issuer[0] = '\0'; /* not found again: read anew each time */
    return GB_OK;
}

/* Keys that stand in the policy change with it. */
static struct key_set *inline_keys(const struct showing *s, const struct access_issuer *issuer)
{
    struct key_set *set = place_of(s->thread->bearer, issuer->issuer);
    struct gb_err err;
    bool here = set->keys && strcmp(set->issuer, issuer->issuer) == 0 &&
                set->trust_id == s->trust_id && set->revision == 0;
    if (!here && fill(set, issuer->issuer, s->trust_id, 0, gb_bytes_str(issuer->jwks), &err) < 0) {
        refuse(s, REFUSAL_ISSUER_KEYS, err.text);
        return NULL;
    }
    return set;
}

static struct key_set *fetched_keys(const struct showing *s, const struct access_issuer *issuer)
{
    struct key_set *set = place_of(s->thread->bearer, issuer->issuer);
    bool ours = set->keys && strcmp(set->issuer, issuer->issuer) == 0;
    uint64_t known = ours ? set->revision : 0, revision = 0;
    struct gb_bytes json = {0};
    struct gb_err err;
    switch (issuer_keys_get(s->thread->server->issuer_keys, s->arena, issuer->jwks_url,
                            gb_clock_ms(), known, &revision, &json)) {
    case ISSUER_KEYS_NONE:
        refuse(s, REFUSAL_ISSUER_KEYS, "the keys of the token's issuer cannot be had");
        return NULL;
    case ISSUER_KEYS_COMING:
        refuse(s, REFUSAL_ISSUER_KEYS, NULL);
        return NULL;
    case ISSUER_KEYS_HERE:
        break;
    }
    if (revision != known && fill(set, issuer->issuer, 0, revision, json, &err) < 0) {
        refuse(s, REFUSAL_ISSUER_KEYS, err.text);
        return NULL;
    }
    return set;
}

static unsigned algorithms_of(const struct access_issuer *issuer)
{
    return (issuer->algorithms & ACCESS_BIT(ACCESS_ES256) ? JWT_ES256 : 0U) |
           (issuer->algorithms & ACCESS_BIT(ACCESS_RS256) ? JWT_RS256 : 0U);
}

/* A person whom the policy names by subject is that name; whoever comes in by a claim is nobody
 * else than issuer and subject say. */
static const char *identity_of(const struct showing *s, const struct jwt *jwt)
{
    for (size_t i = 0; i < s->access->people_count; i++) {
        const struct access_person *person = &s->access->people[i];
        if (person->issuer && person->subject && strcmp(person->issuer, jwt->issuer) == 0 &&
            strcmp(person->subject, jwt->subject) == 0)
            return person->name; /* of the policy: copied below */
    }
    return gb_arena_printf(s->arena, "%s %s", jwt->issuer, jwt->subject);
}

static struct person *person_of_token(const struct showing *s, const struct jwt *jwt)
{
    const char *as = NULL;
    uint32_t roles = access_of_token(s->access, gb_bytes_str(jwt->issuer), jwt->claims, &as);
    const char *identity = identity_of(s, jwt);
    struct person *person = gb_arena_new_one(s->arena, struct person);
    if (identity)
        identity = (const char *)gb_arena_copy(s->arena, gb_bytes_str(identity)).data;
    const char *name = as ? (const char *)gb_arena_copy(s->arena, gb_bytes_str(as)).data : identity;
    if (!person || !identity || !name)
        return refuse(s, REFUSAL_NO_MEMORY, NULL);
    *person = (struct person){.how = PERSON_BY_TOKEN,
                              .name = name,
                              .identity = identity,
                              .roles = roles,
                              .trust_id = s->trust_id,
                              .until_s = jwt->expires_s};
    http_request_keep(s->request, person);
    return person;
}

static struct person *judge(const struct showing *s, const struct access_issuer *issuer,
                            const struct key_set *set)
{
    const struct jwt_rules rules = {.algs = algorithms_of(issuer),
                                    .issuer = issuer->issuer,
                                    .audience = issuer->audience,
                                    .now_s = gb_clock_s(),
                                    .leeway_s = BEARER_LEEWAY_S};
    gb_cleanup(jwt_done) struct jwt jwt = {0};
    struct gb_err err;
    int r = jwt_verify(s->arena, s->token, set->keys, &rules, &jwt, &err);
    if (r == GB_ERR_NOMEM || r == GB_ERR_BUG)
        return refuse(s, r == GB_ERR_NOMEM ? REFUSAL_NO_MEMORY : REFUSAL_INTERNAL, NULL);
    if (r == GB_ERR_NOTFOUND && issuer->jwks_url &&
        issuer_keys_renew(s->thread->server->issuer_keys, issuer->jwks_url, gb_clock_ms()))
        return refuse(s, REFUSAL_ISSUER_KEYS, NULL);
    if (r < 0)
        return refuse_token(s, err.text);
    if (!jwt.subject || !*jwt.subject || strlen(jwt.subject) > BEARER_MAX_SUBJECT)
        return refuse_token(s, "the token names no subject (sub) of at most 255 bytes");
    return person_of_token(s, &jwt);
}

/* Without an id every key of the set might be meant: that many verifications are not to be had. */
static bool names_a_key(const struct key_set *set, const char *key_id)
{
    return key_id || jwks_count(set->keys) == 1;
}

static struct person *look_up(const struct showing *s)
{
    const char *key_id = NULL, *issuer_text = NULL;
    struct gb_err err;
    int r = jwt_peek(s->arena, s->token, &key_id, &issuer_text, &err);
    if (r == GB_ERR_NOMEM)
        return refuse(s, REFUSAL_NO_MEMORY, NULL);
    if (r < 0)
        return refuse_token(s, err.text);
    const struct access_issuer *issuer =
        issuer_text && s->access ? access_issuer(s->access, gb_bytes_str(issuer_text)) : NULL;
    if (!issuer)
        return refuse_token(s, "no AccessPolicy in force believes the token's issuer (iss)");
    struct key_set *set = issuer->jwks ? inline_keys(s, issuer) : fetched_keys(s, issuer);
    if (!set)
        return NULL;
    set->used_ms = gb_clock_ms();
    if (!names_a_key(set, key_id))
        return refuse_token(s, "the token does not say which key signed it (kid)");
    return judge(s, issuer, set);
}

/* What was found when the head was read holds still, or the caller comes again. */
static struct person *still(const struct showing *s, struct person *person)
{
    if (gb_clock_s() - BEARER_LEEWAY_S >= person->until_s)
        return refuse(s, REFUSAL_BEARER_INVALID, "the token has ended");
    if (person->trust_id != s->trust_id)
        return refuse(s, REFUSAL_OVERLOADED, "what is in force has just changed");
    return person;
}

static struct person *show(struct showing *s)
{
    struct person *before = person_of(s->request);
    if (before)
        return still(s, before);
    s->token = bearer_token(http_request_header(s->request, "Authorization"));
    if (s->token.len == 0)
        return refuse(s, REFUSAL_BEARER_MISSING, NULL);
    if (s->token.len > GB_LIMIT_BEARER)
        return refuse(s, REFUSAL_BEARER_INVALID, "the token is longer than 12 KB");
    if (digest_of(s->thread->digester, DIGEST_SHA256, s->token, s->digest) < 0)
        return refuse(s, REFUSAL_INTERNAL, NULL);
    const char *why = why_refused(s);
    return why ? refuse(s, REFUSAL_BEARER_INVALID, why) : look_up(s);
}

struct person *bearer_person(struct thread *thread, struct http_request *request)
{
    gb_cleanup(snapshot_unrefp) struct snapshot *snapshot = snapshot_get(thread->server->trust);
    struct showing showing = {.thread = thread,
                              .request = request,
                              .arena = http_request_arena(request),
                              .snapshot = snapshot,
                              .access = snapshot ? snapshot_access(snapshot) : NULL,
                              .trust_id = snapshot ? snapshot_trust(snapshot)->id : 0};
    return showing.arena ? show(&showing) : refuse(&showing, REFUSAL_NO_MEMORY, NULL);
}
