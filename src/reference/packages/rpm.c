#include "reference/packages/rpm.h"

#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/limits.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "reference/packages/control.h"
#include "reference/packages/file_list.h"
#include "reference/packages/file_tree.h"
#include "reference/packages/package.h"
#include "reference/packages/rpm_header.h"
#include "reference/packages/unpack.h"
#include "wire/arc.h"

/* rpmtag.h */
enum tag {
    TAG_NAME = 1000,
    TAG_VERSION = 1001,
    TAG_RELEASE = 1002,
    TAG_ARCH = 1022,
    TAG_FILEMODES = 1030,
    TAG_FILEDIGESTS = 1035,
    TAG_FILEFLAGS = 1037,
    TAG_DIRINDEXES = 1116,
    TAG_BASENAMES = 1117,
    TAG_DIRNAMES = 1118,
    TAG_PAYLOADFORMAT = 1124,
    TAG_FILEDIGESTALGO = 5011,
    TAG_FILESIGNATURES = 5090,
    TAG_PAYLOADDIGEST = 5092,
    TAG_PAYLOADDIGESTALGO = 5093,
    SIGTAG_SHA256 = 273,
    SIGTAG_FILESIGNATURES = 274,
};

enum { LEAD = 96, FLAG_GHOST = 1 << 6, MODE_TYPE = 0170000, MODE_FILE = 0100000 };

struct parts {
    struct rpm_header signature;
    struct rpm_header header;
    struct gb_bytes payload;
};

static int cut(struct gb_bytes bytes, struct parts *ret_parts, struct gb_err *err)
{
    static const uint8_t magic[] = {0xed, 0xab, 0xee, 0xdb};
    struct parts parts;
    if (bytes.len < LEAD || memcmp(bytes.data, magic, sizeof magic) != 0)
        return gb_err_at(err, GB_ERR_INPUT, 0, "not an rpm package");
    size_t at = LEAD;
    int r = rpm_header_read(gb_bytes_from(bytes, at), &parts.signature, err);
    if (r < 0) {
        gb_err_shift(err, at);
        return r;
    }
    at += (parts.signature.whole.len + 7) / 8 * 8; /* the next one is aligned */
    if (at > bytes.len)
        return gb_err_at(err, GB_ERR_INPUT, bytes.len, "ends within its signatures");
    r = rpm_header_read(gb_bytes_from(bytes, at), &parts.header, err);
    if (r < 0) {
        gb_err_shift(err, at);
        return r;
    }
    parts.payload = gb_bytes_from(bytes, at + parts.header.whole.len);
    *ret_parts = parts;
    return GB_OK;
}

/* RFC 4880, 9.4: hash algorithms as rpm numbers them. MD5 (1) is of rpms before 2009. */
static enum digest_alg algorithm(const struct rpm_header *header, uint32_t tag)
{
    static const enum digest_alg algs[] = {
        [2] = DIGEST_SHA1, [8] = DIGEST_SHA256, [9] = DIGEST_SHA384, [10] = DIGEST_SHA512};
    struct rpm_value value;
    if (!rpm_find(header, tag, RPM_INT32, &value))
        return DIGEST_NONE;
    uint32_t id = rpm_number(&value, 0);
    return id < GB_ARRAY_LEN(algs) ? algs[id] : DIGEST_NONE;
}

/* The hex text of a tag against bytes; GB_OK when there is nothing to compare. */
static int compare_hex(const struct package_room *room, const struct rpm_header *header,
                       uint32_t tag, enum digest_alg alg, struct gb_bytes bytes, const char *what,
                       struct gb_err *err)
{
    uint8_t said[GB_LIMIT_DIGEST];
    uint8_t computed[GB_LIMIT_DIGEST];
    struct rpm_value value;
    struct gb_bytes text;
    if (alg == DIGEST_NONE || !rpm_find(header, tag, RPM_STRINGS, &value) ||
        !rpm_next_text(&value, &text))
        return GB_OK;
    if (!gb_hex_decode(text, said, digest_size(alg)))
        return gb_err_set(err, GB_ERR_INPUT, "the digest of its %s is none", what);
    int r = digest_of(room->digester, alg, bytes, computed);
    if (r < 0)
        return gb_err_set(err, r, "cannot compute %s", digest_name(alg));
    return memcmp(said, computed, digest_size(alg)) == 0
               ? GB_OK
               : gb_err_set(err, GB_ERR_INPUT, "damaged: its %s has another digest", what);
}

static int keep_text(const struct rpm_header *header, uint32_t tag, const char *what,
                     struct gb_bytes *ret_text, struct gb_err *err)
{
    struct rpm_value value;
    if (rpm_find(header, tag, RPM_STRING, &value) && rpm_next_text(&value, ret_text) &&
        control_word(*ret_text))
        return GB_OK;
    return gb_err_set(err, GB_ERR_INPUT, "no %s, or one with other characters", what);
}

