#include "attest/again.h"

#include "attest/attest.h"
#include "attest/next.h"
#include "base/finding.h"
#include "crypto/digest.h"
#include "evidence/kept.h"
#include "policy/select.h"
#include "result/verdict.h"
#include "verify/claims.h"
#include "verify/facts.h"
#include "verify/verify.h"

int attest_again(struct gb_arena *arena, struct digester *digester, const struct trust *trust,
                 const struct kept *kept, const struct node_facts *facts, int64_t time_s,
                 struct claims *ret_claims, struct verdict *ret_verdict, struct gb_err *err)
{
    struct progress before, after;
    struct claims claims;
    if (kept->transport.len != KEPT_TRANSPORT)
        return gb_err_set(err, GB_ERR_INPUT, "no fingerprint of the transport key");
    progress_read(kept->before, &before);
    /* issued_s stays 0: how long the nonce was out was judged when it came back, and is past. */
    const struct asked asked = {.has_nonce = true,
                                .nonce = kept->nonce,
                                .time_s = time_s,
                                .allow_expired = policy_allows_expired(&trust->policy, facts),
                                .transport = kept->transport.data,
                                .facts = facts};
    int r = attest_next(arena, digester, trust, &asked, &kept->bundle, &before, &after, &claims,
                        ret_verdict, err);
    if (r < 0)
        return r;
    if (!trust->policy.policies) { /* as the service has it: without a policy nothing is trusted */
        gb_finding_add(&ret_verdict->findings, GB_FINDING_POLICY_NONE, GB_NO_EVENT, NULL, NULL,
                       NULL);
        ret_verdict->tier = GB_TIER_CONTRAINDICATED;
    }
    if (ret_claims)
        *ret_claims = claims;
    return GB_OK;
}
