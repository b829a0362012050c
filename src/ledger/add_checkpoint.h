/* What a log sends to a witness, and what a witness says back: C2SP tlog-witness, add-checkpoint.
 * Pure: bytes to a struct and back. */
#ifndef GB_LEDGER_ADD_CHECKPOINT_H
#define GB_LEDGER_ADD_CHECKPOINT_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "base/limits.h"

/* The content type of a witness' answer that names the size which it co-signed last. */
#define ADD_CHECKPOINT_SIZE_TYPE "text/x.tlog.size"

struct add_checkpoint {
    uint64_t old_size; /* what the witness has co-signed last, as the sender believes */
    size_t proof_count;
    uint8_t proof[GB_LIMIT_CONSISTENCY][32]; /* RFC 6962 2.1.2: from old_size to the note's size */
    struct gb_bytes note;                    /* the checkpoint with its signatures; not read here */
};

/* "old N", hashes in base64, an empty line, the checkpoint; each line ends in a newline. Borrows
 * `in` for ret->note; the arena is for base64 only. GB_ERR_INPUT, LIMIT, NOMEM. */
GB_MUST_USE int add_checkpoint_read(struct gb_arena *arena, struct gb_bytes in,
                                    struct add_checkpoint *ret_ask, struct gb_err *err);
/* The same the other way; look at gb_buf_ok(out). */
void add_checkpoint_write(const struct add_checkpoint *ask, struct gb_buf *out);

/* The body of an answer of ADD_CHECKPOINT_SIZE_TYPE: a size in decimal and a newline. GB_ERR_INPUT.
 */
GB_MUST_USE int add_checkpoint_size_read(struct gb_bytes in, uint64_t *ret_size,
                                         struct gb_err *err);

#endif
