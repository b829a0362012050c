#include "server/api/call.h"

#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "crypto/digest.h"
#include "ledger/entry.h"
#include "net/http_server.h"
#include "net/router.h"
#include "policy/access/access.h"
#include "server/api/answer.h"
#include "server/api/call_second.h"
#include "server/api/caller.h"
#include "server/api/person.h"
#include "server/api/refusals.h"
#include "server/api/refused.h"
#include "server/ledger/record.h"
#include "server/server.h"
#include "server/work.h"
#include "store/store.h"
#include "wire/json.h"

enum { LONG = 1 << 20, SHOWN = 1024 }; /* a body that takes more than a millisecond to hash */

struct calling {
    struct work work; /* first */
    struct route_call call;
    const struct route *route; /* NULL: refused, by `plain` or else by `why` */
    struct route_refusal plain;
    enum refusal why; /* REFUSAL_COUNT: `plain` */
    const char *message;
    uint64_t more; /* refusals of this person before it that got no entry */
    uint8_t body[32];
};

static void run_hash(struct work *work, struct worker_parts *parts);
static void hashed(struct work *work);
static void record(struct calling *calling);
static void recorded(struct work *work);
static void let_in(struct calling *calling);

static const char *method_name(enum http_method method)
{
    switch (method) {
    case HTTP_GET:
        return "GET";
    case HTTP_POST:
        return "POST";
    case HTTP_PUT:
        return "PUT";
    case HTTP_DELETE:
        return "DELETE";
    case HTTP_NONE:
    case HTTP_OTHER:
        break;
    }
    return "other";
}

static struct calling *calling_new(struct thread *thread, const struct route_call *call)
{
    struct calling *calling = work_new_of(thread, call->request, struct calling);
    if (calling)
        calling->call = *call;
    return calling;
}

/* ---- a call that is let in ---- */

void call_enter(void *ctx, const struct route *route, const struct route_call *call)
{
    struct thread *thread = ctx;
    if (call->role != ROUTE_PERSON || (route->flags & ROUTE_UNRECORDED)) {
        route->handle(thread, call);
        return;
    }
    if (!caller_why_ok(call->request)) {
        call_refuse_as(
            thread, call, REFUSAL_MALFORMED,
            "Garboard-Why: must be percent-encoded UTF-8 in one line of at most 512 bytes");
        return;
    }
    struct calling *calling = calling_new(thread, call);
    if (!calling)
        return;
    calling->route = route;
    calling->work.run = run_hash;
    calling->work.then = hashed;
    if (http_request_length(call->request) > LONG) {
        if (!work_start(&calling->work))
            answer_refuse(thread, call->request, REFUSAL_OVERLOADED, NULL);
        return;
    }
    calling->work.result =
        digest_of(thread->digester, DIGEST_SHA256, http_request_body(call->request), calling->body);
    hashed(&calling->work);
}

static void run_hash(struct work *work, struct worker_parts *parts)
{
    struct calling *calling = (struct calling *)work;
    work->result =
        digest_of(parts->digester, DIGEST_SHA256, http_request_body(work->request), calling->body);
}

static void hashed(struct work *work)
{
    if (work->result < 0)
        answer_refuse(work->thread, work->request, REFUSAL_INTERNAL, NULL);
    else
        record((struct calling *)work);
}

/* ---- a call that is refused ---- */

static void refuse(struct calling *calling)
{
    struct work *work = &calling->work;
    if (calling->why != REFUSAL_COUNT)
        answer_refuse(work->thread, work->request, calling->why, calling->message);
    else
        router_refuse(work->request, &calling->plain);
}

/* A refusal without an entry: of nobody, or of whoever has used up theirs for now. */
static bool unwritten(struct thread *thread, const struct route_call *call, uint64_t *ret_more)
{
    const struct person *person = person_of(call->request);
    return !person ||
           !refused_writes(thread->server->refused, person->identity, gb_clock_ms(), ret_more);
}

void call_refuse(void *ctx, const struct route_call *call, const struct route_refusal *why)
{
    struct calling *calling;
    uint64_t more = 0;
    if (unwritten(ctx, call, &more)) {
        router_refuse(call->request, why);
        return;
    }
    calling = calling_new(ctx, call);
    if (!calling)
        return;
    calling->why = REFUSAL_COUNT;
    calling->plain = *why;
    calling->more = more;
    record(calling);
}

void call_refuse_as(struct thread *thread, const struct route_call *call, enum refusal why,
                    const char *message)
{
    uint64_t more = 0;
    if (unwritten(thread, call, &more)) {
        answer_refuse(thread, call->request, why, message);
        return;
    }
    struct calling *calling = calling_new(thread, call);
    if (!calling)
        return;
    calling->why = why;
    calling->message = message;
    calling->more = more;
    record(calling);
}

/* ---- the entry ---- */

static struct json *roles_json(uint32_t roles)
{
    struct json *list = json_new_array();
    for (enum access_role role = ACCESS_NO_ROLE + 1; role < ACCESS_ROLE_COUNT; role++)
        if (roles & ACCESS_BIT(role))
            json_push(list, json_text(access_role_name(role)));
    return list;
}

