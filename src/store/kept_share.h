/*
 * What is kept of one node, counted: the writer's alone. A count reads all rows of the node, so it
 * is remembered, and what is added since comes to it. What is remembered is never less than there
 * is, but for blobs that other nodes had sent before; it is counted anew now and then. Private to
 * store/.
 */
#ifndef GB_STORE_KEPT_SHARE_H
#define GB_STORE_KEPT_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "store/db.h"

struct share {
    uint64_t records;
    uint64_t refused; /* of these */
    uint64_t bytes;   /* packed; a blob once, however many of its records name it */
    int64_t chain;    /* 0: none was looked at */
    uint64_t rounds;  /* accepted records of that chain */
};

/* Exactly, in up to 10 ms; `chain` 0: of no chain. */
GB_MUST_USE int share_count(struct db *db, int64_t node, int64_t chain, struct share *ret_share,
                            struct gb_err *err);
/* As it is remembered, or else counted. */
GB_MUST_USE int share_look_up(struct db *db, int64_t node, int64_t chain, struct share *ret_share,
                              struct gb_err *err);
/* `share`, and one record more of so many bytes. An undone transaction leaves it too large, which a
 * count mends. */
void share_remember(struct db *db, int64_t node, const struct share *share, bool accepted,
                    uint64_t size);

#endif
