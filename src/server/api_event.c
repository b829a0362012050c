/* What people and nodes did. */

#include "base/text.h"
#include "net/http_server.h"
#include "net/router.h"
#include "server/answer.h"
#include "server/api.h"
#include "server/refusals.h"
#include "server/server.h"
#include "store/store.h"
#include "wire/json.h"

enum { DEFAULT_EVENTS = 100, MAX_EVENTS = 10000 };

void api_event_list(void *ctx, const struct route_call *call)
{
    struct thread *thread = ctx;
    struct gb_arena *arena = http_request_arena(call->request);
    struct store_event *events;
    struct gb_bytes text;
    struct gb_err err;
    uint64_t max = DEFAULT_EVENTS;
    size_t count;
    if (http_request_query(call->request, "max", &text) && !gb_text_u64(text, MAX_EVENTS, &max)) {
        answer_refuse(thread, call->request, REFUSAL_MALFORMED, "max: must be a number to 10000");
        return;
    }
    int r = store_event_list(thread->server->store, arena, max, &events, &count, &err);
    if (r < 0) {
        answer_refuse(thread, call->request, answer_of_store(thread, r, &err), NULL);
        return;
    }
    struct json *list = json_new_array();
    for (size_t i = 0; i < count; i++) {
        struct json *item = json_new_object();
        json_set(item, "at", answer_time(events[i].at_s));
        json_set(item, "who", json_text(events[i].who));
        json_set(item, "what", json_text(events[i].what));
        json_set(item, "whom", json_text(events[i].whom));
        json_set(item, "why", json_text(events[i].why));
        json_push(list, item);
    }
    struct json *body = json_new_object();
    json_set(body, "events", list);
    answer_json(thread, call->request, 200, body);
}
