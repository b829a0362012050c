/*
 * What is trusted: roots, officers, policies and reference sets, as one immutable snapshot. Exactly
 * one copy is current; a round holds the one that it began with, and the last holder frees it.
 */
#ifndef GB_SERVER_SNAPSHOT_H
#define GB_SERVER_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>

#include "attest/attest.h"
#include "base/check.h"
#include "base/conf.h"
#include "base/err.h"
#include "policy/access/access.h"
#include "policy/documents/signed_set.h"
#include "policy/policy.h"
#include "store/store.h"

struct snapshot;

/* What one is made of. Files are named; documents are as the store has them. */
struct snapshot_parts {
    const struct conf_list *roots;    /* certificates */
    const struct conf_list *officers; /* public keys */
    const struct store_document *documents;
    size_t count;
    const char
        *refused;    /* why none counts, whoever signed it: garboard-keyd said so. NULL: judged */
    size_t at_least; /* officers whose signature each document needs, by the rule that was in force
                        before; the documents may ask for more */
};

/* Documents are copied as far as they are kept. When one of them is not rightly signed none counts:
 * there is no policy then, and snapshot_fault says why. GB_ERR_CONFIG names document or file, line
 * and field. */
GB_MUST_USE int snapshot_new(const struct snapshot_parts *parts, struct snapshot **ret_snapshot,
                             struct gb_err *err);
/* Why no document counts; NULL while all are rightly signed. */
const char *snapshot_fault(const struct snapshot *snapshot);
/* `refused` of its parts; NULL: none. */
const char *snapshot_refused(const struct snapshot *snapshot);
/* All documents with their signatures, whether they count or not. */
const struct signed_set *snapshot_documents(const struct snapshot *snapshot);
const struct trust *snapshot_trust(const struct snapshot *snapshot);
/* The files that its roots and its officers' keys were read from. */
const struct conf_list *snapshot_roots(const struct snapshot *snapshot);
const struct conf_list *snapshot_officers(const struct snapshot *snapshot);
/* Who may do what; NULL without an AccessPolicy that counts: see snapshot_fault. */
const struct access_policy *snapshot_access(const struct snapshot *snapshot);
/* "nodes version 3"; NULL without a policy. */
const char *snapshot_policy(const struct snapshot *snapshot);
void snapshot_unref(struct snapshot *snapshot);
void snapshot_unrefp(struct snapshot **snapshot);

/* The place of the current one. Any thread. */
struct snapshot_holder;
GB_MUST_USE int snapshot_holder_new(struct snapshot_holder **ret_holder, struct gb_err *err);
void snapshot_holder_free(struct snapshot_holder *holder);
/* The current one, held for the caller; NULL before the first. */
GB_MUST_USE struct snapshot *snapshot_get(struct snapshot_holder *holder);
/* Takes over `snapshot`. */
void snapshot_set(struct snapshot_holder *holder, struct snapshot *snapshot);

#endif
