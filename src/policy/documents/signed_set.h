/*
 * All documents together: they count only when each is rightly signed, never a part of them. The
 * rule is the same for garboardd, garboard-keyd and the command line.
 */
#ifndef GB_POLICY_SIGNED_SET_H
#define GB_POLICY_SIGNED_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "policy/documents/signed.h"
#include "policy/policy.h"

struct signed_document {
    const char *kind; /* printable */
    const char *name;
    bool deleted;       /* a tombstone */
    uint64_t version;   /* from 1; a document that gives none is its name's first */
    uint8_t digest[32]; /* of what is signed */
    struct signature_list signatures;
};

struct signed_set {
    struct signed_document *documents; /* in the order of the files */
    size_t count;
    size_t needed; /* different officers that each document needs: 1, or 2 by an AccessPolicy of the
                      set */
};

/* Reads and verifies every document. GB_ERR_CONFIG names file, line and mistake; LIMIT, NOMEM, BUG.
 * Whether it counts is asked of signed_set_fault. */
GB_MUST_USE int signed_set_read(struct gb_arena *arena, const struct policy_file *files,
                                size_t count, const struct officers *officers,
                                struct signed_set *ret_set, struct gb_err *err);
/*
 * Why the set does not count: the first document that is not signed by as many different officers
 * as it needs, or as `at_least` says (the rule that was in force before). *ret_why is NULL when all
 * are; else a sentence with the document and its signatures, without a remedy. GB_ERR_NOMEM.
 */
GB_MUST_USE int signed_set_fault(struct gb_arena *arena, const struct signed_set *set,
                                 size_t at_least, const char **ret_why, struct gb_err *err);
/*
 * Why `next` may not follow `old` (T17): a document that has vanished, a version that went down, or
 * other words under the same version. *ret_why is NULL when it may. GB_ERR_NOMEM.
 */
GB_MUST_USE int signed_set_follows(struct gb_arena *arena, const struct signed_set *old,
                                   const struct signed_set *next, const char **ret_why,
                                   struct gb_err *err);
/* NULL when there is none. */
const struct signed_document *signed_set_find(const struct signed_set *set, const char *kind,
                                              const char *name);
/* "sha256:5f3a..., sha256:...": the officers whose signatures of it are good; "nobody". NULL when
 * out of memory. */
GB_MUST_USE const char *signed_by(struct gb_arena *arena, const struct signed_document *document);

#endif
