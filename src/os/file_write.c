#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/file.h"
#include "os/file_path.h"

/* 0 or errno. */
static int write_all(int fd, struct gb_bytes bytes)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.data, bytes.len);
        if (n < 0 && errno != EINTR)
            return errno;
        if (n > 0)
            bytes = gb_bytes_from(bytes, (size_t)n);
    }
    return 0;
}

static int write_in_place(const char *path, struct gb_bytes bytes, struct gb_err *err)
{
    gb_cleanup(file_closep) int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return file_failed(err, errno, path, "cannot open for writing");
    int sys = write_all(fd, bytes);
    return sys ? file_failed(err, sys, path, "cannot write") : GB_OK;
}

/* A new file beside `path`; its name goes to `temp`. */
static int open_beside(const char *path, char temp[PATH_MAX], struct gb_err *err)
{
    static _Thread_local unsigned serial;
    for (int tries = 0; tries < 100; tries++) {
        int len = snprintf(temp, PATH_MAX, "%s.%ld-%u.tmp", path, (long)getpid(), serial++);
        if (len < 0 || len >= PATH_MAX)
            return file_failed(err, ENAMETOOLONG, path, "cannot write");
        int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        if (fd >= 0)
            return fd;
        if (errno != EEXIST)
            break;
    }
    return file_failed(err, errno, path, "cannot create a file beside it");
}

/* The rename itself must survive a crash too, so the folder is synced. 0 or errno. */
static int sync_folder_of(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) + 1 : 0;
    if (len >= sizeof folder)
        return ENAMETOOLONG;
    memcpy(folder, path, len);
    folder[len] = 0;
    gb_cleanup(file_closep) int fd =
        open(len > 0 ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    /* EINVAL: this file system has nothing to sync. */
    return fsync(fd) != 0 && errno != EINVAL ? errno : 0;
}

enum { BY_UMASK = -1 };

static int replace(const char *path, struct gb_bytes bytes, int mode, struct gb_err *err)
{
    char temp[PATH_MAX];
    int fd = open_beside(path, temp, err);
    if (fd < 0)
        return fd;
    int sys = mode != BY_UMASK && fchmod(fd, (mode_t)mode) != 0 ? errno : 0;
    if (sys == 0)
        sys = write_all(fd, bytes);
    if (sys == 0 && fsync(fd) != 0 && errno != EINVAL)
        sys = errno;
    if (close(fd) != 0 && sys == 0)
        sys = errno;
    if (sys == 0 && rename(temp, path) != 0)
        sys = errno;
    if (sys != 0) {
        unlink(temp);
        return file_failed(err, sys, path, "cannot write");
    }
    sys = sync_folder_of(path);
    return sys ? file_failed(err, sys, path, "cannot sync its folder") : GB_OK;
}

static int write_to(const char *path, struct gb_bytes bytes, int mode, struct gb_err *err)
{
    if (strcmp(path, "-") == 0) {
        int sys = write_all(STDOUT_FILENO, bytes);
        return sys ? gb_err_sys(err, sys, "standard output: cannot write") : GB_OK;
    }
    struct stat st;
    if (stat(path, &st) != 0)
        return replace(path, bytes, mode, err);
    if (S_ISDIR(st.st_mode))
        return gb_err_set(err, GB_ERR_CONFIG, "%s: a folder, not a file", file_shown(path).text);
    if (!S_ISREG(st.st_mode)) /* renaming over /dev/null would replace the device */
        return write_in_place(path, bytes, err);
    char target[PATH_MAX]; /* a symbolic link stays one */
    if (!realpath(path, target))
        return file_failed(err, errno, path, "cannot resolve");
    return replace(target, bytes, mode, err);
}

int file_write(const char *path, struct gb_bytes bytes, struct gb_err *err)
{
    return write_to(path, bytes, BY_UMASK, err);
}

int file_write_as(const char *path, struct gb_bytes bytes, unsigned mode, struct gb_err *err)
{
    return write_to(path, bytes, (int)mode, err);
}
