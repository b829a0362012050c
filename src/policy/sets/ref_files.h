/*
 * Digests of files with the paths they had, packed: a million cost some 60 bytes each, all told.
 * Digests stand one behind the other in the order of their paths; paths are front-coded (what a
 * path shares with the one before it is not stored again). Which set knows a digest is asked of
 * file_index.h, which is made of all sets together. Immutable once made; docs/adr/0017.
 */
#ifndef GB_POLICY_REF_FILES_H
#define GB_POLICY_REF_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"

/* All zero: none. */
struct ref_files {
    enum digest_alg alg;
    size_t count;
    const uint8_t *digests;       /* `count` of digest_size(alg) bytes */
    struct gb_bytes paths;        /* front-coded; ref_files_walk reads them */
    const uint32_t *blocks;       /* where every sixteenth path begins in `paths`, written whole */
    size_t path_max;              /* length of the longest path */
    const uint32_t *ima_policies; /* positions of paths that end in "/ima-policy" (T15) */
    size_t ima_policy_count;
};

/* What one is made of: digests[i * size] belongs to paths[i], in any order. Paths are raw bytes,
 * and hints for people: only the digest decides. */
struct ref_files_parts {
    enum digest_alg alg;
    const uint8_t *digests;
    const struct gb_bytes *paths;
    size_t count;
};

/* Sorts, packs and copies into the arena; `parts` may go afterwards. What stands twice, digest and
 * path, is kept once. GB_ERR_LIMIT, NOMEM. */
GB_MUST_USE int ref_files_make(struct gb_arena *arena, const struct ref_files_parts *parts,
                               struct ref_files *ret_files, struct gb_err *err);

/* The i-th digest, borrowed; `i` is below count. */
struct gb_bytes ref_files_digest(const struct ref_files *files, size_t i);
/* The i-th path, copied into the arena; data is NULL when out of memory. */
GB_MUST_USE struct gb_bytes ref_files_path(struct gb_arena *arena, const struct ref_files *files,
                                           size_t i);
/* The position of the first file of this path; -1 when there is none. Needs no memory: a binary
 * search. */
int64_t ref_files_find_path(const struct ref_files *files, struct gb_bytes path);

/* All files in the order of their paths. */
struct ref_files_walk {
    const struct ref_files *files;
    size_t next;   /* position of the file that comes */
    size_t at;     /* of its path in files->paths */
    uint8_t *room; /* path_max bytes, in the arena */
    struct gb_bytes digest;
    struct gb_bytes path; /* until the next step */
};

/* False when out of memory. */
GB_MUST_USE bool ref_files_walk_init(struct ref_files_walk *walk, struct gb_arena *arena,
                                     const struct ref_files *files);
/* Sets `digest` and `path` to those of the next file; false at the end. */
GB_MUST_USE bool ref_files_walk_next(struct ref_files_walk *walk);

#endif
