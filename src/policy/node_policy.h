/* The NodePolicy document: reading; node_policy_write of policy.h is beside it. */
#ifndef GB_POLICY_NODE_POLICY_H
#define GB_POLICY_NODE_POLICY_H

#include "base/check.h"
#include "base/err.h"
#include "policy/documents/field.h"
#include "policy/policy.h"

/* Reads one document; names of sets are not looked up here, but *ret_names (a list node, or NULL)
 * has their lines. */
GB_MUST_USE int node_policy_read(const struct field_file *file, const struct yaml_node *document,
                                 struct node_policy *ret_policy, const struct yaml_node **ret_names,
                                 struct gb_err *err);

#endif
