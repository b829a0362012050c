#include "server/api/person.h"

#include <string.h>

#include "net/http_server.h"
#include "net/router.h"
#include "policy/access/access.h"
#include "server/api/answer.h"
#include "server/api/refusals.h"
#include "server/config.h"
#include "server/server.h"
#include "server/snapshot.h"

const char *person_how_word(enum person_how how)
{
    switch (how) {
    case PERSON_BY_CERTIFICATE:
        return "certificate";
    case PERSON_BY_TOKEN:
        return "token";
    case PERSON_NOBODY:
        break;
    }
    return "none";
}

uint32_t person_roles_of_name(struct server *server, struct gb_bytes name)
{
    gb_cleanup(snapshot_unrefp) struct snapshot *snapshot = snapshot_get(server->trust);
    const struct access_policy *access = snapshot ? snapshot_access(snapshot) : NULL;
    const char *founder = server->config->founder;
    if (access)
        return access_of_name(access, name);
    return founder && gb_bytes_is(name, founder) ? access_all_roles() : 0;
}

struct person *person_by_certificate(struct thread *thread, const struct route_call *call)
{
    struct gb_arena *arena = http_request_arena(call->request);
    struct person *person = arena ? gb_arena_new_one(arena, struct person) : NULL;
    const char *name = person ? (const char *)gb_arena_copy(arena, call->name).data : NULL;
    if (!name) {
        answer_refuse(thread, call->request, REFUSAL_NO_MEMORY, NULL);
        return NULL;
    }
    *person = (struct person){.how = PERSON_BY_CERTIFICATE,
                              .name = name,
                              .identity = name,
                              .roles = person_roles_of_name(thread->server, call->name)};
    http_request_keep(call->request, person);
    return person;
}

struct person *person_of(const struct http_request *request)
{
    return http_request_kept(request);
}

const char *person_roles_text(struct gb_arena *arena, uint32_t roles)
{
    const char *text = NULL;
    for (enum access_role role = ACCESS_NO_ROLE + 1; role < ACCESS_ROLE_COUNT; role++) {
        if (!(roles & ACCESS_BIT(role)))
            continue;
        text = gb_arena_printf(arena, "%s%s%s", text ? text : "", text ? ", " : "",
                               access_role_name(role));
        if (!text)
            return NULL;
    }
    return text ? text : "none";
}
