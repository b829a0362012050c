/* Files of blobs whose rows the transaction in progress drops: they are removed once it is durable,
 * for until then it may be undone. Private to store/. */
#ifndef GB_STORE_GONE_H
#define GB_STORE_GONE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"

struct store;

struct gone {
    struct gb_arena *arena; /* owned; NULL: nothing was noted */
    const char **files;
    size_t count;
};

/* `file` as in the table blob; copied. NOMEM. */
GB_MUST_USE int gone_note(struct gone *gone, const char *file, struct gb_err *err);
/* Forgets what was noted after `count`: its savepoint was undone. */
void gone_back(struct gone *gone, size_t count);
/* After the transaction: removes the files when it is durable, and forgets them. A process that is
 * killed here leaves files that the next start removes. */
void gone_end(struct gone *gone, const struct store *store, bool durable);

#endif
