#include "reference/packages/file_tree.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

enum {
    MOST_LINKS = 40,   /* Linux follows as many (MAXSYMLINKS) */
    MOST_STEPS = 1024, /* along one path and its links' targets: a target of 4 KB names hundreds */
};

struct file_tree {
    struct gb_arena *arena;
    struct file_node *root;
    struct file_node **slots; /* by parent and name, open addressing, at most half full */
    size_t mask;
    size_t count;
    uint64_t seed;
};

/* One walk along a path. */
struct walk {
    struct file_tree *tree;
    uint32_t layer;
    bool make;
    int links; /* that may still be followed */
    int steps; /* likewise taken */
};

static int enter(struct walk *walk, struct file_node *from, struct gb_bytes path,
                 struct file_node **ret_at, struct gb_err *err);

/* FNV-1a, begun with the seed. */
static uint64_t hash(const struct file_tree *tree, const struct file_node *parent,
                     struct gb_bytes name)
{
    uint64_t h = 0xcbf29ce484222325u ^ tree->seed ^ ((uintptr_t)parent >> 4);
    h *= 0x100000001b3u;
    for (size_t i = 0; i < name.len; i++)
        h = (h ^ name.data[i]) * 0x100000001b3u;
    return h ^ (h >> 29);
}

static struct file_node **slot_of(const struct file_tree *tree, struct file_node **slots,
                                  size_t mask, const struct file_node *parent, struct gb_bytes name)
{
    size_t at = (size_t)hash(tree, parent, name) & mask;
    while (slots[at] && (slots[at]->parent != parent || !gb_bytes_equal(slots[at]->name, name)))
        at = (at + 1) & mask;
    return &slots[at];
}

int file_tree_new(struct gb_arena *arena, uint64_t seed, struct file_tree **ret_tree,
                  struct gb_err *err)
{
    enum { FIRST_SLOTS = 1024 };
    struct file_tree *tree = gb_arena_new_one(arena, struct file_tree);
    struct file_node *root = gb_arena_new_one(arena, struct file_node);
    struct file_node **slots = gb_arena_new_array(arena, struct file_node *, FIRST_SLOTS);
    if (!tree || !root || !slots)
        return gb_err_nomem(err);
    root->kind = FILE_FOLDER;
    *tree = (struct file_tree){
        .arena = arena, .root = root, .slots = slots, .mask = FIRST_SLOTS - 1, .seed = seed};
    *ret_tree = tree;
    return GB_OK;
}

static int grow(struct file_tree *tree, struct gb_err *err)
{
    size_t size = 2 * (tree->mask + 1);
    struct file_node **slots = gb_arena_new_array(tree->arena, struct file_node *, size);
    if (!slots)
        return gb_err_nomem(err);
    for (size_t i = 0; i <= tree->mask; i++) {
        struct file_node *node = tree->slots[i];
        if (node)
            *slot_of(tree, slots, size - 1, node->parent, node->name) = node;
    }
    tree->slots = slots;
    tree->mask = size - 1;
    return GB_OK;
}

/* The child of this name, made as FILE_NONE when the walk makes; else NULL. */
static int child_of(struct walk *walk, struct file_node *parent, struct gb_bytes name,
                    struct file_node **ret_child, struct gb_err *err)
{
    struct file_tree *tree = walk->tree;
    struct file_node **slot = slot_of(tree, tree->slots, tree->mask, parent, name);
    *ret_child = *slot;
    if (*slot || !walk->make)
        return GB_OK;
    if (tree->count == GB_LIMIT_TREE_FILES)
        return gb_err_set(err, GB_ERR_LIMIT, "more than %d files and folders", GB_LIMIT_TREE_FILES);
    if (parent->depth == GB_LIMIT_TREE_DEPTH)
        return gb_err_set(err, GB_ERR_LIMIT, "more than %d folders deep", GB_LIMIT_TREE_DEPTH);
    struct file_node *node = gb_arena_new_one(tree->arena, struct file_node);
    struct gb_bytes copy = gb_arena_copy(tree->arena, name);
    if (!node || !copy.data)
        return gb_err_nomem(err);
    node->parent = parent;
    node->name = copy;
    node->depth = parent->depth + 1;
    *slot = node;
    if (++tree->count > tree->mask / 2) {
        int r = grow(tree, err);
        if (r < 0)
            return r;
    }
    *ret_child = node;
    return GB_OK;
}

