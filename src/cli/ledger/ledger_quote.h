/* One kept quote, proven again by the keys that its node enrolled with. */
#ifndef GB_CLI_LEDGER_QUOTE_H
#define GB_CLI_LEDGER_QUOTE_H

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "cli/ledger/ledger_nodes.h"
#include "crypto/digest.h"
#include "ledger/rounds.h"

/* Magic, type, the AK's attributes and strength, the signature, and that it answers this nonce over
 * this transport key. *ret_fault: NULL, or a literal that says what does not hold. GB_ERR_BUG,
 * NOMEM.
 */
GB_MUST_USE int ledger_quote_judge(struct gb_arena *arena, struct digester *digester,
                                   const struct rounds_quote *quote,
                                   const struct ledger_enrolled *keys, const char **ret_fault,
                                   struct gb_err *err);

#endif
