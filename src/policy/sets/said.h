/*
 * What a machine says of itself: words that the quote's qualifyingData covers (claims->extras).
 * They choose which reference sets can speak for it, and
 * only narrow: whoever lies has other sets of the same officers count, never more of them.
 */
#ifndef GB_POLICY_SAID_H
#define GB_POLICY_SAID_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "verify/claims.h"

struct said { /* data NULL: not said. UTF-8, at most 256 bytes each; escape before printing */
    struct gb_bytes vendor;       /* DMI sys_vendor */
    struct gb_bytes model;        /* DMI product_name */
    struct gb_bytes firmware;     /* DMI bios_version */
    struct gb_bytes distribution; /* os-release ID */
    struct gb_bytes kernel;       /* uname release */
};

/* Words that do not read are not said; there is no error in a stranger's words. */
void said_read(const struct claims *claims, struct said *ret_said);

enum { SAID_DIGEST = 32 };
/* SHA-256 over these words and no others (an agent that is updated may say of its own version what
 * it likes): the same digest, the same sets. GB_ERR_BUG. */
GB_MUST_USE int said_digest(struct digester *digester, const struct claims *claims,
                            uint8_t out[SAID_DIGEST], struct gb_err *err);

#endif
