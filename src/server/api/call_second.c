#include "server/api/call_second.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/encode.h"
#include "crypto/digest.h"
#include "ledger/entry.h"
#include "net/http_server.h"
#include "net/router.h"
#include "policy/access/access.h"
#include "server/api/answer.h"
#include "server/api/call.h"
#include "server/api/person.h"
#include "server/api/refusals.h"
#include "server/api/second.h"
#include "server/ledger/record.h"
#include "server/server.h"
#include "server/snapshot.h"
#include "server/work.h"
#include "store/store.h"
#include "wire/json.h"

struct agreeing {
    struct work work; /* first */
    struct route_call call;
    const struct route *route;
    struct second_wait wait;
};

bool call_needs_second(struct thread *thread, const struct route *route)
{
    gb_cleanup(snapshot_unrefp) struct snapshot *snapshot = snapshot_get(thread->server->trust);
    if (route->action == ACCESS_NO_ACTION || route->action == ACCESS_DO_POLICY || !snapshot)
        return false;
    return snapshot_fault(snapshot) || /* just now, after the gate: the rule is unknown */
           access_needs_two(snapshot_access(snapshot), (enum access_action)route->action);
}

struct second_now second_now(struct thread *thread)
{
    gb_cleanup(snapshot_unrefp) struct snapshot *snapshot = snapshot_get(thread->server->trust);
    return (struct second_now){.ms = gb_clock_ms(),
                               .s = gb_clock_s(),
                               .trust_id = snapshot ? snapshot_trust(snapshot)->id : 0};
}

struct json *second_json(struct gb_arena *arena, const struct second_wait *wait)
{
    struct json *json = json_new_object();
    const char *id = gb_hex(arena, gb_bytes(wait->id, sizeof wait->id));
    json_set(json, "id", id ? json_text(id) : NULL);
    json_set(json, "call", json_text(wait->call));
    json_set(json, "by", json_text(wait->name));
    json_set(json, "action", json_text(access_action_name(wait->action)));
    json_set(json, "asked_at", answer_time(wait->asked_s));
    json_set(json, "expires_at", answer_time(wait->expires_s));
    return json;
}

/* "DELETE /v1/nodes/worker-1". */
static const char *words_of(struct gb_arena *arena, const struct route *route,
                            struct http_request *request)
{
    struct gb_bytes path = http_request_path(request), query = http_request_queries(request);
    return gb_arena_printf(arena, "%s %.*s%s%.*s", route->method == HTTP_DELETE ? "DELETE" : "POST",
                           (int)path.len, (const char *)path.data, query.len > 0 ? "?" : "",
                           (int)query.len, query.len > 0 ? (const char *)query.data : "");
}

/* Two calls are one when method, path, query and body are: none of the words has a NUL. */
static int digest_call(struct digester *digester, const char *words, const uint8_t body[32],
                       uint8_t out[32])
{
    return digest_of_two(digester, DIGEST_SHA256, gb_bytes(words, strlen(words) + 1),
                         gb_bytes(body, 32), out);
}

/* By its random id alone: a digest of the call would give a name away to whoever guesses it. */
static struct json *data_of(const struct agreeing *a)
{
    struct gb_arena *arena = a->work.arena;
    const char *id = gb_hex(arena, gb_bytes(a->wait.id, sizeof a->wait.id));
    struct json *data = json_new_object();
    json_set(data, "id", id ? json_text(id) : NULL);
    json_set(data, "action", json_text(access_action_name(a->wait.action)));
    call_tell(arena, a->work.request, data);
    json_set(data, "expires_at", answer_time(a->wait.expires_s));
    return data;
}

static void asked(struct work *work)
{
    struct agreeing *a = (struct agreeing *)work;
    struct second *second = work->thread->server->second;
    if (work->result < 0) {
        second_forget(second, a->wait.id);
        answer_refuse(work->thread, work->request,
                      answer_of_store(work->thread, work->result, &work->err), NULL);
        return;
    }
    struct json *body = json_new_object();
    json_set(body, "waiting", second_json(work->arena, &a->wait));
    answer_json(work->thread, work->request, 202, body);
}

static void agreed(struct work *work)
{
    struct agreeing *a = (struct agreeing *)work;
    struct second *second = work->thread->server->second;
    second_settle(second, a->wait.id, work->result == GB_OK, gb_clock_ms());
    if (work->result < 0)
        answer_refuse(work->thread, work->request,
                      answer_of_store(work->thread, work->result, &work->err), NULL);
    else
        a->route->handle(work->thread, &a->call);
}

static void record(struct agreeing *a, bool second)
{
    struct work *work = &a->work;
    const struct person *person = person_of(work->request);
    struct record record = {.what = second ? ENTRY_TWO_PERSON_AGREE : ENTRY_TWO_PERSON_ASK,
                            .who = record_person(person->identity),
                            .data = data_of(a)};
    if (second)
        record.whom = record_person(a->wait.identity);
    work->then = second ? agreed : asked;
    store_entry_add(work->thread->server->store,
                    record_make(work->arena, work->thread->digester, &record), work_stored, work);
}

static void go_on(struct agreeing *a, enum second_answer answer)
{
    struct work *work = &a->work;
    switch (answer) {
    case SECOND_ASKED:
    case SECOND_AGREED:
        record(a, answer == SECOND_AGREED);
        return;
    case SECOND_STILL: /* the entry of the first asking stands, and this call's */
        work->result = GB_OK;
        asked(work);
        return;
    case SECOND_UNDERWAY:
        answer_refuse(work->thread, work->request, REFUSAL_SECOND_UNDERWAY, NULL);
        return;
    case SECOND_FULL:
        answer_refuse(work->thread, work->request, REFUSAL_SECOND_FULL, NULL);
        return;
    case SECOND_FAILED:
        break;
    }
    answer_refuse(work->thread, work->request, REFUSAL_INTERNAL, NULL);
}

void call_second(struct thread *thread, const struct route *route, const struct route_call *call,
                 const uint8_t body[32])
{
    const struct person *person = person_of(call->request);
    struct agreeing *a = work_new_of(thread, call->request, struct agreeing);
    if (!a)
        return;
    a->route = route;
    a->call = *call;
    const char *words = words_of(a->work.arena, route, call->request);
    struct second_call what = {.identity = person->identity,
                               .name = person->name,
                               .action = (enum access_action)route->action,
                               .people = route->people,
                               .call = words};
    const struct second_now now = second_now(thread);
    if (!words || digest_call(thread->digester, words, body, what.digest) < 0) {
        answer_refuse(thread, call->request, words ? REFUSAL_INTERNAL : REFUSAL_NO_MEMORY, NULL);
        return;
    }
    go_on(a, second_ask(thread->server->second, &what, &now, &a->wait));
}
