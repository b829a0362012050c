#include "server/change.h"

#include "net/router.h"
#include "server/answer.h"
#include "server/caller.h"
#include "server/refusals.h"
#include "server/server.h"
#include "server/work.h"
#include "wire/json.h"

struct change *change_new(struct thread *thread, const struct route_call *call, const char *what)
{
    struct change *change = work_new_of(thread, call->request, struct change);
    if (!change)
        return NULL;
    change->work.then = change_durable;
    change->who = caller_name(change->work.arena, call);
    change->what = what;
    change->not_found = REFUSAL_INTERNAL;
    change->status = 204;
    return change;
}

void change_durable(struct work *work)
{
    struct change *change = (struct change *)work;
    struct thread *thread = work->thread;
    if (work->result < 0) {
        json_free(change->body);
        answer_refuse(thread, work->request,
                      work->result == GB_ERR_NOTFOUND
                          ? change->not_found
                          : answer_of_store(thread, work->result, &work->err),
                      NULL);
        return;
    }
    caller_event(thread, change->who, change->what, change->whom, change->why);
    if (change->body)
        answer_json(thread, work->request, change->status, change->body);
    else
        answer_empty(work->request, change->status);
}
