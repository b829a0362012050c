/*
 * What is trusted: roots, policies and reference sets, as one immutable snapshot. Exactly one copy
 * is current; a round holds the one that it began with, and the last holder frees it.
 */
#ifndef GB_SERVER_SNAPSHOT_H
#define GB_SERVER_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>

#include "attest/attest.h"
#include "base/check.h"
#include "base/conf.h"
#include "base/err.h"
#include "policy/access.h"
#include "policy/policy.h"
#include "store/store.h"

struct snapshot;

/* Roots are read from the files named; documents are copied as far as they are kept. GB_ERR_CONFIG
 * names document or file, line and field. */
GB_MUST_USE int snapshot_new(const struct conf_list *roots, const struct store_document *documents,
                             size_t count, struct snapshot **ret_snapshot, struct gb_err *err);
const struct trust *snapshot_trust(const struct snapshot *snapshot);
/* The files that its roots were read from. */
const struct conf_list *snapshot_roots(const struct snapshot *snapshot);
/* Who may do what; NULL without an AccessPolicy. */
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
