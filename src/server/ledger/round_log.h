/*
 * Every attestation, minute by minute. Before an answer goes out its leaf, and what verifies its
 * quote again, are appended by one write(2) each: they survive a killed process. Once a minute is
 * over it is sealed: the root of its leaves goes into the ledger (round_seal.h), the files lose
 * their ".open" and never change again.
 *
 *     STATE/rounds/<YYYY-MM-DD>/<HHMM>.leaves[.open], .quotes[.open], .policies.open
 *
 * A minute's name only goes up: while the clock stands before the last sealed minute, names run
 * ahead of it. docs/formats/ledger.md.
 */
#ifndef GB_SERVER_ROUND_LOG_H
#define GB_SERVER_ROUND_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "ledger/rounds.h"

enum { ROUND_LOG_POLICIES = 32 }; /* that one minute names: with one more, the next begins */

struct round_log;

/* What a round is told with. */
struct round_proof {
    struct rounds_leaf leaf;
    const struct rounds_quote *quote; /* NULL: nothing was proven */
    const char *policy;               /* "nodes version 3"; NULL: none was in force */
};

/* `folder` is made when it is missing. `sealed`: the store's last sealed minute, -1 for none. What
 * a crash left torn at a file's end is cut off and logged. GB_ERR_CONFIG, IO, NOMEM. */
GB_MUST_USE int round_log_open(const char *folder, int64_t sealed, struct round_log **ret_log,
                               struct gb_err *err);
void round_log_free(struct round_log *log);

/* Any thread. Leaf and quote are both there, or neither is (GB_ERR_IO: a full disk; the minute goes
 * on without them). `now_s` is UTC, `now_ms` monotonic. */
GB_MUST_USE int round_log_append(struct round_log *log, const struct round_proof *proof,
                                 int64_t now_s, int64_t now_ms, struct gb_err *err);

/* The sequencer's thread only, all below. */

/* Makes durable what was appended. */
GB_MUST_USE int round_log_sync(struct round_log *log, struct gb_err *err);
/* The oldest minute that is over and has its first names; nothing is appended to it any more.
 * 1: there is one; 0: none. GB_ERR_IO, NOMEM. */
GB_MUST_USE int round_log_due(struct round_log *log, int64_t now_s, int64_t now_ms,
                              int64_t *ret_minute, struct gb_err *err);
/* Its content, synced, in the arena: leaves, and lines "<trust id> <policy>\n". */
GB_MUST_USE int round_log_read(struct round_log *log, struct gb_arena *arena, int64_t minute,
                               struct gb_bytes *ret_leaves, struct gb_bytes *ret_policies,
                               struct gb_err *err);
/* The entry is durable: gives the files their last names. Again after a crash: what was done is
 * done. */
GB_MUST_USE int round_log_close(struct round_log *log, int64_t minute, struct gb_err *err);
/* Removes a minute's files: no leaf came into them. */
GB_MUST_USE int round_log_drop(struct round_log *log, int64_t minute, struct gb_err *err);
/* STATE/rounds. */
const char *round_log_folder(const struct round_log *log);

#endif
