/* The evidence of a node that the server has kept, fetched and read: for who judges it here. */
#ifndef GB_CLI_NODE_EVIDENCE_H
#define GB_CLI_NODE_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attest/attest.h"
#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "cli/cmd.h"
#include "cli/server_client.h"
#include "crypto/x509.h"
#include "evidence/kept.h"
#include "verify/facts.h"

/* The node's state at `at_s` (the newest that was kept until then); 0: the newest. Everything lives
 * in the arena. 0; an exit code when the server refused, and has told why; a negative code. */
GB_MUST_USE int node_evidence_fetch(struct server_client *client, struct gb_arena *arena,
                                    const char *node, int64_t at_s, struct kept *ret_kept,
                                    struct gb_err *err);

/* What to judge it by. */
enum node_evidence_by {
    NODE_EVIDENCE_THEN, /* the documents that judged it */
    NODE_EVIDENCE_NOW,  /* those in force when it was fetched */
};
/* What was known of the node then, or is now; borrows from `kept`. GB_ERR_INPUT, NOMEM. */
GB_MUST_USE int node_evidence_facts(struct gb_arena *arena, const struct kept *kept,
                                    enum node_evidence_by by, struct node_facts *ret_facts,
                                    struct gb_err *err);
/* Trust of the documents that came with it, signed by the line's --officer if there is one
 * (GB_ERR_CONFIG), and of the roots given (root_count 0: those that came
 * with it: then the server says whom to trust). *ret_roots owns what ret_trust->anchors borrows. */
GB_MUST_USE int node_evidence_trust(struct gb_arena *arena, const struct cmd_line *line,
                                    const struct kept *kept, enum node_evidence_by by,
                                    const struct policy_file *roots, size_t root_count,
                                    struct trust *ret_trust, struct x509_store **ret_roots,
                                    struct gb_err *err);

#endif
