/* Policy: what is in force, and how it changes. One change at a time: proven good in the pool, made
 * durable, then in force for the next round. */

#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/err.h"
#include "base/text.h"
#include "ledger/entry.h"
#include "net/http_server.h"
#include "net/router.h"
#include "policy/access/access.h"
#include "policy/documents/signed.h"
#include "policy/documents/signed_set.h"
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

static struct json *document_json(const struct store_document *document)
{
    struct json *json = json_new_object();
    json_set(json, "kind", json_text(document->kind));
    json_set(json, "name", json_text(document->name));
    json_set(json, "version", json_number(document->version));
    return json;
}

static struct json *signers_json(struct gb_arena *arena, const struct signed_document *document)
{
    struct json *list = json_new_array();
    for (size_t i = 0; i < document->signatures.count; i++) {
        const struct signature *signature = &document->signatures.items[i];
        const char *hex = gb_hex(arena, gb_bytes(signature->key, SIGNATURE_KEY_LEN));
        if (signature->state == SIGNATURE_GOOD)
            json_push(list, json_text(hex ? gb_arena_printf(arena, "sha256:%s", hex) : NULL));
    }
    return list;
}

/* What it says, and who has signed that. */
static void add_signatures(struct gb_arena *arena, const struct snapshot *snapshot,
                           const struct store_document *document, struct json *item)
{
    const struct signed_document *known =
        signed_set_find(snapshot_documents(snapshot), document->kind, document->name);
    char digest[72] = "sha256:";
    if (!known)
        return; /* applied this very moment */
    gb_hex_encode(gb_bytes(known->digest, sizeof known->digest), digest + 7);
    json_set(item, "deleted", json_bool(known->deleted));
    json_set(item, "digest", json_text(digest));
    json_set(item, "signed_by", signers_json(arena, known));
}

static bool is_asked(struct http_request *request, const char *name)
{
    struct gb_bytes rest = http_request_queries(request);
    bool found = false;
    while (!found && rest.len > 0) {
        struct gb_bytes item = gb_text_until(&rest, '&');
        found = gb_bytes_is(gb_text_until(&item, '='), name);
    }
    return found;
}

/* "1" or "0", when it is asked at all. Anything else, even memory that is short, must not turn a
 * trial into the real thing. */
static bool read_switch(struct http_request *request, const char *name, bool *ret_on)
{
    struct gb_bytes text;
    if (!is_asked(request, name)) {
        *ret_on = false;
        return true;
    }
    if (!http_request_query(request, name, &text))
        return false;
    *ret_on = gb_bytes_is(text, "1");
    return *ret_on || gb_bytes_is(text, "0");
}

void api_policy_list(void *ctx, const struct route_call *call)
{
    struct thread *thread = ctx;
    struct gb_arena *arena = http_request_arena(call->request);
    gb_cleanup(snapshot_unrefp) struct snapshot *snapshot = snapshot_get(thread->server->trust);
    struct store_document *documents;
    size_t count;
    struct gb_err err;
    bool with_text;
    if (!read_switch(call->request, "text", &with_text)) {
        answer_refuse(thread, call->request, REFUSAL_MALFORMED, "text: must be 0 or 1");
        return;
    }
    int r = store_document_list(thread->server->store, arena, &documents, &count, &err);
    if (r < 0) {
        answer_refuse(thread, call->request, answer_of_store(thread, r, &err), NULL);
        return;
    }
    struct json *list = json_new_array();
    for (size_t i = 0; i < count; i++) {
        struct json *item = document_json(&documents[i]);
        json_set(item, "applied_by", json_text(documents[i].applied_by));
        json_set(item, "applied_at", answer_time(documents[i].applied_s));
        add_signatures(arena, snapshot, &documents[i], item);
        if (with_text)
            json_set(item, "text",
                     json_text((const char *)gb_arena_copy(arena, documents[i].text).data));
        json_push(list, item);
    }
    struct json *body = json_new_object();
    json_set(body, "documents", list);
    json_set(body, "policy", json_text(snapshot_policy(snapshot)));
    json_set(body, "fault", json_text(snapshot_fault(snapshot)));
    answer_json(thread, call->request, 200, body);
}

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
        struct json *item = document_json(&a->plan.fresh[i]);
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
    if (!read_switch(call->request, "dry_run", &a->dry_run)) {
        answer_refuse(thread, call->request, REFUSAL_MALFORMED, "dry_run: must be 0 or 1");
        return;
    }
    if (!read_switch(call->request, "force", &a->force)) {
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
