#include "policy/sets/ref_files.h"

#include <string.h>

#include "crypto/digest.h"
#include "policy/sets/ref_files_pack.h"
#include "policy/sets/ref_files_sort.h"

struct gb_bytes ref_files_digest(const struct ref_files *files, size_t i)
{
    size_t size = digest_size(files->alg);
    return gb_bytes(files->digests + i * size, size);
}

/* Seven bits a byte, the lowest first; the eighth says that more follow. We wrote it. */
static size_t read_number(struct gb_bytes in, size_t *at)
{
    size_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        uint8_t byte = in.data[(*at)++];
        value |= (size_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
}

/* Steps over the path that comes, into walk->room. */
static void next_path(struct ref_files_walk *walk)
{
    struct gb_bytes in = walk->files->paths;
    size_t shared = walk->next % REF_FILES_BLOCK == 0 ? 0 : read_number(in, &walk->at);
    size_t rest = read_number(in, &walk->at);
    if (rest > 0)
        memcpy(walk->room + shared, in.data + walk->at, rest);
    walk->at += rest;
    walk->path = gb_bytes(walk->room, shared + rest);
}

bool ref_files_walk_init(struct ref_files_walk *walk, struct gb_arena *arena,
                         const struct ref_files *files)
{
    uint8_t *room = gb_arena_alloc_raw(arena, files->path_max + 1, 1);
    *walk = (struct ref_files_walk){.files = files, .room = room};
    return room != NULL;
}

bool ref_files_walk_next(struct ref_files_walk *walk)
{
    if (walk->next >= walk->files->count)
        return false;
    next_path(walk);
    walk->digest = ref_files_digest(walk->files, walk->next++);
    return true;
}

struct gb_bytes ref_files_path(struct gb_arena *arena, const struct ref_files *files, size_t i)
{
    struct ref_files_walk walk;
    if (!ref_files_walk_init(&walk, arena, files))
        return gb_bytes(NULL, 0);
    walk.next = i - i % REF_FILES_BLOCK;
    walk.at = files->blocks[i / REF_FILES_BLOCK];
    for (; walk.next <= i; walk.next++)
        next_path(&walk);
    return walk.path;
}

/* The first path of a block, which stands there whole. */
static struct gb_bytes head(const struct ref_files *files, size_t block)
{
    size_t at = files->blocks[block];
    size_t len = read_number(files->paths, &at);
    return gb_bytes(files->paths.data + at, len);
}

/* The last block whose first path comes before `path`; the first one when none does. */
static size_t find_block(const struct ref_files *files, struct gb_bytes path)
{
    size_t low = 0, high = (files->count + REF_FILES_BLOCK - 1) / REF_FILES_BLOCK;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (ref_path_order(head(files, middle), path) < 0)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* How far two paths agree. */
static size_t agree(struct gb_bytes a, struct gb_bytes b)
{
    size_t len = a.len < b.len ? a.len : b.len, i = 0;
    while (i < len && a.data[i] == b.data[i])
        i++;
    return i;
}

/*
 * Looks through blocks without making the paths: `same` is how many bytes of `path` the last one
 * began with, and all are below it so far. One that shares less with its predecessor is above; one
 * that shares more is below like that.
 */
int64_t ref_files_find_path(const struct ref_files *files, struct gb_bytes path)
{
    if (files->count == 0)
        return -1;
    size_t i = find_block(files, path) * REF_FILES_BLOCK, same = 0;
    for (size_t at = files->blocks[i / REF_FILES_BLOCK]; i < files->count; i++) {
        size_t shared = i % REF_FILES_BLOCK == 0 ? 0 : read_number(files->paths, &at);
        size_t len = read_number(files->paths, &at);
        struct gb_bytes rest = gb_bytes(files->paths.data + at, len);
        at += len;
        if (i % REF_FILES_BLOCK != 0 && shared != same) {
            if (shared < same)
                return -1;
            continue;
        }
        struct gb_bytes wanted = gb_bytes_from(path, shared);
        size_t more = agree(rest, wanted);
        same = shared + more;
        if (more == len && more == wanted.len)
            return (int64_t)i;
        if (more < len && (more == wanted.len || rest.data[more] > wanted.data[more]))
            return -1;
    }
    return -1;
}
