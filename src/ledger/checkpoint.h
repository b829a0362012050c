/*
 * A log's head (C2SP tlog-checkpoint): the text of a signed note whose lines are origin, size, root
 * and any extensions. `checkpoint_open` is the one door by which a head becomes believable: it
 * reads, verifies and counts witnesses.
 */
#ifndef GB_LEDGER_CHECKPOINT_H
#define GB_LEDGER_CHECKPOINT_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "ledger/merkle.h"
#include "ledger/note.h"

struct checkpoint {
    struct gb_bytes origin; /* "<trust domain>/ledger" */
    uint64_t size;          /* entries */
    uint8_t root[MERKLE_HASH];
    struct gb_bytes extensions; /* whole lines, or empty */
};

/* Reads a note's text. Borrows it. GB_ERR_INPUT. */
GB_MUST_USE int checkpoint_read(struct gb_bytes text, struct checkpoint *ret_checkpoint,
                                struct gb_err *err);
/* Failure sticks in the buffer. */
void checkpoint_write(const struct checkpoint *checkpoint, struct gb_buf *out);

/* Who must have signed. */
struct checkpoint_trust {
    const struct note_key *keys; /* of the log (NOTE_ED25519): one of them must have signed */
    size_t key_count;
    const char *origin;               /* NULL: the name of the key that signed */
    const struct note_key *witnesses; /* NOTE_COSIGNATURE */
    size_t witness_count;
    size_t quorum; /* so many different witnesses must have cosigned */
};

struct checkpoint_opened {
    struct note note;
    struct checkpoint head;
    const struct note_key *signer;
    size_t cosigned;   /* known witnesses that did */
    const char *fault; /* NULL: all is right. Else a literal that says what is not */
    const char *whose; /* the key's name that the fault speaks of, or ids of keys, or NULL */
};

/* Reads a whole signed checkpoint and judges it. A head that must not be believed is an answer:
 * `fault` says why and 0 is returned. Borrows `in` and `trust`. GB_ERR_INPUT (no checkpoint at
 * all), LIMIT, BUG, NOMEM. */
GB_MUST_USE int checkpoint_open(struct gb_arena *arena, const struct checkpoint_trust *trust,
                                struct gb_bytes in, struct checkpoint_opened *ret_opened,
                                struct gb_err *err);

#endif
