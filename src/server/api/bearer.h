/*
 * People who show a token of their identity provider (OpenID Connect; RFC 6750, RFC 7519): who they
 * are by what the AccessPolicy in force says of its issuers. Before the body is read, at most one
 * signature is verified a request; a token that was refused is known for some seconds.
 */
#ifndef GB_SERVER_BEARER_H
#define GB_SERVER_BEARER_H

#include "base/check.h"
#include "base/err.h"
#include "net/router.h"
#include "server/api/person.h"
#include "server/server.h"

enum {
    BEARER_LEEWAY_S = 60,     /* how far our clock and the issuer's may be apart */
    BEARER_REFUSED_MS = 5000, /* how long a refusal is known */
    BEARER_MAX_SUBJECT = 255, /* OpenID Connect Core 1.0, 2 */
};

/* Of one thread: key sets as they are used, tokens that were just refused. */
struct bearer;
GB_MUST_USE int bearer_new(struct bearer **ret_bearer, struct gb_err *err);
void bearer_free(struct bearer *bearer);

/* Whose token it is; kept with the request, so that asked again (after the body) no signature is
 * verified. NULL: refused and answered: 401 (none, or not good), 503 (the issuer's keys are on
 * their way, or what is in force has changed since the head was read). */
GB_MUST_USE struct person *bearer_person(struct thread *thread, struct http_request *request);

/* The token of "Authorization: Bearer TOKEN" (RFC 6750, 2.1); empty for anything else. */
struct gb_bytes bearer_token(struct gb_bytes authorization);

#endif
