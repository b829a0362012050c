/*
 * Which reference sets know a file's digest: one table over the files of all sets that are loaded,
 * so that a look-up costs the same whatever their number and size. One copy serves all nodes; which
 * sets count for a node is a mask that it is asked with. Immutable once built; docs/adr/0017.
 */
#ifndef GB_POLICY_FILE_INDEX_H
#define GB_POLICY_FILE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "policy/sets/refval.h"

/* A bit for each set that is loaded, at ref_set.place. All zero: no set. */
struct set_mask {
    uint64_t words[GB_LIMIT_SETS / 64];
};

static inline void set_mask_add(struct set_mask *mask, const struct ref_set *set)
{
    mask->words[set->place / 64] |= UINT64_C(1) << set->place % 64;
}

static inline bool set_mask_has(const struct set_mask *mask, const struct ref_set *set)
{
    return (mask->words[set->place / 64] >> set->place % 64 & 1) != 0;
}

struct file_index;

/*
 * Numbers the sets (ref_set.place, from 0 in the order of the list) and indexes their files. The
 * sets outlive the index. `seed` is random: whoever chooses files must not know how they are
 * spread. GB_ERR_LIMIT, NOMEM.
 */
GB_MUST_USE int file_index_build(struct gb_arena *arena, struct ref_set *sets, uint64_t seed,
                                 const struct file_index **ret_index, struct gb_err *err);

/* The sets that know one digest. Valid as long as the index. */
struct file_hit {
    const uint64_t *words; /* a bit a set, by its place */
    size_t count;          /* words */
};

/* Whether any set knows it. fs-verity digests (`verity`) and digests of contents are different
 * things. `index` may be NULL: nothing is known. Threads: any. */
GB_MUST_USE bool file_index_find(const struct file_index *index, bool verity, enum digest_alg alg,
                                 struct gb_bytes digest, struct file_hit *ret_hit);
/* A hint that this will be asked soon: memory is slower than hashing. */
void file_index_prefetch(const struct file_index *index, bool verity, enum digest_alg alg,
                         struct gb_bytes digest);

/* Whether one of the sets in the mask is among those that know it. */
static inline bool file_hit_in(const struct file_hit *hit, const struct set_mask *mask)
{
    for (size_t i = 0; i < hit->count; i++)
        if ((hit->words[i] & mask->words[i]) != 0)
            return true;
    return false;
}

static inline bool file_hit_by(const struct file_hit *hit, const struct ref_set *set)
{
    return set->place / 64 < hit->count &&
           (hit->words[set->place / 64] >> set->place % 64 & 1) != 0;
}

#endif
