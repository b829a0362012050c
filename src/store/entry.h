/* The ledger's entries within the writer's transaction. Private to store/. */
#ifndef GB_STORE_ENTRY_H
#define GB_STORE_ENTRY_H

#include "base/check.h"
#include "base/err.h"
#include "store/db.h"
#include "store/store.h"

/* Writes it and its openings under the next number. LIMIT: longer than an entry may be. */
GB_MUST_USE int entry_put(struct db *db, const struct store_entry *entry, struct gb_err *err);
/* At start: which numbers are kept, and which is next. CONFIG when there is a gap: somebody edited
 * the table. */
GB_MUST_USE int entry_find(struct db *db, struct gb_err *err);

#endif
