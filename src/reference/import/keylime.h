/* Keylime's runtime policies (JSON, version 1, and the allow lists before it, which say "hashes"
 * where those say "digests"). The older plain text is sums.h's. */
#ifndef GB_REFERENCE_KEYLIME_H
#define GB_REFERENCE_KEYLIME_H

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "reference/import/import.h"

/* What a NodePolicy's spec.ima would say of the rest, for a person to review. */
struct keylime_hints {
    const char *exceptions; /* YAML of `exceptions:`, two levels deep; NULL: none */
    const char *signers;    /* the same of `signers:` */
};

/*
 * `digests` become files, however often a path comes. `excludes` and `verification-keys` become
 * hints; keyrings, ima-buf and what else restricts or widens is noted, item by item. The path of a
 * digest, to which Keylime ties it, is a hint in our sets; that is noted too. GB_ERR_INPUT names
 * the member.
 */
GB_MUST_USE int keylime_read(struct import *import, struct gb_bytes in,
                             struct keylime_hints *ret_hints, struct gb_err *err);

#endif
