/*
 * Key sets of those who issue people's tokens, fetched over HTTPS from where the AccessPolicy says.
 * Shared by all threads; nothing waits here: who finds no keys comes again. A fetch is a job of the
 * pool, one at a time for each address.
 */
#ifndef GB_SERVER_ISSUER_KEYS_H
#define GB_SERVER_ISSUER_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "os/pool.h"

enum {
    ISSUER_KEYS_MAX = 32,               /* addresses; the one unused for longest makes room */
    ISSUER_KEYS_FRESH_MS = 600 * 1000,  /* older keys are fetched anew, while they still count */
    ISSUER_KEYS_STALE_MS = 3600 * 1000, /* older keys count for nothing: an issuer that is down
                                           takes no key back */
    ISSUER_KEYS_RETRY_MS = 10 * 1000,   /* after a fetch that failed */
    ISSUER_KEYS_ASK_MS = 60 * 1000,     /* a token with an unknown key id asks for newer ones */
};

struct issuer_keys;

/* `ca_pem`: who vouches for the issuers' servers; copied; empty: nothing is fetched. The pool is
 * borrowed; it must have ended before issuer_keys_free. */
GB_MUST_USE int issuer_keys_new(struct gb_bytes ca_pem, struct pool *pool,
                                struct issuer_keys **ret_keys, struct gb_err *err);
void issuer_keys_free(struct issuer_keys *keys);

enum issuer_keys_answer {
    ISSUER_KEYS_NONE, /* and the last fetch failed a moment ago: the log says why */
    ISSUER_KEYS_COMING,
    ISSUER_KEYS_HERE,
};

/* The set of `url`. HERE: *ret_revision tells one from another, never 0; *ret_json is a copy in the
 * arena, unless that is `known` already (then empty). Any thread. */
GB_MUST_USE enum issuer_keys_answer
issuer_keys_get(struct issuer_keys *keys, struct gb_arena *arena, const char *url, int64_t now_ms,
                uint64_t known, uint64_t *ret_revision, struct gb_bytes *ret_json);
struct access_policy;
/* Has the keys fetched that this policy (NULL: none) will need, before the first token asks. */
void issuer_keys_warm(struct issuer_keys *keys, const struct access_policy *policy, int64_t now_ms);
/* A key is not in the set: whether a newer one is coming. At most one fetch a minute by this. */
GB_MUST_USE bool issuer_keys_renew(struct issuer_keys *keys, const char *url, int64_t now_ms);

#endif
