#include "reference/packages/file_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "crypto/digest.h"
#include "policy/sets/refval.h"
#include "reference/packages/file_tree.h"
#include "reference/predict.h"

/* Room for one more, with a path of so many bytes, before any of it is taken. */
static int check_room(const struct file_list *list, size_t path_len, struct gb_err *err)
{
    if (list->count == GB_LIMIT_TREE_FILES)
        return gb_err_set(err, GB_ERR_LIMIT, "more than %d files", GB_LIMIT_TREE_FILES);
    if (path_len > GB_LIMIT_TREE_PATHS - list->path_bytes)
        return gb_err_set(err, GB_ERR_LIMIT, "the paths of its files have more than %d MB",
                          GB_LIMIT_TREE_PATHS >> 20);
    return GB_OK;
}

/* `path` is in the list's arena already. */
static int append(struct file_list *list, struct gb_bytes path, const uint8_t *digest,
                  struct gb_err *err)
{
    struct file_item *item = gb_arena_new_one(list->arena, struct file_item);
    if (!item)
        return gb_err_nomem(err);
    item->path = path;
    memcpy(item->digest, digest, sizeof item->digest);
    *(list->last ? &list->last->next : &list->first) = item;
    list->last = item;
    list->count++;
    list->path_bytes += path.len;
    return GB_OK;
}

int file_list_add(struct file_list *list, struct gb_bytes path, const uint8_t *digest,
                  struct gb_err *err)
{
    int r = check_room(list, path.len, err);
    if (r < 0)
        return r;
    struct gb_bytes copy = gb_arena_copy(list->arena, path);
    return copy.data ? append(list, copy, digest, err) : gb_err_nomem(err);
}

int file_list_node(struct file_list *list, const struct file_node *node, struct gb_err *err)
{
    const struct file_node *data = node->same ? node->same : node;
    int r = check_room(list, file_node_path_len(node), err);
    if (r < 0)
        return r;
    struct gb_bytes path = file_node_path(list->arena, node);
    return path.data ? append(list, path, data->digest, err) : gb_err_nomem(err);
}

/* No deeper than GB_LIMIT_TREE_DEPTH, which the tree keeps. */
static int add_below(struct file_list *list, const struct file_node *node, struct gb_err *err)
{
    int r = GB_OK;
    for (const struct file_node *child = node->first; r == GB_OK && child; child = child->next) {
        if (child->kind == FILE_FOLDER)
            r = add_below(list, child, err);
        else if (child->kind == FILE_REGULAR)
            r = file_list_node(list, child, err);
    }
    return r;
}

int file_list_tree(struct file_list *list, const struct file_tree *tree, struct gb_err *err)
{
    return add_below(list, file_tree_root(tree), err);
}

void file_list_move(struct file_list *list, struct file_list *from)
{
    if (!from->first)
        return;
    *(list->last ? &list->last->next : &list->first) = from->first;
    list->last = from->last;
    list->count += from->count;
    list->path_bytes += from->path_bytes;
    *from = (struct file_list){.arena = from->arena};
}

static int compare(const void *a, const void *b)
{
    const struct file_item *x = *(const struct file_item *const *)a;
    const struct file_item *y = *(const struct file_item *const *)b;
    size_t len = x->path.len < y->path.len ? x->path.len : y->path.len;
    int order = len > 0 ? memcmp(x->path.data, y->path.data, len) : 0;
    if (order == 0 && x->path.len != y->path.len)
        order = x->path.len < y->path.len ? -1 : 1;
    return order ? order : memcmp(x->digest, y->digest, sizeof x->digest);
}

int file_list_set(struct gb_arena *arena, const struct file_list *list, const char *name,
                  struct ref_set **ret_set, struct gb_err *err)
{
    const struct file_item **sorted =
        gb_arena_new_array(arena, const struct file_item *, list->count + 1);
    uint8_t *keys = gb_arena_new_array(arena, uint8_t, (list->count + 1) * FILE_DIGEST);
    struct gb_bytes *paths = gb_arena_new_array(arena, struct gb_bytes, list->count + 1);
    size_t count = 0;
    if (!sorted || !keys || !paths)
        return gb_err_nomem(err);
    if (list->count > GB_LIMIT_TREE_FILES)
        return gb_err_set(err, GB_ERR_LIMIT, "more than %d files in all", GB_LIMIT_TREE_FILES);
    for (const struct file_item *item = list->first; item; item = item->next)
        sorted[count++] = item;
    qsort(sorted, count, sizeof *sorted, compare);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && compare(&sorted[i - 1], &sorted[i]) == 0)
            continue;
        memcpy(keys + kept * FILE_DIGEST, sorted[i]->digest, FILE_DIGEST);
        paths[kept++] = sorted[i]->path;
    }
    return predict_files(arena, DIGEST_SHA256, keys, paths, kept, name, ret_set, err);
}
