/* Policy: how it changes. One change at a time: proven good in the pool, made durable, then in
 * force for the next round. */
#include "server/api/api_policy.h"

#include "base/clock.h"
#include "base/err.h"
#include "ledger/entry.h"
#include "net/http_server.h"
#include "net/router.h"
#include "policy/access/access.h"
#include "server/api/answer.h"
#include "server/api/api.h"
#include "server/api/change.h"
#include "server/api/person.h"
#include "server/api/refusals.h"
#include "server/apply.h"
#include "server/apply_lint.h"
#include "server/apply_loss.h"
#include "server/courier.h"
#include "server/ledger/policy_record.h"
#include "server/ledger/record.h"
#include "server/server.h"
#include "server/snapshot.h"
#include "server/start.h"
#include "server/work.h"
#include "store/store.h"
#include "wire/json.h"

struct applying {
    struct change change; /* first */
    bool dry_run;
    bool force; /* though trusted nodes, or the caller, lose by it */
    const char *loss;
    struct apply_plan plan;
    struct json *warnings; /* owned until they stand in the answer */
};

/* Who has a role by a token is not looked up: its claims are not kept. */
static bool loses_roles(const struct applying *a)
{
    const struct person *person = person_of(a->change.work.request);
    const struct access_policy *access = snapshot_access(a->plan.snapshot);
    return person && person->how == PERSON_BY_CERTIFICATE && access &&
           access_of_name(access, gb_bytes_str(person->name)) == 0;
}

/* What nobody does on purpose without saying so. */
static void guard(struct applying *a)
{
    struct work *work = &a->change.work;
    const char *loss = NULL;
    a->plan.why = REFUSAL_NO_MEMORY;
    work->result = apply_loss(work->thread->server, work->arena, &a->plan, &loss, &work->err);
    if (work->result < 0)
        return;
    if (loss)
        a->plan.why = REFUSAL_POLICY_UNTRUSTS;
    else if (loses_roles(a))
        a->plan.why = REFUSAL_POLICY_LOCKS_OUT;
    else
        return;
    a->loss = loss ? loss : "you would lose all roles: the AccessPolicy does not name you";
    work->result = gb_err_set(&work->err, GB_ERR_DENIED, "%s", a->loss);
}

static void prepare_in_pool(struct work *work, struct worker_parts *parts)
{
    struct applying *a = (struct applying *)work;
    work->result = apply_prepare(work->thread->server, work->arena,
                                 http_request_body(work->request), &a->plan, &work->err);
    if (work->result == GB_OK)
        work->result = apply_try(parts->keyd, work->arena, &a->plan, &work->err);
    if (work->result == GB_OK && !a->force)
        guard(a);
    if (work->result == GB_OK)
        a->warnings = apply_lint(work->thread->server, &a->plan);
}

static struct json *applied_json(struct applying *a)
{
    struct json *list = json_new_array();
    for (size_t i = 0; i < a->plan.count; i++) {
        struct json *item = policy_document_json(&a->plan.fresh[i]);
        json_set(item, "change", json_text(apply_word(&a->plan, &a->plan.fresh[i])));
        json_push(list, item);
    }
    struct json *body = json_new_object();
    json_set(body, "applied", list);
    json_set(body, "warnings", gb_take(a->warnings));
    if (loses_roles(a))
        json_set(body, "warning",
                 json_text("you lose all roles: the AccessPolicy does not name you"));
    return body;
}

static void end(struct applying *a)
{
    snapshot_unref(a->plan.snapshot);
    a->plan.snapshot = NULL;
    atomic_store(&a->change.work.thread->server->applying, false);
}

static bool is_of_the_documents(enum refusal why)
{
    return why == REFUSAL_POLICY_UNSIGNED || why == REFUSAL_POLICY_VERSION ||
           why == REFUSAL_POLICY_INVALID || why == REFUSAL_KEYD_DENIED;
}

