#include "ledger/log.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "ledger/checkpoint.h"
#include "ledger/folder.h"
#include "ledger/log_files.h"
#include "ledger/merkle.h"
#include "ledger/note.h"
#include "ledger/tiles.h"
#include "os/file.h"

enum { BUNDLE_MAX = TILES_WIDTH * (2 + GB_LIMIT_ENTRY) };

/* The rightmost tile of a level, which is not full. */
struct edge {
    uint64_t index;
    unsigned width;
    unsigned written; /* width of its file; 0: none */
    uint8_t hashes[TILES_WIDTH][MERKLE_HASH];
};

struct log {
    char path[PATH_MAX - TILES_PATH];
    struct log_files files;
    struct folder *folder; /* owned; reads what is written */
    struct digester *digester;
    struct merkle_range range;
    struct edge edges[TILES_LEVELS];
    struct gb_buf bundle; /* the entries of edges[0] */
    uint64_t flushed;
    uint64_t signed_size;
    bool broken; /* memory and files no longer agree: nothing more may be written */
};

static int broken(struct log *log, int r)
{
    log->broken = true;
    return r;
}

static int sha_failed(struct gb_err *err)
{
    return gb_err_set(err, GB_ERR_BUG, "sha256 failed");
}

/* --- opening --- */

static int changed(const struct log *log, const char *what, struct gb_err *err)
{
    return gb_err_set(err, GB_ERR_INPUT,
                      "%s: %s: the folder was cut or changed since its checkpoint was signed; "
                      "restore it from a copy, and check that with `garboard ledger verify`",
                      log->path, what);
}

/* Reads the partial tile of one level. */
static int load_edge(struct log *log, unsigned level, struct gb_arena *arena, struct gb_err *err)
{
    struct edge *edge = &log->edges[level];
    struct gb_bytes bytes;
    edge->index = log->range.size >> (TILES_HEIGHT * level) >> TILES_HEIGHT;
    edge->width = tiles_width(log->range.size, level, edge->index);
    edge->written = edge->width;
    if (edge->width == 0)
        return GB_OK;
    const struct tiles_name name = {.level = level, .index = edge->index, .width = edge->width};
    int r = folder_tile(log->folder, arena, &name, &bytes, err);
    if (r == GB_OK)
        memcpy(edge->hashes, bytes.data, bytes.len);
    return r;
}

/* The entries of the partial bundle must have the hashes of their tile. */
static int load_bundle(struct log *log, struct gb_arena *arena, struct gb_err *err)
{
    const struct edge *edge = &log->edges[0];
    const struct tiles_name name = {.entries = true, .index = edge->index, .width = edge->width};
    struct gb_bytes bytes;
    struct gb_bytes entries[TILES_WIDTH] = {0};
    if (edge->width == 0)
        return GB_OK;
    int r = folder_tile(log->folder, arena, &name, &bytes, err);
    if (r == GB_OK)
        r = tiles_bundle_read(bytes, edge->width, entries, err);
    if (r < 0)
        return r;
    for (unsigned i = 0; i < edge->width; i++) {
        uint8_t hash[MERKLE_HASH];
        if (merkle_leaf(log->digester, entries[i], hash) < 0)
            return sha_failed(err);
        if (memcmp(hash, edge->hashes[i], MERKLE_HASH) != 0)
            return changed(log, "the last entries do not have their hashes", err);
    }
    gb_buf_add(&log->bundle, bytes.data, bytes.len);
    return gb_buf_ok(&log->bundle) ? GB_OK : gb_err_nomem(err);
}

/* Everything that stands beyond the checkpoint was never signed: after a crash it may be torn. It
 * is written again from what the caller still holds. */
static void sweep_level(const struct log *log, bool entries, unsigned level)
{
    const struct edge *edge = &log->edges[level];
    struct tiles_name name = {
        .entries = entries, .level = level, .index = edge->index, .width = TILES_WIDTH};
    log_files_drop_partial(&log->files, &name, edge->width);
    while (log_files_drop(&log->files, &name)) {
        name.index++;
        log_files_drop_partial(&log->files, &name, 0);
    }
}

