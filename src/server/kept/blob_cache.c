#include "server/kept/blob_cache.h"

#include <string.h>

#include "base/mem.h"
#include "store/kept.h"
#include "store/store.h"
#include "wire/pack.h"

enum { SLOTS = 16 };

struct blob_cache {
    struct slot {
        struct gb_arena *arena;
        uint8_t digest[STORE_HASH];
        struct gb_bytes bytes; /* data NULL: nothing */
    } slots[SLOTS];
    size_t next; /* the one to give up: the oldest */
};

int blob_cache_new(struct blob_cache **ret_cache, struct gb_err *err)
{
    struct blob_cache *cache = gb_calloc(1, sizeof *cache);
    if (!cache)
        return gb_err_nomem(err);
    *ret_cache = cache;
    return GB_OK;
}

void blob_cache_free(struct blob_cache *cache)
{
    for (size_t i = 0; cache && i < SLOTS; i++)
        gb_arena_free(cache->slots[i].arena);
    gb_free(cache);
}

static int read_blob(struct gb_arena *arena, struct store *store, const struct store_blob *blob,
                     struct gb_bytes *ret_bytes, struct gb_err *err)
{
    struct gb_bytes packed;
    if (blob->size > GB_LIMIT_IMA_LOG)
        return gb_err_set(err, GB_ERR_LIMIT, "a blob is larger than any evidence");
    int r = store_blob_read(store, arena, blob, &packed, err);
    if (r == GB_OK)
        r = unpack(arena, packed, blob->size, ret_bytes, err);
    if (r == GB_ERR_INPUT && err) /* our own file, not evidence */
        err->code = GB_ERR_CONFIG;
    return r == GB_ERR_INPUT ? GB_ERR_CONFIG : r;
}

static struct slot *free_slot(struct blob_cache *cache)
{
    struct slot *slot = &cache->slots[cache->next++ % SLOTS];
    slot->bytes = (struct gb_bytes){0};
    gb_arena_free(slot->arena); /* a kept block would hold the largest blob for ever */
    slot->arena = gb_arena_new();
    return slot->arena ? slot : NULL;
}

int blob_cache_get(struct blob_cache *cache, struct gb_arena *arena, struct store *store,
                   const struct store_blob *blob, bool shared, struct gb_bytes *ret_bytes,
                   struct gb_err *err)
{
    if (!cache || !shared)
        return read_blob(arena, store, blob, ret_bytes, err);
    for (size_t i = 0; i < SLOTS; i++) {
        const struct slot *slot = &cache->slots[i];
        if (!slot->bytes.data || memcmp(slot->digest, blob->digest, STORE_HASH) != 0)
            continue;
        *ret_bytes = slot->bytes;
        return GB_OK;
    }
    struct slot *slot = free_slot(cache);
    if (!slot)
        return gb_err_nomem(err);
    int r = read_blob(slot->arena, store, blob, &slot->bytes, err);
    memcpy(slot->digest, blob->digest, STORE_HASH);
    if (r < 0)
        slot->bytes = (struct gb_bytes){0};
    else
        *ret_bytes = slot->bytes;
    return r;
}
