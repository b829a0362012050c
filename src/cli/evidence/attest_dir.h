/* One attestation of a folder of files: what `verify` and `reference capture` begin with. */
#ifndef GB_CLI_ATTEST_DIR_H
#define GB_CLI_ATTEST_DIR_H

#include "attest/attest.h"
#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"

/* Reads `dir` and attests it. `asked` without a nonce asks for that of the folder's file, if there
 * is one. */
GB_MUST_USE int attest_dir(struct gb_arena *arena, const struct trust *trust,
                           const struct asked *asked, const char *dir, struct claims *ret_claims,
                           struct verdict *ret_verdict, struct gb_err *err);

#endif
