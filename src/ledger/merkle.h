/*
 * The Merkle tree of RFC 6962, 2.1 (RFC 9162, 2.1) over SHA-256: a leaf is hashed behind a byte
 * 0x00, a node behind 0x01, so that neither can pass for the other. Trees hold at most 2^63 - 1
 * leaves. A wrong proof is an answer: *ret_valid = false and 0; the only errors are ours
 * (GB_ERR_BUG). Thread: as the digester.
 */
#ifndef GB_LEDGER_MERKLE_H
#define GB_LEDGER_MERKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"

enum {
    MERKLE_HASH = 32,
    MERKLE_LEVELS = 63, /* heights of complete subtrees in a tree of up to 2^63 - 1 leaves */
    MERKLE_PROOF = 64   /* hashes of the longest proof: consistency adds one to the height */
};
#define MERKLE_SIZE_MAX ((uint64_t)INT64_MAX)

/* The hash of a tree without leaves: SHA-256 of nothing. */
GB_MUST_USE int merkle_empty(struct digester *digester, uint8_t out[MERKLE_HASH]);
GB_MUST_USE int merkle_leaf(struct digester *digester, struct gb_bytes entry,
                            uint8_t out[MERKLE_HASH]);
/* `out` may be `left` or `right`. */
GB_MUST_USE int merkle_node(struct digester *digester, const uint8_t left[MERKLE_HASH],
                            const uint8_t right[MERKLE_HASH], uint8_t out[MERKLE_HASH]);

/* A tree's right edge: the roots of its complete subtrees, one for each bit of `size`. Enough to
 * append and to give the root. All zero is the empty tree. */
struct merkle_range {
    uint64_t size;
    uint8_t hashes[MERKLE_LEVELS]
                  [MERKLE_HASH]; /* [h]: the subtree of 2^h leaves, when bit h is set */
};

/* GB_ERR_LIMIT when the tree is full. */
GB_MUST_USE int merkle_range_add(struct digester *digester, struct merkle_range *range,
                                 const uint8_t leaf[MERKLE_HASH]);
GB_MUST_USE int merkle_range_root(struct digester *digester, const struct merkle_range *range,
                                  uint8_t out[MERKLE_HASH]);

struct merkle_proof {
    uint8_t hashes[MERKLE_PROOF][MERKLE_HASH]; /* from the leaf's side upward */
    size_t count;
};

/* Where hashes of complete subtrees come from: that of the leaves [index << level, (index + 1) <<
 * level). Returns 0 or an error of its own. */
struct merkle_source {
    int (*node)(void *arg, unsigned level, uint64_t index, uint8_t out[MERKLE_HASH],
                struct gb_err *err);
    void *arg;
};

/* The right edge of the first `size` leaves. Codes of the source, GB_ERR_LIMIT. */
GB_MUST_USE int merkle_range_load(const struct merkle_source *source, uint64_t size,
                                  struct merkle_range *ret_range, struct gb_err *err);
/* That the leaf at `index` stands in the tree of the first `size` leaves. GB_ERR_NOTFOUND when
 * index >= size; codes of the source. */
GB_MUST_USE int merkle_prove_inclusion(struct digester *digester,
                                       const struct merkle_source *source, uint64_t index,
                                       uint64_t size, struct merkle_proof *ret_proof,
                                       struct gb_err *err);
/* That the tree of `old_size` leaves is the beginning of that of `size`. The proof is empty when
 * old_size is 0 or size. GB_ERR_NOTFOUND when old_size > size. */
GB_MUST_USE int merkle_prove_consistency(struct digester *digester,
                                         const struct merkle_source *source, uint64_t old_size,
                                         uint64_t size, struct merkle_proof *ret_proof,
                                         struct gb_err *err);

/* RFC 9162, 2.1.3.2. */
GB_MUST_USE int merkle_verify_inclusion(struct digester *digester, uint64_t index, uint64_t size,
                                        const uint8_t leaf[MERKLE_HASH],
                                        const uint8_t (*proof)[MERKLE_HASH], size_t count,
                                        const uint8_t root[MERKLE_HASH], bool *ret_valid);
/* RFC 9162, 2.1.4.2. Nothing is proven about a tree without leaves: old_size 0 is not valid here.
 */
GB_MUST_USE int merkle_verify_consistency(struct digester *digester, uint64_t old_size,
                                          uint64_t size, const uint8_t old_root[MERKLE_HASH],
                                          const uint8_t root[MERKLE_HASH],
                                          const uint8_t (*proof)[MERKLE_HASH], size_t count,
                                          bool *ret_valid);
/* What a signer or a witness asks before it signs again: whether (size, root) is growth of what it
 * signed last, or the same again. From 0 any tree may grow (no proof, `old_root` is not read); a
 * tree without leaves must have the empty root. */
GB_MUST_USE int merkle_verify_growth(struct digester *digester, uint64_t old_size, uint64_t size,
                                     const uint8_t old_root[MERKLE_HASH],
                                     const uint8_t root[MERKLE_HASH],
                                     const uint8_t (*proof)[MERKLE_HASH], size_t count,
                                     bool *ret_valid);

/* Subtrees [start, end) as the drafts of Merkle tree certificates cut them: start is a multiple of
 * the smallest power of two that is not below end - start. That a leaf stands in one, and that one
 * stands in the tree of `size` leaves. */
GB_MUST_USE int merkle_verify_subtree_inclusion(struct digester *digester, uint64_t index,
                                                uint64_t start, uint64_t end,
                                                const uint8_t leaf[MERKLE_HASH],
                                                const uint8_t (*proof)[MERKLE_HASH], size_t count,
                                                const uint8_t root[MERKLE_HASH], bool *ret_valid);
GB_MUST_USE int merkle_verify_subtree_consistency(struct digester *digester, uint64_t start,
                                                  uint64_t end, uint64_t size,
                                                  const uint8_t subtree[MERKLE_HASH],
                                                  const uint8_t root[MERKLE_HASH],
                                                  const uint8_t (*proof)[MERKLE_HASH], size_t count,
                                                  bool *ret_valid);

#endif