static int read_package(const struct rpm_header *header, struct gb_arena *arena,
                        struct package *package, struct gb_err *err)
{
    struct gb_bytes name = {0};
    struct gb_bytes version = {0};
    struct gb_bytes release = {0};
    struct gb_bytes arch = {0};
    int r = keep_text(header, TAG_NAME, "name", &name, err);
    if (r == 0)
        r = keep_text(header, TAG_VERSION, "version", &version, err);
    if (r == 0)
        r = keep_text(header, TAG_RELEASE, "release", &release, err);
    if (r == 0)
        r = keep_text(header, TAG_ARCH, "architecture", &arch, err);
    if (r < 0)
        return r;
    const char *both =
        gb_arena_printf(arena, "%.*s-%.*s", (int)version.len, (const char *)version.data,
                        (int)release.len, (const char *)release.data);
    package->name = gb_arena_copy(arena, name);
    package->arch = gb_arena_copy(arena, arch);
    if (!both || !package->name.data || !package->arch.data)
        return gb_err_nomem(err);
    package->version = gb_bytes_str(both);
    return GB_OK;
}

/* The header's list of files: columns of one length. */
struct columns {
    struct rpm_value digests;
    struct rpm_value names;
    struct rpm_value folders; /* DIRINDEXES */
    struct rpm_value modes;
    struct rpm_value flags;
    const struct gb_bytes *folder_names;
    uint32_t folder_count;
};

static int read_folders(const struct rpm_header *header, struct gb_arena *arena,
                        struct columns *columns, struct gb_err *err)
{
    struct rpm_value value;
    if (!rpm_find(header, TAG_DIRNAMES, RPM_STRINGS, &value))
        return gb_err_set(err, GB_ERR_INPUT, "its list of files has no folders");
    uint32_t count = value.count;
    if (count > GB_LIMIT_TREE_FILES)
        return gb_err_set(err, GB_ERR_LIMIT, "a list of more than %d folders", GB_LIMIT_TREE_FILES);
    struct gb_bytes *names = gb_arena_new_array(arena, struct gb_bytes, count);
    if (!names)
        return gb_err_nomem(err);
    for (uint32_t i = 0; i < count; i++)
        if (!rpm_next_text(&value, &names[i]))
            return gb_err_set(err, GB_ERR_INPUT, "its list of folders is cut off");
    columns->folder_names = names;
    columns->folder_count = count;
    return GB_OK;
}

static int wrong_file(struct gb_arena *arena, struct gb_bytes path, const char *what,
                      struct gb_err *err)
{
    enum { SHOWN = 100 };
    const char *shown = gb_text_escape(arena, path, SHOWN);
    return gb_err_set(err, GB_ERR_INPUT, "%s: %s", shown ? shown : "?", what);
}

/* One file of the header: what the payload brings at its place must be what the header says. */
static int compare_file(struct gb_arena *arena, struct file_tree *tree,
                        const struct columns *columns, enum digest_alg alg, uint32_t i,
                        struct gb_bytes name, struct gb_bytes hex, struct gb_err *err)
{
    uint8_t said[GB_LIMIT_DIGEST];
    char path[GB_LIMIT_ARC_PATH + 1]; /* not in the arena: a header may name one file often */
    uint32_t folder = rpm_number(&columns->folders, i);
    bool file = (rpm_number(&columns->modes, i) & MODE_TYPE) == MODE_FILE;
    struct file_node *node = NULL;
    if (!file || (rpm_number(&columns->flags, i) & FLAG_GHOST))
        return GB_OK; /* a ghost is made on the node, and in no payload */
    if (folder >= columns->folder_count)
        return gb_err_set(err, GB_ERR_INPUT, "file %u is in no folder", i);
    struct gb_bytes in = columns->folder_names[folder];
    if (in.len + name.len > GB_LIMIT_ARC_PATH) /* said once for each file of the folder */
        return gb_err_set(err, GB_ERR_LIMIT, "file %u has a path of more than %d bytes", i,
                          GB_LIMIT_ARC_PATH);
    snprintf(path, sizeof path, "%.*s%.*s", (int)in.len, (const char *)in.data, (int)name.len,
             (const char *)name.data);
    int r = file_tree_find(tree, gb_bytes_str(path), &node, err);
    if (r < 0)
        return r;
    if (!node || node->kind != FILE_REGULAR)
        return wrong_file(arena, gb_bytes_str(path), "in the header, and not in the payload", err);
    node->layer = 1; /* the header knows it */
    const struct file_node *data = node->same ? node->same : node;
    const uint8_t *computed = alg == DIGEST_SHA256 ? data->digest : data->also;
    if (alg == DIGEST_NONE || !computed)
        return GB_OK;
    if (!gb_hex_decode(hex, said, digest_size(alg)) ||
        memcmp(said, computed, digest_size(alg)) != 0)
        return wrong_file(arena, gb_bytes_str(path),
                          "the payload's contents are not what the header says", err);
    return GB_OK;
}

