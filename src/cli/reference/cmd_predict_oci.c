#include <stdio.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "cli/cmd.h"
#include "cli/reference/predict_out.h"
#include "crypto/digest.h"
#include "crypto/rand.h"
#include "os/file.h"
#include "policy/sets/refval.h"
#include "reference/packages/file_list.h"
#include "reference/packages/oci.h"
#include "reference/packages/package.h"
#include "wire/arc.h"

static const struct cmd_option options[] = {
    {"platform", "OS/ARCH", "of an image for several (default: the only one)", false, 0},
    {"image", "NAME", "of a layout with several, the name in its index", false, 0},
    {"all-layers", NULL, "also files that a later layer hides or replaces", false, 0},
    PREDICT_OUT_OPTIONS,
    {NULL, NULL, NULL, false, 0},
};

/* An image layout as a folder. */
struct folder {
    struct gb_arena *arena;
    const char *path;
    struct gb_bytes mapped;
    struct arc_bytes source;
};

static void close_file(void *ctx)
{
    struct folder *folder = ctx;
    file_unmap(folder->mapped);
    folder->mapped = gb_bytes(NULL, 0);
}

static int open_file(void *ctx, const char *name, struct arc_input *ret_input, struct gb_err *err)
{
    struct folder *folder = ctx;
    const char *path = gb_arena_printf(folder->arena, "%s/%s", folder->path, name);
    if (!path)
        return gb_err_nomem(err);
    int r = file_map(path, GB_LIMIT_PACKAGE, &folder->mapped, err);
    if (r < 0)
        return r;
    folder->source = (struct arc_bytes){.rest = folder->mapped};
    *ret_input = arc_input_bytes(&folder->source);
    return GB_OK;
}

static int read_path(const struct package_room *room, const char *path, const struct oci_wish *wish,
                     struct file_list *list, struct gb_err *err)
{
    struct stat st;
    struct oci_tar tar = {0};
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        struct folder folder = {.arena = room->scratch, .path = path};
        const struct oci_store store = {.open = open_file, .close = close_file, .ctx = &folder};
        return oci_read(room, &store, wish, list, err);
    }
    int r = file_map(path, GB_LIMIT_PACKAGE, &tar.bytes, err);
    if (r < 0)
        return r;
    const struct oci_store store = oci_store_tar(&tar);
    r = oci_read(room, &store, wish, list, err);
    file_unmap(tar.bytes);
    if (r < 0)
        gb_err_prefix(err, "%s: ", path);
    return r;
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    gb_cleanup(gb_arena_freep) struct gb_arena *scratch = gb_arena_new();
    struct package_room room = {.scratch = scratch};
    const struct oci_wish wish = {.platform = cmd_value(line, "platform"),
                                  .image = cmd_value(line, "image"),
                                  .all_layers = cmd_has(line, "all-layers")};
    struct file_list list = {.arena = arena};
    struct predict_out out;
    struct ref_set *set = NULL;
    int code = predict_out_read(arena, line, line->args[0], &out);
    if (code != CMD_OK)
        return code;
    int r = scratch ? digester_new(&digester, err) : gb_err_nomem(err);
    room.digester = digester;
    if (r == 0)
        r = rand_bytes((uint8_t *)&room.seed, sizeof room.seed, err);
    if (r == 0)
        r = read_path(&room, line->args[0], &wish, &list, err);
    if (r == 0)
        r = file_list_set(arena, &list, out.name, &set, err);
    if (r == 0)
        r = predict_out_write(arena, line, &out, set, err);
    return r < 0 ? r : CMD_OK;
}

const struct cmd cmd_predict_oci = {
    .name = "reference predict oci",
    .args = "PATH",
    .min_args = 1,
    .max_args = 1,
    .summary = "the files of a container image: an OCI layout, or what docker save writes",
    .examples = "  garboard reference predict oci image/ --name base -o set.yaml\n"
                "  garboard reference predict oci image.tar --platform linux/amd64 --all-layers\n",
    .options = options,
    .run = run,
};
