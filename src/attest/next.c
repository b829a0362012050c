#include "attest/next.h"

#include <string.h>

#include "attest/attest.h"
#include "crypto/digest.h"
#include "evidence/bundle.h"
#include "policy/appraise.h"
#include "policy/judge/standing.h"
#include "policy/sets/said.h"
#include "result/verdict.h"
#include "verify/claims.h"
#include "verify/verify.h"

/* What policy made of earlier rounds is worth something only while it is the same policy, and
 * while it says the same. */
static int check_trust(const struct trust *trust, const struct bundle *bundle,
                       const struct progress *before, int64_t time_s, struct gb_err *err)
{
    if (!bundle_continues(bundle))
        return GB_OK;
    if (before->trust_id != trust->id)
        return gb_err_set(err, GB_ERR_AGAIN, "send all evidence: the policy is another one");
    if (!standings_hold(&before->standings, time_s))
        return gb_err_set(err, GB_ERR_AGAIN,
                          "send all evidence: an exception of the policy has ended (until)");
    return GB_OK;
}

/* Refused evidence is judged by nobody, so that what earlier rounds came to stays. */
static void carry_on(const struct progress *before, const struct claims *claims,
                     struct progress *after)
{
    if (!claims_refused(claims))
        return;
    after->standings = before->standings;
    after->trust_id = before->trust_id;
    memcpy(after->said, before->said, sizeof after->said);
}

/* The words choose which sets judge. Were they free to change from round to round, each file could
 * be shown to the set that knows it: they are those of the boot, or all is judged by the new ones.
 */
static int check_said(struct digester *digester, const struct claims *claims,
                      const struct progress *before, struct progress *after, struct gb_err *err)
{
    if (claims_refused(claims))
        return GB_OK; /* nothing is judged by any set */
    int r = said_digest(digester, claims, after->said, err);
    if (r < 0)
        return r;
    if (claims->continues && memcmp(after->said, before->said, sizeof after->said) != 0)
        return gb_err_set(err, GB_ERR_AGAIN,
                          "send all evidence: the machine says other words of itself");
    return GB_OK;
}

int attest_next(struct gb_arena *arena, struct digester *digester, const struct trust *trust,
                const struct asked *asked, const struct bundle *bundle,
                const struct progress *before, struct progress *ret_after,
                struct claims *ret_claims, struct verdict *ret_verdict, struct gb_err *err)
{
    struct claims claims;
    struct verdict verdict;
    struct progress after = {.trust_id = trust->id};
    struct evidence *evidence = gb_arena_new_one(arena, struct evidence);
    int r = evidence ? check_trust(trust, bundle, before, asked->time_s, err) : gb_err_nomem(err);
    if (r < 0)
        return r;

    r = bundle_read(arena, bundle, evidence, err); /* what was said */
    if (r < 0)
        return r;
    r = verify_next(arena, digester, &trust->anchors, asked, evidence, &before->seen, &after.seen,
                    &claims, err); /* what is proven */
    if (r == GB_OK)
        r = check_said(digester, &claims, before, &after, err);
    if (r < 0)
        return r;
    r = appraise_next(arena, &trust->policy, &claims, claims.continues ? &before->standings : NULL,
                      &after.standings, &verdict, err); /* what we make of it */
    if (r < 0)
        return r;

    carry_on(before, &claims, &after);
    *ret_after = after;
    if (ret_claims)
        *ret_claims = claims;
    *ret_verdict = verdict;
    return GB_OK;
}

bool progress_continues(const struct progress *progress, const struct trust *trust,
                        uint64_t *ret_ima_from)
{
    bool continues = progress->seen.whole && progress->trust_id == trust->id;
    *ret_ima_from = continues ? progress->seen.ima.next : 0;
    return continues;
}
