/* An archive's files put into a file_tree, each hashed on the way; nothing touches a disk. */
#ifndef GB_REFERENCE_UNPACK_H
#define GB_REFERENCE_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "reference/packages/file_tree.h"
#include "wire/arc.h"

struct unpack_wish {
    struct gb_arena *arena; /* that of the tree */
    struct digester *digester;
    enum arc_kind kind; /* ARC_TAR or ARC_CPIO */
    bool plain;         /* the input is not compressed */
    bool whiteouts;     /* of an OCI layer: ".wh.NAME" takes NAME of the layers below away */
    uint32_t layer;
    enum digest_alg also; /* a second algorithm, for comparing; DIGEST_NONE or SHA-256: none */
};

/* Devices and the like are put as FILE_OTHER. A hard link to nothing is GB_ERR_INPUT, and so is
 * whatever file_tree_put refuses; errors name the entry. */
GB_MUST_USE int unpack_tree(const struct unpack_wish *wish, struct arc_input input,
                            struct file_tree *tree, struct gb_err *err);

#endif
