/*
 * Evidence that is kept of each node: what began each boot, what each later round brought, and the
 * quote that decided with every change of verdict, so that the state at any of them can be put
 * together again. Large parts are blobs, shared by the digest of what they hold: one in the
 * database while it is small, else a file of its own in the folder `evidence` beside it, durable
 * before the row that names it. Superseded documents are kept as long as evidence names them.
 *
 * A record that holds whole evidence begins a chain; what continues from it belongs to its chain.
 * Chains are what retention drops: never the newest that was accepted of a node. What was refused
 * belongs to no later state and goes alone. A node has a share (limits.h): above it, what is added
 * drops what is over of the same node, then all evidence is asked for (DENIED).
 */
#ifndef GB_STORE_KEPT_H
#define GB_STORE_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "store/store.h"

enum store_part {
    STORE_PART_NONE,
    STORE_PART_BOOT_LOG,
    STORE_PART_SYSTEMD_LOG,
    STORE_PART_CMDLINE,
    STORE_PART_EK_CERTS, /* as in store_node.ek_certs */
    STORE_PART_IMA,      /* one segment of the list, in order */
};

enum {
    /* Parts of one record: more segments than this are put together into one blob. */
    STORE_KEPT_PARTS = 72,
    STORE_KEPT_SEGMENTS = 64,
    STORE_BLOB_INLINE = 64 << 10, /* packed bytes up to which a blob stands in the database: an
                                     fsync of a file of its own costs more */
};

struct store_blob {
    uint8_t digest[STORE_HASH]; /* SHA-256 of what is packed */
    uint64_t size;              /* of what is packed */
    struct gb_bytes packed;     /* data NULL: it is a file, or (to be added) is there already */
    const char *file; /* name below the folder `evidence`; NULL: it stands in the database */
    uint64_t packed_size;
};

struct store_kept_part {
    enum store_part part;
    struct store_blob blob;
};

/* Kind, name and version of what judged it; the texts are in the tables of documents. */
struct store_kept_document {
    const char *kind;
    const char *name;
    uint64_t version;
};

struct store_kept {
    uint8_t node[STORE_ID];
    int64_t at_s; /* when the nonce was issued */
    int64_t judged_s;
    uint8_t quote[STORE_HASH]; /* SHA-256 of the TPMS_ATTEST: joins it with its verdict */
    uint64_t trust_id;
    bool whole;        /* it begins a chain */
    bool accepted;     /* what it proves counts: later rounds may go on from it */
    uint64_t ima_from; /* entries of the list that came before it */
    uint64_t ima_end;  /* entries that are proven after it, while accepted */
    struct gb_bytes nonce;
    uint8_t transport[STORE_HASH];
    struct gb_bytes head; /* packed: all that is no part of its own */
    uint64_t head_size;
    struct gb_bytes before;                      /* progress of the node before it, at most 1 KB */
    struct gb_bytes first_before;                /* read only: of the record that began its chain */
    const char *facts;                           /* of the node, JSON */
    const struct store_kept_document *documents; /* to be added: all that were in force */
    size_t document_count;
    const struct store_kept_part *parts;
    size_t part_count;
    /* Of what is read: */
    int64_t num;
    int64_t chain; /* num of the record that began it */
};

/* Whether blobs of these digests are there; ret_known[i] for each. */
GB_MUST_USE int store_blob_known(struct store *store, const struct store_kept_part *parts,
                                 size_t count, bool *ret_known, struct gb_err *err);
/* Any thread but the loops: writes blob->packed to a file, durably, and names it in blob->file;
 * then packed.data is NULL. What no row comes to name is removed: when it fails to be added, else
 * at the next start. */
GB_MUST_USE int store_blob_write(struct store *store, struct gb_arena *arena,
                                 struct store_blob *blob, struct gb_err *err);
/* Removes the files of parts that are not to be added after all; what failed to be added has lost
 * them already. */
void store_blob_discard(struct store *store, const struct store_kept_part *parts, size_t count);
/* The packed bytes, wherever they are. GB_ERR_CONFIG: the file is gone or damaged. */
GB_MUST_USE int store_blob_read(struct store *store, struct gb_arena *arena,
                                const struct store_blob *blob, struct gb_bytes *ret_packed,
                                struct gb_err *err);

/* A record without a change of verdict (store_verdict_add takes one that has), with what is held of
 * the node after it. GB_ERR_DENIED: a blob that was there is gone, or it continues from what is no
 * chain's end: ask for all evidence. */
void store_kept_add(struct store *store, const struct store_kept *kept, struct gb_bytes progress,
                    store_done *done, void *ctx);
/* The newest record until `at_s` (0: of all), with the parts that make it whole: those of its chain
 * up to it, then its own. Small blobs come with their bytes. NOTFOUND. */
GB_MUST_USE int store_kept_at(struct store *store, struct gb_arena *arena,
                              const uint8_t node[STORE_ID], int64_t at_s,
                              struct store_kept *ret_kept, struct gb_err *err);
/* The newest chain that was accepted, as far as it goes, without bytes: for who shares its blobs.
 * NOTFOUND. */
GB_MUST_USE int store_kept_newest(struct store *store, struct gb_arena *arena,
                                  const uint8_t node[STORE_ID], struct store_kept *ret_kept,
                                  struct gb_err *err);
/* For histories: newest first, at most `max`, without parts, head and before. */
GB_MUST_USE int store_kept_list(struct store *store, struct gb_arena *arena,
                                const uint8_t node[STORE_ID], size_t max,
                                struct store_kept **ret_kept, size_t *ret_count,
                                struct gb_err *err);
/* Every node that has no accepted chain; `each` returns false to stop. */
GB_MUST_USE int store_kept_missing(struct store *store,
                                   bool (*each)(void *ctx, const uint8_t node[STORE_ID]), void *ctx,
                                   struct gb_err *err);
/* Texts of the documents that were in force under this trust, as they were applied. CONFIG: one is
 * gone. */
GB_MUST_USE int store_kept_documents(struct store *store, struct gb_arena *arena, uint64_t trust_id,
                                     struct store_document **ret_documents, size_t *ret_count,
                                     struct gb_err *err);

/* Drops a few chains that are over, and refused records, of before `before_s`; and oldest first,
 * while all together take more than `max_bytes`. One short transaction, so that no round waits;
 * `done` is told GB_OK when there may be more to drop, NOTFOUND when there is not. */
void store_kept_sweep(struct store *store, int64_t before_s, uint64_t max_bytes, store_done *done,
                      void *ctx);

struct store_kept_counts {
    uint64_t records, blobs, bytes; /* packed */
};
GB_MUST_USE int store_kept_count(struct store *store, struct store_kept_counts *ret_counts,
                                 struct gb_err *err);

#endif
