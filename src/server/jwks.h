/* The key set that verifies keyd's tokens, as keyd told it last: whoever asks for it never reaches
 * keyd. Refreshed in the pool, each few seconds. Any thread. */
#ifndef GB_SERVER_JWKS_H
#define GB_SERVER_JWKS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "os/pool.h"
#include "rpc/keyd.h"

enum { JWKS_REFRESH_MS = 3000, JWKS_ETAG = 67 }; /* a quoted SHA-256 and its NUL */

struct jwks;
struct worker_parts;

/* Borrows `workers`: who does the pool's work. */
GB_MUST_USE int jwks_new(const struct worker_parts *workers, struct jwks **ret_jwks,
                         struct gb_err *err);
/* After the pool has ended. */
void jwks_free(struct jwks *jwks);

/* Asks keyd in the pool, unless it is being asked. When keyd is not there, what it said before
 * stands: tokens that it signed are still good. */
void jwks_refresh(struct jwks *jwks, struct pool *pool);
/* A copy in the arena and its strong validator (RFC 9110, 8.8.3). GB_ERR_AGAIN: keyd has not told
 * it yet; NOMEM. */
GB_MUST_USE int jwks_get(struct jwks *jwks, struct gb_arena *arena, const char **ret_set,
                         char ret_etag[JWKS_ETAG], struct gb_err *err);

#endif
