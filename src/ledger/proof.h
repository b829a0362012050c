/*
 * A proof that can be checked alone (C2SP tlog-proof): an entry's index, its inclusion, and the
 * signed checkpoint. `extra` carries what is needed beside it, so that one file is enough: the
 * entry itself and, for one attestation, its leaf and the leaf's inclusion in the minute's root.
 * Nothing of it is believed before ledger_proof_judge said so.
 */
#ifndef GB_LEDGER_PROOF_H
#define GB_LEDGER_PROOF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "ledger/checkpoint.h"
#include "ledger/merkle.h"
#include "ledger/rounds.h"

struct ledger_proof {
    uint64_t index;
    struct merkle_proof inclusion;
    struct gb_bytes extra;      /* decoded; empty when there is none */
    struct gb_bytes checkpoint; /* the whole note */
};

/* Failure sticks in the buffer. */
void ledger_proof_write(const struct ledger_proof *proof, struct gb_buf *out);
/* Borrows `in`; `extra` is in the arena. GB_ERR_INPUT, LIMIT (GB_LIMIT_PROOF), NOMEM. */
GB_MUST_USE int ledger_proof_read(struct gb_arena *arena, struct gb_bytes in,
                                  struct ledger_proof *ret_proof, struct gb_err *err);

/* What Garboard puts into `extra`: a CBOR map. */
struct ledger_proof_extra {
    struct gb_bytes entry;
    struct gb_bytes leaf; /* ROUNDS_LEAF bytes, or empty: the proof is of the entry alone */
    uint64_t leaf_index;
    struct merkle_proof leaf_inclusion;
};

void ledger_proof_extra_write(const struct ledger_proof_extra *extra, struct gb_buf *out);
/* Spans point into `in`. GB_ERR_INPUT, LIMIT. */
GB_MUST_USE int ledger_proof_extra_read(struct gb_bytes in, struct ledger_proof_extra *ret_extra,
                                        struct gb_err *err);

struct ledger_proof_answer {
    const char *fault; /* NULL: proven. Else a literal that says what is not */
    const char *whose; /* the key's name that the fault speaks of, or NULL */
    struct checkpoint head;
    size_t cosigned;
};

/* That the hash of a leaf stands at the proof's index in a log whose checkpoint those signed. Codes
 * of checkpoint_open. */
GB_MUST_USE int ledger_proof_judge(struct gb_arena *arena, struct digester *digester,
                                   const struct ledger_proof *proof,
                                   const uint8_t leaf[MERKLE_HASH],
                                   const struct checkpoint_trust *trust,
                                   struct ledger_proof_answer *ret_answer, struct gb_err *err);
/* That the leaf stands in the minute that the (proven) entry "rounds" seals. A fault, or NULL, goes
 * to *ret_fault. GB_ERR_INPUT (the entry seals no minute), BUG, NOMEM. */
GB_MUST_USE int ledger_proof_judge_leaf(struct digester *digester,
                                        const struct ledger_proof_extra *extra,
                                        const char **ret_fault, struct gb_err *err);

#endif
