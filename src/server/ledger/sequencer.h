/*
 * From committed rows to a signed log: one step takes the store's new rows in order, makes them
 * durable as tiles, has the head signed by keyd, and puts it beside them. Whoever calls
 * sequencer_step has no other clock: at most one checkpoint a call. Rows, files and keyd's memory
 * must agree before anything is written; each way in which they do not has its own words, with what
 * to restore.
 */
#ifndef GB_SERVER_SEQUENCER_H
#define GB_SERVER_SEQUENCER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "rpc/keyd.h"
#include "store/store.h"

/* Who signs: keyd by RPC, or keyd's own functions in a test. As in rpc/keyd.h. */
struct sequencer_signer {
    int (*state)(void *ctx, struct gb_arena *arena, struct keyd_ledger *ret_ledger,
                 struct gb_err *err);
    int (*sign)(void *ctx, struct gb_arena *arena, const struct keyd_ledger_ask *ask,
                const char **ret_note, struct gb_err *err);
    void *ctx;
};
/* `client` must outlive it. */
struct sequencer_signer sequencer_keyd(struct keyd_client *client);

struct sequencer;

/* Opens the log's folder (made when it is missing) and compares it with the store and, when it can
 * be reached, with the signer. GB_ERR_CONFIG: they do not agree, the message says which is older
 * and what to restore. A signer that cannot be reached is asked in the first step. */
GB_MUST_USE int sequencer_open(const char *folder, struct store *store,
                               const struct sequencer_signer *signer,
                               struct sequencer **ret_sequencer, struct gb_err *err);
void sequencer_free(struct sequencer *sequencer);

/* One thread at a time, all below. */

/* Everything that is committed becomes signed. *ret_note is the new checkpoint, in the arena, or
 * NULL when nothing was to do. After an error the folder is opened and compared anew in the next
 * step: GB_ERR_CONFIG then means that only an operator can mend it. */
GB_MUST_USE int sequencer_step(struct sequencer *sequencer, struct gb_arena *arena,
                               const char **ret_note, struct gb_err *err);
/* Puts a note with more signatures of the same head (witnesses') in the place of the checkpoint;
 * GB_ERR_AGAIN when a newer head stands there already. GB_ERR_INPUT, IO. */
GB_MUST_USE int sequencer_cosigned(struct sequencer *sequencer, uint64_t size, struct gb_bytes note,
                                   struct gb_err *err);
/* Entries that are signed. */
uint64_t sequencer_signed(const struct sequencer *sequencer);

#endif
