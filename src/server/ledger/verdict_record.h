/* What the ledger says of a changed verdict. */
#ifndef GB_SERVER_VERDICT_RECORD_H
#define GB_SERVER_VERDICT_RECORD_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "crypto/digest.h"
#include "server/ledger/round.h"
#include "store/store.h"

/* `json` is what the store keeps of it. In the arena; NULL as record_make. */
GB_MUST_USE const struct store_entry *verdict_record(struct gb_arena *arena,
                                                     struct digester *digester,
                                                     const struct round *round,
                                                     struct gb_bytes json);

#endif
