#include "ledger/log_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "ledger/tiles.h"

#define TEMP "writing.tmp"

static void closep(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static void closedirp(DIR **dir)
{
    if (*dir)
        closedir(*dir);
}

static int failed(const struct log_files *files, const char *name, const char *what,
                  struct gb_err *err)
{
    return gb_err_sys(err, errno, "%s/%s: %s", files->path, name, what);
}

int log_files_open(struct log_files *files, const char *path, struct gb_err *err)
{
    files->path = path;
    if (mkdir(path, 0755) != 0 && errno != EEXIST)
        return gb_err_sys(err, errno, "%s: cannot make the ledger's folder", path);
    files->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (files->root < 0)
        return gb_err_sys(err, errno, "%s: cannot open the ledger's folder", path);
    if (flock(files->root, LOCK_EX | LOCK_NB) == 0)
        return GB_OK;
    if (errno == EWOULDBLOCK)
        return gb_err_set(err, GB_ERR_AGAIN, "%s: another process writes this ledger", path);
    return gb_err_sys(err, errno, "%s: cannot lock the ledger's folder", path);
}

void log_files_close(struct log_files *files)
{
    closep(&files->root); /* and with it the lock */
    files->root = -1;
}

/* EINVAL: this file system has nothing to sync. */
static int sync_fd(int fd)
{
    return fsync(fd) != 0 && errno != EINVAL ? -1 : 0;
}

static int sync_folder(const struct log_files *files, const char *name, struct gb_err *err)
{
    gb_cleanup(closep) int fd =
        openat(files->root, *name ? name : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || sync_fd(fd) != 0)
        return failed(files, name, "cannot sync the folder", err);
    return GB_OK;
}

int log_files_sync(struct log_files *files, struct gb_err *err)
{
    while (files->dirty_count > 0) {
        int r = sync_folder(files, files->dirty[files->dirty_count - 1], err);
        if (r < 0)
            return r;
        files->dirty_count--;
    }
    return GB_OK;
}

/* Remembers the folder `len` bytes of `path` long. */
static int mark(struct log_files *files, const char *path, size_t len, struct gb_err *err)
{
    char name[TILES_PATH] = "";
    memcpy(name, path, len);
    for (size_t i = 0; i < files->dirty_count; i++)
        if (strcmp(files->dirty[i], name) == 0)
            return GB_OK;
    if (files->dirty_count == LOG_FILES_DIRTY) {
        int r = log_files_sync(files, err);
        if (r < 0)
            return r;
    }
    memcpy(files->dirty[files->dirty_count++], name, sizeof name);
    return GB_OK;
}

/* The folders above `path`; a new one's name stands in its parent, which is to be synced, too. */
static int make_folders(struct log_files *files, const char *path, struct gb_err *err)
{
    size_t parent = 0;
    for (size_t i = 0; path[i]; i++) {
        char name[TILES_PATH] = "";
        if (path[i] != '/')
            continue;
        memcpy(name, path, i);
        if (mkdirat(files->root, name, 0755) == 0) {
            int r = mark(files, path, parent, err);
            if (r < 0)
                return r;
        } else if (errno != EEXIST) {
            return failed(files, name, "cannot make the folder", err);
        }
        parent = i;
    }
    return mark(files, path, parent, err);
}

static int write_all(int fd, struct gb_bytes bytes)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.data, bytes.len);
        if (n < 0 && errno != EINTR)
            return -1;
        if (n > 0)
            bytes = gb_bytes_from(bytes, (size_t)n);
    }
    return 0;
}

int log_files_write(struct log_files *files, const struct tiles_name *name, struct gb_bytes bytes,
                    struct gb_err *err)
{
    /* One writer, one name a folder: a crash leaves one file. Beside the target, for Landlock lets
     * nobody rename from one folder to another. */
    char path[TILES_PATH], temp[TILES_PATH + sizeof TEMP];
    tiles_path(name, path);
    int r = make_folders(files, path, err);
    if (r < 0)
        return r;
    (void)snprintf(temp, sizeof temp, "%.*s" TEMP, (int)(strrchr(path, '/') + 1 - path), path);
    gb_cleanup(closep) int fd =
        openat(files->root, temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return failed(files, temp, "cannot create", err);
    if (write_all(fd, bytes) != 0 || sync_fd(fd) != 0)
        return failed(files, temp, "cannot write", err);
    if (renameat(files->root, temp, files->root, path) != 0)
        return failed(files, path, "cannot rename over it", err);
    return GB_OK;
}

void log_files_drop_partial(const struct log_files *files, const struct tiles_name *of,
                            unsigned width)
{
    char path[TILES_PATH];
    struct tiles_name name = *of;
    name.width = 1;
    tiles_path(&name, path);
    *strrchr(path, '/') = 0;
    int fd = openat(files->root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    gb_cleanup(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    for (const struct dirent *e; dir && (e = readdir(dir));) {
        uint64_t is = 0;
        if (gb_text_u64(gb_bytes_str(e->d_name), TILES_WIDTH, &is) && is > width)
            unlinkat(fd, e->d_name, 0);
    }
    if (width == 0 && fd >= 0) {
        unlinkat(fd, TEMP, 0);
        unlinkat(files->root, path, AT_REMOVEDIR);
    }
}

bool log_files_drop(const struct log_files *files, const struct tiles_name *name)
{
    char path[TILES_PATH];
    tiles_path(name, path);
    return unlinkat(files->root, path, 0) == 0;
}
