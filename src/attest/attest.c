#include "attest/attest.h"

#include "crypto/digest.h"
#include "evidence/bundle.h"
#include "policy/appraise.h"
#include "result/verdict.h"
#include "verify/claims.h"
#include "verify/verify.h"

int attest(struct gb_arena *arena, struct digester *digester, const struct trust *trust,
           const struct asked *asked, const struct bundle *bundle, struct claims *ret_claims,
           struct verdict *ret_verdict, struct gb_err *err)
{
    struct claims claims;
    struct verdict verdict;
    struct evidence *evidence = gb_arena_new_one(arena, struct evidence);
    if (!evidence)
        return gb_err_nomem(err);

    int r = bundle_read(arena, bundle, evidence, err); /* what was said */
    if (r < 0)
        return r;
    r = verify(arena, digester, &trust->anchors, asked, evidence, &claims,
               err); /* what is proven */
    if (r < 0)
        return r;
    r = appraise(arena, &trust->policy, &claims, &verdict, err); /* what we make of it */
    if (r < 0)
        return r;

    if (ret_claims)
        *ret_claims = claims;
    *ret_verdict = verdict;
    return GB_OK;
}
