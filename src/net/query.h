/* The query of a request's target, "?a=b&c=d". Pure. Private to src/net. */
#ifndef GB_NET_QUERY_H
#define GB_NET_QUERY_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"

/* Cuts the path off `target`, which then holds the query without its '?'. */
struct gb_bytes query_cut(struct gb_bytes *target);

/* Whether every key of `query` is one of `keys` ("a&b", plain), once at most, and every value can
 * be decoded: what a route does not know, it must not pass over. */
GB_MUST_USE bool query_only(struct gb_bytes query, struct gb_bytes keys);

/* The value of the first `name`, percent-decoded into the arena ('+' is a blank). False when
 * absent, malformed (a '%' without two hex digits, a NUL), given twice, or out of memory. */
GB_MUST_USE bool query_find(struct gb_arena *arena, struct gb_bytes query, const char *name,
                            struct gb_bytes *ret_value);

#endif
