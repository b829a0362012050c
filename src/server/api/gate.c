#include "server/api/gate.h"

#include "net/http_server.h"
#include "net/router.h"
#include "policy/access/access.h"
#include "server/api/answer.h"
#include "server/api/bearer.h"
#include "server/api/call.h"
#include "server/api/caller.h"
#include "server/api/person.h"
#include "server/api/refusals.h"
#include "server/api/routes.h"
#include "server/courier.h"
#include "server/ledger/scribe.h"
#include "server/server.h"
#include "server/snapshot.h"

static bool refuse(struct thread *thread, const struct route_call *call, enum refusal why,
                   const char *message)
{
    call_refuse_as(thread, call, why, message);
    return false;
}

/* Whoever has no role is told whom we take them for, and nothing of what there is. */
static bool has_a_role(struct thread *thread, const struct route_call *call,
                       const struct person *person)
{
    struct gb_arena *arena = http_request_arena(call->request);
    if (person->roles != 0)
        return true;
    gb_cleanup(snapshot_unrefp) struct snapshot *snapshot = snapshot_get(thread->server->trust);
    const char *fault = snapshot ? snapshot_fault(snapshot) : NULL;
    if (fault)
        return refuse(thread, call, REFUSAL_NO_ROLE,
                      gb_arena_printf(arena,
                                      "you are %s (by %s); no document counts (%s), so nobody has "
                                      "a role, and only the founder may look and apply",
                                      person->name, person_how_word(person->how), fault));
    return refuse(thread, call, REFUSAL_NO_ROLE,
                  gb_arena_printf(arena, "you are %s (by %s), who has no role here", person->name,
                                  person_how_word(person->how)));
}

bool gate_identify(void *ctx, struct route_call *call)
{
    struct thread *thread = ctx;
    if (call->role == ROUTE_NOBODY)
        return refuse(thread, call, REFUSAL_FORBIDDEN, NULL);
    if (call->role != ROUTE_PERSON)
        return true;
    const struct person *person = person_by_certificate(thread, call);
    return person && (routes_probe(call->request) || has_a_role(thread, call, person));
}

bool gate_identify_bearer(void *ctx, struct route_call *call)
{
    struct thread *thread = ctx;
    const struct person *person = bearer_person(thread, call->request);
    if (!person)
        return false;
    call->role = ROUTE_PERSON;
    call->name = gb_bytes_str(person->identity);
    return has_a_role(thread, call, person);
}

static bool may(struct thread *thread, const struct route *route, const struct route_call *call)
{
    const struct person *person = person_of(call->request);
    struct gb_arena *arena = http_request_arena(call->request);
    if (person && ((person->roles & route->people) || (route->flags & ROUTE_PROBE)))
        return true;
    const char *takes = person_roles_text(arena, route->people);
    const char *has = person ? person_roles_text(arena, person->roles) : "none";
    return refuse(thread, call, REFUSAL_ROLE,
                  takes && has ? gb_arena_printf(arena, "this takes one of: %s; %s has: %s", takes,
                                                 person ? person->name : "you", has)
                               : NULL);
}

/* Roles count as far as the documents do. Who looks or brings better documents goes on: the first
 * cannot do harm, of the second signatures decide. */
static bool counts(struct thread *thread, const struct route *route, const struct route_call *call)
{
    gb_cleanup(snapshot_unrefp) struct snapshot *snapshot = snapshot_get(thread->server->trust);
    if (route->method == HTTP_GET || route->action == ACCESS_DO_POLICY)
        return true;
    if (!snapshot || snapshot_fault(snapshot))
        return refuse(thread, call, REFUSAL_POLICY_NOT_COUNTED, NULL);
    return courier_agreed(thread->server) || refuse(thread, call, REFUSAL_POLICY_AWAITED, NULL);
}

/* What only reads is recorded, too, but waits for no signature: somebody must be able to look. */
static bool goes_on(struct thread *thread, const struct route *route, const struct route_call *call)
{
    if (route->method == HTTP_GET || !scribe_stopped(thread->server->scribe))
        return true;
    answer_refuse(thread, call->request, REFUSAL_LEDGER_STOPPED, NULL); /* and no record of it */
    return false;
}

bool gate_known(void *ctx, const struct route *route, const struct route_call *call)
{
    if (!goes_on(ctx, route, call))
        return false;
    return call->role == ROUTE_PERSON ? may(ctx, route, call) && counts(ctx, route, call)
                                      : caller_known(ctx, call);
}
