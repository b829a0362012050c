/* An apt repository on a disk: found, its signature and lists checked, its packages as jobs. */
#ifndef GB_CLI_APT_REPO_H
#define GB_CLI_APT_REPO_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "cli/reference/packages.h"
#include "reference/packages/dpkg.h"

struct apt_wish {
    const char *dir;
    const char *suite;            /* NULL: the only one, or a flat repository */
    const char *keyring;          /* NULL: the signature is not checked, and that is printed */
    const char *arch;             /* NULL: the only one, beside "all" */
    const struct dpkg_list *only; /* NULL: all packages */
};

/* The packages with what they must be. GB_ERR_NOTFOUND, CONFIG (what to choose among is named),
 * DENIED (a signature that is not good), INPUT, LIMIT, IO, NOMEM; errors name the file. */
GB_MUST_USE int apt_repo_jobs(struct gb_arena *arena, const struct apt_wish *wish,
                              struct package_job **ret_jobs, size_t *ret_count, struct gb_err *err);

#endif
