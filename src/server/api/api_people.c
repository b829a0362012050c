/* Who a caller is to us, and what waits for a second person. */

#include <string.h>

#include "base/encode.h"
#include "ledger/entry.h"
#include "net/http_server.h"
#include "net/router.h"
#include "policy/access/access.h"
#include "server/api/answer.h"
#include "server/api/api.h"
#include "server/api/call_second.h"
#include "server/api/change.h"
#include "server/api/person.h"
#include "server/api/refusals.h"
#include "server/api/second.h"
#include "server/ledger/record.h"
#include "server/server.h"
#include "server/snapshot.h"
#include "server/work.h"
#include "store/store.h"
#include "wire/json.h"

static struct json *roles_json(uint32_t roles)
{
    struct json *list = json_new_array();
    for (enum access_role role = ACCESS_NO_ROLE + 1; role < ACCESS_ROLE_COUNT; role++)
        if (roles & ACCESS_BIT(role))
            json_push(list, json_text(access_role_name(role)));
    return list;
}

/* What gave the roles: "people version 3", or that there is no such document yet. */
static struct json *by_json(struct thread *thread, struct gb_arena *arena)
{
    gb_cleanup(snapshot_unrefp) struct snapshot *snapshot = snapshot_get(thread->server->trust);
    const struct access_policy *access = snapshot ? snapshot_access(snapshot) : NULL;
    const char *by = access ? gb_arena_printf(arena, "AccessPolicy %s version %llu", access->name,
                                              (unsigned long long)access->version)
                            : "founder";
    return by ? json_text(by) : NULL;
}

void api_whoami(void *ctx, const struct route_call *call)
{
    struct thread *thread = ctx;
    struct gb_arena *arena = http_request_arena(call->request);
    const struct person *person = person_of(call->request);
    struct json *body = json_new_object();
    json_set(body, "name", json_text(person->name));
    json_set(body, "identity", json_text(person->identity));
    json_set(body, "how", json_text(person_how_word(person->how)));
    json_set(body, "roles", roles_json(person->roles));
    json_set(body, "roles_by", by_json(thread, arena));
    json_set(body, "expires_at",
             answer_time(person->how == PERSON_BY_TOKEN
                             ? person->until_s
                             : http_request_peer(call->request)->not_after_s));
    answer_json(thread, call->request, 200, body);
}

void api_second_list(void *ctx, const struct route_call *call)
{
    struct thread *thread = ctx;
    struct gb_arena *arena = http_request_arena(call->request);
    const struct second_now now = second_now(thread);
    struct second_wait *waits;
    size_t count;
    if (!arena || second_list(thread->server->second, arena, &now, &waits, &count, NULL) < 0) {
        answer_refuse(thread, call->request, REFUSAL_NO_MEMORY, NULL);
        return;
    }
    struct json *list = json_new_array();
    for (size_t i = 0; i < count; i++)
        json_push(list, second_json(arena, &waits[i]));
    struct json *body = json_new_object();
    json_set(body, "waiting", list);
    answer_json(thread, call->request, 200, body);
}

struct withdrawing {
    struct change change; /* first */
    uint8_t id[SECOND_ID];
};

/* Nobody could agree meanwhile: see second_hold. */
static void withdrawn(struct work *work)
{
    struct withdrawing *w = (struct withdrawing *)work;
    struct second *second = work->thread->server->second;
    if (work->result == GB_OK)
        second_forget(second, w->id);
    else
        second_settle(second, w->id, false, 0);
    change_durable(work);
}

/* By whoever asked, or may make the call. */
static bool may_withdraw(const struct person *person, const struct second_wait *wait)
{
    return strcmp(person->identity, wait->identity) == 0 || (person->roles & wait->people);
}

void api_second_withdraw(void *ctx, const struct route_call *call)
{
    struct thread *thread = ctx;
    const struct second_now now = second_now(thread);
    struct second_wait wait;
    uint8_t id[SECOND_ID];
    if (!gb_hex_decode(call->params[0], id, sizeof id) ||
        second_find(thread->server->second, id, &now, &wait, NULL) < 0) {
        answer_refuse(thread, call->request, REFUSAL_SECOND_NOT_FOUND, NULL);
        return;
    }
    if (!may_withdraw(person_of(call->request), &wait)) {
        answer_refuse(thread, call->request, REFUSAL_ROLE,
                      "only who may make this call may undo it");
        return;
    }
    struct withdrawing *w = work_new_of(thread, call->request, struct withdrawing);
    if (!w)
        return;
    change_init(&w->change, call, ENTRY_TWO_PERSON_WITHDRAW);
    memcpy(w->id, id, sizeof w->id);
    w->change.record.whom = record_person(
        (const char *)gb_arena_copy(w->change.work.arena, gb_bytes_str(wait.identity)).data);
    w->change.record.data = json_new_object();
    json_set(w->change.record.data, "id", json_hex(gb_bytes(id, sizeof id)));
    json_set(w->change.record.data, "action", json_text(access_action_name(wait.action)));
    w->change.work.then = withdrawn;
    if (!second_hold(thread->server->second, id)) {
        json_free(w->change.record.data);
        answer_refuse(thread, call->request, REFUSAL_SECOND_UNDERWAY, NULL);
        return;
    }
    store_entry_add(thread->server->store, change_entry(&w->change), work_stored, w);
}
