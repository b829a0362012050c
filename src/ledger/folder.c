#include "ledger/folder.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "ledger/merkle.h"
#include "ledger/tiles.h"
#include "os/file.h"

enum { BUNDLE_MAX = TILES_WIDTH * (2 + GB_LIMIT_ENTRY) };

/* The tile read last of one level. Hashes in tiles never change, so the wider one holds all that a
 * narrower one would. */
struct kept {
    uint64_t index;
    unsigned width; /* 0: none yet */
    uint8_t hashes[TILES_WIDTH][MERKLE_HASH];
};

struct folder {
    char path[PATH_MAX - TILES_PATH];
    struct digester *digester; /* owned */
    struct gb_arena *arena;    /* owned; for one tile */
    uint64_t size;             /* of the source that was given out last */
    struct kept kept[TILES_LEVELS];
};

int folder_open(const char *path, struct folder **ret_folder, struct gb_err *err)
{
    gb_cleanup(folder_freep) struct folder *folder = gb_calloc(1, sizeof *folder);
    if (!folder)
        return gb_err_nomem(err);
    if (strlen(path) >= sizeof folder->path)
        return gb_err_set(err, GB_ERR_CONFIG, "the ledger's folder has too long a path");
    memcpy(folder->path, path, strlen(path) + 1);
    folder->arena = gb_arena_new();
    if (!folder->arena)
        return gb_err_nomem(err);
    int r = digester_new(&folder->digester, err);
    if (r == GB_OK)
        *ret_folder = gb_take(folder);
    return r;
}

void folder_free(struct folder *folder)
{
    if (!folder)
        return;
    digester_free(folder->digester);
    gb_arena_free(folder->arena);
    gb_free(folder);
}

void folder_freep(struct folder **folder)
{
    folder_free(*folder);
}

static int read_below(const struct folder *folder, struct gb_arena *arena, const char *name,
                      size_t max, struct gb_bytes *ret_bytes, struct gb_err *err)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder->path, name);
    return file_read(arena, path, max, ret_bytes, err);
}

int folder_checkpoint(struct folder *folder, struct gb_arena *arena, struct gb_bytes *ret_note,
                      struct gb_err *err)
{
    return read_below(folder, arena, "checkpoint", GB_LIMIT_NOTE, ret_note, err);
}

/* The first `count` entries of a bundle that has more. */
static int cut_bundle(struct gb_bytes *bundle, unsigned count, struct gb_err *err)
{
    size_t at = 0;
    for (unsigned i = 0; i < count; i++) {
        size_t left = bundle->len - at;
        size_t len = left < 2 ? 0 : (size_t)bundle->data[at] << 8 | bundle->data[at + 1];
        if (left < 2 || len > left - 2)
            return gb_err_at(err, GB_ERR_INPUT, at, "the bundle ends before entry %u", i);
        at += 2 + len;
    }
    bundle->len = at;
    return GB_OK;
}

/* A file may be wider than what was asked for, when the partial one is gone. */
static int fit(const struct tiles_name *name, bool wider, struct gb_bytes *bytes,
               struct gb_err *err)
{
    size_t want = (size_t)name->width * MERKLE_HASH;
    if (name->entries)
        return wider ? cut_bundle(bytes, name->width, err) : GB_OK;
    if (wider ? bytes->len < want : bytes->len != want)
        return gb_err_set(err, GB_ERR_INPUT, "%zu bytes, not %zu", bytes->len, want);
    bytes->len = want;
    return GB_OK;
}

