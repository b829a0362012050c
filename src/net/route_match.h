/* Paths against patterns. Pure. Private to src/net. */
#ifndef GB_NET_ROUTE_MATCH_H
#define GB_NET_ROUTE_MATCH_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/check.h"
#include "net/router.h"

/* Whether `path` is one of `pattern`: segments are equal byte by byte, and "{x}" takes one whole
 * segment of letters, digits and "-._:~" (not "." first), which stands in `params` then. "{x*}" at
 * the end takes one such segment or more, with the slashes between them. */
GB_MUST_USE bool route_match(const char *pattern, struct gb_bytes path,
                             struct gb_bytes params[ROUTE_MAX_PARAMS]);

/* What a SPIFFE ID makes of its holder in this trust domain: node or person, and its name.
 * ROUTE_NOBODY for every other. */
enum route_role route_role(const char *spiffe_id, const char *trust_domain,
                           struct gb_bytes *ret_name);

#endif
