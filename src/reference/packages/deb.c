#include "reference/packages/deb.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "reference/packages/control.h"
#include "reference/packages/file_list.h"
#include "reference/packages/file_tree.h"
#include "reference/packages/package.h"
#include "reference/packages/unpack.h"
#include "wire/arc.h"

/* Where a .deb is: its members come in this order, and dpkg refuses others. */
enum part { PART_FORMAT, PART_CONTROL, PART_DATA, PART_END };

struct reading {
    const struct package_room *room;
    struct package *package;
    struct file_list *list;
    struct gb_bytes control; /* the file of that name */
    struct file_node *infos; /* all files beside it, and itself */
    bool same;   /* Multi-Arch: same: dpkg keeps its files under name and architecture */
    size_t held; /* bytes of its control files, all in the scratch arena */
};

/* The whole of an entry, in the scratch arena. */
static int read_whole(const struct reading *reading, struct arc *arc, size_t size, size_t max,
                      struct gb_bytes *ret_bytes, struct gb_err *err)
{
    struct gb_bytes piece = {0};
    size_t len = 0;
    if (size > max)
        return gb_err_set(err, GB_ERR_LIMIT, "more than %zu bytes", max);
    uint8_t *room = gb_arena_alloc_raw(reading->room->scratch, size + 1, 1);
    if (!room)
        return gb_err_nomem(err);
    for (;;) {
        int r = arc_read(arc, &piece, err);
        if (r < 0)
            return r;
        if (piece.len == 0)
            break;
        memcpy(room + len, piece.data, piece.len); /* arc_read gives no more than the size */
        len += piece.len;
    }
    *ret_bytes = gb_bytes(room, len);
    return GB_OK;
}

static int check_format(const struct reading *reading, struct arc *arc, size_t size,
                        struct gb_err *err)
{
    struct gb_bytes text;
    int r = read_whole(reading, arc, size, GB_LIMIT_CONF, &text, err);
    if (r < 0)
        return r;
    return gb_bytes_starts(text, gb_bytes_str("2."))
               ? GB_OK
               : gb_err_set(err, GB_ERR_INPUT, "not of format 2");
}

static int keep(const struct reading *reading, struct gb_bytes value, const char *what,
                struct gb_bytes *ret_value, struct gb_err *err)
{
    if (!control_word(value))
        return gb_err_set(err, GB_ERR_INPUT, "no %s, or one with other characters", what);
    *ret_value = gb_arena_copy(reading->list->arena, value);
    return ret_value->data ? GB_OK : gb_err_nomem(err);
}

static int read_control(struct reading *reading, struct gb_bytes text, struct gb_err *err)
{
    static const char *const names[] = {"Package", "Version", "Architecture", "Multi-Arch"};
    struct gb_bytes values[GB_ARRAY_LEN(names)];
    struct control control;
    control_init(&control, text);
    int r = control_next(&control, names, GB_ARRAY_LEN(names), values, err);
    if (r < 0)
        return r;
    r = keep(reading, values[0], "package name", &reading->package->name, err);
    if (r == 0)
        r = keep(reading, values[1], "version", &reading->package->version, err);
    if (r == 0)
        r = keep(reading, values[2], "architecture", &reading->package->arch, err);
    reading->same = gb_bytes_is(values[3], "same");
    return r;
}

/* "/var/lib/dpkg/info/NAME.postinst", or NAME:ARCH (dpkg, pkg_infodb). */
static int add_info(const struct reading *reading, const struct file_node *node, struct gb_err *err)
{
    const struct package *package = reading->package;
    bool same = reading->same;
    const char *path = gb_arena_printf(
        reading->room->scratch, "/var/lib/dpkg/info/%.*s%s%.*s.%.*s", (int)package->name.len,
        (const char *)package->name.data, same ? ":" : "", same ? (int)package->arch.len : 0,
        (const char *)package->arch.data, (int)node->name.len, (const char *)node->name.data);
    return path ? file_list_add(reading->list, gb_bytes_str(path), node->digest, err)
                : gb_err_nomem(err);
}

/* The names of files beside each other: dpkg looks into no folder below. */
static bool on_top(struct gb_bytes path, struct gb_bytes *ret_name)
{
    struct gb_bytes folder, above, name;
    return file_path_split(path, &folder, ret_name) && !file_path_split(folder, &above, &name);
}

static int hash_info(struct reading *reading, struct arc *arc, size_t size, struct file_node *node,
                     struct gb_err *err)
{
    struct gb_bytes bytes = {0};
    int r = read_whole(reading, arc, size, GB_LIMIT_DEB_CONTROL, &bytes, err);
    if (r < 0)
        return r;
    reading->held += bytes.len;
    if (reading->held > GB_LIMIT_DEB_CONTROLS)
        return gb_err_set(err, GB_ERR_LIMIT, "more than %d MB in all", GB_LIMIT_DEB_CONTROLS >> 20);
    if (gb_bytes_is(node->name, "control"))
        reading->control = bytes;
    r = digest_of(reading->room->digester, DIGEST_SHA256, bytes, node->digest);
    return r < 0 ? gb_err_set(err, r, "cannot compute a digest") : GB_OK;
}

