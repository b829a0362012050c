/* What a consistency proof that does not hold can prove all the same: that the log forked. */
#ifndef GB_LEDGER_FORK_PROOF_H
#define GB_LEDGER_FORK_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "crypto/digest.h"
#include "ledger/merkle.h"

/*
 * Whether `proof` (RFC 9162, 2.1.4.1) shows that the tree of `root` begins otherwise than
 * `old_root`: it leads to the one and not to the other. Nobody can make such a proof of a tree that
 * does not fork, so it needs no belief in who sent it. An `old_size` that is a power of two leaves
 * its root out of the proof: then nothing is shown. A `root` at the same size (no proof) is shown
 * by being another one. GB_ERR_BUG. Thread: as the digester.
 */
GB_MUST_USE int fork_proof_holds(struct digester *digester, uint64_t old_size, uint64_t size,
                                 const uint8_t old_root[MERKLE_HASH],
                                 const uint8_t root[MERKLE_HASH],
                                 const uint8_t (*proof)[MERKLE_HASH], size_t count,
                                 bool *ret_forked);

#endif
