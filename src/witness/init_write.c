#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "witness/init.h"

struct owner {
    uid_t user; /* -1: who runs us */
    gid_t group;
};

struct file {
    const char *path;
    struct gb_bytes bytes;
    mode_t mode;
    struct owner owner;
};

enum { FILES = 5 };

/* The files in the folder; text and paths are in the arena. */
static int plan_files(struct gb_arena *arena, const struct init_plan *plan,
                      const struct init_made *made, struct owner witness,
                      struct file ret_files[FILES], struct gb_err *err)
{
    const struct owner self = {(uid_t)-1, (gid_t)-1};
    const char *conf = gb_arena_printf(
        arena,
        "# garboard-witness.conf(5); by garboard-witness init\n"
        "name = %s\nkey = %s/witness.key\nstate = %s\nlisten = %s\nport = %" PRIu64 "\n"
        "tls_cert = %s/tls.pem\ntls_key = %s/tls.key\n"
        "# The logs that are witnessed (garboard-witness add-log):\n",
        plan->name, plan->dir, plan->state, plan->listen, plan->port, plan->dir, plan->dir);
    if (!conf)
        return gb_err_nomem(err);
    const struct file files[FILES] = {{"witness.key", made->key, 0600, witness},
                                      {"tls.key", made->tls_key, 0600, witness},
                                      {"tls.pem", made->tls_pem, 0644, self},
                                      {"ca.pem", made->ca_pem, 0644, self},
                                      {"witness.conf", gb_bytes_str(conf), 0644, self}};
    for (size_t i = 0; i < FILES; i++) {
        ret_files[i] = files[i];
        ret_files[i].path = gb_arena_printf(arena, "%s/%s", plan->dir, files[i].path);
        if (!ret_files[i].path)
            return gb_err_nomem(err);
    }
    return GB_OK;
}

static int check_free(const struct file files[FILES], struct gb_err *err)
{
    struct stat st;
    for (size_t i = 0; i < FILES; i++)
        if (lstat(files[i].path, &st) == 0)
            return gb_err_set(err, GB_ERR_CONFIG,
                              "%.160s is there already; nothing was changed (move it away to begin "
                              "anew)",
                              files[i].path);
    return GB_OK;
}

static int make_folder(const char *path, mode_t mode, struct owner owner, struct gb_err *err)
{
    if (mkdir(path, mode) != 0)
        return errno == EEXIST ? GB_OK
                               : gb_err_sys(err, errno, "%.160s: cannot make the folder", path);
    if (chmod(path, mode) != 0 || lchown(path, owner.user, owner.group) != 0)
        return gb_err_sys(err, errno, "%.160s: cannot set mode and owner", path);
    return GB_OK;
}

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
    return fsync(fd) == 0 ? 0 : errno;
}

/* Born closed to others; the mode opens once the owner is right. */
static int make_file(const struct file *file, struct gb_err *err)
{
    int fd = open(file->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return gb_err_sys(err, errno, "%.160s: cannot make the file", file->path);
    int sys = write_all(fd, file->bytes);
    if (sys == 0 &&
        (fchown(fd, file->owner.user, file->owner.group) != 0 || fchmod(fd, file->mode) != 0))
        sys = errno;
    if (close(fd) != 0 && sys == 0)
        sys = errno;
    return sys == 0 ? GB_OK : gb_err_sys(err, sys, "%.160s: cannot write", file->path);
}

/* All of them or none. */
static int make_files(const struct file files[FILES], struct gb_err *err)
{
    int r = GB_OK;
    size_t made = 0;
    for (; r == GB_OK && made < FILES; made++)
        r = make_file(&files[made], err);
    while (r < 0 && made-- > 0)
        (void)unlink(files[made].path);
    return r;
}

int init_write(struct gb_arena *arena, struct init_plan *plan, const struct init_made *made,
               struct gb_err *err)
{
    const struct owner self = {(uid_t)-1, (gid_t)-1};
    struct owner witness = self;
    struct file files[FILES] = {
        {.path = ""}, {.path = ""}, {.path = ""}, {.path = ""}, {.path = ""}};
    const struct passwd *user = geteuid() == 0 ? getpwnam("garboard-witness") : NULL;
    if (user)
        witness = (struct owner){user->pw_uid, user->pw_gid};
    plan->user_missing = geteuid() == 0 && !user;
    int r = plan_files(arena, plan, made, witness, files, err);
    if (r == GB_OK)
        r = check_free(files, err);
    if (r == GB_OK)
        r = make_folder(plan->dir, 0755, self, err);
    if (r == GB_OK)
        r = make_folder(plan->state, 0700, witness, err);
    return r < 0 ? r : make_files(files, err);
}
