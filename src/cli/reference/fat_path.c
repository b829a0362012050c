#include "cli/reference/fat_path.h"

#include <dirent.h>
#include <errno.h>
#include <strings.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/text.h"

static void closedirp(DIR **dir)
{
    if (*dir)
        (void)closedir(*dir);
}

/* `*ret_full` NULL: the folder has no such name, or is no folder. */
static int find_name(struct gb_arena *arena, const char *folder, struct gb_bytes name,
                     const char **ret_full, struct gb_err *err)
{
    gb_cleanup(closedirp) DIR *dir = opendir(folder);
    const char *full = NULL;
    if (!dir && errno != ENOENT && errno != ENOTDIR)
        return gb_err_sys(err, errno, "%s", folder);
    for (struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir)) {
        if (strncasecmp(entry->d_name, (const char *)name.data, name.len) != 0 ||
            entry->d_name[name.len] != 0)
            continue;
        if (full)
            return gb_err_set(err, GB_ERR_CONFIG,
                              "%s/%s: another name differs only in case, and an EFI system "
                              "partition cannot hold both: remove the one that is not on it",
                              folder, entry->d_name);
        full = gb_arena_printf(arena, "%s/%s", folder, entry->d_name);
        if (!full)
            return gb_err_nomem(err);
    }
    *ret_full = full;
    return GB_OK;
}

int fat_path_find(struct gb_arena *arena, const char *folder, const char *path,
                  const char **ret_full, struct gb_err *err)
{
    struct gb_bytes rest = gb_bytes_str(path);
    const char *full = folder;
    int r = GB_OK;
    while (r == 0 && full && rest.len > 0) {
        struct gb_bytes name = gb_text_until(&rest, '/');
        if (name.len > 0)
            r = find_name(arena, full, name, &full, err);
    }
    if (r == 0)
        *ret_full = full;
    return r;
}
