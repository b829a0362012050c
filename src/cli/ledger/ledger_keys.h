/* Whose signatures the commands of the ledger believe: --key, --witness, --quorum. */
#ifndef GB_CLI_LEDGER_KEYS_H
#define GB_CLI_LEDGER_KEYS_H

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "cli/cmd.h"
#include "ledger/checkpoint.h"

/* Rows for a command's table of options. */
#define LEDGER_KEYS_OPTIONS                                                                        \
    {"key", "VKEY",                                                                                \
     "the LEDGER'S public verifier key (ledger.vkey: a file, or its line), not yours", true, 'k'}, \
        {"witness", "VKEY", "a witness's verifier key, or a file with keys", true, 0},             \
        {"quorum", "N", "so many of them must have cosigned (default: all)", false, 0}

/* In the arena. GB_ERR_CONFIG (no --key; what is no key; a quorum beyond the witnesses), NOTFOUND,
 * IO, NOMEM. */
GB_MUST_USE int ledger_keys_read(const struct cmd_line *line, struct gb_arena *arena,
                                 struct checkpoint_trust *ret_trust, struct gb_err *err);

#endif
