#include "cli/reference/dpkg_status.h"

#include <stdio.h>

#include "base/limits.h"
#include "cli/reference/packages.h"
#include "os/file.h"
#include "reference/packages/dpkg.h"
#include "reference/packages/package.h"

int dpkg_status_load(struct gb_arena *arena, const char *file, struct dpkg_status **ret_status,
                     struct gb_err *err)
{
    struct dpkg_status *status = gb_arena_new_one(arena, struct dpkg_status);
    struct gb_bytes text = {0};
    if (!status)
        return gb_err_nomem(err);
    status->file = file;
    int r = file_read(arena, file, GB_LIMIT_CONTROL, &text, err);
    if (r < 0)
        return r;
    r = dpkg_read(arena, text, &status->list, err);
    if (r < 0) {
        gb_err_prefix(err, "%s: ", file);
        return r;
    }
    if (status->list.count == 0)
        return gb_err_set(err, GB_ERR_CONFIG, "%s: no package is installed by it", file);
    *ret_status = status;
    return GB_OK;
}

bool dpkg_status_want(void *ctx, const struct package *package)
{
    const struct dpkg_status *status = ctx;
    return dpkg_find(&status->list, package->name, package->version, package->arch) != NULL;
}

int dpkg_status_missing(struct dpkg_status *status, const struct package_job *jobs, size_t count,
                        bool skip, struct gb_err *err)
{
    size_t missing = 0;
    for (size_t i = 0; i < count; i++) {
        const struct package *read = &jobs[i].package;
        struct dpkg_package *package =
            dpkg_find(&status->list, read->name, read->version, read->arch);
        if (package)
            package->found = true;
    }
    for (size_t i = 0; i < status->list.count; i++) {
        const struct dpkg_package *package = &status->list.packages[i];
        if (package->found)
            continue;
        missing++;
        fprintf(stderr, "garboard: installed, and not given: %.*s:%.*s %.*s\n",
                (int)package->name.len, (const char *)package->name.data, (int)package->arch.len,
                (const char *)package->arch.data, (int)package->version.len,
                (const char *)package->version.data);
    }
    if (missing == 0 || skip)
        return GB_OK;
    return gb_err_set(err, GB_ERR_NOTFOUND,
                      "%s: %zu of %zu installed packages are not given (--skip-missing leaves them "
                      "out: their files will be unknown)",
                      status->file, missing, status->list.count);
}
