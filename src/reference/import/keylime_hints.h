/* What a Keylime policy says that belongs into a NodePolicy. Private to keylime.c. */
#ifndef GB_REFERENCE_KEYLIME_HINTS_H
#define GB_REFERENCE_KEYLIME_HINTS_H

#include "base/check.h"
#include "base/err.h"
#include "reference/import/import.h"
#include "wire/json.h"

/* `excludes`: regular expressions, matched at a path's beginning. What a pattern of ours says too
 * is written as one; the others are noted. Absent: NULL. */
GB_MUST_USE int keylime_exceptions(struct import *import, const struct json *excludes,
                                   const char **ret_yaml, struct gb_err *err);
/* `verification-keys`: JSON in a string; public keys in DER, base64. Absent or empty: NULL. */
GB_MUST_USE int keylime_signers(struct import *import, const struct json *keys,
                                const char **ret_yaml, struct gb_err *err);

#endif
