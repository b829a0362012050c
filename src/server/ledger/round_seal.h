/* Minutes of rounds into the ledger, each exactly once; and what is kept of them for how long. */
#ifndef GB_SERVER_ROUND_SEAL_H
#define GB_SERVER_ROUND_SEAL_H

#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "server/ledger/round_log.h"
#include "store/store.h"

/* Seals every minute that is over: the entry "rounds" is made durable together with the minute's
 * number, then the files get their last names. After an error the rest waits for the next call. The
 * sequencer's thread. */
GB_MUST_USE int round_seal(struct round_log *log, struct store *store, struct digester *digester,
                           int64_t now_s, int64_t now_ms, struct gb_err *err);

/* Removes the quotes, and the leaves, that were sealed before these times (seconds, UTC), and whose
 * day ended before them or, after a clock that was wrong, is still to come. */
GB_MUST_USE int round_prune(const char *folder, int64_t now_s, int64_t quotes_s, int64_t leaves_s,
                            struct gb_err *err);

#endif
