/* The parts of policy_read(): documents that were read, then joined to one snapshot. */
#ifndef GB_POLICY_POLICY_LOAD_H
#define GB_POLICY_POLICY_LOAD_H

#include <stddef.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "policy/access/access.h"
#include "policy/documents/field.h"
#include "policy/policy.h"
#include "policy/sets/refval.h"
#include "wire/yaml.h"

/* A NodePolicy and where it stands. */
struct loaded_policy {
    struct loaded_policy *next;
    struct node_policy node;
    struct field_file file;
    const struct yaml_node *set_names; /* its list of names, for their lines; or NULL */
};

/* All files on their way to one snapshot. */
struct loader {
    struct gb_arena *arena;
    struct loaded_policy *policies; /* in the order of loading */
    struct loaded_policy **policy_tail;
    size_t policy_count;
    struct access_policy *access;
    struct ref_set *sets;
    struct ref_set **tail;
    size_t set_count;
};

/* The set of this name, deleted or not; NULL: no file has it. */
const struct ref_set *policy_find_set(const struct loader *loader, struct gb_bytes name);
/* The policies that were not deleted, by priority, each with the sets that it names.
 * GB_ERR_CONFIG: a set that is not there. */
GB_MUST_USE int policy_join(const struct loader *loader, struct node_policy **ret_list,
                            struct gb_err *err);
/* Sets of which only the name is left; after policy_join, which tells of them. */
void policy_drop_deleted(struct loader *loader);

#endif
