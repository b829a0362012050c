#include "keyd/papers.h"

#include <sys/types.h>

#include "base/buf.h"
#include "base/limits.h"
#include "os/file.h"
#include "wire/cbor.h"

enum { MOST = GB_LIMIT_SETS + 16 };

static const char *path_of(struct gb_arena *arena, const char *state)
{
    return gb_arena_printf(arena, "%s/documents", state);
}

static int decode(struct gb_arena *arena, struct gb_bytes in, struct papers *ret_papers,
                  struct gb_err *err)
{
    struct cbor_reader r;
    cbor_reader_init(&r, in);
    size_t count = cbor_read_array(&r, MOST);
    struct gb_bytes *documents = gb_arena_new_array(arena, struct gb_bytes, count + 1);
    if (!documents)
        return gb_err_nomem(err);
    for (size_t i = 0; i < count; i++)
        documents[i] = cbor_read_bytes(&r, GB_LIMIT_POLICY);
    int result = cbor_finish(&r, err);
    if (result == GB_OK)
        *ret_papers = (struct papers){documents, count};
    return result;
}

int papers_read(struct gb_arena *arena, const char *state, struct papers *ret_papers,
                struct gb_err *err)
{
    const char *path = path_of(arena, state);
    struct gb_bytes bytes;
    *ret_papers = (struct papers){0};
    if (!path)
        return gb_err_nomem(err);
    int r = file_read(arena, path, GB_LIMIT_RPC, &bytes, err);
    if (r == GB_ERR_NOTFOUND)
        return GB_OK;
    if (r == GB_OK)
        r = decode(arena, bytes, ret_papers, err);
    if (r == GB_OK || r == GB_ERR_NOMEM || r == GB_ERR_IO)
        return r;
    /* It was written whole: somebody, or the disk, has changed it. */
    gb_err_prefix(err,
                  "%s is damaged (move it away, and garboardd sends the documents again): ", path);
    if (err)
        err->code = GB_ERR_CONFIG;
    return GB_ERR_CONFIG;
}

int papers_write(struct gb_arena *arena, const char *state, const struct papers *papers,
                 struct gb_err *err)
{
    static const struct file_as own = {.mode = 0600, .owner = (uid_t)-1, .group = (gid_t)-1};
    gb_cleanup(gb_buf_done) struct gb_buf out;
    const char *path = path_of(arena, state);
    struct gb_bytes old = {0};
    gb_buf_init(&out, GB_LIMIT_RPC);
    cbor_array(&out, papers->count);
    for (size_t i = 0; i < papers->count; i++)
        cbor_bytes(&out, papers->documents[i]);
    if (!path || !gb_buf_ok(&out))
        return gb_err_set(err, GB_ERR_LIMIT, "out of memory, or more documents than %d MB",
                          GB_LIMIT_RPC >> 20);
    if (file_read(arena, path, GB_LIMIT_RPC, &old, NULL) == GB_OK &&
        gb_bytes_equal(old, gb_buf_bytes(&out)))
        return GB_OK;
    return file_replace(path, gb_buf_bytes(&out), &own, err);
}
