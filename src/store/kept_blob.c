/*
 * Blobs too large for the database: STATE/evidence/<first two digits>/<digest>-<random>, one
 * Zstandard frame each. A name is never used twice, so whoever drops a row may remove its file at
 * leisure: nobody has begun to name the same file meanwhile.
 */

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/limits.h"
#include "crypto/rand.h"
#include "os/file.h"
#include "store/db.h"
#include "store/kept.h"
#include "store/kept_put.h"
#include "store/reading.h"
#include "store/state.h"
#include "store/store.h"

enum { FANS = 256, SALT = 8 };

int kept_folder(const struct store *store, char out[KEPT_PATH], struct gb_err *err)
{
    const char *slash = strrchr(store->path, '/');
    int dir = slash ? (int)(slash - store->path) + 1 : 0;
    int len = snprintf(out, KEPT_PATH, "%.*sevidence", dir, store->path);
    if (len < 0 || len >= KEPT_PATH)
        return gb_err_set(err, GB_ERR_CONFIG, "%s: too long a path", store->path);
    return GB_OK;
}

static int make_folder(const char *path, struct gb_err *err)
{
    if (mkdir(path, 0700) == 0)
        return file_sync_folder_of(path, err);
    return errno == EEXIST ? GB_OK : gb_err_sys(err, errno, "%s: cannot make this folder", path);
}

static int path_of(const struct store *store, struct gb_arena *arena, const char *file,
                   const char **ret_path, struct gb_err *err)
{
    char folder[KEPT_PATH];
    int r = kept_folder(store, folder, err);
    if (r < 0)
        return r;
    *ret_path = gb_arena_printf(arena, "%s/%s", folder, file);
    return *ret_path ? GB_OK : gb_err_nomem(err);
}

/* Folder, fan and name; the last may be made again and again. */
static int make_way(const struct store *store, const char *path, struct gb_err *err)
{
    char folder[KEPT_PATH];
    int r = kept_folder(store, folder, err);
    if (r == GB_OK)
        r = make_folder(folder, err);
    if (r < 0)
        return r;
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : sizeof folder;
    if (len >= sizeof folder)
        return gb_err_set(err, GB_ERR_CONFIG, "%s: too long a path", path);
    memcpy(folder, path, len);
    folder[len] = 0;
    return make_folder(folder, err);
}

void kept_unlink(const struct store *store, const char *file)
{
    char path[KEPT_PATH + NAME_MAX];
    if (kept_folder(store, path, NULL) < 0)
        return;
    size_t len = strlen(path);
    int more = snprintf(path + len, sizeof path - len, "/%s", file);
    if (more > 0 && (size_t)more < sizeof path - len)
        unlink(path);
}

void store_blob_discard(struct store *store, const struct store_kept_part *parts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (parts[i].blob.file)
            kept_unlink(store, parts[i].blob.file);
}

int store_blob_write(struct store *store, struct gb_arena *arena, struct store_blob *blob,
                     struct gb_err *err)
{
    static const struct file_as own = {
        .mode = 0600, .exact = true, .owner = (uid_t)-1, .group = (gid_t)-1};
    uint8_t salt[SALT];
    const char *path = NULL;
    int r = rand_bytes(salt, sizeof salt, err);
    if (r < 0)
        return r;
    const char *digest = gb_hex(arena, gb_bytes(blob->digest, STORE_HASH));
    const char *random = gb_hex(arena, gb_bytes(salt, sizeof salt));
    const char *file =
        digest && random ? gb_arena_printf(arena, "%.2s/%s-%s", digest, digest, random) : NULL;
    r = file ? path_of(store, arena, file, &path, err) : gb_err_nomem(err);
    if (r == GB_OK && path)
        r = make_way(store, path, err);
    if (r == GB_OK)
        r = file_replace(path, blob->packed, &own, err);
    if (r < 0)
        return r;
    blob->file = file;
    blob->packed = (struct gb_bytes){0};
    return GB_OK;
}

int store_blob_read(struct store *store, struct gb_arena *arena, const struct store_blob *blob,
                    struct gb_bytes *ret_packed, struct gb_err *err)
{
    const char *path = NULL;
    if (!blob->file) {
        *ret_packed = blob->packed;
        return GB_OK;
    }
    int r = path_of(store, arena, blob->file, &path, err);
    if (r == GB_OK)
        r = file_read(arena, path, blob->packed_size, ret_packed, err);
    if (r == GB_ERR_NOTFOUND || r == GB_ERR_LIMIT ||
        (r == GB_OK && ret_packed->len != blob->packed_size))
        return gb_err_set(err, GB_ERR_CONFIG,
                          "evidence %s is gone or damaged: restore the folder of evidence with "
                          "the database",
                          blob->file);
    return r;
}

int store_blob_known(struct store *store, const struct store_kept_part *parts, size_t count,
                     bool *ret_known, struct gb_err *err)
{
    gb_cleanup(reading_end) struct reading reading = {0};
    int r = reading_begin(store, &reading, err);
    for (size_t i = 0; r >= 0 && i < count; i++) {
        gb_cleanup(query_close) struct query q;
        query_open(&q, reading.db, "SELECT 1 FROM blob WHERE scope = ? AND digest = ?");
        query_int(&q, reading.db->scope);
        query_blob(&q, gb_bytes(parts[i].blob.digest, STORE_HASH));
        r = query_step(&q, err);
        ret_known[i] = r > 0;
    }
    return r < 0 ? r : GB_OK;
}

/* ---- at the start ---- */

static int is_named(struct db *db, const char *file, struct gb_err *err)
{
    gb_cleanup(query_close) struct query q;
    query_open(&q, db, "SELECT 1 FROM blob WHERE file = ?");
    query_text(&q, file);
    return query_step(&q, err);
}

/* Written, and then the process was killed before the row was. */
static int tidy_fan(struct store *store, const char *folder, unsigned fan, struct gb_err *err)
{
    char path[KEPT_PATH + 8], file[NAME_MAX + 8];
    snprintf(path, sizeof path, "%s/%02x", folder, fan);
    DIR *dir = opendir(path);
    int r = GB_OK;
    if (!dir)
        return errno == ENOENT ? GB_OK : gb_err_sys(err, errno, "%s: cannot open", path);
    for (struct dirent *e; r >= 0 && (e = readdir(dir));) {
        if (e->d_name[0] == '.')
            continue;
        snprintf(file, sizeof file, "%02x/%s", fan, e->d_name);
        r = is_named(&store->writer, file, err);
        if (r == 0)
            unlinkat(dirfd(dir), e->d_name, 0);
    }
    closedir(dir);
    return r < 0 ? r : GB_OK;
}

int kept_tidy(struct store *store, struct gb_err *err)
{
    char folder[KEPT_PATH];
    int r = kept_folder(store, folder, err);
    for (unsigned fan = 0; r == GB_OK && fan < FANS; fan++)
        r = tidy_fan(store, folder, fan, err);
    return r;
}
