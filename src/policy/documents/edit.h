/*
 * A document's life and version changed in its text, for its officer to sign anew: signatures over
 * the old words are taken out, comments and layout stay. Pure.
 */
#ifndef GB_POLICY_EDIT_H
#define GB_POLICY_EDIT_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

struct document_edit {
    uint64_t version; /* metadata.version */
    const char *life; /* spec.life; NULL: as it is */
};

/* `text` holds one document; `name` (a file) begins every error. What was written is read again and
 * says just what was meant, or it is GB_ERR_CONFIG: a layout that cannot be edited. LIMIT, NOMEM,
 * BUG. */
GB_MUST_USE int document_edit(struct gb_arena *arena, const char *name, struct gb_bytes text,
                              const struct document_edit *edit, struct gb_buf *out,
                              struct gb_err *err);

#endif
