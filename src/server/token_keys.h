/* The key set that verifies keyd's tokens, as keyd told it last: whoever asks for it never reaches
 * keyd. Refreshed in the pool, each few seconds. Any thread. */
#ifndef GB_SERVER_TOKEN_KEYS_H
#define GB_SERVER_TOKEN_KEYS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "os/pool.h"
#include "rpc/keyd.h"

enum { TOKEN_KEYS_REFRESH_MS = 3000, TOKEN_KEYS_ETAG = 67 }; /* a quoted SHA-256 and its NUL */

struct token_keys;
struct worker_parts;

/* Borrows `workers`: who does the pool's work. */
GB_MUST_USE int token_keys_new(const struct worker_parts *workers, struct token_keys **ret_keys,
                               struct gb_err *err);
/* After the pool has ended. */
void token_keys_free(struct token_keys *keys);

/* Asks keyd in the pool, unless it is being asked. When keyd is not there, what it said before
 * stands: tokens that it signed are still good. */
void token_keys_refresh(struct token_keys *keys, struct pool *pool);
/* A copy in the arena and its strong validator (RFC 9110, 8.8.3). GB_ERR_AGAIN: keyd has not told
 * it yet; NOMEM. */
GB_MUST_USE int token_keys_get(struct token_keys *keys, struct gb_arena *arena,
                               const char **ret_set, char ret_etag[TOKEN_KEYS_ETAG],
                               struct gb_err *err);

#endif
