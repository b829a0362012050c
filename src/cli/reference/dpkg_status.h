/* --dpkg-status: exactly what a node or an image has installed, and what of it is missing. */
#ifndef GB_CLI_DPKG_STATUS_H
#define GB_CLI_DPKG_STATUS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "cli/reference/packages.h"
#include "reference/packages/dpkg.h"
#include "reference/packages/package.h"

struct dpkg_status {
    struct dpkg_list list;
    const char *file;
};

/* GB_ERR_CONFIG when nothing is installed; codes of file_read and dpkg_read, with the path. */
GB_MUST_USE int dpkg_status_load(struct gb_arena *arena, const char *file,
                                 struct dpkg_status **ret_status, struct gb_err *err);
/* For packages_read: `ctx` is the status. */
bool dpkg_status_want(void *ctx, const struct package *package);
/* Prints each package that is installed and that no job has read. GB_ERR_NOTFOUND when there are
 * any and `skip` is false. */
GB_MUST_USE int dpkg_status_missing(struct dpkg_status *status, const struct package_job *jobs,
                                    size_t count, bool skip, struct gb_err *err);

#endif
