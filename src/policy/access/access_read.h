/* Parts of the AccessPolicy's reader: its lists. Within policy/ only. */
#ifndef GB_POLICY_ACCESS_READ_H
#define GB_POLICY_ACCESS_READ_H

#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "policy/access/access.h"
#include "policy/documents/field.h"
#include "wire/yaml.h"

/* A list of roles, at least one. */
GB_MUST_USE int access_roles_read(const struct field_file *file, const struct yaml_node *list,
                                  uint32_t *ret_roles, struct gb_err *err);
/* spec.issuers; each once. */
GB_MUST_USE int access_issuers_read(const struct field_file *file, const struct yaml_node *spec,
                                    struct access_policy *policy, struct gb_err *err);
/* spec.people, after the issuers; each once. */
GB_MUST_USE int access_people_read(const struct field_file *file, const struct yaml_node *spec,
                                   struct access_policy *policy, struct gb_err *err);

#endif
