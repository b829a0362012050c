/* Kinds of TPMs: patterns of makers and models, patterns and comparisons of firmware versions. */
#ifndef GB_POLICY_TPM_KIND_H
#define GB_POLICY_TPM_KIND_H

#include <stdbool.h>

#include "verify/tpm_facts.h"

struct tpm_kind {
    const char *manufacturer; /* patterns; NULL: not asked */
    const char *model;
    const char *firmware; /* a pattern ("7.85.*"), or a comparison: ">=7.85", "<7.85", ... */
};

enum tpm_match { TPM_MATCH_NO, TPM_MATCH_YES, TPM_MATCH_UNKNOWN };

/* Whether what is asked of `firmware` can be asked. */
bool tpm_firmware_ok(const char *asked);
/* UNKNOWN: all that is known matches, and something that is asked for is not known. */
enum tpm_match tpm_kind_match(const struct tpm_kind *kind, const struct tpm_facts *facts);

#endif
