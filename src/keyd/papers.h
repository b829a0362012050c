/* The documents that keyd was sent last, as they stand in STATE/documents
 * (docs/formats/keyd-rpc.md). What they are worth is judged by others (beliefs.h). */
#ifndef GB_KEYD_PAPERS_H
#define GB_KEYD_PAPERS_H

#include <stddef.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

struct papers {
    const struct gb_bytes *documents;
    size_t count;
};

/* In the arena. No file is no documents: keyd was never sent any. GB_ERR_CONFIG names the file and
 * the remedy; IO, NOMEM. */
GB_MUST_USE int papers_read(struct gb_arena *arena, const char *state, struct papers *ret_papers,
                            struct gb_err *err);
/* Durable when it returns: written beside, synced, renamed, the folder synced. Nothing is written
 * when the same stands there. GB_ERR_LIMIT, IO, NOMEM. */
GB_MUST_USE int papers_write(struct gb_arena *arena, const char *state, const struct papers *papers,
                             struct gb_err *err);

#endif