static void refuse(struct applying *a, enum refusal why)
{
    struct work *work = &a->change.work;
    json_free(a->change.body);
    end(a);
    if (!is_of_the_documents(why))
        answer_refuse(work->thread, work->request, why, a->loss ? a->loss : work->err.text);
    else
        answer_refuse_as(work->thread, work->request, why, work->err.text, ENTRY_POLICY_REFUSED,
                         policy_record_refused(a->plan.fresh, a->plan.count, a->dry_run));
}

/* In the pool: keyd takes what is stored now. */
static void carry_in_pool(struct work *work, struct worker_parts *parts)
{
    struct applying *a = (struct applying *)work;
    work->result =
        courier_send(parts->keyd, work->arena, a->plan.all, a->plan.all_count, false, &work->err);
}

/* In force here, too; what keyd lacks is sent again until it has it, and not acknowledged. */
static void carried(struct work *work)
{
    struct applying *a = (struct applying *)work;
    struct server *server = work->thread->server;
    start_set_trust(server, gb_take(a->plan.snapshot));
    courier_note(server, work->result, &work->err);
    end(a);
    if (work->result < 0) {
        json_free(a->change.body);
        answer_refuse(work->thread, work->request, REFUSAL_POLICY_NOT_AT_KEYD, work->err.text);
        return;
    }
    a->change.status = 200;
    change_durable(work);
}

static void durable(struct work *work)
{
    struct applying *a = (struct applying *)work;
    if (work->result < 0) {
        refuse(a, work->result == GB_ERR_DENIED
                      ? REFUSAL_POLICY_VERSION
                      : answer_of_store(work->thread, work->result, &work->err));
        return;
    }
    work->run = carry_in_pool;
    work->then = carried;
    if (work_start(work))
        return;
    work->result = gb_err_set(&work->err, GB_ERR_AGAIN, "too much is under way");
    carried(work);
}

static void prepared(struct work *work)
{
    struct applying *a = (struct applying *)work;
    if (work->result < 0) {
        refuse(a, a->plan.why);
        return;
    }
    a->change.body = applied_json(a);
    if (a->dry_run) {
        end(a);
        answer_json(work->thread, work->request, 200, a->change.body);
        return;
    }
    for (size_t i = 0; i < a->plan.count; i++) {
        a->plan.fresh[i].applied_by = a->change.by;
        a->plan.fresh[i].applied_s = gb_clock_s();
    }
    work->then = durable;
    a->change.record.whom = record_text("policy");
    a->change.record.data =
        policy_record(work->thread->digester, a->plan.stored, a->plan.stored_count, a->plan.fresh,
                      a->plan.count, a->plan.snapshot);
    store_document_apply(work->thread->server->store, a->plan.fresh, a->plan.count,
                         change_entry(&a->change), work_stored, work);
}

void api_policy_apply(void *ctx, const struct route_call *call)
{
    struct thread *thread = ctx;
    struct applying *a = work_new_of(thread, call->request, struct applying);
    if (!a)
        return;
    if (!policy_read_switch(call->request, "dry_run", &a->dry_run)) {
        answer_refuse(thread, call->request, REFUSAL_MALFORMED, "dry_run: must be 0 or 1");
        return;
    }
    if (!policy_read_switch(call->request, "force", &a->force)) {
        answer_refuse(thread, call->request, REFUSAL_MALFORMED, "force: must be 0 or 1");
        return;
    }
    change_init(&a->change, call, ENTRY_POLICY_APPLY);
    a->change.work.run = prepare_in_pool;
    a->change.work.then = prepared;
    if (atomic_exchange(&thread->server->applying, true)) {
        answer_refuse(thread, call->request, REFUSAL_POLICY_BUSY, NULL);
    } else if (!work_start(&a->change.work)) {
        atomic_store(&thread->server->applying, false);
        answer_refuse(thread, call->request, REFUSAL_OVERLOADED, NULL);
    }
}
