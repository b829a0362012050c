/*
 * The files of a tiled log (C2SP tlog-tiles): what they are named and what stands in them. Hash
 * tiles are up to 256 hashes; entry bundles are up to 256 entries, each behind its length.
 *
 *     tile/<level>/<index>[.p/<width>]      tile/entries/<index>[.p/<width>]
 *
 * The index is written in groups of three digits, all but the last behind an "x": x001/x234/067.
 */
#ifndef GB_LEDGER_TILES_H
#define GB_LEDGER_TILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "ledger/merkle.h"

enum {
    TILES_WIDTH = 256,
    TILES_HEIGHT = 8, /* levels of the tree in one tile */
    TILES_LEVELS = 8, /* of tiles in the largest tree: 8 * 8 heights are 2^63 leaves and more */
    TILES_PATH = 64   /* the longest path and its NUL */
};

struct tiles_name {
    bool entries;   /* an entry bundle; `level` is then 0 */
    unsigned level; /* 0 to 63 (written trees: below TILES_LEVELS) */
    uint64_t index;
    unsigned width; /* 1 to 256; below 256 it is partial */
};

/* Below the log's folder, without a slash in front. */
void tiles_path(const struct tiles_name *name, char out[TILES_PATH]);
/* Strict: exactly what tiles_path writes, for serving what a stranger asks for. false for anything
 * else. */
GB_MUST_USE bool tiles_parse(struct gb_bytes path, struct tiles_name *ret_name);
/* Hashes or entries that the tile `index` of `level` has in a log of `size` entries: 0 to 256. */
unsigned tiles_width(uint64_t size, unsigned level, uint64_t index);

/* Appends an entry to a bundle. Failure sticks; fails past 65535 bytes. */
void tiles_bundle_add(struct gb_buf *bundle, struct gb_bytes entry);
/* Cuts a bundle into exactly `count` entries that point into it. GB_ERR_INPUT with the offset,
 * GB_ERR_LIMIT for an entry above GB_LIMIT_ENTRY. */
GB_MUST_USE int tiles_bundle_read(struct gb_bytes bundle, size_t count,
                                  struct gb_bytes ret_entries[TILES_WIDTH], struct gb_err *err);
/* The hash of the complete subtree of 2^height leaves that begins at `first` in a tile's hashes,
 * which has them all. GB_ERR_BUG. */
GB_MUST_USE int tiles_node(struct digester *digester, const uint8_t (*hashes)[MERKLE_HASH],
                           unsigned first, unsigned height, uint8_t out[MERKLE_HASH]);

#endif
