/*
 * What of a round is kept as evidence (docs/adr/0021): all of it when it begins a boot, what is new
 * when it goes on, and with a change of verdict what decided. Packed here, in the thread that
 * judged; large blobs are files before the row is written. A round that says what is kept already
 * writes nothing.
 */
#ifndef GB_SERVER_KEEP_H
#define GB_SERVER_KEEP_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "server/ledger/round.h"
#include "store/kept.h"
#include "store/store.h"

/* After round_judge, before anything is told. `news`: the verdict changes. *ret_kept is NULL when
 * there is nothing to keep; it lives in the arena and borrows from round and snapshot. GB_ERR_IO: a
 * full disk: neither verdict nor progress may go on without it. NOMEM, BUG. */
GB_MUST_USE int keep_prepare(struct gb_arena *arena, struct store *store, struct digester *digester,
                             const struct round *round, bool news,
                             const struct store_kept **ret_kept, struct gb_err *err);

#endif
