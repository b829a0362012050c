/* Kept evidence within the writer's transaction. Private to store/. */
#ifndef GB_STORE_KEPT_PUT_H
#define GB_STORE_KEPT_PUT_H

#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "store/db.h"
#include "store/kept.h"
#include "store/state.h"

/* Puts a copy that lives as long as the write in place of what the caller lends. False when out of
 * memory, or for a record that is none. */
GB_MUST_USE bool kept_copy(struct write *write, const struct store_kept **kept);
/* `node` is its row. DENIED as store_kept_add. */
GB_MUST_USE int kept_put(struct db *db, int64_t node, const struct store_kept *kept,
                         struct gb_err *err);

/* Makes room for the record among what is kept of its node; `chain` is what it goes on from.
 * DENIED: there is none but with whole evidence. */
GB_MUST_USE int kept_make_room(struct db *db, int64_t node, int64_t chain,
                               const struct store_kept *kept, struct gb_err *err);
/* A chain with all its records; one record that begins none, or one that was refused. */
GB_MUST_USE int kept_drop_chain(struct db *db, int64_t chain, struct gb_err *err);
GB_MUST_USE int kept_drop_record(struct db *db, int64_t num, struct gb_err *err);

/* Removes a blob's file, as its row names it. */
void kept_unlink(const struct store *store, const char *file);
/* The folder of blobs: STATE/evidence, of the database's path. In `out`. */
enum { KEPT_PATH = 4096 };
GB_MUST_USE int kept_folder(const struct store *store, char out[KEPT_PATH], struct gb_err *err);
/* At the start, before anybody writes: removes files that no row names. */
GB_MUST_USE int kept_tidy(struct store *store, struct gb_err *err);

#endif
