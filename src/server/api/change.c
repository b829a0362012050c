#include "server/api/change.h"

#include "base/log.h"
#include "ledger/entry.h"
#include "net/router.h"
#include "server/api/answer.h"
#include "server/api/caller.h"
#include "server/api/refusals.h"
#include "server/ledger/record.h"
#include "server/server.h"
#include "server/work.h"
#include "store/store.h"
#include "wire/json.h"

void change_init(struct change *change, const struct route_call *call, enum entry_what what)
{
    struct gb_arena *arena = change->work.arena;
    change->work.then = change_durable;
    change->record.what = what;
    change->record.who = caller_party(arena, call);
    if (call->role == ROUTE_PERSON)
        change->record.why = caller_why(arena, call->request);
    change->by = caller_name(arena, call);
    change->not_found = REFUSAL_INTERNAL;
    change->status = 204;
}

struct change *change_new(struct thread *thread, const struct route_call *call,
                          enum entry_what what)
{
    struct change *change = work_new_of(thread, call->request, struct change);
    if (change)
        change_init(change, call, what);
    return change;
}

const struct store_entry *change_entry(struct change *change)
{
    return record_make(change->work.arena, change->work.thread->digester, &change->record);
}

static enum refusal refusal_of(struct change *change)
{
    struct work *work = &change->work;
    if (work->result == GB_ERR_NOTFOUND)
        return change->not_found;
    if (work->result == GB_ERR_AGAIN && change->record.what == ENTRY_LEDGER_FORGET)
        return REFUSAL_JOURNAL_HELD;
    return answer_of_store(work->thread, work->result, &work->err);
}

void change_durable(struct work *work)
{
    struct change *change = (struct change *)work;
    struct thread *thread = work->thread;
    if (work->result < 0) {
        json_free(change->body);
        answer_refuse(thread, work->request, refusal_of(change), NULL);
        return;
    }
    gb_log_event(GB_LOG_INFO, entry_word(change->record.what), GB_LOG_TEXT("who", change->by),
                 GB_LOG_TEXT("whom", change->record.whom.text)); /* why: in the ledger alone */
    if (change->body)
        answer_json(thread, work->request, change->status, change->body);
    else
        answer_empty(work->request, change->status);
}