static int load(struct log *log, const struct checkpoint *head, struct gb_arena *arena,
                struct gb_err *err)
{
    uint8_t root[MERKLE_HASH];
    struct merkle_source source = folder_source(log->folder, head->size);
    int r = merkle_range_load(&source, head->size, &log->range, err);
    for (unsigned level = 0; r == GB_OK && level < TILES_LEVELS; level++)
        r = load_edge(log, level, arena, err);
    if (r == GB_OK)
        r = load_bundle(log, arena, err);
    if (r == GB_ERR_NOTFOUND)
        return changed(log, "a tile is missing", err);
    if (r < 0)
        return r;
    if (merkle_range_root(log->digester, &log->range, root) < 0)
        return sha_failed(err);
    if (memcmp(root, head->root, MERKLE_HASH) != 0)
        return changed(log, "the tiles do not give the checkpoint's root", err);
    log->flushed = head->size;
    log->signed_size = head->size;
    return GB_OK;
}

static int read_head(struct gb_arena *arena, struct gb_bytes bytes, struct checkpoint *ret_head,
                     struct gb_err *err)
{
    struct note note;
    int r = note_read(arena, bytes, &note, err);
    if (r == GB_OK)
        r = checkpoint_read(note.text, ret_head, err);
    if (r < 0)
        gb_err_prefix(err, "checkpoint: ");
    return r;
}

static int begin(struct log *log, struct gb_err *err)
{
    struct gb_bytes bytes;
    struct checkpoint head = {0};
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    if (!arena)
        return gb_err_nomem(err);
    int r = folder_checkpoint(log->folder, arena, &bytes, err);
    if (r == GB_OK)
        r = read_head(arena, bytes, &head, err);
    else if (r == GB_ERR_NOTFOUND) /* nothing was ever signed here */
        r = merkle_empty(log->digester, head.root) < 0 ? sha_failed(err) : GB_OK;
    if (r == GB_OK)
        r = load(log, &head, arena, err);
    for (unsigned level = 0; r == GB_OK && level < TILES_LEVELS; level++)
        sweep_level(log, false, level);
    if (r == GB_OK)
        sweep_level(log, true, 0);
    return r;
}

int log_open(const char *path, struct log **ret_log, struct gb_err *err)
{
    gb_cleanup(log_freep) struct log *log = gb_calloc(1, sizeof *log);
    if (!log)
        return gb_err_nomem(err);
    log->files.root = -1;
    gb_buf_init(&log->bundle, BUNDLE_MAX);
    if (strlen(path) >= sizeof log->path)
        return gb_err_set(err, GB_ERR_CONFIG, "the ledger's folder has too long a path");
    memcpy(log->path, path, strlen(path) + 1);
    int r = log_files_open(&log->files, log->path, err);
    if (r == GB_OK)
        r = folder_open(log->path, &log->folder, err);
    if (r == GB_OK)
        r = digester_new(&log->digester, err);
    if (r == GB_OK)
        r = begin(log, err);
    if (r == GB_OK)
        *ret_log = gb_take(log);
    return r;
}

void log_free(struct log *log)
{
    if (!log)
        return;
    log_files_close(&log->files);
    folder_free(log->folder);
    digester_free(log->digester);
    gb_buf_done(&log->bundle);
    gb_free(log);
}

void log_freep(struct log **log)
{
    log_free(*log);
}

uint64_t log_size(const struct log *log)
{
    return log->range.size;
}

uint64_t log_flushed(const struct log *log)
{
    return log->flushed;
}

uint64_t log_signed(const struct log *log)
{
    return log->signed_size;
}

