/* What was co-signed last of one log, durably: the signed checkpoint itself, with our cosignature,
 * in STATE/logs/<SHA-256 of the origin>. */
#ifndef GB_WITNESS_RECORD_H
#define GB_WITNESS_RECORD_H

#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "ledger/merkle.h"
#include "ledger/note.h"

struct record {
    uint64_t size; /* 0 before the first: grows from any */
    uint8_t root[MERKLE_HASH];
    struct gb_buf note; /* owned; empty before the first */
};

void record_done(struct record *record);
/* An absent file is a log that was never co-signed. GB_ERR_CONFIG when `self` did not sign what
 * stands there, or it is of another origin; IO, NOMEM. */
GB_MUST_USE int record_load(const char *path, const struct note_key *self, const char *origin,
                            struct record *ret_record, struct gb_err *err);
/* Durable when it returns 0: written beside, synced, renamed, the folder synced. After a failure
 * nobody knows which of the two stands: load again. */
GB_MUST_USE int record_save(const char *path, uint64_t size, const uint8_t root[MERKLE_HASH],
                            struct gb_bytes note, struct record *record, struct gb_err *err);

#endif
