/* What garboardd tells of a node beside its evidence: name and labels, which choose the policy. */
#ifndef GB_KEYD_TOLD_H
#define GB_KEYD_TOLD_H

#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "keyd/desk.h"
#include "verify/facts.h"

/* In the desk's arena; `name` is borrowed. GB_ERR_INPUT: no labels; NOMEM. */
GB_MUST_USE int told_read(struct desk *desk, const char *name, const char *labels,
                          struct node_facts *ret_facts, struct gb_err *err);
/* SHA-256 over the name, a NUL and the labels: what a token says of them, for whoever has the
 * ledger to compare. GB_ERR_NOMEM, BUG. */
GB_MUST_USE int told_digest(struct desk *desk, const struct node_facts *facts,
                            uint8_t ret_digest[32], struct gb_err *err);

#endif
