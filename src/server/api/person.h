/* Who a person is to us, and what they may do by what is in force at this moment. */
#ifndef GB_SERVER_PERSON_H
#define GB_SERVER_PERSON_H

#include <stdint.h>

#include "base/check.h"
#include "net/router.h"
#include "policy/access/access.h"
#include "server/server.h"

enum person_how { PERSON_NOBODY, PERSON_BY_CERTIFICATE, PERSON_BY_TOKEN };

/* Strings are in the request's arena. */
struct person {
    enum person_how how;
    const char *name;     /* as the certificate says it, or the AccessPolicy (of a group: its) */
    const char *identity; /* the human: two of the same are one. "alice", or whoever comes in by a
                             claim: issuer, blank, subject */
    uint32_t roles;       /* 0: none */
    uint64_t trust_id;    /* of what was in force when a token was judged */
    int64_t until_s;      /* when the token ends; 0: a certificate, which the router watches */
    const struct route
        *let_in; /* NULL: not yet. The call stands in the ledger, and its handler has it */
};

/* "certificate" "token" */
const char *person_how_word(enum person_how how);
/* Whose certificate it is: `call->name`, with the roles that it has now. NULL when out of memory:
 * refused and answered. Kept with the request: person_of. */
GB_MUST_USE struct person *person_by_certificate(struct thread *thread,
                                                 const struct route_call *call);
/* Roles of that certificate's name now: by the AccessPolicy, or without one by `founder`. */
uint32_t person_roles_of_name(struct server *server, struct gb_bytes name);
/* Of the request; NULL: no person's. */
struct person *person_of(const struct http_request *request);
/* "admin, auditor" in the arena; "none". NULL when out of memory. */
const char *person_roles_text(struct gb_arena *arena, uint32_t roles);

#endif
