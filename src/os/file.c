#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "os/file_path.h"

static _Thread_local unsigned long countdown;
static _Thread_local bool fired;

void file_fail_nth_read(unsigned long nth)
{
    countdown = nth;
    fired = false;
}

bool file_read_failed(void)
{
    return fired;
}

static ssize_t read_some(int fd, void *buf, size_t len)
{
    if (countdown > 0 && --countdown == 0) {
        fired = true;
        errno = EIO;
        return -1;
    }
    ssize_t n;
    do
        n = read(fd, buf, len);
    while (n < 0 && errno == EINTR);
    return n;
}

static int refuse_size(struct gb_err *err, const char *path, size_t max)
{
    return gb_err_set(err, GB_ERR_LIMIT, "%s: longer than the ceiling of %zu bytes",
                      file_shown(path).text, max);
}

/* O_NONBLOCK: opening a FIFO must not hang before we can refuse it. */
static int open_regular(const char *path, size_t max, int *ret_fd, size_t *ret_size,
                        struct gb_err *err)
{
    gb_cleanup(file_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return file_failed(err, errno, path, "cannot open");
    struct stat st;
    if (fstat(fd, &st) != 0)
        return file_failed(err, errno, path, "cannot stat");
    if (S_ISDIR(st.st_mode))
        return gb_err_set(err, GB_ERR_CONFIG, "%s: a folder, not a file", file_shown(path).text);
    if (!S_ISREG(st.st_mode))
        return gb_err_set(err, GB_ERR_CONFIG, "%s: not a regular file (\"-\" reads standard input)",
                          file_shown(path).text);
    if (st.st_size > 0 && (uintmax_t)st.st_size > max)
        return refuse_size(err, path, max);
    *ret_size = st.st_size > 0 ? (size_t)st.st_size : 0;
    *ret_fd = fd;
    fd = -1;
    return GB_OK;
}

/* Reads to the end of `fd`; `hint` is how many bytes are expected. One byte more than the ceiling
 * tells that it was passed. */
static int read_all(struct gb_arena *arena, int fd, const char *path, size_t hint, size_t max,
                    struct gb_bytes *ret_bytes, struct gb_err *err)
{
    enum { FIRST = 64 << 10 };
    size_t ceiling = max < PTRDIFF_MAX ? max + 1 : PTRDIFF_MAX;
    size_t cap = hint > 0 ? hint + 1 : FIRST;
    size_t len = 0;
    uint8_t *data = NULL;
    for (;; cap = cap < ceiling / 2 ? cap * 2 : ceiling) {
        if (cap > ceiling)
            cap = ceiling;
        uint8_t *more = gb_arena_alloc_raw(arena, cap, 1);
        if (!more)
            return gb_err_nomem(err);
        if (len > 0)
            memcpy(more, data, len);
        data = more;
        for (ssize_t n = 1; len < cap; len += (size_t)n) {
            n = read_some(fd, data + len, cap - len);
            if (n < 0)
                return file_failed(err, errno, path, "cannot read");
            if (n == 0 && len <= max) {
                *ret_bytes = gb_bytes(data, len);
                return GB_OK;
            }
        }
        if (len > max)
            return refuse_size(err, path, max);
    }
}

int file_read(struct gb_arena *arena, const char *path, size_t max, struct gb_bytes *ret_bytes,
              struct gb_err *err)
{
    if (strcmp(path, "-") == 0)
        return read_all(arena, STDIN_FILENO, path, 0, max, ret_bytes, err);
    gb_cleanup(file_closep) int fd = -1;
    size_t size = 0;
    int r = open_regular(path, max, &fd, &size, err);
    if (r < 0)
        return r;
    return read_all(arena, fd, path, size, max, ret_bytes, err);
}

int file_map(const char *path, size_t max, struct gb_bytes *ret_bytes, struct gb_err *err)
{
    gb_cleanup(file_closep) int fd = -1;
    size_t size = 0;
    int r = open_regular(path, max, &fd, &size, err);
    if (r < 0)
        return r;
    if (size == 0) { /* mmap(2) refuses length 0 */
        *ret_bytes = gb_bytes(NULL, 0);
        return GB_OK;
    }
    void *at = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED)
        return file_failed(err, errno, path, "cannot map");
    *ret_bytes = gb_bytes(at, size);
    return GB_OK;
}

void file_unmap(struct gb_bytes bytes)
{
    if (bytes.len > 0)
        munmap((void *)(uintptr_t)bytes.data, bytes.len);
}