static void attach(struct file_node *node, enum file_kind kind)
{
    if (node->kind == FILE_NONE) {
        node->before = NULL;
        node->next = node->parent->first;
        if (node->next)
            node->next->before = node;
        node->parent->first = node;
    }
    node->kind = kind;
    node->same = NULL;
    node->also = NULL;
}

/* What is taken away is no child any more, so a folder is emptied once for each time it was filled.
 */
static void detach(struct file_node *node)
{
    while (node->first)
        detach(node->first);
    if (node->before)
        node->before->next = node->next;
    else
        node->parent->first = node->next;
    if (node->next)
        node->next->before = node->before;
    node->kind = FILE_NONE;
}

static void stamp(struct file_node *node, uint32_t layer)
{
    for (; node && node->layer < layer; node = node->parent)
        node->layer = layer;
}

static bool is_dot(struct gb_bytes name)
{
    return name.len == 0 || gb_bytes_is(name, ".");
}

/* Down into a folder, through links. *ret_at is NULL when there is none. */
static int step(struct walk *walk, struct file_node *at, struct gb_bytes name,
                struct file_node **ret_at, struct gb_err *err)
{
    struct file_node *child = NULL;
    int r = child_of(walk, at, name, &child, err);
    if (r < 0)
        return r;
    if (child && child->kind == FILE_SYMLINK) {
        if (walk->links-- == 0)
            return gb_err_set(err, GB_ERR_INPUT, "leads through more than %d links", MOST_LINKS);
        bool absolute = child->target.len > 0 && child->target.data[0] == '/';
        return enter(walk, absolute ? walk->tree->root : at, child->target, ret_at, err);
    }
    if (child && child->kind == FILE_NONE && walk->make)
        attach(child, FILE_FOLDER);
    if (child && child->kind != FILE_FOLDER && child->kind != FILE_NONE)
        return gb_err_set(err, GB_ERR_INPUT, "leads through what is no folder");
    *ret_at = child && child->kind == FILE_FOLDER ? child : NULL;
    return GB_OK;
}

/* ".." above the root is the root, as in every root folder: links of an image may have it. */
static int enter(struct walk *walk, struct file_node *from, struct gb_bytes path,
                 struct file_node **ret_at, struct gb_err *err)
{
    struct file_node *at = from;
    int r = GB_OK;
    while (r == GB_OK && at && path.len > 0) {
        struct gb_bytes name = gb_text_until(&path, '/');
        if (is_dot(name))
            continue;
        if (walk->steps-- == 0)
            return gb_err_set(err, GB_ERR_INPUT, "leads through more than %d folders", MOST_STEPS);
        if (gb_bytes_is(name, ".."))
            at = at->parent ? at->parent : at;
        else
            r = step(walk, at, name, &at, err);
    }
    if (r == GB_OK)
        *ret_at = at;
    return r;
}

bool file_path_split(struct gb_bytes path, struct gb_bytes *ret_folder, struct gb_bytes *ret_name)
{
    while (path.len > 0) {
        size_t start = path.len;
        while (start > 0 && path.data[start - 1] != '/')
            start--;
        struct gb_bytes name = gb_bytes_from(path, start);
        path = gb_bytes(path.data, start > 0 ? start - 1 : 0);
        if (is_dot(name))
            continue;
        *ret_folder = path;
        *ret_name = name;
        return true;
    }
    return false;
}

static bool climbs(struct gb_bytes path)
{
    while (path.len > 0)
        if (gb_bytes_is(gb_text_until(&path, '/'), ".."))
            return true;
    return false;
}

