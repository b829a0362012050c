#include "cli/reference/tree.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "os/file.h"

enum { CHUNK = 64 << 10, PROGRESS_EVERY = 128 };

struct file {
    struct file *next;
    struct gb_bytes path;
    uint8_t digest[GB_LIMIT_DIGEST];
};

struct walk {
    struct gb_arena *arena;
    struct digester *digester;
    const struct tree_wish *wish;
    struct gb_err *err;
    dev_t dev; /* of the root */
    uint8_t *chunk;
    struct file *first;
    struct file **tail;
    size_t count;
    uint64_t bytes;
    size_t left_out;
};

static int walk_folder(struct walk *walk, int fd, const char *path, unsigned depth);
static int walk_entry(struct walk *walk, int dir, const char *path, const char *name,
                      unsigned depth);
static int hash_file(struct walk *walk, int fd, const char *path);

static void close_fd(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

/* Names in a tree are a stranger's. */
static const char *shown(const struct walk *walk, const char *path)
{
    enum { MOST = 120 };
    const char *text = gb_text_escape(walk->arena, gb_bytes_str(path), MOST);
    return text ? text : "?";
}

static void show_progress(const struct walk *walk, bool last)
{
    if (!walk->wish->progress || (!last && walk->count % PROGRESS_EVERY != 0))
        return;
    fprintf(stderr, "\r%zu files, %llu MB hashed%s", walk->count,
            (unsigned long long)(walk->bytes >> 20), last ? "\n" : "");
    (void)fflush(stderr); /* a progress that is not seen harms nobody */
}

/* Left out and said so, or an error. */
static int leave_out(struct walk *walk, const char *path, const char *why)
{
    walk->left_out++;
    fprintf(stderr, "%sgarboard: %s: %s, left out\n", walk->wish->progress ? "\r" : "",
            shown(walk, path), why);
    return GB_OK;
}

static int unreadable(struct walk *walk, const char *path, int sys)
{
    if (walk->wish->skip_unreadable)
        return leave_out(walk, path, strerror(sys));
    return gb_err_sys(walk->err, sys, "%s: cannot read (--skip-unreadable leaves it out)",
                      shown(walk, path));
}

/* Takes over `fd`. `path` is "" for the root, else begins with a slash. In order of names: the same
 * tree gives the same file, whatever the file system. */
static int walk_folder(struct walk *walk, int fd, const char *path, unsigned depth)
{
    gb_cleanup(close_fd) int owned = fd;
    const char *const *names = NULL;
    if (depth > GB_LIMIT_TREE_DEPTH)
        return gb_err_set(walk->err, GB_ERR_LIMIT, "%s: more than %d folders deep",
                          shown(walk, path), GB_LIMIT_TREE_DEPTH);
    int r = file_list_fd(walk->arena, owned, *path ? path : "/", &names, walk->err);
    for (; r == 0 && *names; names++)
        r = walk_entry(walk, owned, path, *names, depth);
    return r;
}

/* What was looked at may be replaced before it is opened: the opened file counts, and it must be of
 * the kind that was seen. */
static int open_same(int dir, const char *name, const struct stat *seen, int flags)
{
    /* O_NONBLOCK: a FIFO that took the file's place must not hold us. */
    int fd = openat(dir, name, flags | O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat now;
    if (fd < 0)
        return -1;
    if (fstat(fd, &now) == 0 && (now.st_mode & S_IFMT) == (seen->st_mode & S_IFMT) &&
        now.st_dev == seen->st_dev)
        return fd;
    close(fd);
    errno = ESTALE;
    return -1;
}

static int walk_entry(struct walk *walk, int dir, const char *path, const char *name,
                      unsigned depth)
{
    struct stat st;
    const char *full = gb_arena_printf(walk->arena, "%s/%s", path, name);
    if (!full)
        return gb_err_nomem(walk->err);
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return unreadable(walk, full, errno);
    bool folder = S_ISDIR(st.st_mode);
    if (!folder && !S_ISREG(st.st_mode))
        return GB_OK;
    if (st.st_dev != walk->dev)
        return leave_out(walk, full, "on another file system");
    int fd = open_same(dir, name, &st, folder ? O_DIRECTORY : 0);
    if (fd < 0)
        return unreadable(walk, full, errno);
    return folder ? walk_folder(walk, fd, full, depth + 1) : hash_file(walk, fd, full);
}

/* The whole of `fd` into `out`; 0, an error code, or 1 when it cannot be read (errno). */
static int digest_fd(struct walk *walk, int fd, uint8_t *out)
{
    enum digest_alg alg = walk->wish->alg;
    int r = digest_begin(walk->digester, alg);
    while (r == 0) {
        ssize_t n = read(fd, walk->chunk, CHUNK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return 1;
        if (n == 0)
            return digest_end(walk->digester, alg, out);
        r = digest_add(walk->digester, alg, gb_bytes(walk->chunk, (size_t)n));
        walk->bytes += (uint64_t)n;
    }
    return r;
}

/* Takes over `fd`. */
static int hash_file(struct walk *walk, int fd, const char *path)
{
    gb_cleanup(close_fd) int owned = fd;
    if (walk->count == GB_LIMIT_TREE_FILES)
        return gb_err_set(walk->err, GB_ERR_LIMIT, "more than %d files", GB_LIMIT_TREE_FILES);
    struct file *file = gb_arena_new_one(walk->arena, struct file);
    if (!file)
        return gb_err_nomem(walk->err);
    file->path = gb_bytes_str(path);
    int r = digest_fd(walk, owned, file->digest);
    if (r > 0)
        return unreadable(walk, path, errno);
    if (r < 0)
        return gb_err_set(walk->err, r, "cannot compute %s", digest_name(walk->wish->alg));
    *walk->tail = file;
    walk->tail = &file->next;
    walk->count++;
    show_progress(walk, false);
    return GB_OK;
}

/* From a list to the arrays of a reference set. */
static int gather(const struct walk *walk, struct tree *ret_tree)
{
    size_t size = digest_size(walk->wish->alg);
    struct tree tree = {.count = walk->count, .left_out = walk->left_out};
    tree.keys = gb_arena_new_array(walk->arena, uint8_t, walk->count *size + 1);
    tree.paths = gb_arena_new_array(walk->arena, struct gb_bytes, walk->count + 1);
    if (!tree.keys || !tree.paths)
        return gb_err_nomem(walk->err);
    size_t i = 0;
    for (const struct file *file = walk->first; file; file = file->next, i++) {
        memcpy(tree.keys + i * size, file->digest, size);
        tree.paths[i] = file->path;
    }
    *ret_tree = tree;
    return GB_OK;
}

static int open_root(const char *root, dev_t *ret_dev, int *ret_fd, struct gb_err *err)
{
    struct stat st;
    int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        int sys = errno;
        if (fd >= 0)
            close(fd);
        if (sys == ENOENT)
            return gb_err_set(err, GB_ERR_NOTFOUND, "%s: no such folder", root);
        if (sys == ENOTDIR)
            return gb_err_set(err, GB_ERR_CONFIG, "%s: not a folder", root);
        return gb_err_sys(err, sys, "%s: cannot open", root);
    }
    *ret_dev = st.st_dev;
    *ret_fd = fd;
    return GB_OK;
}

int tree_hash(struct gb_arena *arena, struct digester *digester, const char *root,
              const struct tree_wish *wish, struct tree *ret_tree, struct gb_err *err)
{
    struct walk walk = {.arena = arena, .digester = digester, .wish = wish, .err = err};
    int fd = -1;
    walk.tail = &walk.first;
    walk.chunk = gb_arena_new_array(arena, uint8_t, CHUNK);
    if (!walk.chunk)
        return gb_err_nomem(err);
    int r = open_root(root, &walk.dev, &fd, err);
    if (r < 0)
        return r;
    assert(fd >= 0);
    r = walk_folder(&walk, fd, "", 0);
    if (r < 0)
        return r;
    show_progress(&walk, true);
    return gather(&walk, ret_tree);
}
