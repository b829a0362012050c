#include "reference/packages/unpack.h"

#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "reference/packages/file_tree.h"
#include "wire/arc.h"

static int hash_data(const struct unpack_wish *wish, struct arc *arc, struct file_node *node,
                     struct gb_err *err)
{
    bool two = wish->also != DIGEST_NONE && wish->also != DIGEST_SHA256;
    uint8_t *also = two ? gb_arena_new_array(wish->arena, uint8_t, GB_LIMIT_DIGEST) : NULL;
    struct gb_bytes piece = {0};
    if (two && !also)
        return gb_err_nomem(err);
    int d = digest_begin(wish->digester, DIGEST_SHA256);
    if (d == 0 && two)
        d = digest_begin(wish->digester, wish->also);
    while (d == 0) {
        int r = arc_read(arc, &piece, err);
        if (r < 0)
            return r;
        if (piece.len == 0)
            break;
        d = digest_add(wish->digester, DIGEST_SHA256, piece);
        if (d == 0 && two)
            d = digest_add(wish->digester, wish->also, piece);
    }
    if (d == 0)
        d = digest_end(wish->digester, DIGEST_SHA256, node->digest);
    if (d == 0 && two)
        d = digest_end(wish->digester, wish->also, also);
    node->also = also;
    return d < 0 ? gb_err_set(err, d, "cannot compute a digest") : GB_OK;
}

/* OCI image spec, "Representing Changes": whiteouts. True when the entry was one. */
static int whiteout(const struct unpack_wish *wish, const struct arc_entry *entry,
                    struct file_tree *tree, bool *ret_was, struct gb_err *err)
{
    struct gb_bytes mark = gb_bytes_str(".wh.");
    struct gb_bytes folder, name;
    *ret_was = false;
    if (!wish->whiteouts || !file_path_split(entry->path, &folder, &name) ||
        !gb_bytes_starts(name, mark))
        return GB_OK;
    *ret_was = true;
    if (gb_bytes_is(name, ".wh..wh..opq"))
        return file_tree_empty(tree, folder, wish->layer, err);
    struct gb_bytes hidden = gb_bytes_from(name, mark.len);
    if (gb_bytes_starts(hidden, mark)) /* what aufs kept for itself */
        return GB_OK;
    if (hidden.len == 0 || gb_bytes_is(hidden, ".") || gb_bytes_is(hidden, ".."))
        return gb_err_set(err, GB_ERR_INPUT, "a whiteout that hides nothing");
    const char *path =
        gb_arena_printf(wish->arena, "%.*s/%.*s", (int)folder.len, (const char *)folder.data,
                        (int)hidden.len, (const char *)hidden.data);
    return path ? file_tree_hide(tree, gb_bytes_str(path), wish->layer, err) : gb_err_nomem(err);
}

/* tar: the contents that the target has now. cpio: all links of a file come with one inode, and any
 * of them, commonly the last, brings the data of all. */
static int put_hardlink(const struct unpack_wish *wish, struct arc *arc,
                        const struct arc_entry *entry, struct file_tree *tree, struct gb_err *err)
{
    struct file_node *target = NULL;
    struct file_node *node = NULL;
    int r = file_tree_find(tree, entry->target, &target, err);
    if (r < 0)
        return r;
    if (!target || target->kind == FILE_FOLDER)
        return gb_err_set(err, GB_ERR_INPUT, "a hard link to what is not there");
    struct file_node was = *target; /* which may be what is replaced: a link to itself */
    r = file_tree_put(tree, entry->path, was.kind, wish->layer, &node, err);
    if (r < 0)
        return r;
    node->target = was.target;
    node->also = was.also;
    node->same = was.same;
    memcpy(node->digest, was.digest, sizeof node->digest);
    if (wish->kind != ARC_CPIO)
        return GB_OK;
    if (!node->same && node != target)
        node->same = target;
    return entry->size > 0 ? hash_data(wish, arc, node->same ? node->same : node, err) : GB_OK;
}

static int put_entry(const struct unpack_wish *wish, struct arc *arc, const struct arc_entry *entry,
                     struct file_tree *tree, struct gb_err *err)
{
    static const enum file_kind kinds[] = {[ARC_OTHER] = FILE_OTHER,
                                           [ARC_FILE] = FILE_REGULAR,
                                           [ARC_FOLDER] = FILE_FOLDER,
                                           [ARC_SYMLINK] = FILE_SYMLINK,
                                           [ARC_HARDLINK] = FILE_REGULAR};
    struct file_node *node = NULL;
    bool was_whiteout = false;
    int r = whiteout(wish, entry, tree, &was_whiteout, err);
    if (r < 0 || was_whiteout)
        return r;
    if (entry->type == ARC_HARDLINK)
        return put_hardlink(wish, arc, entry, tree, err);
    r = file_tree_put(tree, entry->path, kinds[entry->type], wish->layer, &node, err);
    if (r < 0)
        return r;
    if (entry->type == ARC_SYMLINK) {
        node->target = gb_arena_copy(wish->arena, entry->target);
        return node->target.data ? GB_OK : gb_err_nomem(err);
    }
    return entry->type == ARC_FILE ? hash_data(wish, arc, node, err) : GB_OK;
}

int unpack_tree(const struct unpack_wish *wish, struct arc_input input, struct file_tree *tree,
                struct gb_err *err)
{
    enum { MOST = 100 };
    gb_cleanup(arc_freep) struct arc *arc = NULL;
    struct arc_entry entry;
    int r = arc_open(wish->kind, wish->plain, input, &arc, err);
    if (r < 0)
        return r;
    for (r = arc_next(arc, &entry, err); r > 0; r = arc_next(arc, &entry, err)) {
        int put = put_entry(wish, arc, &entry, tree, err);
        if (put < 0) {
            const char *shown = gb_text_escape(wish->arena, entry.path, MOST);
            gb_err_prefix(err, "%s: ", shown ? shown : "?");
            return put;
        }
    }
    return r;
}
