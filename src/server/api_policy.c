/* Policy: what is in force, and how it changes. One change at a time: proven good in the pool, made
 * durable, then in force for the next round. */

#include <string.h>

#include "base/clock.h"
#include "net/http_server.h"
#include "net/router.h"
#include "server/answer.h"
#include "server/api.h"
#include "server/change.h"
#include "server/documents.h"
#include "server/policy_record.h"
#include "server/refusals.h"
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

void api_policy_list(void *ctx, const struct route_call *call)
{
    struct thread *thread = ctx;
    struct gb_arena *arena = http_request_arena(call->request);
    gb_cleanup(snapshot_unrefp) struct snapshot *snapshot = snapshot_get(thread->server->trust);
    struct store_document *documents;
    size_t count;
    struct gb_err err;
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
        json_push(list, item);
    }
    struct json *body = json_new_object();
    json_set(body, "documents", list);
    json_set(body, "policy", json_text(snapshot_policy(snapshot)));
    answer_json(thread, call->request, 200, body);
}

struct applying {
    struct change change; /* first */
    bool dry_run;
    struct store_document *stored;
    size_t stored_count;
    struct store_document *fresh;
    size_t count;
    struct snapshot *snapshot; /* owned until it is in force */
};

/* In the pool: all of it is read as it will be in force; what fails here changes nothing. */
static int prepare(struct applying *a, struct gb_err *err)
{
    struct server *server = a->change.work.thread->server;
    struct gb_arena *arena = a->change.work.arena;
    gb_cleanup(snapshot_unrefp) struct snapshot *current = snapshot_get(server->trust);
    struct store_document *all;
    size_t count;
    int r = store_document_list(server->store, arena, &a->stored, &a->stored_count, err);
    if (r == GB_OK)
        r = documents_split(arena, http_request_body(a->change.work.request), a->stored,
                            a->stored_count, &a->fresh, &a->count, err);
    if (r == GB_OK)
        r = documents_merge(arena, a->stored, a->stored_count, a->fresh, a->count, &all, &count,
                            err);
    if (r == GB_OK)
        r = snapshot_new(snapshot_roots(current), all, count, &a->snapshot, err);
    return r;
}

static void prepare_in_pool(struct work *work, struct worker_parts *parts)
{
    (void)parts;
    work->result = prepare((struct applying *)work, &work->err);
}

static const char *change_word(const struct applying *a, const struct store_document *fresh)
{
    const struct store_document *old =
        documents_find(a->stored, a->stored_count, fresh->kind, fresh->name);
    if (!old)
        return "new";
    return gb_bytes_equal(old->text, fresh->text) ? "same" : "changed";
}

static struct json *applied_json(const struct applying *a)
{
    struct json *list = json_new_array();
    for (size_t i = 0; i < a->count; i++) {
        struct json *item = document_json(&a->fresh[i]);
        json_set(item, "change", json_text(change_word(a, &a->fresh[i])));
        json_push(list, item);
    }
    struct json *body = json_new_object();
    json_set(body, "applied", list);
    return body;
}

static void end(struct applying *a)
{
    snapshot_unref(a->snapshot);
    a->snapshot = NULL;
    atomic_store(&a->change.work.thread->server->applying, false);
}

static void refuse(struct applying *a, int result)
{
    struct work *work = &a->change.work;
    enum refusal why = REFUSAL_POLICY_INVALID;
    if (result == GB_ERR_DENIED)
        why = REFUSAL_POLICY_VERSION;
    else if (result == GB_ERR_NOMEM || result == GB_ERR_IO || result == GB_ERR_BUG)
        why = answer_of_store(work->thread, result, &work->err);
    end(a);
    answer_refuse(work->thread, work->request, why, work->err.text);
}

static void durable(struct work *work)
{
    struct applying *a = (struct applying *)work;
    struct server *server = work->thread->server;
    if (work->result < 0) {
        refuse(a, work->result);
        return;
    }
    start_set_trust(server, gb_take(a->snapshot));
    end(a);
    a->change.status = 200;
    change_durable(work);
}

static void prepared(struct work *work)
{
    struct applying *a = (struct applying *)work;
    if (work->result < 0) {
        refuse(a, work->result);
        return;
    }
    a->change.body = applied_json(a);
    if (a->dry_run) {
        end(a);
        answer_json(work->thread, work->request, 200, a->change.body);
        return;
    }
    for (size_t i = 0; i < a->count; i++) {
        a->fresh[i].applied_by = a->change.by;
        a->fresh[i].applied_s = gb_clock_s();
    }
    work->then = durable;
    a->change.record.whom = record_text("policy");
    a->change.record.data = policy_record(work->thread->digester, a->stored, a->stored_count,
                                          a->fresh, a->count, snapshot_policy(a->snapshot));
    store_document_apply(work->thread->server->store, a->fresh, a->count, change_entry(&a->change),
                         work_stored, work);
}

/* "1" or "0". Anything else, even memory that is short, must not turn a trial into the real thing.
 */
static bool read_dry_run(struct http_request *request, bool *ret_dry_run)
{
    struct gb_bytes text;
    if (http_request_queries(request).len == 0) {
        *ret_dry_run = false;
        return true;
    }
    if (!http_request_query(request, "dry_run", &text))
        return false;
    *ret_dry_run = gb_bytes_is(text, "1");
    return *ret_dry_run || gb_bytes_is(text, "0");
}

void api_policy_apply(void *ctx, const struct route_call *call)
{
    struct thread *thread = ctx;
    struct applying *a = work_new_of(thread, call->request, struct applying);
    if (!a)
        return;
    if (!read_dry_run(call->request, &a->dry_run)) {
        answer_refuse(thread, call->request, REFUSAL_MALFORMED, "dry_run: must be 0 or 1");
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
