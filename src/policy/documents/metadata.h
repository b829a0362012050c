/* What every document has under `metadata`: name, version, signatures. */
#ifndef GB_POLICY_METADATA_H
#define GB_POLICY_METADATA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "policy/documents/field.h"
#include "wire/yaml.h"

struct metadata {
    const char *name; /* field_name_ok */
    uint64_t version; /* from 1; 0: none is given */
    bool deleted;     /* a tombstone: no spec, and a version of its own (T17: nothing vanishes) */
};

/* Reads `document`.metadata; the form of its signatures is checked, whose they are is not
 * (signed.h). Without `versioned` a version may be missing: such a document is version 1 of its
 * name, and only one with a version can follow it. GB_ERR_CONFIG, NOMEM. */
GB_MUST_USE int metadata_read(const struct field_file *file, const struct yaml_node *document,
                              bool versioned, struct metadata *ret_metadata, struct gb_err *err);

#endif
