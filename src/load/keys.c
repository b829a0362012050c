#include "load/keys.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "crypto/issue.h"
#include "crypto/signer.h"
#include "os/file.h"

enum { FILE_MAX = 256 << 20, KEY_PEM = 1024 };

int keys_read(struct gb_arena *arena, const char *folder, const char *name,
              struct gb_bytes *ret_bytes, struct gb_err *err)
{
    const char *path = gb_arena_printf(arena, "%s/%s", folder, name);
    return path ? file_read(arena, path, FILE_MAX, ret_bytes, err) : gb_err_nomem(err);
}

int keys_write(const char *folder, const char *name, struct gb_bytes bytes, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    const char *path = arena ? gb_arena_printf(arena, "%s/%s", folder, name) : NULL;
    return path ? file_write(path, bytes, err) : gb_err_nomem(err);
}

static int add_key(struct gb_buf *out, struct gb_err *err)
{
    gb_cleanup(signer_freep) struct signer *signer = NULL;
    int r = signer_new(&signer, err);
    return r < 0 ? r : signer_to_pem(signer, gb_bytes(NULL, 0), out, err);
}

static int make_ca(const char *folder, struct gb_err *err)
{
    enum { DAY_S = 24 * 3600 };
    gb_cleanup(signer_freep) struct signer *ca = NULL;
    gb_cleanup(gb_buf_done) struct gb_buf key, cert;
    const struct issue what = {.role = ISSUE_CA,
                               .common_name = "garboard-load EK CA",
                               .not_before_s = gb_clock_s() - DAY_S,
                               .not_after_s = gb_clock_s() + 3650 * (int64_t)DAY_S};
    gb_buf_init(&key, KEY_PEM);
    gb_buf_init(&cert, GB_LIMIT_CERT);
    int r = signer_new(&ca, err);
    if (r == GB_OK)
        r = signer_to_pem(ca, gb_bytes(NULL, 0), &key, err);
    if (r == GB_OK)
        r = issue_ca(ca, &what, &cert, err);
    if (r == GB_OK)
        r = keys_write(folder, "ek-ca.key", gb_buf_bytes(&key), err);
    if (r == GB_OK)
        r = keys_write(folder, "ek-ca.pem", gb_buf_bytes(&cert), err);
    return r;
}

int keys_prepare(const char *folder, size_t machines, struct gb_err *err)
{
    gb_cleanup(gb_buf_done) struct gb_buf all;
    gb_buf_init(&all, FILE_MAX);
    int r = make_ca(folder, err);
    for (size_t i = 0; i < machines * 3 && r == GB_OK; i++)
        r = add_key(&all, err);
    if (r == GB_OK)
        r = keys_write(folder, "machines.pem", gb_buf_bytes(&all), err);
    return r;
}

int keys_split(struct gb_arena *arena, struct gb_bytes pem, size_t count,
               struct gb_bytes **ret_blocks, struct gb_err *err)
{
    struct gb_bytes *blocks = gb_arena_new_array(arena, struct gb_bytes, count);
    const char *at = (const char *)pem.data;
    if (!blocks || !at)
        return gb_err_nomem(err);
    for (size_t i = 0; i < count; i++) {
        const char *begin = strstr(at, "-----BEGIN ");
        const char *end = begin ? strstr(begin, "\n-----END ") : NULL;
        const char *tail = end ? strchr(end + 1, '\n') : NULL;
        if (!tail)
            return gb_err_set(err, GB_ERR_NOTFOUND,
                              "the folder holds %zu of %zu: prepare or enrol more", i, count);
        blocks[i] = gb_bytes(begin, (size_t)(tail + 1 - begin));
        at = tail + 1;
    }
    *ret_blocks = blocks;
    return GB_OK;
}