/* The node that `path` names, its folders entered; NULL when a folder is missing. */
static int locate(struct walk *walk, struct gb_bytes path, struct file_node **ret_node,
                  struct gb_err *err)
{
    struct gb_bytes folder, name;
    struct file_node *at = NULL;
    walk->links = MOST_LINKS;
    walk->steps = MOST_STEPS;
    if (climbs(path))
        return gb_err_set(err, GB_ERR_INPUT, "leads out of its folder (\"..\")");
    if (!file_path_split(path, &folder, &name)) {
        *ret_node = walk->tree->root;
        return GB_OK;
    }
    int r = enter(walk, walk->tree->root, folder, &at, err);
    *ret_node = NULL;
    return r < 0 || !at ? r : child_of(walk, at, name, ret_node, err);
}

int file_tree_put(struct file_tree *tree, struct gb_bytes path, enum file_kind kind, uint32_t layer,
                  struct file_node **ret_node, struct gb_err *err)
{
    struct walk walk = {.tree = tree, .layer = layer, .make = true};
    struct file_node *node = NULL;
    int r = locate(&walk, path, &node, err);
    if (r < 0)
        return r;
    if (!node || (!node->parent && kind != FILE_FOLDER))
        return gb_err_set(err, GB_ERR_INPUT, "takes the place of the root");
    if (node->kind != FILE_NONE && (node->kind != FILE_FOLDER || kind != FILE_FOLDER))
        detach(node);
    if (node->parent)
        attach(node, kind);
    stamp(node, layer);
    *ret_node = node;
    return GB_OK;
}

int file_tree_find(struct file_tree *tree, struct gb_bytes path, struct file_node **ret_node,
                   struct gb_err *err)
{
    struct walk walk = {.tree = tree};
    struct file_node *node = NULL;
    int r = locate(&walk, path, &node, err);
    if (r == GB_OK)
        *ret_node = node && node->kind != FILE_NONE ? node : NULL;
    return r;
}

/* Children of the layer itself stay: a whiteout speaks of the layers below (OCI image spec). Once
 * they are alone, what comes is of this layer too: a folder is walked once a layer, however often
 * it is said to be empty. */
static void hide_children(struct file_node *node, uint32_t layer)
{
    if (node->emptied == layer)
        return;
    node->emptied = layer;
    for (struct file_node *child = node->first, *next = NULL; child; child = next) {
        next = child->next;
        if (child->layer < layer)
            detach(child);
        else
            hide_children(child, layer);
    }
}

int file_tree_hide(struct file_tree *tree, struct gb_bytes path, uint32_t layer, struct gb_err *err)
{
    struct file_node *node = NULL;
    int r = file_tree_find(tree, path, &node, err);
    if (r < 0 || !node)
        return r;
    if (node->layer < layer && node->parent)
        detach(node);
    else
        hide_children(node, layer);
    return GB_OK;
}

int file_tree_empty(struct file_tree *tree, struct gb_bytes path, uint32_t layer,
                    struct gb_err *err)
{
    struct walk walk = {.tree = tree, .links = MOST_LINKS, .steps = MOST_STEPS};
    struct file_node *node = NULL;
    int r = climbs(path) ? gb_err_set(err, GB_ERR_INPUT, "leads out of its folder (\"..\")")
                         : enter(&walk, tree->root, path, &node, err);
    if (r == GB_OK && node)
        hide_children(node, layer);
    return r;
}

const struct file_node *file_tree_root(const struct file_tree *tree)
{
    return tree->root;
}

size_t file_node_path_len(const struct file_node *node)
{
    size_t len = 0;
    for (const struct file_node *at = node; at->parent; at = at->parent)
        len += 1 + at->name.len;
    return len;
}

struct gb_bytes file_node_path(struct gb_arena *arena, const struct file_node *node)
{
    size_t len = file_node_path_len(node);
    uint8_t *text = gb_arena_alloc_raw(arena, len + 1, 1);
    if (!text)
        return gb_bytes(NULL, 0);
    text[len] = 0;
    size_t end = len;
    for (const struct file_node *at = node; at->parent; at = at->parent) {
        end -= at->name.len;
        memcpy(text + end, at->name.data, at->name.len);
        text[--end] = '/';
    }
    return gb_bytes(text, len);
}
