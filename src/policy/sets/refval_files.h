/* The files of a set, read and written: {algorithm, list}, a line of sha256sum each, or {algorithm,
 * digests}, a list of "<hex> <path>". */
#ifndef GB_POLICY_REFVAL_FILES_H
#define GB_POLICY_REFVAL_FILES_H

#include "base/buf.h"
#include "base/check.h"
#include "base/err.h"
#include "policy/documents/field.h"
#include "policy/sets/refval.h"

/* Reads either form. GB_ERR_CONFIG, GB_ERR_LIMIT, GB_ERR_NOMEM. */
GB_MUST_USE int refval_files_read(const struct field_file *file, const struct yaml_node *node,
                                  struct ref_files *ret_files, struct gb_err *err);
/* Writes them under `key`, two levels deep; nothing when there are none. Failure sticks to `out`.
 */
void refval_files_write(struct gb_buf *out, const char *key, const struct ref_files *files);

#endif
