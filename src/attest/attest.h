/* The contents page: one attestation from left to right. */
#ifndef GB_ATTEST_ATTEST_H
#define GB_ATTEST_ATTEST_H

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "crypto/digest.h"
#include "evidence/bundle.h"
#include "policy/policy.h"
#include "result/verdict.h"
#include "verify/verify.h"

/* What we trust, loaded once: manufacturers' roots, policy and reference sets. */
struct trust {
    struct anchors anchors;
    struct policy policy;
    uint64_t id; /* names all that was loaded (attest/trust.h); 0 when nobody asks */
};

/*
 * Bytes in, verdict out. Pure; errors mean "could not decide" and never a yes: GB_ERR_INPUT for
 * malformed evidence, GB_ERR_NOTFOUND for a missing part. ret_claims (may be NULL) gives the proven
 * facts to whoever records them. Everything lives in the arena and borrows from the bundle.
 */
GB_MUST_USE int attest(struct gb_arena *arena, struct digester *digester, const struct trust *trust,
                       const struct asked *asked, const struct bundle *bundle,
                       struct claims *ret_claims, struct verdict *ret_verdict, struct gb_err *err);

#endif
