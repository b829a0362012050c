#include "cli/reference/import_pcrlock.h"

#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/encode.h"
#include "base/limits.h"
#include "os/file.h"
#include "reference/import/pcrlock.h"

static const char suffix[] = ".pcrlock";
static const char folder_suffix[] = ".pcrlock.d";

/* The files while they are gathered: struct pcrlock_file, one after another. */
struct gathering {
    struct gb_arena *arena;
    struct gb_buf files;
    size_t count;
};

static struct gb_bytes last_part(struct gb_bytes path)
{
    while (path.len > 1 && path.data[path.len - 1] == '/')
        path.len--;
    const uint8_t *slash = path.len > 0 ? memrchr(path.data, '/', path.len) : NULL;
    return slash ? gb_bytes_from(path, (size_t)(slash - path.data) + 1) : path;
}

static bool ends_in(struct gb_bytes name, const char *end)
{
    size_t len = strlen(end);
    return name.len > len && memcmp(name.data + name.len - len, end, len) == 0;
}

/* "650-kernel.pcrlock" to "650-kernel", printable. */
static const char *stem(struct gb_arena *arena, struct gb_bytes name, const char *end)
{
    return gb_text_escape(arena, gb_bytes(name.data, name.len - strlen(end)), GB_LIMIT_IMPORT_TEXT);
}

/* The folder that a path lies in, by its last part. */
static struct gb_bytes folder_of(struct gb_bytes path, struct gb_bytes name)
{
    return last_part(gb_bytes(path.data, (size_t)(name.data - path.data)));
}

static int add_file(struct gathering *gathering, const char *path, struct gb_err *err)
{
    struct gb_bytes whole = gb_bytes_str(path);
    struct gb_bytes name = last_part(whole), folder = folder_of(whole, name);
    struct pcrlock_file file = {.variant = NULL};
    if (!ends_in(name, suffix))
        return gb_err_set(err, GB_ERR_CONFIG,
                          "%s: the name does not end in .pcrlock, so its place in the boot is not "
                          "known",
                          path);
    if (gathering->count == GB_LIMIT_IMPORT_FILES)
        return gb_err_set(err, GB_ERR_LIMIT, "more than %d pcrlock files", GB_LIMIT_IMPORT_FILES);
    bool is_variant = ends_in(folder, folder_suffix);
    file.component = is_variant ? stem(gathering->arena, folder, folder_suffix)
                                : stem(gathering->arena, name, suffix);
    if (is_variant)
        file.variant = stem(gathering->arena, name, suffix);
    if (!file.component || (is_variant && !file.variant))
        return gb_err_nomem(err);
    int r = file_read(gathering->arena, path, GB_LIMIT_IMPORT_FILE, &file.bytes, err);
    if (r < 0)
        return r;
    gb_buf_add(&gathering->files, &file, sizeof file);
    gathering->count++;
    return gb_buf_ok(&gathering->files) ? GB_OK : gb_err_nomem(err);
}

static int add_all_of(struct gathering *gathering, const char *dir, struct gb_err *err)
{
    const char *const *names = NULL;
    int r = file_list(gathering->arena, dir, "", suffix, &names, err);
    for (size_t i = 0; r == GB_OK && names[i]; i++) {
        const char *path = gb_arena_printf(gathering->arena, "%s/%s", dir, names[i]);
        r = path ? add_file(gathering, path, err) : gb_err_nomem(err);
    }
    return r;
}

/* What a folder holds, and what its folders of variants hold. */
static int add_folder(struct gathering *gathering, const char *dir, struct gb_err *err)
{
    const char *const *names = NULL;
    size_t before = gathering->count;
    int r = add_all_of(gathering, dir, err);
    if (r == GB_OK)
        r = file_list(gathering->arena, dir, "", folder_suffix, &names, err);
    for (size_t i = 0; r == GB_OK && names[i]; i++) {
        const char *path = gb_arena_printf(gathering->arena, "%s/%s", dir, names[i]);
        r = path ? add_all_of(gathering, path, err) : gb_err_nomem(err);
    }
    if (r == GB_OK && gathering->count == before)
        return gb_err_set(err, GB_ERR_CONFIG, "%s: no .pcrlock file in it", dir);
    return r;
}

int import_pcrlock_files(struct gb_arena *arena, const char *const *paths, size_t count,
                         struct pcrlock_file **ret_files, size_t *ret_count, struct gb_err *err)
{
    struct gathering gathering = {.arena = arena};
    int r = GB_OK;
    gb_buf_init(&gathering.files, GB_LIMIT_IMPORT_FILES * sizeof(struct pcrlock_file));
    for (size_t i = 0; r == GB_OK && i < count; i++) {
        struct stat st;
        bool is_folder = stat(paths[i], &st) == 0 && S_ISDIR(st.st_mode);
        r = is_folder ? add_folder(&gathering, paths[i], err) : add_file(&gathering, paths[i], err);
    }
    struct pcrlock_file *files =
        gb_arena_new_array(arena, struct pcrlock_file, gathering.count + 1);
    if (r == GB_OK && !files)
        r = gb_err_nomem(err);
    if (r == GB_OK) {
        if (gathering.count > 0)
            memcpy(files, gathering.files.data, gathering.files.len);
        *ret_files = files;
        *ret_count = gathering.count;
    }
    gb_buf_done(&gathering.files);
    return r;
}
