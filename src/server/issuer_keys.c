#include "server/issuer_keys.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/http_client.h"
#include "os/pool.h"
#include "policy/access/access.h"
#include "wire/jwt.h"

enum { CONNECT_MS = 5000, TOTAL_MS = 10000, NEVER = 0 };

struct set {
    char *url;     /* owned; NULL: free */
    uint8_t *json; /* owned; NULL: none yet */
    size_t len;
    uint64_t revision;
    int64_t fetched_ms, tried_ms, used_ms; /* NEVER */
    bool fetching;
};

struct issuer_keys {
    pthread_mutex_t lock; /* held for no I/O */
    struct set sets[ISSUER_KEYS_MAX];
    uint64_t revisions;
    struct gb_bytes ca_pem; /* owned */
    struct pool *pool;
};

/* On its way through the pool. */
struct fetch {
    struct issuer_keys *keys;
    char *url;
};

int issuer_keys_new(struct gb_bytes ca_pem, struct pool *pool, struct issuer_keys **ret_keys,
                    struct gb_err *err)
{
    struct issuer_keys *keys = gb_calloc(1, sizeof *keys);
    uint8_t *copy = gb_calloc(ca_pem.len + 1, 1);
    if (!keys || !copy) {
        gb_free(keys);
        gb_free(copy);
        return gb_err_nomem(err);
    }
    if (ca_pem.len > 0)
        memcpy(copy, ca_pem.data, ca_pem.len);
    keys->ca_pem = gb_bytes(copy, ca_pem.len);
    keys->pool = pool;
    pthread_mutex_init(&keys->lock, NULL);
    *ret_keys = keys;
    return GB_OK;
}

static void set_done(struct set *set)
{
    gb_free(set->url);
    gb_free(set->json);
    *set = (struct set){0};
}

void issuer_keys_free(struct issuer_keys *keys)
{
    if (!keys)
        return;
    for (size_t i = 0; i < ISSUER_KEYS_MAX; i++)
        set_done(&keys->sets[i]);
    pthread_mutex_destroy(&keys->lock);
    gb_free((void *)(uintptr_t)keys->ca_pem.data);
    gb_free(keys);
}

static char *copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = gb_calloc(size, 1);
    if (copy)
        memcpy(copy, text, size);
    return copy;
}

/* ---- the fetch, in the pool ---- */

/* "https://id.example:8443" and "/realms/x/certs?a=b". */
static int split(struct gb_arena *arena, const char *url, const char **ret_origin,
                 const char **ret_path, struct gb_err *err)
{
    const char *host = strstr(url, "://");
    size_t len = host ? strcspn(host + 3, "/?#") : 0;
    if (len == 0)
        return gb_err_set(err, GB_ERR_CONFIG, "the address of a key set must be https://...");
    const char *rest = host + 3 + len;
    *ret_origin = gb_arena_printf(arena, "%.*s", (int)(rest - url), url);
    *ret_path =
        gb_arena_printf(arena, "%s%.*s", *rest == '/' ? "" : "/", (int)strcspn(rest, "#"), rest);
    return *ret_origin && *ret_path ? GB_OK : gb_err_nomem(err);
}

static int get(struct gb_arena *arena, const struct fetch *fetch, struct gb_bytes *ret_json,
               struct gb_err *err)
{
    gb_cleanup(http_client_freep) struct http_client *client = NULL;
    gb_cleanup(http_reply_done) struct http_reply reply = {0};
    struct http_client_conf conf = {.ca_pem = fetch->keys->ca_pem,
                                    .tls12_ok = true,
                                    .connect_ms = CONNECT_MS,
                                    .total_ms = TOTAL_MS,
                                    .max_answer = GB_LIMIT_JWKS};
    const char *path = NULL;
    int r = split(arena, fetch->url, &conf.url, &path, err);
    if (r == GB_OK)
        r = http_client_new(&conf, &client, err);
    if (r == GB_OK)
        r = http_client_send(client, "GET", path, NULL, gb_bytes(NULL, 0), &reply, err);
    if (r == GB_OK && reply.status != 200)
        r = gb_err_set(err, GB_ERR_IO, "the server answered %d", reply.status);
    if (r < 0)
        return r;
    *ret_json = gb_arena_copy(arena, gb_buf_bytes(&reply.body));
    return ret_json->data ? GB_OK : gb_err_nomem(err);
}

/* What cannot be used takes no place of what can. */
static int get_good(struct gb_arena *arena, const struct fetch *fetch, struct gb_bytes *ret_json,
                    struct gb_err *err)
{
    gb_cleanup(jwks_freep) struct jwks *set = NULL;
    int r = get(arena, fetch, ret_json, err);
    return r < 0 ? r : jwks_read(*ret_json, &set, err);
}

static struct set *find(struct issuer_keys *keys, const char *url)
{
    for (size_t i = 0; i < ISSUER_KEYS_MAX; i++)
        if (keys->sets[i].url && strcmp(keys->sets[i].url, url) == 0)
            return &keys->sets[i];
    return NULL;
}

