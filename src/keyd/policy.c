#include "keyd/policy.h"

#include "base/log.h"
#include "keyd/beliefs.h"
#include "keyd/desk.h"
#include "keyd/papers.h"
#include "policy/documents/signed_set.h"
#include "rpc/keyd.h"
#include "rpc/messages.h"

/* What garboardd sent is garboardd's fault, not the operator's. */
static int as_denied(int r, struct gb_err *err)
{
    if (r != GB_ERR_CONFIG)
        return r;
    if (err)
        err->code = GB_ERR_DENIED;
    return GB_ERR_DENIED;
}

/* `now` is in force, `next` wants to be. */
static int judge(struct desk *desk, const struct beliefs *now, const struct beliefs *next,
                 struct gb_err *err)
{
    const char *why = NULL;
    int r = signed_set_fault(desk->arena, &next->documents, now->documents.needed, &why, err);
    if (r == GB_OK && !why)
        r = signed_set_follows(desk->arena, &now->documents, &next->documents, &why, err);
    return r == GB_OK && why ? gb_err_set(err, GB_ERR_DENIED, "%s", why) : r;
}

/* On the disk first: keyd never judges by what it could forget. */
static int take(struct desk *desk, const struct papers *papers, const struct beliefs **next,
                struct gb_err *err)
{
    int r = papers_write(desk->arena, desk->house->config->state, papers, err);
    if (r < 0)
        return r;
    beliefs_tell(*next);
    beliefs_swap(desk->house->beliefs, gb_take(*next));
    return GB_OK;
}

static int serve(struct desk *desk, const struct keyd_policy_ask *ask, struct gb_err *err)
{
    gb_cleanup(beliefs_unrefp) const struct beliefs *now = beliefs_get(desk->house->beliefs);
    gb_cleanup(beliefs_unrefp) const struct beliefs *next = NULL;
    const struct papers papers = {ask->documents, ask->count};
    int r = as_denied(beliefs_make(&now->config, &papers, &next, err), err);
    if (r == GB_OK)
        r = judge(desk, now, next, err);
    return r < 0 || ask->trial ? r : take(desk, &papers, &next, err);
}

int policy_serve(struct desk *desk, const struct rpc_request *request, struct rpc_reply *reply,
                 struct gb_err *err)
{
    (void)reply;
    beliefs_hold(desk->house->beliefs);
    int r = serve(desk, &request->policy, err);
    beliefs_release(desk->house->beliefs);
    return r;
}
