/* One entry of a reference set's `events`: reading only; refval_write.c writes. */
#ifndef GB_POLICY_REFVAL_EVENT_H
#define GB_POLICY_REFVAL_EVENT_H

#include "base/check.h"
#include "base/err.h"
#include "policy/documents/field.h"
#include "policy/sets/refval.h"

/* GB_ERR_CONFIG, GB_ERR_NOMEM. */
GB_MUST_USE int refval_event_read(const struct field_file *file, const struct yaml_node *node,
                                  struct ref_event **ret_event, struct gb_err *err);

#endif