int log_root(struct log *log, uint8_t out[MERKLE_HASH], struct gb_err *err)
{
    return merkle_range_root(log->digester, &log->range, out) < 0 ? sha_failed(err) : GB_OK;
}

/* --- growing --- */

static int write_edge(struct log *log, unsigned level, struct gb_err *err)
{
    struct edge *edge = &log->edges[level];
    struct tiles_name name = {.level = level, .index = edge->index, .width = edge->width};
    int r = GB_OK;
    if (level == 0) { /* entries before their hashes: a tile never stands alone */
        name.entries = true;
        r = log_files_write(&log->files, &name, gb_buf_bytes(&log->bundle), err);
        name.entries = false;
    }
    if (r == GB_OK)
        r = log_files_write(&log->files, &name,
                            gb_bytes(edge->hashes, (size_t)edge->width * MERKLE_HASH), err);
    edge->written = edge->width;
    return r;
}

/* A full tile is written at once, and its hash joins the level above. */
static int push(struct log *log, unsigned level, const uint8_t hash[MERKLE_HASH],
                struct gb_err *err)
{
    uint8_t up[MERKLE_HASH];
    memcpy(up, hash, MERKLE_HASH);
    for (; level < TILES_LEVELS; level++) {
        struct edge *edge = &log->edges[level];
        memcpy(edge->hashes[edge->width++], up, MERKLE_HASH);
        if (edge->width < TILES_WIDTH)
            return GB_OK;
        int r = write_edge(log, level, err);
        if (r < 0)
            return r;
        if (tiles_node(log->digester, (const uint8_t(*)[MERKLE_HASH])edge->hashes, 0, TILES_HEIGHT,
                       up) < 0)
            return sha_failed(err);
        edge->index++;
        edge->width = 0;
        edge->written = 0;
        if (level == 0)
            log->bundle.len = 0;
    }
    return gb_err_set(err, GB_ERR_LIMIT, "the ledger is full");
}

int log_add(struct log *log, struct gb_bytes entry, struct gb_err *err)
{
    uint8_t hash[MERKLE_HASH];
    if (entry.len == 0)
        return gb_err_set(err, GB_ERR_INPUT, "an empty entry");
    if (entry.len > GB_LIMIT_ENTRY)
        return gb_err_set(err, GB_ERR_LIMIT, "an entry of %zu bytes; %d are allowed", entry.len,
                          GB_LIMIT_ENTRY);
    if (log->broken)
        return gb_err_set(err, GB_ERR_BUG, "the ledger is to be opened anew");
    if (merkle_leaf(log->digester, entry, hash) < 0 ||
        merkle_range_add(log->digester, &log->range, hash) < 0)
        return broken(log, sha_failed(err));
    tiles_bundle_add(&log->bundle, entry);
    if (!gb_buf_ok(&log->bundle))
        return broken(log, gb_err_nomem(err));
    int r = push(log, 0, hash, err);
    return r < 0 ? broken(log, r) : GB_OK;
}

int log_flush(struct log *log, struct gb_err *err)
{
    int r = GB_OK;
    if (log->broken)
        return gb_err_set(err, GB_ERR_BUG, "the ledger is to be opened anew");
    for (unsigned level = 0; r == GB_OK && level < TILES_LEVELS; level++)
        if (log->edges[level].width > log->edges[level].written)
            r = write_edge(log, level, err);
    if (r == GB_OK)
        r = log_files_sync(&log->files, err);
    if (r < 0)
        return broken(log, r);
    log->flushed = log->range.size;
    return GB_OK;
}

/* --- asking --- */

static int not_flushed(const struct log *log, uint64_t size, struct gb_err *err)
{
    return gb_err_set(err, GB_ERR_NOTFOUND, "%llu entries asked for, %llu are durable",
                      (unsigned long long)size, (unsigned long long)log->flushed);
}

