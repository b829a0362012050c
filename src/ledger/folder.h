/*
 * Reads a log's folder (tlog-tiles layout). Whoever holds no key and writes nothing needs only
 * this: proofs and entries come from the files. What is read is checked for its form alone; that it
 * is the log's is for verify.h, or for who compares a root. One user at a time.
 */
#ifndef GB_LEDGER_FOLDER_H
#define GB_LEDGER_FOLDER_H

#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "ledger/merkle.h"
#include "ledger/tiles.h"

struct folder;

/* The folder must exist. GB_ERR_NOTFOUND, IO, NOMEM. */
GB_MUST_USE int folder_open(const char *path, struct folder **ret_folder, struct gb_err *err);
void folder_free(struct folder *folder);
void folder_freep(struct folder **folder);

/* The file `checkpoint`. GB_ERR_NOTFOUND when nothing was ever signed. */
GB_MUST_USE int folder_checkpoint(struct folder *folder, struct gb_arena *arena,
                                  struct gb_bytes *ret_note, struct gb_err *err);
/* A tile's bytes. When a partial one is gone, the beginning of the full one. GB_ERR_NOTFOUND,
 * INPUT (too short, too long), IO. */
GB_MUST_USE int folder_tile(struct folder *folder, struct gb_arena *arena,
                            const struct tiles_name *name, struct gb_bytes *ret_bytes,
                            struct gb_err *err);
/* The entries of bundle `index` in a log of `size` entries: *ret_count of them, in the arena.
 * GB_ERR_NOTFOUND when it begins at or after `size`. */
GB_MUST_USE int folder_bundle(struct folder *folder, struct gb_arena *arena, uint64_t index,
                              uint64_t size, struct gb_bytes ret_entries[TILES_WIDTH],
                              size_t *ret_count, struct gb_err *err);
/* One entry of a log of `size` entries, in the arena. For many of them: folder_bundle.
 * GB_ERR_NOTFOUND when index >= size. */
GB_MUST_USE int folder_entry(struct folder *folder, struct gb_arena *arena, uint64_t index,
                             uint64_t size, struct gb_bytes *ret_entry, struct gb_err *err);
/* Hashes of the tree of `size` entries, for merkle_prove_*. Valid until the next call for the same
 * folder. Keeps the tile that it read last of each level. */
struct merkle_source folder_source(struct folder *folder, uint64_t size);

#endif
