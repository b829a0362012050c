#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "reference/packages/oci.h"
#include "wire/arc.h"

enum { MOST_LINKS = 4 };

static void close_tar(void *ctx)
{
    struct oci_tar *tar = ctx;
    arc_free(tar->arc);
    tar->arc = NULL;
}

static struct gb_bytes plain(struct gb_bytes path)
{
    while (gb_bytes_starts(path, gb_bytes_str("./")))
        path = gb_bytes_from(path, 2);
    return path;
}

/* `docker save` of old wrote a layer that images share as "ID/layer.tar" -> "../OTHER/layer.tar".
 */
static bool follow(struct gb_bytes target, char *name, size_t room)
{
    struct gb_bytes up = gb_bytes_str("../");
    if (!gb_bytes_starts(target, up))
        return false;
    target = gb_bytes_from(target, up.len);
    int n = snprintf(name, room, "%.*s", (int)target.len, (const char *)target.data);
    return n > 0 && (size_t)n < room && !strstr(name, "..");
}

/* From the front: 1 found, 0 a link was followed, NOTFOUND. */
static int look(struct oci_tar *tar, char *name, size_t room, struct gb_err *err)
{
    struct arc_entry entry;
    close_tar(tar);
    tar->source = (struct arc_bytes){.rest = tar->bytes};
    int r = arc_open(ARC_TAR, false, arc_input_bytes(&tar->source), &tar->arc, err);
    if (r < 0)
        return r;
    for (r = arc_next(tar->arc, &entry, err); r > 0; r = arc_next(tar->arc, &entry, err)) {
        if (!gb_bytes_is(plain(entry.path), name))
            continue;
        if (entry.type == ARC_FILE)
            return 1;
        if (entry.type == ARC_SYMLINK && follow(entry.target, name, room))
            return 0;
    }
    return r < 0 ? r : gb_err_set(err, GB_ERR_NOTFOUND, "%s: not in the archive", name);
}

static int open_tar(void *ctx, const char *name, struct arc_input *ret_input, struct gb_err *err)
{
    struct oci_tar *tar = ctx;
    char at[GB_LIMIT_ARC_PATH];
    if (snprintf(at, sizeof at, "%s", name) >= (int)sizeof at)
        return gb_err_set(err, GB_ERR_LIMIT, "a name of more than %zu bytes", sizeof at);
    for (int i = 0; i < MOST_LINKS; i++) {
        int r = look(tar, at, sizeof at, err);
        if (r < 0)
            return r;
        if (r == 0)
            continue;
        *ret_input = arc_input_entry(tar->arc);
        return GB_OK;
    }
    return gb_err_set(err, GB_ERR_INPUT, "%s: links without an end", name);
}

struct oci_store oci_store_tar(struct oci_tar *tar)
{
    return (struct oci_store){.open = open_tar, .close = close_tar, .ctx = tar};
}
