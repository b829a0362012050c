/* What an operator applies: YAML of several documents, taken apart so that each is kept by itself.
 */
#ifndef GB_SERVER_DOCUMENTS_H
#define GB_SERVER_DOCUMENTS_H

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "store/store.h"

/*
 * Kind, name, version and text of each document; `stored` gives documents without a version of
 * their own (ReferenceSet) the next one when their text changed. GB_ERR_CONFIG names line and
 * field. Only form is judged here. Spans point into `text`.
 */
GB_MUST_USE int documents_split(struct gb_arena *arena, struct gb_bytes text,
                                const struct store_document *stored, size_t stored_count,
                                struct store_document **ret_documents, size_t *ret_count,
                                struct gb_err *err);
/* What would be in force after `fresh` was applied to `stored`. */
GB_MUST_USE int documents_merge(struct gb_arena *arena, const struct store_document *stored,
                                size_t stored_count, const struct store_document *fresh,
                                size_t fresh_count, struct store_document **ret_documents,
                                size_t *ret_count, struct gb_err *err);
/* The one of this kind and name, or NULL. */
const struct store_document *documents_find(const struct store_document *documents, size_t count,
                                            const char *kind, const char *name);

#endif
