#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
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

static _Thread_local unsigned long countdown;

void file_fail_nth_sync(unsigned long nth)
{
    countdown = nth;
}

/* The armed failure, at its turn. */
static bool fails_now(void)
{
    if (countdown == 0 || --countdown > 0)
        return false;
    errno = EIO;
    return true;
}

/* EINVAL: this file system has nothing to sync. 0 or errno. */
static int sync_fd(int fd)
{
    return (fails_now() || fsync(fd) != 0) && errno != EINVAL ? errno : 0;
}

/* A new file beside `path`; its name goes to `temp`. */
static int open_beside(const char *path, mode_t mode, char temp[PATH_MAX], struct gb_err *err)
{
    static _Thread_local unsigned serial;
    for (int tries = 0; tries < 100; tries++) {
        int len = snprintf(temp, PATH_MAX, "%s.%ld-%u.tmp", path, (long)getpid(), serial++);
        if (len < 0 || len >= PATH_MAX)
            return file_failed(err, ENAMETOOLONG, path, "cannot write");
        int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
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
    return sync_fd(fd);
}

int file_sync_folder_of(const char *path, struct gb_err *err)
{
    int sys = sync_folder_of(path);
    return sys ? file_failed(err, sys, path, "cannot sync its folder") : GB_OK;
}

int file_replace(const char *path, struct gb_bytes bytes, const struct file_as *as,
                 struct gb_err *err)
{
    char temp[PATH_MAX];
    int fd = open_beside(path, as->mode, temp, err);
    if (fd < 0)
        return fd;
    int sys = as->exact && fchmod(fd, as->mode) != 0 ? errno : 0;
    if (sys == 0 && as->owner != (uid_t)-1 && fchown(fd, as->owner, as->group) != 0)
        sys = errno;
    if (sys == 0)
        sys = write_all(fd, bytes);
    if (sys == 0)
        sys = sync_fd(fd);
    if (close(fd) != 0 && sys == 0)
        sys = errno;
    if (sys == 0 && (fails_now() || rename(temp, path) != 0))
        sys = errno;
    if (sys != 0) {
        unlink(temp);
        return file_failed(err, sys, path, "cannot write");
    }
    return file_sync_folder_of(path, err);
}

static int write_to(const char *path, struct gb_bytes bytes, const struct file_as *as,
                    struct gb_err *err)
{
    if (strcmp(path, "-") == 0) {
        int sys = write_all(STDOUT_FILENO, bytes);
        return sys ? gb_err_sys(err, sys, "standard output: cannot write") : GB_OK;
    }
    struct stat st;
    if (stat(path, &st) != 0)
        return file_replace(path, bytes, as, err);
    if (S_ISDIR(st.st_mode))
        return gb_err_set(err, GB_ERR_CONFIG, "%s: a folder, not a file", file_shown(path).text);
    if (!S_ISREG(st.st_mode)) /* renaming over /dev/null would replace the device */
        return write_in_place(path, bytes, err);
    char target[PATH_MAX]; /* a symbolic link stays one */
    if (!realpath(path, target))
        return file_failed(err, errno, path, "cannot resolve");
    return file_replace(target, bytes, as, err);
}

int file_write(const char *path, struct gb_bytes bytes, struct gb_err *err)
{
    static const struct file_as plain = {.mode = 0644, .owner = (uid_t)-1, .group = (gid_t)-1};
    return write_to(path, bytes, &plain, err);
}

int file_write_as(const char *path, struct gb_bytes bytes, unsigned mode, struct gb_err *err)
{
    const struct file_as as = {
        .mode = (mode_t)mode, .exact = true, .owner = (uid_t)-1, .group = (gid_t)-1};
    return write_to(path, bytes, &as, err);
}
