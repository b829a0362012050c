/* Unpacked blobs that many nodes share (boot logs of identical machines), for who goes through the
 * whole fleet. One user at a time; bounded. */
#ifndef GB_SERVER_BLOB_CACHE_H
#define GB_SERVER_BLOB_CACHE_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "store/kept.h"

struct blob_cache;

GB_MUST_USE int blob_cache_new(struct blob_cache **ret_cache, struct gb_err *err);
void blob_cache_free(struct blob_cache *cache);

/* The blob's content: in the cache where `shared` (then it lives until 16 others came), else in the
 * arena. Nothing that the cache gives lives beyond the next node. Codes as kept_load. */
GB_MUST_USE int blob_cache_get(struct blob_cache *cache, struct gb_arena *arena,
                               struct store *store, const struct store_blob *blob, bool shared,
                               struct gb_bytes *ret_bytes, struct gb_err *err);

#endif
