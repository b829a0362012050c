/* Files that come to be together: all of them, new, with their modes and owners, or none. */
#ifndef GB_CLI_FILE_SET_H
#define GB_CLI_FILE_SET_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

enum { FILE_SET_MAX = 128 };

struct file_set {
    struct gb_arena *arena;
    struct file_set_item {
        const char *path;
        bool folder;
        bool made; /* by us: undone when a later one fails */
        struct gb_bytes bytes;
        mode_t mode;
        uid_t owner; /* (uid_t)-1: who runs us */
        gid_t group;
    } items[FILE_SET_MAX];
    size_t count;
    bool failed; /* too many, or out of memory */
};

/* A folder may be there already: then it is left as it is. Bytes are borrowed until file_set_make;
 * paths are copied. */
void file_set_folder(struct file_set *set, const char *path, mode_t mode, uid_t owner, gid_t group);
void file_set_file(struct file_set *set, const char *path, struct gb_bytes bytes, mode_t mode,
                   uid_t owner, gid_t group);

/* In order of adding. GB_ERR_CONFIG when a file is there already: nothing is overwritten, and the
 * error names it. Whatever goes wrong, all that was made is removed again. */
GB_MUST_USE int file_set_make(struct file_set *set, struct gb_err *err);

#endif
