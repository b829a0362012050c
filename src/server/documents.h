/* What an operator applies: YAML of several documents, taken apart so that each is kept by itself.
 */
#ifndef GB_SERVER_DOCUMENTS_H
#define GB_SERVER_DOCUMENTS_H

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "policy/documents/signed_set.h"
#include "policy/policy.h"
#include "store/store.h"

/*
 * Kind, name, version and text of each document. GB_ERR_CONFIG names line and field. Only form is
 * judged here. Spans point into `text`.
 */
GB_MUST_USE int documents_split(struct gb_arena *arena, struct gb_bytes text,
                                struct store_document **ret_documents, size_t *ret_count,
                                struct gb_err *err);
/*
 * Compares what is applied (`fresh`, whose signatures `now` knows) with what was: versions only go
 * up (T17; DENIED), the same words with more signatures are `resigned`, the same words with no more
 * signatures become the stored text again.
 */
GB_MUST_USE int documents_settle(const struct signed_set *in_force, const struct signed_set *now,
                                 const struct store_document *stored, size_t stored_count,
                                 struct store_document *fresh, size_t count, struct gb_err *err);
/* As files "Kind/name", for readers' errors. Sorted: the same documents are the same trust, however
 * they came together. */
GB_MUST_USE int documents_name(struct gb_arena *arena, const struct store_document *documents,
                               size_t count, const struct policy_file **ret_files,
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