static void put(struct issuer_keys *keys, const char *url, uint8_t **json, size_t len)
{
    pthread_mutex_lock(&keys->lock);
    struct set *set = find(keys, url);
    if (set) {
        set->fetching = false;
        set->tried_ms = gb_clock_ms();
    }
    if (set && *json) {
        gb_free(set->json);
        set->json = gb_take(*json);
        set->len = len;
        set->fetched_ms = set->tried_ms;
        set->revision = ++keys->revisions;
    }
    pthread_mutex_unlock(&keys->lock);
}

static void fetch_in_pool(void *ctx, unsigned worker)
{
    struct fetch *fetch = ctx;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct gb_bytes json = {0};
    struct gb_err err;
    (void)worker;
    int r = arena ? get_good(arena, fetch, &json, &err) : gb_err_nomem(&err);
    uint8_t *copy = r == GB_OK ? gb_calloc(json.len + 1, 1) : NULL;
    if (copy && json.len > 0)
        memcpy(copy, json.data, json.len);
    if (r < 0) {
        gb_err_prefix(&err, "%s: ", fetch->url);
        gb_log_err(GB_LOG_WARNING, "issuer-keys-not-fetched", &err);
    } else {
        gb_log_event(GB_LOG_INFO, "issuer-keys-fetched", GB_LOG_TEXT("url", fetch->url));
    }
    put(fetch->keys, fetch->url, &copy, json.len);
    gb_free(copy);
    gb_free(fetch->url);
    gb_free(fetch);
}

/* ---- under the lock ---- */

/* False: not now (the pool is full, memory is short). */
static bool start(struct issuer_keys *keys, struct set *set, int64_t now_ms)
{
    struct fetch *fetch = keys->ca_pem.len > 0 ? gb_calloc(1, sizeof *fetch) : NULL;
    char *url = fetch ? copy_text(set->url) : NULL;
    if (url) {
        *fetch = (struct fetch){keys, url};
        set->fetching = pool_run(keys->pool, fetch_in_pool, fetch);
    }
    if (!set->fetching) {
        gb_free(url);
        gb_free(fetch);
    }
    set->tried_ms = now_ms;
    return set->fetching;
}

/* One that was fetched longest ago without use makes room; not one that is being fetched. */
static struct set *make(struct issuer_keys *keys, const char *url)
{
    struct set *oldest = NULL;
    for (size_t i = 0; i < ISSUER_KEYS_MAX; i++) {
        struct set *set = &keys->sets[i];
        if (!set->fetching && (!oldest || !set->url || set->used_ms < oldest->used_ms))
            oldest = set;
        if (oldest && !oldest->url)
            break;
    }
    char *copy = oldest ? copy_text(url) : NULL;
    if (!copy)
        return NULL;
    set_done(oldest);
    oldest->url = copy;
    return oldest;
}

static bool older(int64_t then_ms, int64_t span_ms, int64_t now_ms)
{
    return then_ms == NEVER || now_ms - then_ms >= span_ms;
}

static enum issuer_keys_answer look(struct issuer_keys *keys, struct set *set, int64_t now_ms)
{
    set->used_ms = now_ms;
    if (!set->fetching && older(set->fetched_ms, ISSUER_KEYS_FRESH_MS, now_ms) &&
        older(set->tried_ms, ISSUER_KEYS_RETRY_MS, now_ms))
        (void)start(keys, set, now_ms);
    if (set->json && !older(set->fetched_ms, ISSUER_KEYS_STALE_MS, now_ms))
        return ISSUER_KEYS_HERE;
    return set->fetching ? ISSUER_KEYS_COMING : ISSUER_KEYS_NONE;
}

/* ---- */

enum issuer_keys_answer issuer_keys_get(struct issuer_keys *keys, struct gb_arena *arena,
                                        const char *url, int64_t now_ms, uint64_t known,
                                        uint64_t *ret_revision, struct gb_bytes *ret_json)
{
    pthread_mutex_lock(&keys->lock);
    struct set *set = find(keys, url);
    if (!set)
        set = make(keys, url);
    enum issuer_keys_answer answer = set ? look(keys, set, now_ms) : ISSUER_KEYS_NONE;
    if (answer == ISSUER_KEYS_HERE) {
        *ret_revision = set->revision;
        *ret_json = gb_bytes("", 0);
        if (set->revision != known)
            *ret_json = gb_arena_copy(arena, gb_bytes(set->json, set->len));
        if (!ret_json->data)
            answer = ISSUER_KEYS_NONE;
    }
    pthread_mutex_unlock(&keys->lock);
    return answer;
}

void issuer_keys_warm(struct issuer_keys *keys, const struct access_policy *policy, int64_t now_ms)
{
    for (size_t i = 0; policy && i < policy->issuer_count; i++) {
        const char *url = policy->issuers[i].jwks_url;
        pthread_mutex_lock(&keys->lock);
        struct set *set = url ? find(keys, url) : NULL;
        if (url && !set)
            set = make(keys, url);
        if (set)
            (void)look(keys, set, now_ms);
        pthread_mutex_unlock(&keys->lock);
    }
}

bool issuer_keys_renew(struct issuer_keys *keys, const char *url, int64_t now_ms)
{
    pthread_mutex_lock(&keys->lock);
    struct set *set = find(keys, url);
    bool coming = set && (set->fetching || (older(set->tried_ms, ISSUER_KEYS_ASK_MS, now_ms) &&
                                            start(keys, set, now_ms)));
    pthread_mutex_unlock(&keys->lock);
    return coming;
}
