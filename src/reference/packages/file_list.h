/* Digests of files from several packages, gathered into one reference set. */
#ifndef GB_REFERENCE_FILE_LIST_H
#define GB_REFERENCE_FILE_LIST_H

#include <stddef.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "policy/sets/refval.h"
#include "reference/packages/file_tree.h"

struct file_item {
    struct file_item *next;
    struct gb_bytes path;
    uint8_t digest[FILE_DIGEST];
};

/* Begin with the arena that items shall live in. */
struct file_list {
    struct gb_arena *arena;
    struct file_item *first;
    struct file_item *last;
    size_t count;
    size_t path_bytes; /* of all of them */
};

/* Appends one file; the path is copied. GB_ERR_LIMIT past GB_LIMIT_TREE_FILES or
 * GB_LIMIT_TREE_PATHS, NOMEM. */
GB_MUST_USE int file_list_add(struct file_list *list, struct gb_bytes path, const uint8_t *digest,
                              struct gb_err *err);
/* Appends a regular file of a tree by its path there. Codes likewise. */
GB_MUST_USE int file_list_node(struct file_list *list, const struct file_node *node,
                               struct gb_err *err);
/* Appends every regular file of the tree. */
GB_MUST_USE int file_list_tree(struct file_list *list, const struct file_tree *tree,
                               struct gb_err *err);
/* Moves all items of `from` behind those of `list`; their arena must live as long. */
void file_list_move(struct file_list *list, struct file_list *from);

/* The set of these files, sorted by path and digest, the same file once. In `arena`. */
GB_MUST_USE int file_list_set(struct gb_arena *arena, const struct file_list *list,
                              const char *name, struct ref_set **ret_set, struct gb_err *err);

#endif
