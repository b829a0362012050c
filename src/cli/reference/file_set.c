#include "cli/reference/file_set.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/encode.h"

static void add(struct file_set *set, struct file_set_item item)
{
    struct gb_bytes copy = gb_arena_copy(set->arena, gb_bytes_str(item.path));
    if (!copy.data || set->count == FILE_SET_MAX) {
        set->failed = true;
        return;
    }
    item.path = (const char *)copy.data;
    set->items[set->count++] = item;
}

void file_set_folder(struct file_set *set, const char *path, mode_t mode, uid_t owner, gid_t group)
{
    add(set, (struct file_set_item){
                 .path = path, .folder = true, .mode = mode, .owner = owner, .group = group});
}

void file_set_file(struct file_set *set, const char *path, struct gb_bytes bytes, mode_t mode,
                   uid_t owner, gid_t group)
{
    add(set, (struct file_set_item){
                 .path = path, .bytes = bytes, .mode = mode, .owner = owner, .group = group});
}

static int failed(const struct file_set *set, const struct file_set_item *item, const char *what,
                  struct gb_err *err)
{
    int sys = errno;
    const char *path = gb_text_escape(set->arena, gb_bytes_str(item->path), 160);
    return gb_err_sys(err, sys, "%s: %s", path ? path : "?", what);
}

/* Before anything is made: what is there is named, and stays. */
static int check_free(const struct file_set *set, struct gb_err *err)
{
    struct stat st;
    for (size_t i = 0; i < set->count; i++) {
        const char *path = gb_text_escape(set->arena, gb_bytes_str(set->items[i].path), 160);
        if (!set->items[i].folder && lstat(set->items[i].path, &st) == 0)
            return gb_err_set(
                err, GB_ERR_CONFIG,
                "%s is there already; nothing was changed (move it away to begin anew)",
                path ? path : "?");
    }
    return GB_OK;
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
    return fsync(fd);
}

static int make_folder(const struct file_set *set, struct file_set_item *item, struct gb_err *err)
{
    if (mkdir(item->path, item->mode) != 0)
        return errno == EEXIST ? GB_OK : failed(set, item, "cannot make the folder", err);
    item->made = true;
    /* Once more: the umask may have taken from the mode. */
    if (chmod(item->path, item->mode) != 0 || lchown(item->path, item->owner, item->group) != 0)
        return failed(set, item, "cannot set mode and owner", err);
    return GB_OK;
}

/* Born closed to others; the mode opens once the owner is right. */
static int make_file(const struct file_set *set, struct file_set_item *item, struct gb_err *err)
{
    int fd = open(item->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return failed(set, item, "cannot make the file", err);
    item->made = true;
    int r = GB_OK;
    if (write_all(fd, item->bytes) != 0)
        r = failed(set, item, "cannot write", err);
    else if (fchown(fd, item->owner, item->group) != 0 || fchmod(fd, item->mode) != 0)
        r = failed(set, item, "cannot set mode and owner", err);
    if (close(fd) != 0 && r == GB_OK)
        r = failed(set, item, "cannot write", err);
    return r;
}

static void undo(const struct file_set *set)
{
    for (size_t i = set->count; i > 0; i--) {
        const struct file_set_item *item = &set->items[i - 1];
        if (item->made)
            (void)(item->folder ? rmdir(item->path) : unlink(item->path));
    }
}

int file_set_make(struct file_set *set, struct gb_err *err)
{
    if (set->failed)
        return gb_err_nomem(err);
    int r = check_free(set, err);
    for (size_t i = 0; r == GB_OK && i < set->count; i++)
        r = set->items[i].folder ? make_folder(set, &set->items[i], err)
                                 : make_file(set, &set->items[i], err);
    if (r < 0)
        undo(set);
    return r;
}
