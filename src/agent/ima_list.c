#include "agent/ima_list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/reader.h"

enum { SHA1_SIZE = 20, CHUNK = 64 << 10 };

bool ima_entry_len(struct gb_bytes in, size_t *ret_len)
{
    struct gb_reader r;
    gb_reader_init(&r, in);
    uint32_t pcr = gb_read_u32le(&r);
    gb_read_bytes(&r, SHA1_SIZE);
    uint32_t name_len = gb_read_u32le(&r);
    if (pcr >= GB_LIMIT_PCRS || name_len == 0 || name_len > GB_LIMIT_IMA_NAME)
        return false;
    struct gb_bytes name = gb_read_bytes(&r, name_len);
    if (gb_bytes_is(name, "ima")) /* its digest has no length before it */
        gb_read_bytes(&r, SHA1_SIZE);
    uint32_t data_len = gb_read_u32le(&r);
    if (data_len > GB_LIMIT_IMA_TEMPLATE)
        return false;
    gb_read_bytes(&r, data_len);
    if (!gb_reader_ok(&r))
        return false;
    *ret_len = r.at;
    return true;
}

bool ima_skip(struct gb_bytes in, uint64_t count, size_t *ret_len)
{
    size_t len = 0;
    for (uint64_t i = 0; i < count; i++) {
        size_t entry = 0;
        if (!ima_entry_len(gb_bytes_from(in, len), &entry))
            return false;
        len += entry;
    }
    *ret_len = len;
    return true;
}

static void closep(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

static int read_all(int fd, struct gb_buf *out)
{
    uint8_t chunk[CHUNK];
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return 0;
        gb_buf_add(out, chunk, (size_t)n);
        if (!gb_buf_ok(out))
            return -EFBIG;
    }
}

/* The file's bytes from `offset` on; a list in securityfs has no size, but it can be sought in. */
static int read_from(const char *path, uint64_t offset, struct gb_buf *out, struct gb_err *err)
{
    gb_cleanup(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return gb_err_set(err, GB_ERR_NOTFOUND, "%s: no such file: is IMA on?", path);
    if (fd < 0)
        return gb_err_sys(err, errno, "%s", path);
    if (lseek(fd, (off_t)offset, SEEK_SET) < 0)
        return gb_err_sys(err, errno, "%s", path);
    int r = read_all(fd, out);
    if (r == -EFBIG)
        return gb_err_set(err, GB_ERR_LIMIT, "%s: longer than %d bytes", path, GB_LIMIT_IMA_LOG);
    return r < 0 ? gb_err_sys(err, -r, "%s", path) : GB_OK;
}

int ima_list_read(const char *path, uint64_t from, struct ima_position *position,
                  struct gb_buf *out, struct gb_err *err)
{
    struct ima_position start = *position;
    size_t skipped = 0;
    size_t first = 0;
    if (from < start.entry)
        start = (struct ima_position){0};
    gb_cleanup(gb_buf_done) struct gb_buf list;
    gb_buf_init(&list, GB_LIMIT_IMA_LOG);
    int r = read_from(path, start.offset, &list, err);
    if (r < 0)
        return r;
    struct gb_bytes bytes = gb_buf_bytes(&list);
    if (bytes.len > 0 && !ima_entry_len(bytes, &first))
        return gb_err_set(err, GB_ERR_INPUT,
                          "%s: not a binary IMA list (ima = .../binary_runtime_measurements)",
                          path);
    if (!ima_skip(bytes, from - start.entry, &skipped)) {
        *position = (struct ima_position){0};
        return gb_err_set(err, GB_ERR_AGAIN, "%s: has fewer entries than the server knows", path);
    }
    *position = (struct ima_position){.entry = from, .offset = start.offset + skipped};
    gb_buf_add(out, bytes.data ? bytes.data + skipped : NULL, bytes.len - skipped);
    return gb_buf_ok(out) ? GB_OK : gb_err_nomem(err);
}
