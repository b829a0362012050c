/* Digests of all files below a folder, as IMA will see them when it is the root of a machine. */
#ifndef GB_CLI_TREE_H
#define GB_CLI_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"

struct tree_wish {
    enum digest_alg alg;
    bool skip_unreadable; /* print what cannot be read and go on, instead of giving up */
    bool progress;        /* a line on standard error that tells how far we are */
};

struct tree {
    size_t count;
    uint8_t *keys;          /* count digests, one after another */
    struct gb_bytes *paths; /* "/usr/bin/true": as seen from the root */
    size_t left_out;        /* unreadable files and other file systems, each printed */
};

/*
 * Walks `root` in order of names. Regular files only: symlinks are not followed and nothing else
 * has contents to measure; other file systems are left out and printed. A file that cannot be read
 * is GB_ERR_IO and named. GB_ERR_NOTFOUND, CONFIG (`root`), LIMIT.
 */
GB_MUST_USE int tree_hash(struct gb_arena *arena, struct digester *digester, const char *root,
                          const struct tree_wish *wish, struct tree *ret_tree, struct gb_err *err);

#endif
