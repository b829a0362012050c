#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "os/file.h"
#include "os/file_path.h"

struct wanted {
    const char *prefix;
    const char *suffix;
    size_t max;
};

static void closedirp(DIR **dir)
{
    if (*dir)
        closedir(*dir);
}

static bool matches(const char *name, const struct wanted *wanted)
{
    size_t len = strlen(name);
    size_t head = strlen(wanted->prefix);
    size_t tail = strlen(wanted->suffix);
    return strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && len >= head + tail &&
           memcmp(name, wanted->prefix, head) == 0 &&
           memcmp(name + len - tail, wanted->suffix, tail) == 0;
}

static int by_byte(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Room for one more name and the NULL behind it. The old array stays in the arena. */
static const char **grow(struct gb_arena *arena, const char **names, size_t count, size_t *cap)
{
    if (count + 1 < *cap)
        return names;
    size_t more = *cap ? *cap * 2 : 32;
    const char **out = gb_arena_new_array(arena, const char *, more);
    if (out && count > 0)
        memcpy(out, names, count * sizeof *names);
    *cap = more;
    return out;
}

static int list(struct gb_arena *arena, DIR *dir, const char *path, const struct wanted *wanted,
                const char *const **ret_names, struct gb_err *err)
{
    const char **names = NULL;
    size_t count = 0;
    size_t cap = 0;
    errno = 0; /* readdir(3) tells the end from a failure by errno alone */
    for (const struct dirent *e; (e = readdir(dir)); errno = 0) {
        if (!matches(e->d_name, wanted))
            continue;
        if (count == wanted->max)
            return gb_err_set(err, GB_ERR_LIMIT, "%s: more than %zu names match",
                              file_shown(path).text, wanted->max);
        names = grow(arena, names, count, &cap);
        struct gb_bytes name = gb_arena_copy(arena, gb_bytes_str(e->d_name));
        if (!names || !name.data)
            return gb_err_nomem(err);
        names[count++] = (const char *)name.data;
    }
    if (errno != 0)
        return file_failed(err, errno, path, "cannot read");
    names = grow(arena, names, count, &cap);
    if (!names)
        return gb_err_nomem(err);
    qsort(names, count, sizeof *names, by_byte);
    names[count] = NULL;
    *ret_names = names;
    return GB_OK;
}

int file_list(struct gb_arena *arena, const char *dir, const char *prefix, const char *suffix,
              const char *const **ret_names, struct gb_err *err)
{
    const struct wanted wanted = {prefix, suffix, GB_LIMIT_DIR_NAMES};
    gb_cleanup(closedirp) DIR *d = opendir(dir);
    if (!d)
        return file_failed(err, errno, dir, "cannot open");
    return list(arena, d, dir, &wanted, ret_names, err);
}

int file_list_fd(struct gb_arena *arena, int fd, const char *path, const char *const **ret_names,
                 struct gb_err *err)
{
    const struct wanted all = {"", "", GB_LIMIT_TREE_FILES};
    int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    gb_cleanup(closedirp) DIR *d = own < 0 ? NULL : fdopendir(own);
    if (!d) {
        int sys = errno;
        if (own >= 0)
            close(own);
        return file_failed(err, sys, path, "cannot list");
    }
    return list(arena, d, path, &all, ret_names, err);
}
