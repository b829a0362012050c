/* What a dpkg status file says is installed: the packages that a set must hold. */
#ifndef GB_REFERENCE_DPKG_H
#define GB_REFERENCE_DPKG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

struct dpkg_package {
    struct gb_bytes name; /* all borrowed from the status text */
    struct gb_bytes version;
    struct gb_bytes arch;
    bool found; /* for the caller */
};

struct dpkg_list {
    struct dpkg_package *packages; /* sorted; each once */
    size_t count;
};

/* Packages whose files are on the disk: every state but config-files and not-installed.
 * GB_ERR_INPUT (line), LIMIT past GB_LIMIT_PACKAGES, NOMEM. */
GB_MUST_USE int dpkg_read(struct gb_arena *arena, struct gb_bytes status,
                          struct dpkg_list *ret_list, struct gb_err *err);
/* The very package of this name, version and architecture, or NULL. Any thread. */
struct dpkg_package *dpkg_find(const struct dpkg_list *list, struct gb_bytes name,
                               struct gb_bytes version, struct gb_bytes arch);

#endif
