#include "ledger/verify.h"

#include <string.h>

#include "base/mem.h"
#include "crypto/digest.h"
#include "ledger/checkpoint.h"
#include "ledger/folder.h"
#include "ledger/merkle.h"
#include "ledger/tiles.h"

/* The rightmost tile of each level, as the entries give it. */
struct level {
    uint64_t index;
    unsigned width;
    uint8_t hashes[TILES_WIDTH][MERKLE_HASH];
};

struct walk {
    struct gb_arena *arena; /* of the report */
    struct gb_arena *tile;  /* owned; reset for each bundle */
    struct folder *folder;  /* owned */
    struct digester *digester;
    const struct ledger_asked *asked;
    struct ledger_report *report;
    struct checkpoint since;
    struct level levels[TILES_LEVELS];
};

static void walk_freep(struct walk **walk)
{
    if (!*walk)
        return;
    gb_arena_free((*walk)->tile);
    folder_free((*walk)->folder);
    digester_free((*walk)->digester);
    gb_free(*walk);
}

static int sha_failed(struct gb_err *err)
{
    return gb_err_set(err, GB_ERR_BUG, "sha256 failed");
}

static int out_of_words(const struct walk *walk, struct gb_err *err)
{
    return walk->report->fault ? GB_OK : gb_err_nomem(err);
}

static bool good(const struct walk *walk)
{
    return !walk->report->fault;
}

/* The first fault stands. */
static int fault_at(struct walk *walk, uint64_t index, const char *fault, struct gb_err *err)
{
    walk->report->fault = fault;
    walk->report->has_index = true;
    walk->report->index = index;
    return out_of_words(walk, err);
}

static int fault(struct walk *walk, const char *fault, struct gb_err *err)
{
    walk->report->fault = fault;
    return out_of_words(walk, err);
}

/* A file that is missing or malformed is the log's fault; that the system fails is an error. */
static int bad_file(struct walk *walk, uint64_t index, int code, const struct gb_err *why,
                    struct gb_err *err)
{
    if (code == GB_ERR_NOTFOUND || code == GB_ERR_INPUT || code == GB_ERR_LIMIT)
        return fault_at(walk, index, gb_arena_printf(walk->arena, "%s", why->text), err);
    *err = *why;
    return code;
}

/* The root over all that the levels hold: their partial tiles are the tree's right edge. */
static int root_now(const struct walk *walk, uint8_t out[MERKLE_HASH])
{
    struct merkle_range range = {0};
    for (unsigned level = 0; level < TILES_LEVELS; level++) {
        const struct level *at = &walk->levels[level];
        range.size |= (uint64_t)at->width << (TILES_HEIGHT * level);
        for (unsigned height = 0; height < TILES_HEIGHT; height++) {
            unsigned up = TILES_HEIGHT * level + height;
            if (!(at->width >> height & 1) || up >= MERKLE_LEVELS)
                continue;
            unsigned first = at->width >> (height + 1) << (height + 1);
            int r = tiles_node(walk->digester, (const uint8_t(*)[MERKLE_HASH])at->hashes, first,
                               height, range.hashes[up]);
            if (r < 0)
                return r;
        }
    }
    return merkle_range_root(walk->digester, &range, out);
}

/* Where the hashes of a level first differ from its file, and which entry that covers first. */
static int compare_level(struct walk *walk, unsigned level, struct gb_err *err)
{
    const struct level *at = &walk->levels[level];
    const struct tiles_name name = {.level = level, .index = at->index, .width = at->width};
    uint64_t first = at->index << TILES_HEIGHT;
    struct gb_bytes bytes;
    struct gb_err why = {0};
    char path[TILES_PATH];
    int r = folder_tile(walk->folder, walk->tile, &name, &bytes, &why);
    if (r < 0)
        return bad_file(walk, first << (TILES_HEIGHT * level), r, &why, err);
    tiles_path(&name, path);
    for (unsigned i = 0; i < at->width; i++)
        if (memcmp(bytes.data + (size_t)i * MERKLE_HASH, at->hashes[i], MERKLE_HASH) != 0)
            return fault_at(
                walk, (first + i) << (TILES_HEIGHT * level),
                gb_arena_printf(walk->arena, "%s: hash %u is not that of the tile below", path, i),
                err);
    return GB_OK;
}

