/* Finds the accepted digest of a path: only for messages ("changed" rather than "unknown"). */
#ifndef GB_POLICY_PATH_INDEX_H
#define GB_POLICY_PATH_INDEX_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "policy/refval.h"

struct path_index {
    size_t count;
    const struct gb_bytes *paths;
    const struct gb_bytes *digests;
    const enum digest_alg *algs;
    uint64_t seed;
    struct gb_map map; /* of path hashes */
};

/* Indexes the files (of contents) of all packages sets in the list. */
GB_MUST_USE int path_index_build(struct gb_arena *arena, const struct ref_set *sets,
                                 struct path_index *ret_index, struct gb_err *err);
/* The first accepted digest of `path`; data NULL when no set knows the path. */
struct gb_bytes path_index_find(const struct path_index *index, struct gb_bytes path,
                                enum digest_alg *ret_alg);

#endif
