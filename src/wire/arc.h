/*
 * Archives (ar, tar, cpio) and compressed streams (gzip, bzip2, xz, lzma, Zstandard), read once
 * from front to back in constant memory: the only door to libarchive. Nothing is ever written to a
 * disk. Names are handed out as they stand; what they mean is the caller's affair. One reader has
 * one thread.
 */
#ifndef GB_WIRE_ARC_H
#define GB_WIRE_ARC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

/* Where packed bytes come from: pieces of any length, an empty one at the end. A piece is valid
 * until the next call. 0 or an error, which becomes that of the reader. */
struct arc_input {
    int (*read)(void *ctx, struct gb_bytes *ret_piece, struct gb_err *err);
    void *ctx;
};

/* An input of bytes in memory, one piece. */
struct arc_bytes {
    struct gb_bytes rest;
};
struct arc_input arc_input_bytes(struct arc_bytes *bytes);

enum arc_kind {
    ARC_AR,
    ARC_TAR,
    ARC_CPIO,
    ARC_RAW, /* no archive: one entry without a name, the stream without its compression */
};

enum arc_type {
    ARC_OTHER, /* devices, FIFOs, sockets: nothing to measure */
    ARC_FILE,
    ARC_FOLDER,
    ARC_SYMLINK,
    ARC_HARDLINK, /* to an entry before it; may carry the data of all (cpio) */
};

struct arc_entry {
    enum arc_type type;
    struct gb_bytes path;   /* not empty, but with ARC_RAW; raw bytes */
    struct gb_bytes target; /* of links, likewise */
    uint64_t size;          /* as the header says; arc_read gives exactly that, but with ARC_RAW */
};

struct arc;

/* `plain`: compressed input is refused. GB_ERR_INPUT when it is not such an archive, NOMEM. */
GB_MUST_USE int arc_open(enum arc_kind kind, bool plain, struct arc_input input,
                         struct arc **ret_arc, struct gb_err *err);
/* NULL is fine. */
void arc_free(struct arc *arc);
void arc_freep(struct arc **arc);

/* The next entry, 1; 0 at the end. Spans live until the next call. GB_ERR_INPUT for damage, or for
 * names that cannot be told; GB_ERR_LIMIT past GB_LIMIT_ARC_*; what the input said. */
GB_MUST_USE int arc_next(struct arc *arc, struct arc_entry *ret_entry, struct gb_err *err);
/* A piece of the entry's data; empty at its end. Holes of sparse files come as zeros. */
GB_MUST_USE int arc_read(struct arc *arc, struct gb_bytes *ret_piece, struct gb_err *err);

/* The entry's data as an input: an archive within an archive. Valid until the next arc_next. */
struct arc_input arc_input_entry(struct arc *arc);

#endif
