#include "server/jwks.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/bytes.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "server/server.h"

struct jwks {
    const struct worker_parts *workers;
    atomic_bool asking; /* one at a time */
    bool silent;        /* that keyd is away was logged; the asker's */
    pthread_mutex_t lock;
    struct gb_arena *arena; /* owned: the set; NULL before the first. Guarded, as below */
    const char *set;
    char etag[JWKS_ETAG];
};

int jwks_new(const struct worker_parts *workers, struct jwks **ret_jwks, struct gb_err *err)
{
    struct jwks *jwks = gb_calloc(1, sizeof *jwks);
    if (!jwks)
        return gb_err_nomem(err);
    pthread_mutex_init(&jwks->lock, NULL);
    jwks->workers = workers;
    *ret_jwks = jwks;
    return GB_OK;
}

void jwks_free(struct jwks *jwks)
{
    if (!jwks)
        return;
    pthread_mutex_destroy(&jwks->lock);
    gb_arena_free(jwks->arena);
    gb_free(jwks);
}

/* Takes the arena over. */
static void keep(struct jwks *jwks, struct gb_arena *arena, const char *set,
                 const uint8_t digest[32])
{
    char etag[JWKS_ETAG] = "\"";
    gb_hex_encode(gb_bytes(digest, 32), etag + 1);
    etag[JWKS_ETAG - 2] = '"';
    pthread_mutex_lock(&jwks->lock);
    bool changed = strcmp(etag, jwks->etag) != 0;
    struct gb_arena *old = jwks->arena;
    jwks->arena = arena;
    jwks->set = set;
    memcpy(jwks->etag, etag, sizeof etag);
    pthread_mutex_unlock(&jwks->lock);
    if (changed && old)
        gb_log_event(GB_LOG_INFO, "token-keys-changed", GB_LOG_TEXT("jwks", set));
    gb_arena_free(old);
}

static int ask(struct jwks *jwks, const struct worker_parts *parts, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct keyd_status status;
    uint8_t digest[32];
    int r = arena ? keyd_status(parts->keyd, arena, &status, err) : gb_err_nomem(err);
    if (r < 0)
        return r;
    if (digest_of(parts->digester, DIGEST_SHA256, gb_bytes_str(status.jwks), digest) < 0)
        return gb_err_set(err, GB_ERR_BUG, "sha256 failed");
    keep(jwks, gb_take(arena), status.jwks, digest);
    return GB_OK;
}

static void in_pool(void *ctx, unsigned worker)
{
    struct jwks *jwks = ctx;
    struct gb_err err = {0};
    int r = ask(jwks, &jwks->workers[worker], &err);
    if (r < 0 && !jwks->silent)
        gb_log_err(GB_LOG_WARNING, "token-keys-not-known", &err);
    jwks->silent = r < 0;
    atomic_store(&jwks->asking, false);
}

void jwks_refresh(struct jwks *jwks, struct pool *pool)
{
    bool free_to_ask = false;
    if (!atomic_compare_exchange_strong(&jwks->asking, &free_to_ask, true))
        return;
    if (!pool_run(pool, in_pool, jwks))
        atomic_store(&jwks->asking, false); /* the next time, then */
}

int jwks_get(struct jwks *jwks, struct gb_arena *arena, const char **ret_set,
             char ret_etag[JWKS_ETAG], struct gb_err *err)
{
    pthread_mutex_lock(&jwks->lock);
    bool known = jwks->set != NULL;
    const char *copy =
        known ? (const char *)gb_arena_copy(arena, gb_bytes_str(jwks->set)).data : NULL;
    memcpy(ret_etag, jwks->etag, JWKS_ETAG);
    pthread_mutex_unlock(&jwks->lock);
    if (!known)
        return gb_err_set(err, GB_ERR_AGAIN, "garboard-keyd has not told its keys yet");
    if (!copy)
        return gb_err_nomem(err);
    *ret_set = copy;
    return GB_OK;
}
