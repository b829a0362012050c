#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "os/sandbox.h"
#include "os/sandbox_rules.h"

/* glibc has no wrappers. What the first version of Landlock knows (Linux 5.13), which is all that
 * Debian 12's headers name. */
enum {
    READ = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
    REMOVE = LANDLOCK_ACCESS_FS_REMOVE_FILE,
    WRITE = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
            LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_DIR |
            LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR,
    ALL = READ | WRITE | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
          LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
          LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM
};

/* Of its second version (Linux 5.19). Before, no file leaves its folder, whatever the rules say. */
enum { MOVE = 1U << 13 };

static bool moves(const struct sandbox_folders *folders)
{
    for (size_t i = 0; i < folders->count; i++)
        if (folders->folders[i].may & SANDBOX_MOVE)
            return true;
    return false;
}

static int version(void)
{
    return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

static int create(bool move)
{
    const struct landlock_ruleset_attr attr = {.handled_access_fs = ALL | (move ? MOVE : 0U)};
    return (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
}

static int add(int rules, const struct sandbox_folder *folder)
{
    struct landlock_path_beneath_attr attr = {.allowed_access =
                                                  ((folder->may & SANDBOX_READ) ? READ : 0U) |
                                                  ((folder->may & SANDBOX_REMOVE) ? REMOVE : 0U) |
                                                  ((folder->may & SANDBOX_WRITE) ? WRITE : 0U) |
                                                  ((folder->may & SANDBOX_MOVE) ? MOVE : 0U),
                                              .parent_fd = open(folder->path, O_PATH | O_CLOEXEC)};
    if (attr.parent_fd < 0)
        return -1;
    int r = (int)syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &attr, 0);
    int sys = errno;
    close(attr.parent_fd);
    errno = sys;
    return r;
}

static int restrict_to(int rules, const struct sandbox_folders *folders, struct gb_err *err)
{
    for (size_t i = 0; i < folders->count; i++)
        if (add(rules, &folders->folders[i]) < 0)
            return gb_err_sys(err, errno, "cannot keep %s open", folders->folders[i].path);
    if (syscall(SYS_landlock_restrict_self, rules, 0) < 0)
        return gb_err_sys(err, errno, "cannot close the file system");
    return GB_OK;
}

int sandbox_landlock(const struct sandbox_folders *folders, struct gb_err *err)
{
    bool move = moves(folders);
    int rules = -1;
    if (move && version() < 2)
        errno = EOPNOTSUPP; /* it would stop the program's own work */
    else
        rules = create(move);
    if (rules < 0) {
        gb_log_event(GB_LOG_WARNING, "no-landlock", GB_LOG_NUMBER("errno", errno));
        return GB_OK; /* an older kernel, or one that was told not to */
    }
    int r = restrict_to(rules, folders, err);
    close(rules);
    return r;
}
