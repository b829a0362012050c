/*
 * The one writer of a log's folder (tlog-tiles layout, docs/formats/ledger.md). Entries are added
 * in memory, then flushed: files and folders are synced before log_flush returns, and only then may
 * a checkpoint name them. The folder is whatever its `checkpoint` says: what a crash left beyond it
 * is written anew and never believed. One thread.
 *
 *     log_add ... log_add, log_flush, (somebody signs log_size, log_root), log_set_checkpoint
 */
#ifndef GB_LEDGER_LOG_H
#define GB_LEDGER_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "ledger/merkle.h"
#include "ledger/tiles.h"

struct log;

/* Opens or makes the folder (mode 0755), and takes its lock (GB_ERR_AGAIN when another writer has
 * it). The size is the checkpoint's, 0 without one. The right edge of the tree, which is all that
 * is needed to grow, must give the checkpoint's root, and the last bundle its leaves: GB_ERR_INPUT
 * otherwise ("cut or changed since it was signed"); what stands further back is for verify.h. No
 * signature is verified: who opens compares size and root with what the signer remembers. */
GB_MUST_USE int log_open(const char *path, struct log **ret_log, struct gb_err *err);
void log_free(struct log *log);
void log_freep(struct log **log);

/* Entries so far, with those that are not flushed. */
uint64_t log_size(const struct log *log);
/* Entries that are durable in files. */
uint64_t log_flushed(const struct log *log);
/* Entries that the checkpoint in the folder covers. */
uint64_t log_signed(const struct log *log);
/* The root over log_size entries. GB_ERR_BUG. */
GB_MUST_USE int log_root(struct log *log, uint8_t out[MERKLE_HASH], struct gb_err *err);

/* Appends in memory. GB_ERR_INPUT for an empty one, LIMIT above GB_LIMIT_ENTRY, NOMEM, IO (a tile
 * that it must read again). After an error other than INPUT and LIMIT the log must be opened anew.
 */
GB_MUST_USE int log_add(struct log *log, struct gb_bytes entry, struct gb_err *err);
/* Makes all that was added durable: bundles, hash tiles, their folders. After an error nothing more
 * may be signed: open anew. GB_ERR_IO, NOMEM. */
GB_MUST_USE int log_flush(struct log *log, struct gb_err *err);

/* Proofs over what is flushed (any sizes up to log_flushed). Codes as in merkle.h; GB_ERR_IO. */
GB_MUST_USE int log_prove_consistency(struct log *log, uint64_t old_size, uint64_t size,
                                      struct merkle_proof *ret_proof, struct gb_err *err);
GB_MUST_USE int log_prove_inclusion(struct log *log, uint64_t index, uint64_t size,
                                    struct merkle_proof *ret_proof, struct gb_err *err);
/* The root of the first `size` flushed entries. */
GB_MUST_USE int log_root_at(struct log *log, uint64_t size, uint8_t out[MERKLE_HASH],
                            struct gb_err *err);
/* The flushed entries of bundle `index` (TILES_WIDTH each): *ret_count of them, in the arena.
 * GB_ERR_NOTFOUND. */
GB_MUST_USE int log_bundle(struct log *log, struct gb_arena *arena, uint64_t index,
                           struct gb_bytes ret_entries[TILES_WIDTH], size_t *ret_count,
                           struct gb_err *err);
/* A flushed entry, in the arena. GB_ERR_NOTFOUND. */
GB_MUST_USE int log_entry(struct log *log, struct gb_arena *arena, uint64_t index,
                          struct gb_bytes *ret_entry, struct gb_err *err);

/* The signed checkpoint as it stands in the folder, in the arena. GB_ERR_NOTFOUND without one. */
GB_MUST_USE int log_checkpoint(struct log *log, struct gb_arena *arena, struct gb_bytes *ret_note,
                               struct gb_err *err);
/* Replaces the checkpoint, atomically and durably. It must name a flushed size and its root, no
 * smaller than the one that stands (the same size again: more signatures). Afterwards partial tiles
 * that have become full are removed. GB_ERR_INPUT, IO, NOMEM. */
GB_MUST_USE int log_set_checkpoint(struct log *log, struct gb_bytes note, struct gb_err *err);

#endif
