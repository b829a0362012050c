/* Kept evidence put together again: rows and blobs of the store to one whole bundle. */
#ifndef GB_SERVER_KEPT_LOAD_H
#define GB_SERVER_KEPT_LOAD_H

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "evidence/kept.h"
#include "server/kept/blob_cache.h"
#include "store/kept.h"
#include "store/store.h"

/* Fills what belongs to the evidence; documents, roots and verdict are the caller's to add. Lives
 * in the arena, and in the cache (NULL: none). GB_ERR_CONFIG: a blob is gone or damaged; LIMIT,
 * NOMEM, IO. */
GB_MUST_USE int kept_load(struct gb_arena *arena, struct store *store, struct blob_cache *cache,
                          const struct store_kept *row, struct kept *ret_kept, struct gb_err *err);

#endif