/* Of a route: "/v1/nodes/{node}". What a person put into a path may be a name. */
static struct json *pattern_json(struct gb_arena *arena, const struct route *route)
{
    const char *path =
        gb_arena_printf(arena, "%.*s", (int)strcspn(route->pattern, "?"), route->pattern);
    return path ? json_text(path) : NULL;
}

static bool is_hex(struct gb_bytes text, const char *others)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = (char)text.data[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f') && (c == 0 || !strchr(others, c)))
            return false;
    }
    return true;
}

/* A node's id or an EK's digest: no words of a person's have this form. */
static bool names_machine(struct gb_bytes part)
{
    enum { UUID = 36, DIGEST = 64, PREFIX = 7 };
    if (part.len == PREFIX + DIGEST && memcmp(part.data, "sha256:", PREFIX) == 0)
        return is_hex(gb_bytes(part.data + PREFIX, DIGEST), "");
    return part.len == UUID && is_hex(part, "-");
}

/* Numbers, times and switches; the names are the route's. */
static bool is_plain_query(struct gb_bytes query)
{
    bool value = false;
    if (gb_bytes_is(query, "dry_run=true"))
        return true;
    for (size_t i = 0; i < query.len; i++) {
        char c = (char)query.data[i];
        value = c == '=' || (value && c != '&');
        if (value && (c == 0 || !strchr("=0123456789TZ:.-", c)))
            return false;
    }
    return query.len > 0;
}

static void tell_target(struct calling *calling, struct json *data)
{
    struct gb_arena *arena = calling->work.arena;
    struct gb_bytes query = http_request_queries(calling->work.request);
    struct gb_bytes first = calling->call.params[0];
    json_set(data, "path", pattern_json(arena, calling->route));
    if (names_machine(first))
        json_set(
            data, "param",
            json_text(gb_arena_printf(arena, "%.*s", (int)first.len, (const char *)first.data)));
    if (is_plain_query(query))
        json_set(
            data, "query",
            json_text(gb_arena_printf(arena, "%.*s", (int)query.len, (const char *)query.data)));
}

void call_tell(struct gb_arena *arena, struct http_request *request, struct json *data)
{
    json_set(data, "method", json_text(method_name(http_request_method(request))));
    json_set(data, "path", pattern_json(arena, person_of(request)->let_in));
}

static struct json *data_of(struct calling *calling)
{
    struct work *work = &calling->work;
    const struct person *person = person_of(work->request);
    struct json *data = json_new_object();
    json_set(data, "how", json_text(person_how_word(person->how)));
    json_set(data, "roles", roles_json(person->roles));
    json_set(data, "method", json_text(method_name(http_request_method(work->request))));
    if (calling->route)
        tell_target(calling, data);
    else
        json_set(data, "refused",
                 json_text(calling->why == REFUSAL_COUNT ? calling->plain.code
                                                         : answer_code(calling->why)));
    if (calling->more > 0)
        json_set(data, "more", json_number(calling->more));
    return data;
}

/* What was asked for in vain may be anybody's words: a commitment, opened for auditors. */
static struct record_party asked_for(const struct calling *calling)
{
    struct http_request *request = calling->work.request;
    if (calling->route)
        return record_text(NULL);
    return record_person(gb_text_escape(calling->work.arena, http_request_path(request), SHOWN));
}

/* "sha256:..." in the arena; NULL: nothing was sent, or nobody looked. */
static const char *body_of(const struct calling *calling)
{
    struct gb_arena *arena = calling->work.arena;
    if (!calling->route || http_request_length(calling->work.request) == 0)
        return NULL;
    const char *hex = gb_hex(arena, gb_bytes(calling->body, sizeof calling->body));
    return hex ? gb_arena_printf(arena, "sha256:%s", hex) : NULL;
}

static void record(struct calling *calling)
{
    struct work *work = &calling->work;
    const struct person *person = person_of(work->request);
    struct record record = {.what = calling->route ? ENTRY_CALL : ENTRY_CALL_REFUSED,
                            .who = record_person(person->identity),
                            .whom = asked_for(calling),
                            .why = caller_why(work->arena, work->request),
                            .body = body_of(calling),
                            .data = data_of(calling)};
    work->then = recorded;
    store_entry_add(work->thread->server->store,
                    record_make(work->arena, work->thread->digester, &record), work_stored, work);
}

static void recorded(struct work *work)
{
    struct calling *calling = (struct calling *)work;
    if (work->result < 0)
        answer_refuse(work->thread, work->request,
                      answer_of_store(work->thread, work->result, &work->err), NULL);
    else if (!calling->route)
        refuse(calling);
    else
        let_in(calling);
}

static void let_in(struct calling *calling)
{
    struct work *work = &calling->work;
    person_of(work->request)->let_in = calling->route;
    if (call_needs_second(work->thread, calling->route))
        call_second(work->thread, calling->route, &calling->call, calling->body);
    else
        calling->route->handle(work->thread, &calling->call);
}