/* Whether every regular file below is one that the header knows. */
static const struct file_node *unknown_file(const struct file_node *folder)
{
    for (const struct file_node *child = folder->first; child; child = child->next) {
        const struct file_node *found = child->kind == FILE_FOLDER ? unknown_file(child) : NULL;
        if (found || (child->kind == FILE_REGULAR && child->layer != 1))
            return found ? found : child;
    }
    return NULL;
}

static int compare_files(const struct package_room *room, const struct rpm_header *header,
                         struct file_tree *tree, enum digest_alg alg, struct gb_err *err)
{
    struct columns c = {0};
    struct gb_bytes name, hex;
    if (rpm_find(header, TAG_BASENAMES, RPM_STRINGS, &c.names)) {
        uint32_t count = c.names.count;
        if (count > GB_LIMIT_TREE_FILES)
            return gb_err_set(err, GB_ERR_LIMIT, "a list of more than %d files",
                              GB_LIMIT_TREE_FILES);
        if (!rpm_find(header, TAG_FILEDIGESTS, RPM_STRINGS, &c.digests) ||
            !rpm_find(header, TAG_DIRINDEXES, RPM_INT32, &c.folders) ||
            !rpm_find(header, TAG_FILEMODES, RPM_INT16, &c.modes) ||
            !rpm_find(header, TAG_FILEFLAGS, RPM_INT32, &c.flags) || c.digests.count != count ||
            c.folders.count != count || c.modes.count != count || c.flags.count != count)
            return gb_err_set(err, GB_ERR_INPUT, "the columns of its list of files do not fit");
        int r = read_folders(header, room->scratch, &c, err);
        for (uint32_t i = 0; r == 0 && i < count; i++) {
            if (!rpm_next_text(&c.names, &name) || !rpm_next_text(&c.digests, &hex))
                return gb_err_set(err, GB_ERR_INPUT, "its list of files is cut off");
            r = compare_file(room->scratch, tree, &c, alg, i, name, hex, err);
        }
        if (r < 0)
            return r;
    }
    const struct file_node *unknown = unknown_file(file_tree_root(tree));
    if (!unknown)
        return GB_OK;
    struct gb_bytes path = file_node_path(room->scratch, unknown);
    return wrong_file(room->scratch, path.data ? path : gb_bytes_str("?"),
                      "in the payload, and not in the header", err);
}

static size_t count_signatures(const struct parts *parts)
{
    struct rpm_value value;
    struct gb_bytes text;
    size_t count = 0;
    if (!rpm_find(&parts->header, TAG_FILESIGNATURES, RPM_STRINGS, &value) &&
        !rpm_find(&parts->signature, SIGTAG_FILESIGNATURES, RPM_STRINGS, &value))
        return 0;
    while (rpm_next_text(&value, &text))
        count += text.len > 0;
    return count;
}

static int check_container(const struct package_room *room, const struct parts *parts,
                           struct gb_err *err)
{
    struct rpm_value value;
    struct gb_bytes format = gb_bytes_str("cpio");
    if (rpm_find(&parts->header, TAG_PAYLOADFORMAT, RPM_STRING, &value) &&
        (!rpm_next_text(&value, &format) || !gb_bytes_is(format, "cpio")))
        return gb_err_set(err, GB_ERR_CONFIG,
                          "its payload is no cpio: drpm and others cannot be predicted");
    int r = compare_hex(room, &parts->signature, SIGTAG_SHA256, DIGEST_SHA256, parts->header.whole,
                        "header", err);
    if (r < 0)
        return r;
    return compare_hex(room, &parts->header, TAG_PAYLOADDIGEST,
                       algorithm(&parts->header, TAG_PAYLOADDIGESTALGO), parts->payload, "payload",
                       err);
}

int rpm_read(const struct package_room *room, struct gb_bytes bytes, struct package *ret_package,
             struct file_list *list, struct gb_err *err)
{
    struct package package = {0};
    struct parts parts;
    struct file_tree *tree = NULL;
    int r = cut(bytes, &parts, err);
    if (r == 0)
        r = read_package(&parts.header, list->arena, &package, err);
    if (r == 0)
        r = check_container(room, &parts, err);
    if (r == 0)
        r = file_tree_new(room->scratch, room->seed, &tree, err);
    if (r < 0)
        return r;
    enum digest_alg alg = algorithm(&parts.header, TAG_FILEDIGESTALGO);
    struct arc_bytes source = {.rest = parts.payload};
    const struct unpack_wish wish = {
        .arena = room->scratch, .digester = room->digester, .kind = ARC_CPIO, .also = alg};
    r = unpack_tree(&wish, arc_input_bytes(&source), tree, err);
    if (r == 0)
        r = compare_files(room, &parts.header, tree, alg, err);
    if (r == 0)
        r = file_list_tree(list, tree, err);
    if (r < 0)
        return r;
    package.ima_signatures = count_signatures(&parts);
    if (alg == DIGEST_NONE && list->count > 0)
        package.unchecked = "its header's file digests are of no algorithm that we compute (MD5)";
    *ret_package = package;
    return GB_OK;
}
