/*
 * What the holder of the ledger's key signed last: the small file `ledger.state` beside that key.
 * Whoever loses it could sign a fork, so it is never made anew but together with the key, and a
 * damaged one is refused.
 *
 *     garboard-ledger-state 1
 *     <origin>
 *     <size>
 *     <root, 64 hex digits>
 *     <SHA-256 over the four lines, 64 hex digits>
 */
#ifndef GB_LEDGER_LAST_SIGNED_H
#define GB_LEDGER_LAST_SIGNED_H

#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "ledger/merkle.h"

struct last_signed {
    char origin[GB_LIMIT_NOTE_NAME + 1]; /* of the log that the key signs */
    uint64_t size;
    uint8_t root[MERKLE_HASH];
};

enum { LAST_SIGNED_MAX = 512 }; /* bytes of the file */

/* Before the first entry: size 0, the empty tree's root. GB_ERR_CONFIG for an origin that no log
 * may have, BUG. */
GB_MUST_USE int last_signed_first(struct digester *digester, const char *origin,
                                  struct last_signed *ret_last, struct gb_err *err);
/* Exactly the form that last_signed_write gives. GB_ERR_CONFIG: cut, changed, or of another form.
 */
GB_MUST_USE int last_signed_read(struct digester *digester, struct gb_bytes in,
                                 struct last_signed *ret_last, struct gb_err *err);
/* GB_ERR_BUG; failure sticks in the buffer. */
GB_MUST_USE int last_signed_write(struct digester *digester, const struct last_signed *last,
                                  struct gb_buf *out, struct gb_err *err);

#endif
