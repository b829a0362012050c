/* The minute files against the entries that seal them: ledger_verify's caller hands each entry
 * here. */
#ifndef GB_CLI_LEDGER_ROUNDS_H
#define GB_CLI_LEDGER_ROUNDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "cli/cmd.h"
#include "cli/ledger/ledger_nodes.h"
#include "cli/ledger/ledger_seen.h"
#include "crypto/digest.h"

struct ledger_rounds {
    struct gb_arena *arena;    /* lives as long as the report */
    const char *dir;           /* where the minute files are */
    bool quotes;               /* prove the kept quotes again, too */
    struct gb_arena *minute;   /* owned; reset for each minute */
    struct digester *digester; /* owned */
    struct ledger_nodes nodes;
    struct ledger_seen seen; /* owned; quotes and their nonces */
    /* what was found */
    const char *fault;     /* printable; NULL: all that is kept is right */
    uint64_t index;        /* of the entry that the fault speaks of */
    int64_t sealed_s;      /* the newest sealed minute; -1: none yet */
    int64_t from_s;        /* the first minute whose leaves are kept; -1: none yet */
    int64_t quotes_from_s; /* the first minute whose quotes are kept; -1: none yet */
    uint64_t minutes;      /* whose leaves give the root that was sealed */
    uint64_t minutes_gone; /* whose leaves are no longer kept */
    uint64_t leaves;
    uint64_t quotes_proven;
    uint64_t quotes_gone; /* minutes whose quotes are no longer kept */
};

/* The folder of the minute files: --rounds-dir, or "rounds" beside the ledger. NULL: out of memory.
 */
const char *ledger_rounds_dir(const struct cmd_line *line, struct gb_arena *arena);
/* The ledger's own folder: the first argument, or `ledger` in it where the checkpoint is there (an
 * export's folder, garboardd's state). NULL when out of memory. */
const char *ledger_rounds_ledger(const struct cmd_line *line, struct gb_arena *arena);
/* GB_ERR_NOTFOUND: there is no such folder. */
GB_MUST_USE int ledger_rounds_init(struct ledger_rounds *rounds, struct gb_arena *arena,
                                   const char *dir, bool quotes, struct gb_err *err);
void ledger_rounds_done(struct ledger_rounds *rounds);
/* After the last entry: that there was something to check. Retention takes the oldest first, so
 * minutes that are not kept may only be the first ones. */
GB_MUST_USE int ledger_rounds_end(struct ledger_rounds *rounds, struct gb_err *err);
/* One entry, in order. What is wrong is kept in `rounds`; errors are ours or the system's. */
GB_MUST_USE int ledger_rounds_take(struct ledger_rounds *rounds, uint64_t index,
                                   struct gb_bytes entry, struct gb_err *err);
/* The leaves of a minute, in `arena`. GB_ERR_NOTFOUND when they are not kept. */
GB_MUST_USE int ledger_rounds_leaves(struct gb_arena *arena, const char *dir, int64_t minute_s,
                                     struct gb_bytes *ret_leaves, struct gb_err *err);
/* Whether an entry may tell this word, by its place in the line: spares reading most of them. */
GB_MUST_USE bool ledger_rounds_may_be(struct gb_bytes entry, enum entry_what what);

#endif
