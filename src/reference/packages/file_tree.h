/*
 * The files that an archive, or several in layers, leaves on a disk: kept in memory, by name, with
 * a digest each. Links in the middle of a path are followed as a kernel would, and never leave the
 * root. Everything lives in the arena; one tree has one user.
 */
#ifndef GB_REFERENCE_FILE_TREE_H
#define GB_REFERENCE_FILE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "base/limits.h"

enum file_kind {
    FILE_NONE, /* was there, or only looked for */
    FILE_REGULAR,
    FILE_FOLDER,
    FILE_SYMLINK,
    FILE_OTHER,
};

enum { FILE_DIGEST = 32 }; /* SHA-256 */

struct file_node {
    struct file_node *parent; /* NULL: the root */
    struct file_node *first;  /* of the children that are there */
    struct file_node *next;   /* among them */
    struct file_node *before;
    struct file_node *same; /* whose contents these are (a hard link whose data came later) */
    struct gb_bytes name;
    struct gb_bytes target; /* of a symbolic link */
    const uint8_t *also;    /* GB_LIMIT_DIGEST bytes: the digest in a second algorithm, or NULL */
    enum file_kind kind;
    uint32_t layer;   /* that put it there, or put something below it */
    uint32_t emptied; /* the last layer that took away what was below; 0: none */
    uint32_t depth;
    uint8_t digest[FILE_DIGEST]; /* of FILE_REGULAR */
};

struct file_tree;

/* `seed` keeps whoever chooses names from choosing their places in memory. GB_ERR_NOMEM. */
GB_MUST_USE int file_tree_new(struct gb_arena *arena, uint64_t seed, struct file_tree **ret_tree,
                              struct gb_err *err);

/*
 * Puts something at `path` ("usr/bin/true", "./usr/bin/true" and "/usr/bin/true" are the same),
 * making the folders above it. A folder stays when one is put over it; all else is replaced with
 * what is below. GB_ERR_INPUT: the path has "..", or leads through what is no folder; LIMIT, NOMEM.
 */
GB_MUST_USE int file_tree_put(struct file_tree *tree, struct gb_bytes path, enum file_kind kind,
                              uint32_t layer, struct file_node **ret_node, struct gb_err *err);
/* What is at `path` itself (a link at its end is not followed); NULL: nothing. Codes likewise. */
GB_MUST_USE int file_tree_find(struct file_tree *tree, struct gb_bytes path,
                               struct file_node **ret_node, struct gb_err *err);
/* Takes away what layers before `layer` left at `path` and below it. */
GB_MUST_USE int file_tree_hide(struct file_tree *tree, struct gb_bytes path, uint32_t layer,
                               struct gb_err *err);
/* The same, of what is in the folder `path`. */
GB_MUST_USE int file_tree_empty(struct file_tree *tree, struct gb_bytes path, uint32_t layer,
                                struct gb_err *err);

/* Whether the last part of a path is what remains of it after `ret_folder`; false for the root. */
GB_MUST_USE bool file_path_split(struct gb_bytes path, struct gb_bytes *ret_folder,
                                 struct gb_bytes *ret_name);

/* The root, for walks; deeper than GB_LIMIT_TREE_DEPTH there is nothing. */
const struct file_node *file_tree_root(const struct file_tree *tree);
/* Bytes of the path: links may make it longer than any that an archive can say. */
size_t file_node_path_len(const struct file_node *node);
/* "/usr/bin/true" in the arena; data is NULL when out of memory. */
struct gb_bytes file_node_path(struct gb_arena *arena, const struct file_node *node);

#endif