/* dpkg unpacks a hard link as the file that it names, which came before it. */
static int link_info(const struct reading *reading, struct gb_bytes target, struct file_node *node,
                     struct gb_err *err)
{
    struct gb_bytes name;
    const struct file_node *other = on_top(target, &name) ? reading->infos : NULL;
    while (other && !gb_bytes_equal(other->name, name))
        other = other->next;
    if (!other || gb_bytes_is(node->name, "control") || gb_bytes_is(name, "control"))
        return gb_err_set(err, GB_ERR_INPUT, "a hard link to what is not there, or of \"control\"");
    memcpy(node->digest, other->digest, sizeof node->digest);
    return GB_OK;
}

static int read_info(struct reading *reading, struct arc *arc, const struct arc_entry *entry,
                     struct gb_err *err)
{
    struct gb_arena *scratch = reading->room->scratch;
    struct gb_bytes name;
    if (entry->type == ARC_FOLDER || !on_top(entry->path, &name))
        return GB_OK;
    if (entry->type != ARC_FILE && entry->type != ARC_HARDLINK)
        return gb_err_set(err, GB_ERR_INPUT, "a file in it is a symbolic link or a device");
    struct file_node *node = gb_arena_new_one(scratch, struct file_node);
    if (!node)
        return gb_err_nomem(err);
    node->name = gb_arena_copy(scratch, name);
    if (!node->name.data)
        return gb_err_nomem(err);
    int r = entry->type == ARC_HARDLINK ? link_info(reading, entry->target, node, err)
                                        : hash_info(reading, arc, (size_t)entry->size, node, err);
    node->next = reading->infos;
    reading->infos = node;
    return r;
}

/* The tar within: `control` is read and all others are kept by dpkg as they are. */
static int read_control_tar(struct reading *reading, struct arc_input input, struct gb_err *err)
{
    gb_cleanup(arc_freep) struct arc *arc = NULL;
    struct package *package = reading->package;
    struct arc_entry entry;
    int r = arc_open(ARC_TAR, false, input, &arc, err);
    if (r < 0)
        return r;
    for (r = arc_next(arc, &entry, err); r > 0; r = arc_next(arc, &entry, err)) {
        int read = read_info(reading, arc, &entry, err);
        if (read < 0)
            return read;
    }
    if (r < 0)
        return r;
    if (!reading->control.data)
        return gb_err_set(err, GB_ERR_INPUT, "has no file \"control\"");
    r = read_control(reading, reading->control, err);
    package->skipped =
        r == 0 && reading->room->want && !reading->room->want(reading->room->ctx, package);
    for (const struct file_node *node = reading->infos; r == 0 && node && !package->skipped;
         node = node->next)
        if (!gb_bytes_is(node->name, "control"))
            r = add_info(reading, node, err);
    return r;
}

static int read_data_tar(const struct reading *reading, struct arc_input input, struct gb_err *err)
{
    const struct package_room *room = reading->room;
    const struct unpack_wish wish = {
        .arena = room->scratch, .digester = room->digester, .kind = ARC_TAR};
    struct file_tree *tree = NULL;
    int r = file_tree_new(room->scratch, room->seed, &tree, err);
    if (r == 0)
        r = unpack_tree(&wish, input, tree, err);
    return r < 0 ? r : file_list_tree(reading->list, tree, err);
}

static int read_member(struct reading *reading, enum part *part, struct arc *arc,
                       const struct arc_entry *entry, struct gb_err *err)
{
    int r = GB_OK;
    if (gb_bytes_starts(entry->path, gb_bytes_str("_")))
        return GB_OK; /* deb(5): ignored, signatures among them */
    if (*part == PART_FORMAT && gb_bytes_is(entry->path, "debian-binary"))
        r = check_format(reading, arc, (size_t)entry->size, err);
    else if (*part == PART_CONTROL && gb_bytes_starts(entry->path, gb_bytes_str("control.tar")))
        r = read_control_tar(reading, arc_input_entry(arc), err);
    else if (*part == PART_DATA && gb_bytes_starts(entry->path, gb_bytes_str("data.tar")))
        r = read_data_tar(reading, arc_input_entry(arc), err);
    else if (*part == PART_END)
        return GB_OK;
    else
        return gb_err_set(err, GB_ERR_INPUT,
                          "its members are not debian-binary, control.tar and data.tar");
    static const char *const names[] = {"debian-binary: ", "control.tar: ", ""};
    if (r < 0)
        gb_err_prefix(err, "%s", names[*part]);
    *part += 1;
    return r;
}

int deb_read(const struct package_room *room, struct gb_bytes bytes, struct package *ret_package,
             struct file_list *list, struct gb_err *err)
{
    struct package package = {0};
    struct reading reading = {.room = room, .package = &package, .list = list};
    struct arc_bytes source = {.rest = bytes};
    gb_cleanup(arc_freep) struct arc *arc = NULL;
    struct arc_entry entry;
    enum part part = PART_FORMAT;
    int r = arc_open(ARC_AR, true, arc_input_bytes(&source), &arc, err);
    if (r < 0)
        return r;
    for (r = arc_next(arc, &entry, err); r > 0; r = arc_next(arc, &entry, err)) {
        int read = read_member(&reading, &part, arc, &entry, err);
        if (read < 0)
            return read;
        if (package.skipped)
            break;
    }
    if (r < 0)
        return r;
    if (part != PART_END && !package.skipped)
        return gb_err_set(err, GB_ERR_INPUT, "not a whole Debian package");
    *ret_package = package;
    return GB_OK;
}
