/* Is the quote the answer to our question? */
#ifndef GB_VERIFY_FRESHNESS_H
#define GB_VERIFY_FRESHNESS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/finding.h"
#include "evidence/tpm_wire.h"

/* Compares extra_data with the nonce asked, in constant time (T01). An empty nonce is never a
 * match. */
bool freshness_judge(struct gb_arena *arena, const struct tpm_attest *attest, bool has_nonce,
                     struct gb_bytes nonce, struct gb_findings *findings);

#endif
