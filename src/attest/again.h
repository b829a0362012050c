/* Kept evidence judged again, at another time or under another policy: the same lines as
 * attest_next() over the whole evidence, with what was held of the node before it. So what is found
 * is what a round with this evidence would find. */
#ifndef GB_ATTEST_AGAIN_H
#define GB_ATTEST_AGAIN_H

#include <stdint.h>

#include "attest/attest.h"
#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "evidence/kept.h"
#include "result/verdict.h"
#include "verify/claims.h"
#include "verify/facts.h"

/* `facts`: what is known of the node, then or now. `time_s`: when certificates are judged. Codes
 * and lives as of attest(). ret_claims may be NULL.
 */
GB_MUST_USE int attest_again(struct gb_arena *arena, struct digester *digester,
                             const struct trust *trust, const struct kept *kept,
                             const struct node_facts *facts, int64_t time_s,
                             struct claims *ret_claims, struct verdict *ret_verdict,
                             struct gb_err *err);

#endif
