/* Files, each way with a ceiling and no half-written result. */
#ifndef GB_OS_FILE_H
#define GB_OS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

/* Reads a whole regular file (or "-", standard input) of at most `max` bytes into the arena. Sizes
 * that lie (securityfs, procfs report 0) are fine. GB_ERR_NOTFOUND; GB_ERR_LIMIT; GB_ERR_CONFIG for
 * a folder, FIFO or device; GB_ERR_IO, NOMEM. Errors begin with the path, made safe to print. */
GB_MUST_USE int file_read(struct gb_arena *arena, const char *path, size_t max,
                          struct gb_bytes *ret_bytes, struct gb_err *err);

/* Maps a regular file read-only, for images of hundreds of megabytes; release with file_unmap.
 * Codes as file_read. Whoever cuts the file short meanwhile ends the program (SIGBUS): for the
 * operator's own files only. */
GB_MUST_USE int file_map(const char *path, size_t max, struct gb_bytes *ret_bytes,
                         struct gb_err *err);
void file_unmap(struct gb_bytes bytes);

/* Writes beside the target, syncs and renames over it, so that readers see the old file or the new
 * one; mode 0644 less the umask. A symbolic link is followed. "-" is standard output; an existing
 * device or FIFO is written to as it stands. GB_ERR_NOTFOUND (the folder), CONFIG, IO. */
GB_MUST_USE int file_write(const char *path, struct gb_bytes bytes, struct gb_err *err);

/* The same with these permissions, whatever the umask. */
GB_MUST_USE int file_write_as(const char *path, struct gb_bytes bytes, unsigned mode,
                              struct gb_err *err);

/* The same for a file of a program's own: a symbolic link is replaced, not followed. When only the
 * folder cannot be synced, the new file stands but may not survive a crash. */
struct file_as {
    mode_t mode;
    bool exact;  /* whatever the umask */
    uid_t owner; /* (uid_t)-1: who runs us */
    gid_t group;
};
GB_MUST_USE int file_replace(const char *path, struct gb_bytes bytes, const struct file_as *as,
                             struct gb_err *err);
/* After a rename or removal in the folder of `path`: it survives a crash. GB_ERR_NOTFOUND, IO. */
GB_MUST_USE int file_sync_folder_of(const char *path, struct gb_err *err);

/* Names in a folder that match prefix and suffix (either may be ""; they do not overlap), sorted by
 * byte; NULL-terminated array in the arena. Names are as raw as the folder has them.
 * GB_ERR_NOTFOUND, GB_ERR_LIMIT past GB_LIMIT_DIR_NAMES matches, IO, NOMEM. */
GB_MUST_USE int file_list(struct gb_arena *arena, const char *dir, const char *prefix,
                          const char *suffix, const char *const **ret_names, struct gb_err *err);
/* All names of an open folder, likewise; `fd` is borrowed, `path` is for messages. */
GB_MUST_USE int file_list_fd(struct gb_arena *arena, int fd, const char *path,
                             const char *const **ret_names, struct gb_err *err);

/* Tests only: the nth read(2) from now fails with EIO, once; 0 switches off. */
void file_fail_nth_read(unsigned long nth);
/* Tests only: whether the armed failure has happened. */
bool file_read_failed(void);
/* Tests only: the nth fsync or rename of a file that is written fails with EIO, once; 0: off. */
void file_fail_nth_sync(unsigned long nth);

#endif