/* A full tile's hash goes up; what becomes full there is compared with its file and goes further.
 */
static int raise_full(struct walk *walk, struct gb_err *err)
{
    int r = GB_OK;
    for (unsigned level = 0; r == GB_OK && good(walk) && level + 1 < TILES_LEVELS; level++) {
        struct level *at = &walk->levels[level];
        struct level *up = at + 1;
        if (at->width < TILES_WIDTH)
            return GB_OK;
        if (level > 0)
            r = compare_level(walk, level, err);
        if (tiles_node(walk->digester, (const uint8_t(*)[MERKLE_HASH])at->hashes, 0, TILES_HEIGHT,
                       up->hashes[up->width++]) < 0)
            return sha_failed(err);
        at->width = 0;
        at->index++;
    }
    return r;
}

/* The older checkpoint's root, when the walk has come to its size. */
static int compare_since(struct walk *walk, uint64_t size, struct gb_err *err)
{
    uint8_t root[MERKLE_HASH];
    if (walk->asked->since.len == 0 || walk->since.size != size)
        return GB_OK;
    if (root_now(walk, root) < 0)
        return sha_failed(err);
    if (memcmp(root, walk->since.root, MERKLE_HASH) != 0)
        return fault(walk,
                     "the older checkpoint is not the beginning of this log: it was forked or "
                     "rewritten since",
                     err);
    return GB_OK;
}

static int take_entry(struct walk *walk, uint64_t index, struct gb_bytes entry,
                      const uint8_t in_tile[MERKLE_HASH], struct gb_err *err)
{
    struct level *leaves = &walk->levels[0];
    uint8_t *hash = leaves->hashes[leaves->width];
    if (merkle_leaf(walk->digester, entry, hash) < 0)
        return sha_failed(err);
    if (memcmp(hash, in_tile, MERKLE_HASH) != 0)
        return fault_at(walk, index, "the entry does not have the hash that its tile has", err);
    leaves->width++;
    walk->report->done = index + 1;
    int r = compare_since(walk, index + 1, err);
    if (r == GB_OK && good(walk) && walk->asked->entry)
        r = walk->asked->entry(walk->asked->arg, index, entry, err);
    return r;
}

static int take_bundle(struct walk *walk, uint64_t tile, struct gb_err *err)
{
    uint64_t first = tile * TILES_WIDTH;
    unsigned width = tiles_width(walk->report->opened.head.size, 0, tile);
    const struct tiles_name hashes = {.index = tile, .width = width};
    const struct tiles_name bundle = {.entries = true, .index = tile, .width = width};
    struct gb_bytes in_tile;
    struct gb_bytes bytes;
    struct gb_bytes entries[TILES_WIDTH];
    struct gb_err why = {0};
    gb_arena_reset(walk->tile);
    int r = folder_tile(walk->folder, walk->tile, &hashes, &in_tile, &why);
    if (r == GB_OK)
        r = folder_tile(walk->folder, walk->tile, &bundle, &bytes, &why);
    if (r == GB_OK)
        r = tiles_bundle_read(bytes, width, entries, &why);
    if (r < 0)
        return bad_file(walk, first, r, &why, err);
    for (unsigned i = 0; r == GB_OK && good(walk) && i < width; i++)
        r = take_entry(walk, first + i, entries[i], in_tile.data + (size_t)i * MERKLE_HASH, err);
    if (r == GB_OK && good(walk))
        r = raise_full(walk, err);
    return r;
}

