/* What readers of packages share. */
#ifndef GB_REFERENCE_PACKAGE_H
#define GB_REFERENCE_PACKAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "crypto/digest.h"

/* What a package says of itself; text in the arena of the list that its files went to. */
struct package {
    struct gb_bytes name;
    struct gb_bytes version;
    struct gb_bytes arch;
    bool skipped;          /* not wanted: no files were read */
    size_t ima_signatures; /* rpm: files that bring one */
    const char *unchecked; /* what the package says of itself and could not be compared, or NULL */
};

/* What reading one package needs. One thread at a time. */
struct package_room {
    struct gb_arena *scratch; /* reset by the caller between packages */
    struct digester *digester;
    uint64_t seed; /* nobody's guess (file_tree_new) */
    /* Whether this one is wanted, once name, version and architecture are known; NULL: all are. */
    bool (*want)(void *ctx, const struct package *package);
    void *ctx;
};

#endif
