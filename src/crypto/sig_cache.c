#include "crypto/sig_cache.h"

#include <pthread.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "crypto/sig_key.h"

enum { SHARDS = 64, WAYS = 8, FINGERPRINT = 32 };

struct record {
    size_t len;
    uint8_t bytes[]; /* fingerprint, algorithm, digest, signature */
};

/* What wants the same place: several, or two files of one node would drive each other out for ever.
 * The newest stands first. */
struct bucket {
    uint32_t tags[WAYS]; /* of the hash: who is another one is hardly ever compared */
    struct record *records[WAYS];
};

struct sig_cache {
    uint64_t seed;
    struct shard {
        pthread_mutex_t lock; /* held for no more than a comparison */
        uint64_t misses;
        struct bucket buckets[GB_LIMIT_SIG_CACHE / SHARDS / WAYS];
    } shards[SHARDS];
};

int sig_cache_new(uint64_t seed, struct sig_cache **ret_cache, struct gb_err *err)
{
    struct sig_cache *cache = gb_calloc(1, sizeof *cache);
    if (!cache)
        return gb_err_nomem(err);
    cache->seed = seed;
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_init(&cache->shards[i].lock, NULL);
    *ret_cache = cache;
    return GB_OK;
}

void sig_cache_free(struct sig_cache *cache)
{
    if (!cache)
        return;
    for (size_t i = 0; i < SHARDS; i++) {
        for (size_t k = 0; k < GB_ARRAY_LEN(cache->shards[i].buckets); k++)
            for (size_t w = 0; w < WAYS; w++)
                gb_free(cache->shards[i].buckets[k].records[w]);
        pthread_mutex_destroy(&cache->shards[i].lock);
    }
    gb_free(cache);
}

void sig_cache_freep(struct sig_cache **cache)
{
    sig_cache_free(*cache);
}

/* Where it is kept: by the first bytes of the file's digest and the last of the signature. */
static uint64_t hash_of(const struct sig_cache *cache, const uint8_t *digest, struct gb_bytes value)
{
    uint64_t a, b;
    memcpy(&a, digest, sizeof a);
    memcpy(&b, value.data + value.len - sizeof b, sizeof b);
    a = (a ^ cache->seed) * UINT64_C(0x9e3779b97f4a7c15);
    a = (a ^ a >> 29 ^ b) * UINT64_C(0xbf58476d1ce4e5b9);
    return a ^ a >> 32;
}

/* All that the answer depends on. */
struct question {
    const struct sig_key *key;
    enum digest_alg alg;
    const uint8_t *digest;
    struct gb_bytes value;
};

static size_t question_len(const struct question *q)
{
    return FINGERPRINT + 2 + digest_size(q->alg) + q->value.len;
}

static bool is_same(const struct record *record, const struct question *q)
{
    size_t size = digest_size(q->alg);
    const uint8_t *at = record->bytes;
    return record->len == question_len(q) && at[FINGERPRINT] == (uint8_t)(q->alg >> 8) &&
           at[FINGERPRINT + 1] == (uint8_t)q->alg &&
           memcmp(at, q->key->fingerprint, FINGERPRINT) == 0 &&
           memcmp(at + FINGERPRINT + 2, q->digest, size) == 0 &&
           memcmp(at + FINGERPRINT + 2 + size, q->value.data, q->value.len) == 0;
}

/* NULL when out of memory: then it is not remembered. */
static struct record *make_record(const struct question *q)
{
    size_t size = digest_size(q->alg);
    struct record *record = gb_calloc(1, sizeof *record + question_len(q));
    if (!record)
        return NULL;
    record->len = question_len(q);
    memcpy(record->bytes, q->key->fingerprint, FINGERPRINT);
    record->bytes[FINGERPRINT] = (uint8_t)(q->alg >> 8);
    record->bytes[FINGERPRINT + 1] = (uint8_t)q->alg;
    memcpy(record->bytes + FINGERPRINT + 2, q->digest, size);
    memcpy(record->bytes + FINGERPRINT + 2 + size, q->value.data, q->value.len);
    return record;
}

static bool is_known(struct shard *shard, const struct bucket *bucket, uint32_t tag,
                     const struct question *q)
{
    bool known = false;
    pthread_mutex_lock(&shard->lock);
    for (size_t w = 0; w < WAYS && bucket->records[w] && !known; w++)
        known = bucket->tags[w] == tag && is_same(bucket->records[w], q);
    shard->misses += !known;
    pthread_mutex_unlock(&shard->lock);
    return known;
}

static void remember(struct shard *shard, struct bucket *bucket, uint32_t tag,
                     const struct question *q)
{
    struct record *record = make_record(q);
    if (!record)
        return;
    pthread_mutex_lock(&shard->lock);
    struct record *oldest = bucket->records[WAYS - 1];
    memmove(bucket->records + 1, bucket->records, (WAYS - 1) * sizeof *bucket->records);
    memmove(bucket->tags + 1, bucket->tags, (WAYS - 1) * sizeof *bucket->tags);
    bucket->records[0] = record;
    bucket->tags[0] = tag;
    pthread_mutex_unlock(&shard->lock);
    gb_free(oldest);
}

int sig_cache_verify(struct sig_cache *cache, const struct sig_key *key, enum digest_alg alg,
                     const uint8_t *digest, struct gb_bytes value, bool *ret_valid,
                     struct gb_err *err)
{
    const struct question q = {key, alg, digest, value};
    if (!cache || value.len < sizeof(uint64_t) || value.len > GB_LIMIT_SIG_CACHED)
        return sig_key_verify(key, alg, digest, value, ret_valid, err);
    uint64_t hash = hash_of(cache, digest, value);
    struct shard *shard = &cache->shards[hash % SHARDS];
    struct bucket *bucket = &shard->buckets[hash / SHARDS % GB_ARRAY_LEN(shard->buckets)];
    uint32_t tag = (uint32_t)(hash >> 32);
    if (is_known(shard, bucket, tag, &q)) {
        *ret_valid = true;
        return GB_OK;
    }
    int r = sig_key_verify(key, alg, digest, value, ret_valid, err);
    if (r == GB_OK && *ret_valid)
        remember(shard, bucket, tag, &q);
    return r;
}

uint64_t sig_cache_misses(struct sig_cache *cache)
{
    uint64_t misses = 0;
    for (size_t i = 0; i < SHARDS; i++) {
        pthread_mutex_lock(&cache->shards[i].lock);
        misses += cache->shards[i].misses;
        pthread_mutex_unlock(&cache->shards[i].lock);
    }
    return misses;
}
