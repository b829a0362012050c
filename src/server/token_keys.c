#include "server/token_keys.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/bytes.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "os/pool.h"
#include "rpc/keyd.h"
#include "server/server.h"

struct token_keys {
    const struct worker_parts *workers;
    atomic_bool asking; /* one at a time */
    bool silent;        /* that keyd is away was logged; the asker's */
    pthread_mutex_t lock;
    struct gb_arena *arena; /* owned: the set; NULL before the first. Guarded, as below */
    const char *set;
    char etag[TOKEN_KEYS_ETAG];
};

int token_keys_new(const struct worker_parts *workers, struct token_keys **ret_keys,
                   struct gb_err *err)
{
    struct token_keys *keys = gb_calloc(1, sizeof *keys);
    if (!keys)
        return gb_err_nomem(err);
    pthread_mutex_init(&keys->lock, NULL);
    keys->workers = workers;
    *ret_keys = keys;
    return GB_OK;
}

void token_keys_free(struct token_keys *keys)
{
    if (!keys)
        return;
    pthread_mutex_destroy(&keys->lock);
    gb_arena_free(keys->arena);
    gb_free(keys);
}

/* Takes the arena over. */
static void keep(struct token_keys *keys, struct gb_arena *arena, const char *set,
                 const uint8_t digest[32])
{
    char etag[TOKEN_KEYS_ETAG] = "\"";
    gb_hex_encode(gb_bytes(digest, 32), etag + 1);
    etag[TOKEN_KEYS_ETAG - 2] = '"';
    pthread_mutex_lock(&keys->lock);
    bool changed = strcmp(etag, keys->etag) != 0;
    struct gb_arena *old = keys->arena;
    keys->arena = arena;
    keys->set = set;
    memcpy(keys->etag, etag, sizeof etag);
    pthread_mutex_unlock(&keys->lock);
    if (changed && old)
        gb_log_event(GB_LOG_INFO, "token-keys-changed", GB_LOG_TEXT("jwks", set));
    gb_arena_free(old);
}

static int ask(struct token_keys *keys, const struct worker_parts *parts, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct keyd_status status = {.jwks = ""};
    uint8_t digest[32];
    int r = arena ? keyd_status(parts->keyd, arena, &status, err) : gb_err_nomem(err);
    if (r < 0)
        return r;
    if (digest_of(parts->digester, DIGEST_SHA256, gb_bytes_str(status.jwks), digest) < 0)
        return gb_err_set(err, GB_ERR_BUG, "sha256 failed");
    keep(keys, gb_take(arena), status.jwks, digest);
    return GB_OK;
}

static void in_pool(void *ctx, unsigned worker)
{
    struct token_keys *keys = ctx;
    struct gb_err err = {0};
    int r = ask(keys, &keys->workers[worker], &err);
    if (r < 0 && !keys->silent)
        gb_log_err(GB_LOG_WARNING, "token-keys-not-known", &err);
    keys->silent = r < 0;
    atomic_store(&keys->asking, false);
}

void token_keys_refresh(struct token_keys *keys, struct pool *pool)
{
    bool free_to_ask = false;
    if (!atomic_compare_exchange_strong(&keys->asking, &free_to_ask, true))
        return;
    if (!pool_run(pool, in_pool, keys))
        atomic_store(&keys->asking, false); /* the next time, then */
}

int token_keys_get(struct token_keys *keys, struct gb_arena *arena, const char **ret_set,
                   char ret_etag[TOKEN_KEYS_ETAG], struct gb_err *err)
{
    pthread_mutex_lock(&keys->lock);
    bool known = keys->set != NULL;
    const char *copy =
        known ? (const char *)gb_arena_copy(arena, gb_bytes_str(keys->set)).data : NULL;
    memcpy(ret_etag, keys->etag, TOKEN_KEYS_ETAG);
    pthread_mutex_unlock(&keys->lock);
    if (!known)
        return gb_err_set(err, GB_ERR_AGAIN, "garboard-keyd has not told its keys yet");
    if (!copy)
        return gb_err_nomem(err);
    *ret_set = copy;
    return GB_OK;
}