static int walk_entries(struct walk *walk, struct gb_err *err)
{
    uint64_t size = walk->report->opened.head.size;
    int r = compare_since(walk, 0, err);
    for (uint64_t tile = 0; r == GB_OK && good(walk) && tile * TILES_WIDTH < size; tile++) {
        r = take_bundle(walk, tile, err);
        if (walk->asked->progress)
            walk->asked->progress(walk->asked->arg, walk->report->done, size);
    }
    return r;
}

/* The tiles at the right edge, and the root. */
static int finish(struct walk *walk, struct gb_err *err)
{
    uint8_t root[MERKLE_HASH];
    int r = GB_OK;
    for (unsigned level = 1; r == GB_OK && good(walk) && level < TILES_LEVELS; level++)
        if (walk->levels[level].width > 0)
            r = compare_level(walk, level, err);
    if (r < 0 || !good(walk))
        return r;
    if (root_now(walk, root) < 0)
        return sha_failed(err);
    if (memcmp(root, walk->report->opened.head.root, MERKLE_HASH) != 0)
        return fault(walk, "the entries do not give the root that was signed", err);
    return GB_OK;
}

static int say_fault(struct walk *walk, const char *of, const struct checkpoint_opened *opened,
                     struct gb_err *err)
{
    const char *whose = opened->whose ? opened->whose : "";
    return fault(walk,
                 gb_arena_printf(walk->arena, "%s: %s%s%s%s", of, opened->fault, *whose ? " (" : "",
                                 whose, *whose ? ")" : ""),
                 err);
}

static int open_since(struct walk *walk, struct gb_err *err)
{
    struct checkpoint_opened opened;
    struct checkpoint_trust trust = walk->asked->trust;
    trust.witness_count = 0;
    trust.quorum = 0;
    if (walk->asked->since.len == 0)
        return GB_OK;
    int r = checkpoint_open(walk->arena, &trust, walk->asked->since, &opened, err);
    if (r < 0) {
        gb_err_prefix(err, "the older checkpoint: ");
        return r;
    }
    walk->since = opened.head;
    walk->report->since = opened.head.size;
    if (opened.fault)
        return say_fault(walk, "the older checkpoint", &opened, err);
    if (opened.head.size > walk->report->opened.head.size)
        return fault_at(walk, walk->report->opened.head.size,
                        "the log was cut: the older checkpoint has more entries", err);
    return GB_OK;
}

static int open_head(struct walk *walk, struct gb_err *err)
{
    struct gb_bytes note;
    struct checkpoint_opened *opened = &walk->report->opened;
    int r = folder_checkpoint(walk->folder, walk->arena, &note, err);
    if (r < 0)
        return r;
    r = checkpoint_open(walk->arena, &walk->asked->trust, note, opened, err);
    if (r < 0) {
        gb_err_prefix(err, "checkpoint: ");
        return r;
    }
    return opened->fault ? say_fault(walk, "checkpoint", opened, err) : GB_OK;
}

static int begin(struct walk *walk, const char *path, struct gb_err *err)
{
    walk->tile = gb_arena_new();
    if (!walk->tile)
        return gb_err_nomem(err);
    int r = digester_new(&walk->digester, err);
    if (r == GB_OK)
        r = folder_open(path, &walk->folder, err);
    return r;
}

int ledger_verify(struct gb_arena *arena, const char *path, const struct ledger_asked *asked,
                  struct ledger_report *ret_report, struct gb_err *err)
{
    struct ledger_report report = {0};
    struct gb_err ours = {0};
    gb_cleanup(walk_freep) struct walk *walk = gb_calloc(1, sizeof *walk);
    if (!walk)
        return gb_err_nomem(err);
    walk->arena = arena;
    walk->asked = asked;
    walk->report = &report;
    err = err ? err : &ours;
    int r = begin(walk, path, err);
    if (r == GB_OK)
        r = open_head(walk, err);
    if (r == GB_OK && good(walk))
        r = open_since(walk, err);
    if (r == GB_OK && good(walk))
        r = walk_entries(walk, err);
    if (r == GB_OK && good(walk))
        r = finish(walk, err);
    if (r == GB_OK)
        *ret_report = report;
    return r;
}
