/* What the operator trusts, from the files that the command line names. */
#ifndef GB_CLI_TRUST_FILES_H
#define GB_CLI_TRUST_FILES_H

#include "attest/attest.h"
#include "attest/trust.h"
#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "cli/cmd.h"

/* --policy FILE... and --root FILE... ; none of either is fine. With --officer KEY.pem... the
 * documents must be signed as a server demands it (GB_ERR_CONFIG). ret_roots owns what
 * ret_trust->anchors borrows. */
GB_MUST_USE int trust_files_read(struct gb_arena *arena, const struct cmd_line *line,
                                 struct trust *ret_trust, struct x509_store **ret_roots,
                                 struct gb_err *err);

/* Whether the documents of `parts` are signed as a server demands it, by the officers that
 * --officer names; without that option nobody is asked. GB_ERR_CONFIG: `what` ("the policy does not
 * count") and why. */
GB_MUST_USE int trust_files_signed(struct gb_arena *arena, const struct cmd_line *line,
                                   const char *what, const struct trust_parts *parts,
                                   struct gb_err *err);

#endif
