/* Aims at control_next by all its readers: dpkg_read, apt_packages_read, apt_release_read and
 * apt_unsigned. */
#include <stdlib.h>

#include "base/arena.h"
#include "reference/packages/apt.h"
#include "reference/packages/dpkg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(void *ctx, const struct apt_package *package, struct gb_err *err)
{
    (void)ctx;
    (void)err;
    if (package->name.len == 0 || package->path.len == 0 || package->path.data[0] == '/' ||
        memmem(package->path.data, package->path.len, "/../", 4))
        abort();
    return GB_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gb_arena *arena = gb_arena_new();
    struct gb_bytes in = gb_bytes(data, size);
    struct gb_err err;
    struct dpkg_list list;
    struct apt_release release;
    struct apt_file file;
    if (!arena)
        abort();
    if (dpkg_read(arena, in, &list, &err) == 0)
        for (size_t i = 0; i < list.count; i++) {
            const struct dpkg_package *p = &list.packages[i];
            if (dpkg_find(&list, p->name, p->version, p->arch) != p)
                abort();
        }
    (void)!apt_packages_read(in, take, NULL, &err);
    (void)!apt_unsigned(arena, in, &in, &err);
    if (apt_release_read(in, &release, &err) == 0)
        (void)!apt_release_find(&release, "main/binary-amd64/Packages.xz", &file);
    gb_arena_free(arena);
    return 0;
}
