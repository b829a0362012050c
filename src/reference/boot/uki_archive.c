#include "reference/boot/uki_archive.h"

#include <string.h>

#include "base/buf.h"
#include "base/limits.h"

enum { FOLDER_MODE = 0040555, FILE_MODE = 0100444 };

static void pad(struct gb_buf *out)
{
    while (out->len % 4 != 0 && gb_buf_ok(out))
        gb_buf_u8(out, 0);
}

/* Header and name: magic, inode, mode, uid, gid, links, time, size, four device numbers, length of
 * the name, checksum. */
static void put_header(struct gb_buf *out, unsigned inode, unsigned mode, const char *name,
                       size_t size)
{
    gb_buf_printf(out, "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x", inode, mode,
                  0, 0, 1, 0, size, 0, 0, 0, 0, strlen(name) + 1, 0);
    gb_buf_add(out, name, strlen(name) + 1);
    pad(out);
}

static void put_trailer(struct gb_buf *out)
{
    /* The stub writes this one by hand: its only capital digit is here. */
    gb_buf_printf(out, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08X%08x", 0, 0, 0, 0, 1,
                  0, 0, 0, 0, 0, 0, 11, 0);
    gb_buf_add(out, "TRAILER!!!", sizeof "TRAILER!!!");
    pad(out);
}

bool uki_archive(struct gb_arena *arena, const char *file, struct gb_bytes contents,
                 struct gb_bytes *ret_archive)
{
    const char *path = gb_arena_printf(arena, ".extra/%s", file);
    struct gb_buf out;
    if (!path)
        return false;
    gb_buf_init(&out, GB_LIMIT_IMAGE);
    put_header(&out, 1, FOLDER_MODE, ".extra", 0);
    put_header(&out, 2, FILE_MODE, path, contents.len);
    gb_buf_add(&out, contents.data, contents.len);
    pad(&out);
    put_trailer(&out);
    struct gb_bytes archive = {0};
    if (gb_buf_ok(&out))
        archive = gb_arena_copy(arena, gb_buf_bytes(&out));
    gb_buf_done(&out);
    if (!archive.data)
        return false;
    *ret_archive = archive;
    return true;
}