int log_prove_consistency(struct log *log, uint64_t old_size, uint64_t size,
                          struct merkle_proof *ret_proof, struct gb_err *err)
{
    if (size > log->flushed)
        return not_flushed(log, size, err);
    struct merkle_source source = folder_source(log->folder, log->flushed);
    return merkle_prove_consistency(log->digester, &source, old_size, size, ret_proof, err);
}

int log_prove_inclusion(struct log *log, uint64_t index, uint64_t size,
                        struct merkle_proof *ret_proof, struct gb_err *err)
{
    if (size > log->flushed)
        return not_flushed(log, size, err);
    struct merkle_source source = folder_source(log->folder, log->flushed);
    return merkle_prove_inclusion(log->digester, &source, index, size, ret_proof, err);
}

int log_root_at(struct log *log, uint64_t size, uint8_t out[MERKLE_HASH], struct gb_err *err)
{
    struct merkle_range range;
    if (size > log->flushed)
        return not_flushed(log, size, err);
    struct merkle_source source = folder_source(log->folder, log->flushed);
    int r = merkle_range_load(&source, size, &range, err);
    if (r == GB_OK && merkle_range_root(log->digester, &range, out) < 0)
        r = sha_failed(err);
    return r;
}

int log_bundle(struct log *log, struct gb_arena *arena, uint64_t index,
               struct gb_bytes ret_entries[TILES_WIDTH], size_t *ret_count, struct gb_err *err)
{
    return folder_bundle(log->folder, arena, index, log->flushed, ret_entries, ret_count, err);
}

int log_entry(struct log *log, struct gb_arena *arena, uint64_t index, struct gb_bytes *ret_entry,
              struct gb_err *err)
{
    return folder_entry(log->folder, arena, index, log->flushed, ret_entry, err);
}

int log_checkpoint(struct log *log, struct gb_arena *arena, struct gb_bytes *ret_note,
                   struct gb_err *err)
{
    return folder_checkpoint(log->folder, arena, ret_note, err);
}

/* --- signing --- */

/* tlog-tiles: a partial tile may go once the full one stands there for all to fetch. */
static void drop_filled(const struct log *log, uint64_t before, uint64_t now)
{
    for (unsigned level = 0; level < TILES_LEVELS; level++) {
        unsigned shift = TILES_HEIGHT * (level + 1);
        uint64_t end = shift < 64 ? now >> shift : 0;
        for (uint64_t i = shift < 64 ? before >> shift : 0; i < end; i++) {
            struct tiles_name name = {.level = level, .index = i};
            log_files_drop_partial(&log->files, &name, 0);
            name.entries = true;
            if (level == 0)
                log_files_drop_partial(&log->files, &name, 0);
        }
    }
}

static int check_head(struct log *log, const struct checkpoint *head, struct gb_err *err)
{
    uint8_t root[MERKLE_HASH];
    if (head->size < log->signed_size)
        return gb_err_set(err, GB_ERR_INPUT, "a checkpoint of %llu entries, but %llu are signed",
                          (unsigned long long)head->size, (unsigned long long)log->signed_size);
    int r = log_root_at(log, head->size, root, err);
    if (r == GB_OK && memcmp(root, head->root, MERKLE_HASH) != 0)
        r = gb_err_set(err, GB_ERR_INPUT, "the checkpoint's root is not this ledger's");
    return r;
}

int log_set_checkpoint(struct log *log, struct gb_bytes note, struct gb_err *err)
{
    char path[PATH_MAX];
    struct checkpoint head = {0};
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    if (!arena)
        return gb_err_nomem(err);
    int r = read_head(arena, note, &head, err);
    if (r == GB_OK)
        r = check_head(log, &head, err);
    if (r < 0)
        return r == GB_ERR_NOTFOUND ? GB_ERR_INPUT : r;
    snprintf(path, sizeof path, "%s/checkpoint", log->path);
    r = file_write(path, note, err);
    if (r < 0)
        return r;
    drop_filled(log, log->signed_size, head.size);
    log->signed_size = head.size;
    return GB_OK;
}