int folder_tile(struct folder *folder, struct gb_arena *arena, const struct tiles_name *name,
                struct gb_bytes *ret_bytes, struct gb_err *err)
{
    char path[TILES_PATH];
    struct gb_bytes bytes;
    size_t max = name->entries ? BUNDLE_MAX : TILES_WIDTH * MERKLE_HASH;
    bool wider = false;
    tiles_path(name, path);
    int r = read_below(folder, arena, path, max, &bytes, err);
    if (r == GB_ERR_NOTFOUND && name->width < TILES_WIDTH) {
        struct tiles_name full = *name;
        full.width = TILES_WIDTH;
        tiles_path(&full, path);
        wider = true;
        r = read_below(folder, arena, path, max, &bytes, err);
    }
    if (r < 0)
        return r;
    r = fit(name, wider, &bytes, err);
    if (r < 0)
        gb_err_prefix(err, "%s: ", path);
    else
        *ret_bytes = bytes;
    return r;
}

int folder_bundle(struct folder *folder, struct gb_arena *arena, uint64_t index, uint64_t size,
                  struct gb_bytes ret_entries[TILES_WIDTH], size_t *ret_count, struct gb_err *err)
{
    struct gb_bytes bundle;
    struct tiles_name name = {
        .entries = true, .index = index, .width = tiles_width(size, 0, index)};
    if (name.width == 0)
        return gb_err_set(err, GB_ERR_NOTFOUND, "no bundle %llu in a log of %llu",
                          (unsigned long long)index, (unsigned long long)size);
    int r = folder_tile(folder, arena, &name, &bundle, err);
    if (r == GB_OK)
        r = tiles_bundle_read(bundle, name.width, ret_entries, err);
    *ret_count = r == GB_OK ? name.width : 0;
    return r;
}

int folder_entry(struct folder *folder, struct gb_arena *arena, uint64_t index, uint64_t size,
                 struct gb_bytes *ret_entry, struct gb_err *err)
{
    struct gb_bytes entries[TILES_WIDTH];
    size_t count;
    if (index >= size)
        return gb_err_set(err, GB_ERR_NOTFOUND, "no entry %llu in a log of %llu",
                          (unsigned long long)index, (unsigned long long)size);
    int r = folder_bundle(folder, arena, index / TILES_WIDTH, size, entries, &count, err);
    if (r == GB_OK)
        *ret_entry = entries[index % TILES_WIDTH];
    return r;
}

/* Makes kept[level] hold the tile `index`, `width` hashes or more. */
static int keep(struct folder *folder, unsigned level, uint64_t index, unsigned width,
                struct gb_err *err)
{
    struct kept *kept = &folder->kept[level];
    const struct tiles_name name = {.level = level, .index = index, .width = width};
    struct gb_bytes bytes;
    if (kept->width >= width && kept->index == index)
        return GB_OK;
    gb_arena_reset(folder->arena);
    int r = folder_tile(folder, folder->arena, &name, &bytes, err);
    if (r < 0)
        return r;
    memcpy(kept->hashes, bytes.data, bytes.len);
    kept->index = index;
    kept->width = width;
    return GB_OK;
}

static int node(void *arg, unsigned level, uint64_t index, uint8_t out[MERKLE_HASH],
                struct gb_err *err)
{
    struct folder *folder = arg;
    unsigned tile_level = level / TILES_HEIGHT;
    unsigned height = level % TILES_HEIGHT;
    uint64_t tile = index >> (TILES_HEIGHT - height);
    unsigned first = (unsigned)(index << height & (TILES_WIDTH - 1));
    unsigned width = tiles_width(folder->size, tile_level, tile);
    if (tile_level >= TILES_LEVELS || first + (1U << height) > width)
        return gb_err_set(err, GB_ERR_BUG, "a hash that the tree does not have yet");
    int r = keep(folder, tile_level, tile, width, err);
    if (r == GB_OK &&
        tiles_node(folder->digester, (const uint8_t(*)[MERKLE_HASH])folder->kept[tile_level].hashes,
                   first, height, out) < 0)
        r = gb_err_set(err, GB_ERR_BUG, "sha256 failed");
    return r;
}

struct merkle_source folder_source(struct folder *folder, uint64_t size)
{
    folder->size = size;
    return (struct merkle_source){.node = node, .arg = folder};
}
