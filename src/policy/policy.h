/* The manifest: NodePolicy, ReferenceSet and AccessPolicy documents in Kubernetes' form, one
 * snapshot of all files given. */
#ifndef GB_POLICY_POLICY_H
#define GB_POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "base/finding.h"
#include "policy/refval.h"

struct access_policy;
struct path_index;

enum policy_want { POLICY_ANY, POLICY_ON, POLICY_OFF };

/* NodePolicy.spec */
struct node_policy {
    const char *name;
    uint64_t version;        /* from 1; 0 in the implied policy */
    const char *const *sets; /* names of the sets that count; NULL: all that are loaded */
    size_t set_count;
    bool require[GB_LINK_COUNT]; /* links that must be affirming (spec.require) */
    enum policy_want secure_boot;
    bool allow_expired_ek;     /* spec.identity.expired: allow */
    bool ima_allow_violations; /* spec.ima.violations: allow (with a reason beside it) */
};

struct policy {
    const struct node_policy
        *node;                  /* NULL: no policy; evidence is judged by what it says of itself */
    const struct ref_set *sets; /* only those that count */
    const struct access_policy *access; /* who may do what; NULL: no AccessPolicy was loaded */
    const struct path_index *paths; /* of the sets of packages, for who judges many nodes; or NULL:
                                       made when the first file is unknown */
};

struct policy_file {
    const char *name;
    struct gb_bytes bytes;
};

/*
 * Reads all documents of all files. Unknown kinds, fields, types, duplicate names, references to
 * sets that are not there, a second NodePolicy and a second AccessPolicy are GB_ERR_CONFIG: file,
 * line and the nearest known name. `seed` is for gb_map. No file (count 0) is no policy:
 * ret_policy->node is NULL. Sets without a NodePolicy imply one named "default": all sets count, no
 * link is required.
 */
GB_MUST_USE int policy_read(struct gb_arena *arena, const struct policy_file *files, size_t count,
                            uint64_t seed, struct policy *ret_policy, struct gb_err *err);
/* A NodePolicy document that names `sets`. Reads back the same. */
void node_policy_write(struct gb_buf *out, const struct node_policy *policy);

#endif
