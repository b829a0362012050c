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
#include "policy/documents/field.h"
#include "policy/rules/rules.h"
#include "policy/selector.h"
#include "policy/sets/refval.h"
#include "wire/yaml.h"

struct access_policy;
struct file_index;
struct sig_cache;

/* What follows from a verdict: nothing, it is only told (shadow); what sets and rules say against a
 * node is told loudly, and it still counts as trusted (warn); it is untrusted (enforce). */
enum policy_mode { POLICY_ENFORCE, POLICY_WARN, POLICY_SHADOW };

/* NodePolicy.spec */
struct node_policy {
    struct node_policy *next; /* of lower priority, or as high and read later */
    const char *name;
    uint64_t version;  /* from 1; 0 in the implied policy */
    bool deleted;      /* nothing but its name and version is left */
    const char *title; /* "nodes version 3"; NULL in one that was not read */
    enum policy_mode mode;
    uint32_t priority; /* the highest that matches a node judges it */
    struct node_selector nodes;
    const char *const *set_names; /* spec.referenceSets; NULL: all that are loaded */
    size_t set_count;
    const struct ref_set *const *sets; /* those, of any life; set_count of them. NULL: all */
    bool require[GB_LINK_COUNT];       /* links that must be affirming (spec.require) */
    const char *const *engine_paths;   /* what speaks for `engine`; NULL: as engine.h says */
    size_t engine_path_count;
    bool allow_expired_ek; /* spec.identity.expired: allow */
    struct node_rules rules;
};

struct policy {
    const struct node_policy
        *policies;                      /* by priority; which of them is for a node: select.h. NULL:
                                           no policy; evidence is judged by what it says of itself */
    const struct ref_set *sets;         /* all, of any life, in the order of loading */
    const struct access_policy *access; /* who may do what; NULL: no AccessPolicy was loaded */
    const struct file_index *files;     /* which of the sets know a file's digest */
    struct sig_cache *signatures; /* borrowed from who judges many nodes; NULL: each is verified
                                     again. It makes answers faster, never others. */
};

struct policy_file {
    const char *name;
    struct gb_bytes bytes;
};

/*
 * Reads all documents of all files. Unknown kinds, fields, types, duplicate names, references to
 * sets that are not there or were deleted, and a second AccessPolicy are GB_ERR_CONFIG: file, line
 * and the nearest known name. A document with metadata.deleted says only that its name is taken.
 * `seed` is for file_index.h. No file (count 0) is no policy: ret_policy->policies is NULL. Sets
 * without a NodePolicy imply one named "default": it is for every node, all sets count, no link is
 * required.
 */
GB_MUST_USE int policy_read(struct gb_arena *arena, const struct policy_file *files, size_t count,
                            uint64_t seed, struct policy *ret_policy, struct gb_err *err);
/* One document by itself: what policy_read refuses of it, but for what other documents decide (a
 * set that it names, a second of its name). A version may be missing: signing puts one in. The
 * document is as it was afterwards. GB_ERR_DENIED: not valid, file, line and mistake; LIMIT, NOMEM.
 */
GB_MUST_USE int policy_check(const struct field_file *file, struct yaml_node *document,
                             struct gb_err *err);
const char *policy_mode_name(enum policy_mode mode);
/* A NodePolicy document that names `set_names`. Reads back the same. */
void node_policy_write(struct gb_buf *out, const struct node_policy *policy);

#endif
