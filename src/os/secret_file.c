#include "os/secret_file.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/limits.h"
#include "os/file.h"

int secret_file_read(const char *path, size_t max, struct secret *ret_secret, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct gb_bytes bytes;
    if (!arena)
        return gb_err_nomem(err);
    int r = file_read(arena, path, max, &bytes, err);
    if (r < 0)
        return r;
    bool good = secret_init(ret_secret, bytes.len);
    if (good && bytes.len > 0)
        memcpy(ret_secret->data, bytes.data, bytes.len);
    secret_wipe((void *)(uintptr_t)bytes.data, bytes.len);
    return good ? GB_OK : gb_err_nomem(err);
}

int secret_file_passphrase(const char *path, struct secret *ret_secret, struct gb_err *err)
{
    if (!path)
        return secret_init(ret_secret, 0) ? GB_OK : gb_err_nomem(err);
    int r = secret_file_read(path, GB_LIMIT_PUBLIC, ret_secret, err);
    if (r < 0)
        return r;
    const uint8_t *end = ret_secret->data ? memchr(ret_secret->data, '\n', ret_secret->len) : NULL;
    if (end)
        ret_secret->len = (size_t)(end - ret_secret->data);
    if (ret_secret->len == 0 || ret_secret->len > GB_LIMIT_PASSPHRASE)
        return gb_err_set(err, GB_ERR_CONFIG, "the passphrase has 1 to %d bytes",
                          GB_LIMIT_PASSPHRASE);
    return GB_OK;
}
