/* spec.ima.signers of a NodePolicy: whose signature on a file (security.ima, in the IMA list) lets
 * it pass where no set knows its digest. */
#ifndef GB_POLICY_IMA_SIGNERS_H
#define GB_POLICY_IMA_SIGNERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/sig_key.h"
#include "policy/field.h"
#include "wire/yaml.h"

struct ima_signer {
    const char *name; /* field_name_ok */
    struct sig_key key;
    const char *const *paths; /* files that begin so; NULL: all */
    size_t path_count;
};

/* All zero: none. */
struct ima_signers {
    const struct ima_signer *items;
    size_t count;
};

/* Reads the list [{name, certificate, paths}]. GB_ERR_CONFIG with file and line, LIMIT, NOMEM. */
GB_MUST_USE int ima_signers_read(const struct field_file *file, const struct yaml_node *list,
                                 struct ima_signers *ret_signers, struct gb_err *err);
/* Whether it signs for files at this path. */
bool ima_signer_speaks_for(const struct ima_signer *signer, struct gb_bytes path);

#endif
